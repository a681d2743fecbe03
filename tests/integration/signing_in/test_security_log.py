"""What concerns security is logged: who, from where, what, and how it ended; and no crowd fills the disk with it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.application import Parley, running
from tests.client.account import Account
from tests.client.site import Site
from tests.people import Person
from tests.processes import ServerProcess
from tests.processes import running as process_running
from tests.raw import Raw

CLIENTS = 10_000
MOST_BYTES = 1_000_000


@pytest.fixture
async def parley(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Parley]:
    caplog.set_level("INFO")
    async with running(tmp_path, limits=True) as parley:
        yield parley


def logged(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, Any]]:
    """Return the fields of the security lines of one text."""
    return [vars(record) for record in caplog.records if (record.name, record.message) == ("parley.security", message)]


async def test_log_ins_are_told_however_they_end(parley: Parley, caplog: pytest.LogCaptureFixture) -> None:
    (ann,) = await parley.people("ann")
    again = await parley.site.log_in(ann.account)
    for body in ({"login": ann.account.username, "password": "wrong words here"}, {"login": "nobody", "password": "x"}):
        assert (await parley.site.rest.request("POST", "/api/auth/login", body)).status == 401
    await again.log_out()
    first, second = logged(caplog, "logged in")
    assert (first["user"], first["methods"], first["network"]) == (ann.id, ("password",), "127.0.0.0/24")
    assert first["login"] != second["login"]
    failed = logged(caplog, "refused")
    assert [(line["operation"], line["code"], line["network"]) for line in failed] == [
        ("auth.login", "bad_credentials", "127.0.0.0/24")
    ] * 2
    (ended,) = logged(caplog, "log-in ended")
    assert (ended["login"], ended["reason"]) == (second["login"], "logged out")


async def test_refresh_token_that_is_used_again_is_told(parley: Parley, caplog: pytest.LogCaptureFixture) -> None:
    (ann,) = await parley.people("ann")
    body = {"refresh_token": ann.account.refresh_token}
    statuses = [(await parley.site.rest.request("POST", "/api/auth/refresh", body)).status for _ in range(3)]
    assert statuses == [200, 200, 401]
    (line,) = logged(caplog, "a refresh token was used again")
    assert (line["levelname"], line["user"], line["network"]) == ("WARNING", ann.id, "127.0.0.0/24")


async def test_refusals_and_limits_are_told_with_who_met_them(parley: Parley, caplog: pytest.LogCaptureFixture) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create(kind="private")
    assert (await bob.account.request("PATCH", f"/api/rooms/{room}", {"name": "mine"})).status in (403, 404)
    public = await ann.create()
    assert (await bob.account.request("POST", f"/api/rooms/{public}/members", {})).status == 201
    assert (await bob.account.request("PATCH", f"/api/rooms/{public}", {"name": "mine"})).status == 403
    while (await bob.account.request("GET", "/api/rooms?scope=public&q=x")).status != 429:
        pass
    assert (await parley.site.rest.request("GET", "/api/users/me", token="nonsense")).status == 401
    lines = {(line["operation"], line["code"]): line for line in logged(caplog, "refused")}
    assert lines["room.update", "forbidden"]["user"] == bob.id
    assert lines["room.list", "rate_limited"]["user"] == bob.id
    assert "user" not in lines["users.me", "unauthenticated"]
    assert {line["network"] for line in lines.values()} == {"127.0.0.0/24"}


async def test_sockets_are_told_of_from_the_first_to_the_last(parley: Parley, caplog: pytest.LogCaptureFixture) -> None:
    (ann,) = await parley.people("ann")
    origin = f"http://127.0.0.1:{parley.node.port}"
    live = await ann.connect(origin=origin)
    await live.socket.close()
    stranger = await parley.site.open()
    _closed = stranger.start("hello", {"token": "nonsense"})
    await stranger.closed
    raw = await Raw.connect(parley.node.port)
    assert (await raw.ask(changes={"origin": "https://evil.example"})).status == 403
    raw.close()
    (opened,) = logged(caplog, "socket opened")
    assert (opened["user"], opened["network"], opened["origin"]) == (ann.id, "127.0.0.0/24", origin)
    (refused,) = logged(caplog, "hello refused")
    assert (refused["code"], refused["network"]) == ("unauthenticated", "127.0.0.0/24")
    (foreign,) = logged(caplog, "socket refused")
    assert (foreign["code"], foreign["origin"]) == (403, "https://evil.example")
    closed = {line.get("user"): line["code"] for line in logged(caplog, "socket closed")}
    assert closed == {ann.id: 1000, None: 4501}


async def test_ten_thousand_broken_clients_do_not_fill_the_log(tmp_path: Path) -> None:
    """Each breaks in one of the ways that are logged; they come from one machine, so limits are off."""
    server = ServerProcess(tmp_path / "data", variables={"PARLEY_LOG": "json"})

    async def one(number: int, token: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            said = {
                0: b"GET /api/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nonsense%d\r\n\r\n" % number,
                1: b"GET /ws HTTP/1.1\r\nHost: x\r\nOrigin: https://evil%d.example\r\nUpgrade: websocket\r\n\r\n"
                % number,
                2: b"nonsense %d\r\n\r\n" % number,
                3: b"GET /api/rooms/%d HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"
                % (number, token.encode()),
                4: b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{{{{{",
            }[number % 5]
            writer.write(said)
            await reader.read(1)
        finally:
            writer.transport.abort()

    async with process_running(server), Site(server.address) as site:
        ann = Person(site, await Account.register(site.rest, "ann"))
        for start in range(0, CLIENTS, 200):
            await asyncio.gather(*(one(start + more, ann.account.token) for more in range(200)))
    size = sum(len(line) + 1 for line in server.log)
    assert size <= MOST_BYTES
    lines = [json.loads(line) for line in server.log if line.startswith("{")]
    assert len(lines) < 1000
    left_out = [line["count"] for line in lines if line["message"] == "lines were left out"]
    assert sum(left_out) + len(lines) > CLIENTS // 5
