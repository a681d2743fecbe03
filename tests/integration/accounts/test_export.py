"""Everything that is kept of somebody, for themselves: a page at a time, without a secret."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from services.ids import new_id, now_ms
from store.tables import BACKUPS, IDENTITIES, LOGINS, PASSKEYS, USERS, Backup, Identity, Passkey
from tests.application import Parley, running
from tests.integration.conftest import Store
from tests.integration.signing_in.trusted import ask, people_with, prove, refusal
from tests.people import Person
from tests.refusals import claims

SECRETS = {
    "password": "$2b$04$hash-of-a-password",
    "totp": "sealed-secret-of-an-app",
    "recovery": "$2b$04$hash-of-a-recovery-code",
}


async def export(person: Person, limit: int = 100) -> dict[str, list[Any]]:
    """Read all pages; return what is in each section."""
    found: dict[str, list[Any]] = {}
    query: dict[str, Any] = {"limit": limit}
    while True:
        answer = await ask(person, "GET", f"users/me/export?{urlencode(query)}")
        assert answer.status == 200, answer
        page = answer.json
        for item in page["items"]:
            found.setdefault(item["section"], []).append(item["data"])
        if page["next"] is None:
            return found
        query["cursor"] = page["next"]


async def furnished(parley: Parley) -> tuple[Person, Person, list[str]]:
    """Return somebody who has some of everything, an admin, and the ids of what they said."""
    ada, ann, bob = await people_with(parley, ada="admin", ann="user", bob="user")
    await prove(parley, ann)
    database, now = parley.database, now_ms()
    await database.insert(
        PASSKEYS, Passkey(id="k1", user=ann.id, key="pub", name="phone", name_key="p", created_at=now)
    )
    identity = Identity(
        id="i1", user=ann.id, provider="g", issuer="https://g.example", subject="7", label="ann@g", created_at=now
    )
    await database.insert(IDENTITIES, identity)
    await database.insert(BACKUPS, Backup(id=f"{ann.id}:hash-of-a-code", user=ann.id))
    said = []
    for kind in ("public", "private"):
        room = await ann.create(kind=kind)
        said += [(await ann.say(room, f"word {number}"))["id"] for number in range(4)]
    theirs = await bob.create()
    await ann.do("room.join", room=theirs)
    said.append((await ann.say(theirs))["id"])
    await bob.say(theirs, "not hers")
    gone = await ann.say(theirs, "taken back")
    await ann.do("message.delete", room=theirs, message=gone["id"])
    await ann.do("room.leave", room=theirs)
    direct = (await ann.do("room.direct", user=bob.id))["id"]
    said.append((await ann.say(direct))["id"])
    await ask(ann, "PUT", f"users/me/blocks/{bob.id}")
    await ask(ada, "POST", f"admin/users/{ann.id}/warnings", text="be kind")
    body = {"name": "program", "scopes": ["read"], "days": 7}
    assert (await ann.account.request("POST", "/api/auth/tokens", body)).status == 201
    return ann, ada, said


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_export_has_everything_once_whatever_the_page(one: Parley, limit: int) -> None:
    ann, _, said = await furnished(one)
    found = await export(ann, limit)
    assert sorted(message["id"] for message in found["message"]) == sorted(said), "left rooms too, and nobody else's"
    counts = {section: len(items) for section, items in found.items() if section != "message"}
    assert counts == {
        "profile": 1, "proofs": 1, "session": 1, "token": 1, "passkey": 1, "identity": 1, "block": 1, "warning": 1,
        "act": len(found["act"]), "room": 4,
    }  # fmt: skip
    assert found["profile"][0]["email"] == f"{ann.account.username}@example.org"
    assert found["proofs"][0]["backup_codes"] == 1
    assert found["warning"][0]["text"] == "be kind"


async def test_export_has_no_secret_and_nobody_else(one: Parley) -> None:
    ann, ada, _ = await furnished(one)
    await one.database.update(USERS, ann.id, SECRETS)
    login = claims(ann.account.token)["sid"]
    await one.database.update(LOGINS, login, {"address": "192.0.2.7"})
    text = json.dumps(await export(ann))
    for secret in (*SECRETS.values(), "hash-of-a-code", 'pub"', '"digest"', ada.id, "not hers", "taken back"):
        assert secret not in text, secret
    assert "192.0.2.7" in text, "where one's own sessions are is one's own"


async def test_what_an_admin_did_is_told_without_who_and_where(one: Parley) -> None:
    ann, _, _ = await furnished(one)
    (warned,) = [act for act in (await export(ann))["act"] if act["action"] == "user.warned"]
    assert warned.keys() == {"action", "created_at", "by_you"}
    assert warned["by_you"] is False


async def test_export_needs_a_fresh_proof_and_a_log_in(one: Parley) -> None:
    (ann,) = await one.people("ann")
    body = {"name": "program", "scopes": ["read", "write"], "days": 7}
    token = (await ann.account.request("POST", "/api/auth/tokens", body)).json["token"]
    answer = await one.site.rest.request("GET", "/api/users/me/export", token=token)
    assert (answer.status, answer.code) == (403, "scope_missing")
    login = claims(ann.account.token)["sid"]
    await one.database.update(LOGINS, login, {"created_at": now_ms() - 3_600_000, "confirmed_at": None})
    assert await refusal(ann, "GET", "users/me/export") == (403, "confirmation_needed")


@pytest.mark.parametrize("cursor", ["nonsense", "profile", "profile:", "users:1", ":", "messages:x"])
async def test_cursor_that_no_export_gave_is_refused(one: Parley, cursor: str) -> None:
    (ann,) = await one.people("ann")
    answer = await ask(ann, "GET", f"users/me/export?{urlencode({'cursor': cursor})}")
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/cursor")


async def test_cursor_of_another_shows_one_s_own_alone(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await ann.create(kind="private")
    await ann.say(room, "for nobody else")
    for cursor in (f"message:{room}/{new_id()}", f"message:{room}/p0", f"room:{room[:-1]}"):
        answer = await ask(bob, "GET", f"users/me/export?{urlencode({'cursor': cursor})}")
        assert answer.status == 200
        assert room not in answer.body.decode()


async def test_long_export_is_paged_on_each_store(store: Store) -> None:
    async with running(store.folder, mongo_url=store.mongo) as parley:
        ann, _, said = await furnished(parley)
        found = await export(ann, 2)
        assert sorted(message["id"] for message in found["message"]) == sorted(said)
