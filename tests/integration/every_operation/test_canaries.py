"""What nobody else may learn is given names that stand out, and looked for in everything that the server says."""

import json
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests import recorder
from tests.client.account import Account
from tests.client.rest import Refused
from tests.client.site import Site
from tests.integration.conftest import Store
from tests.people import Person
from tests.processes import ServerProcess, running

AGENT = "canary-agent/1.0"


@dataclass
class Canaries:
    """What has to stay where it belongs."""

    password: str = field(default_factory=lambda: f"canary-password-{secrets.token_hex(8)}")
    wrong: str = field(default_factory=lambda: f"canary-wrong-{secrets.token_hex(8)}")
    email: str = field(default_factory=lambda: f"canary-{secrets.token_hex(8)}@mail.example")
    text: str = field(default_factory=lambda: f"canary text {secrets.token_hex(8)}")
    tokens: set[str] = field(default_factory=set)

    def all(self) -> list[str]:
        """Return every one, tokens by each of their parts that is secret."""
        parts = {part for token in self.tokens for part in (token, token.rpartition(".")[2])}
        return [self.password, self.wrong, self.email, self.email.partition("@")[0], self.text, *parts]


@pytest.fixture
async def process(store: Store) -> AsyncIterator[ServerProcess]:
    """A server that says all it ever says."""
    given = {"PARLEY_LOG_LEVEL": "debug", "PARLEY_LOG": "json", "PARLEY_URL": "https://chat.example"}
    async with running(store.server(**given)) as process:
        yield process


async def live_through(site: Site, canaries: Canaries) -> Person:
    """Do whatever has to do with secrets, in order and out of it."""
    ann = Person(site, await Account.register(site.rest, "ann", password=canaries.password, email=canaries.email))
    account = ann.account
    canaries.tokens |= {account.token, account.refresh_token}
    for login in ("ann", canaries.email, canaries.wrong):
        answer = await site.rest.request("POST", "/api/auth/login", {"login": login, "password": canaries.wrong})
        assert answer.status == 401
    again = await Account.log_in(site.rest, "ann", password=canaries.password)
    canaries.tokens |= {again.token, again.refresh_token}
    await again.refresh()
    canaries.tokens |= {again.token, again.refresh_token}
    made = await account.request("POST", "/api/auth/tokens", {"name": "script", "scopes": ["read"], "days": 7})
    assert made.status == 201, made.body
    canaries.tokens.add(made.json["token"])
    for path in ("/api/auth/password/reset", "/api/auth/mail", "/api/auth/recover"):
        await site.rest.request("POST", path, {"login": canaries.email})
    for path in ("/api/auth/password/reset/finish", "/api/auth/mail/finish"):
        body = {"token": canaries.wrong, "ticket": canaries.wrong, "code": canaries.wrong, "password": canaries.wrong}
        await site.rest.request("POST", path, body)
    room = await ann.create(canaries.text)
    await ann.say(room, canaries.text)
    live = await ann.connect()
    with pytest.raises(Refused):
        await live.call("message.send", room=room, text=canaries.text, cid="~")
    stranger = await site.open()
    _closed = stranger.start("hello", {"token": canaries.wrong + account.token})
    await stranger.closed
    for token in (account.token + "x", canaries.wrong):
        assert (await site.rest.request("GET", "/api/users/me", token=token)).status == 401
    await site.rest.request("GET", f"/api/users/me?access_token={account.token}&x={canaries.wrong}")
    await site.rest.request("GET", f"/nothing/{canaries.wrong}?token={account.token}")
    await site.rest.request("POST", "/api/auth/login", raw=canaries.wrong.encode() * 3)
    await again.log_out()
    return ann


async def test_no_log_metric_or_error_tells_a_secret(process: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    canaries = Canaries()
    problems: list[str] = []
    monkeypatch.setattr(recorder, "answer", lambda *said: problems.append(said[4]) if said[2] >= 400 else None)
    async with Site(process.address) as site:
        await live_through(site, canaries)
        metrics = (await site.rest.request("GET", "/metrics")).body.decode()
        problems.append((await site.rest.request("GET", "/health/ready")).body.decode())
    said = {"log": "\n".join(process.log), "metrics": metrics, "errors": "\n".join(problems)}
    assert len(problems) >= 10
    assert "log-in ended" in said["log"]
    for where, text in said.items():
        assert [canary for canary in canaries.all() if canary in text] == [], where
    assert "127.0.0.1" not in "\n".join(line for line in process.log if "listening" not in line and "http" not in line)


async def test_nobody_else_is_told_what_is_ones_own(process: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    canaries = Canaries()
    said: list[str] = []
    async with Site(process.address) as site:
        ann = await live_through(site, canaries)
        room = next(one["id"] for one in (await ann.account.get("rooms"))["items"] if one["kind"] != "self")
        bob = await Person.register(site, "bob")
        await bob.account.request("POST", f"/api/rooms/{room}/members", {})
        monkeypatch.setattr(recorder, "answer", lambda *record: said.append(record[4]))
        monkeypatch.setattr(recorder, "frame", lambda _op, text: said.append(text))
        live = await bob.connect()
        await live.call("users.get", users=[ann.id])
        await live.call("presence.watch", users=[ann.id])
        await live.call("room.members", room=room)
        for path in (
            f"/api/users/{ann.id}",
            f"/api/users?ids={ann.id}",
            f"/api/rooms/{room}",
            f"/api/rooms/{room}/members",
            f"/api/rooms/{room}/messages",
            f"/api/rooms/{room}/changes?since=0",
            "/api/rooms?scope=public",
        ):
            assert (await bob.account.request("GET", path)).status == 200
        await ann.say(room, "for all")
        await live.next("message")
    text = "\n".join(said)
    own = [canaries.email, canaries.password, canaries.wrong, *canaries.tokens, "$2b$", "127.0.0.1", AGENT]
    assert [canary for canary in own if canary in text] == []
    assert ann.id in text
    names = {name for record in said if record for name in keys(json.loads(record))}
    assert not {name for name in names if re.search(r"password|hash|digest|secret|totp|address|agent|email", name)}


def keys(value: Any) -> set[str]:
    """Return all names of fields, however deep."""
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in keys(inner)}
    return {name for inner in value for name in keys(inner)} if isinstance(value, list) else set()
