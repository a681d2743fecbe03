"""Deleting an account: with two proofs, for good, and whole, wherever the job that does it is cut off."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.accounts.people.person import GONE_NAME
from services.accounts.profile.deleting import ERASE
from services.accounts.profile.places import places_of
from services.ids import member_id, now_ms
from services.rooms.apart import parting
from services.rooms.apart.parting import erase
from store.database import Table
from store.tables import (
    ACTS,
    ADDRESSES,
    API_TOKENS,
    BACKUPS,
    BLOCKS,
    DEVICES,
    ENTRIES,
    IDENTITIES,
    JOBS,
    LOGINS,
    MEMBERS,
    PASSKEYS,
    ROOMS,
    TICKETS,
    USERS,
    WARNINGS,
    Backup,
    Identity,
    Passkey,
    User,
)
from tests.application import Parley, running
from tests.client.account import PASSWORD
from tests.client.rest import Answer
from tests.integration.conftest import Store
from tests.integration.signing_in.trusted import ask, eventually, people_with, prove, refusal
from tests.parts import Redis
from tests.peers import until
from tests.people import Person
from tests.postbox import Postbox
from tests.refusals import claims


async def asked(parley: Parley, postbox: Postbox, person: Person) -> dict[str, str]:
    """Ask for a deletion; return ticket and code."""
    user = await parley.database.get(USERS, person.id)
    assert user is not None
    email = user.email if user.email_verified else await prove(parley, person)
    sent = len(postbox.letters_to(email))
    answer = await ask(person, "POST", "users/me/deletion")
    assert answer.status == 202, answer
    while True:
        letter = await postbox.letter_to(email, sent + 1)
        sent += 1
        if letter.subject == "Your code":
            return {"ticket": answer.json["ticket"], "code": letter.code}


async def delete(person: Person, **body: object) -> Answer:
    return await ask(person, "DELETE", "users/me", **body)


async def deleted(parley: Parley, postbox: Postbox, person: Person) -> None:
    answer = await delete(person, **await asked(parley, postbox, person), password=PASSWORD)
    assert answer.status == 204, answer


async def no_jobs(parley: Parley) -> bool:
    """Tell whether all that is left of a deletion is what waits for what was under way to end."""
    found = await parley.database.find(JOBS, {"state": "waiting", "kind": ERASE}, by="due_at")
    return all(job.work["step"] == "rest" for job in found)


async def long_ago(parley: Parley, person: Person) -> None:
    login = claims(person.account.token)["sid"]
    await parley.database.update(LOGINS, login, {"created_at": now_ms() - 3_600_000, "confirmed_at": None})


# Two proofs.


async def test_mail_code_and_password_delete_the_account_and_nothing_of_it_comes_in(
    posting: Parley, postbox: Postbox
) -> None:
    (ann,) = await posting.people("ann")
    live = await ann.connect()
    await deleted(posting, postbox, ann)
    assert await live.code() == 4504
    rest = posting.site.rest
    assert (await rest.request("GET", "/api/users/me", token=ann.account.token)).code == "unauthenticated"
    for login in (ann.account.username, f"{ann.account.username}@example.org", ann.id):
        body = {"login": login, "password": PASSWORD}
        assert (await rest.request("POST", "/api/auth/login", body)).code == "bad_credentials"
    answer = await rest.request("POST", "/api/auth/refresh", {"refresh_token": ann.account.refresh_token})
    assert answer.status == 401
    assert "deleted" in (await postbox.letter_to(f"{ann.account.username}@example.org", about="deleted")).subject


async def test_code_alone_is_not_enough_and_neither_is_a_wrong_second_proof(posting: Parley, postbox: Postbox) -> None:
    (ann,) = await posting.people("ann")
    given = await asked(posting, postbox, ann)
    await long_ago(posting, ann)
    answer = await delete(ann, **given)
    assert (answer.status, answer.code, answer.json["methods"]) == (403, "confirmation_needed", ["password"])
    assert (await delete(ann, **given, password="not this one")).code == "bad_credentials"
    assert (await delete(ann, **given, totp="123456")).code == "wrong_code"
    assert (await delete(ann, **given, password=PASSWORD)).status == 204


async def test_password_alone_is_not_enough(posting: Parley, postbox: Postbox) -> None:
    (ann,) = await posting.people("ann")
    given = await asked(posting, postbox, ann)
    wrong = f"{(int(given['code']) + 1) % 10**6:06}"
    assert (await delete(ann, ticket=given["ticket"], code=wrong, password=PASSWORD)).code == "wrong_code"
    assert (await delete(ann, ticket="nonsense", code=given["code"], password=PASSWORD)).code == "ticket_over"
    assert await refusal(ann, "DELETE", "users/me", password=PASSWORD) == (400, "bad_request")
    assert (await ask(ann, "GET", "users/me")).status == 200


async def test_confirmation_of_the_last_minutes_is_a_second_proof_and_a_mailbox_is_not(
    posting: Parley, postbox: Postbox
) -> None:
    (ann,) = await posting.people("ann")
    given, login = await asked(posting, postbox, ann), claims(ann.account.token)["sid"]
    await posting.database.update(LOGINS, login, {"methods": ("mail",), "created_at": now_ms()})
    assert (await delete(ann, **given)).code == "confirmation_needed"
    await posting.database.update(LOGINS, login, {"confirmed_at": now_ms()})
    assert (await delete(ann, **given)).status == 204


async def test_ticket_is_of_one_person_and_one_session(posting: Parley, postbox: Postbox) -> None:
    ann, bob = await posting.people("ann", "bob")
    given = await asked(posting, postbox, ann)
    other = Person(posting.site, await posting.site.log_in(ann.account))
    for person in (bob, other):
        assert (await delete(person, **given, password=PASSWORD)).code == "ticket_over"
    assert (await ask(bob, "GET", "users/me")).status == 200


async def test_address_has_to_be_proved_first(one: Parley) -> None:
    (ann,) = await one.people("ann")
    assert await refusal(ann, "POST", "users/me/deletion") == (403, "email_unverified")


async def test_last_admin_cannot_delete_themselves(posting: Parley, postbox: Postbox) -> None:
    (ada,) = await people_with(posting, ada="admin")
    given = await asked(posting, postbox, ada)
    assert (await delete(ada, **given, password=PASSWORD)).code == "last_admin"
    await people_with(posting, eve="admin")
    assert (await delete(ada, **given, password=PASSWORD)).status == 204


# What is left.


async def furnish(parley: Parley, person: Person) -> None:
    """Give somebody some of everything that is kept."""
    database, now = parley.database, now_ms()
    key = Passkey(id=f"k-{person.id}", user=person.id, key="pub", name="phone", name_key="p", created_at=now)
    await database.insert(PASSKEYS, key)
    identity = Identity(
        id=f"i-{person.id}", user=person.id, provider="g", issuer="g", subject="7", label="l", created_at=now
    )
    await database.insert(IDENTITIES, identity)
    await database.insert(BACKUPS, Backup(id=f"{person.id}:code", user=person.id))
    body = {"name": "program", "scopes": ["read"], "days": 7}
    assert (await person.account.request("POST", "/api/auth/tokens", body)).status == 201
    profile = {"name": "Ann", "links": ["https://ann.example"], "country": "PT", "picture": "https://a.example/p"}
    assert (await ask(person, "PATCH", "users/me", **profile)).status == 200


async def test_nothing_that_tells_who_it_was_is_left_of_the_account(posting: Parley, postbox: Postbox) -> None:
    ann, bob = await posting.people("ann", "bob")
    await furnish(posting, ann)
    assert (await ask(ann, "PUT", f"users/me/blocks/{bob.id}")).status == 204
    await deleted(posting, postbox, ann)
    user = await posting.database.get(USERS, ann.id)
    assert user is not None
    blank = User(id=ann.id, name_key=ann.id, username="", name="", email="", created_at=user.created_at)
    counted = {"deleted_at", "revised", "proofs_changed", "ways_lost", "totp_step", "password_changed_at"}
    different = {f.name for f in msgspec.structs.fields(User) if getattr(user, f.name) != getattr(blank, f.name)}
    assert different <= counted
    await eventually(lambda: no_jobs(posting))
    await erase(posting.application, {"user": ann.id, "step": "rest"})
    lives: tuple[Table[Any], ...] = (LOGINS, API_TOKENS)
    for table in lives:
        for live in (True, False):
            assert await posting.database.find(table, {"user": ann.id, "live": live}, by="created_at") == []
    others: tuple[Table[Any], ...] = (PASSKEYS, IDENTITIES, BACKUPS, DEVICES, TICKETS, WARNINGS)
    for table in others:
        assert await posting.database.find(table, {"user": ann.id}, by="id") == [], table.name
    assert await posting.database.find(BLOCKS, {"user": ann.id}, by="other") == []
    assert await posting.database.get(ADDRESSES, f"{ann.account.username}@example.org") is None
    assert [act.action for act in await posting.database.find(ACTS, {"subject": ann.id}, by="id")][-1:] == [
        "account.deleted"
    ]


async def test_name_and_address_are_anybody_s_again(posting: Parley, postbox: Postbox) -> None:
    (ann,) = await posting.people("ann")
    await deleted(posting, postbox, ann)
    body = {"username": ann.account.username, "email": f"{ann.account.username}@example.org", "password": PASSWORD}
    answer = await posting.site.rest.request("POST", "/api/auth/register", body)
    assert answer.status == 201
    assert answer.json["user"]["id"] != ann.id


async def test_others_find_nobody_and_read_no_name(posting: Parley, postbox: Postbox) -> None:
    ann, bob = await posting.people("ann", "bob")
    public, left = await bob.create(), await bob.create()
    direct = (await ann.do("room.direct", user=bob.id))["id"]
    for room in (public, left):
        await ann.do("room.join", room=room)
    for room in (public, left, direct):
        for _ in range(3):
            await ann.say(room)
        await bob.items(room)  # the pages are remembered with her name
        await bob.items(room)
    await ann.do("room.leave", room=left)
    await deleted(posting, postbox, ann)
    await eventually(lambda: no_jobs(posting))
    for room in (public, left, direct):
        texts = [item for item in await bob.items(room) if item["kind"] == "text"]
        assert [item["author"] for item in texts] == [{"id": ann.id, "username": GONE_NAME}] * 3
        assert ann.account.username not in json.dumps(await bob.items(room))
        assert ann.account.username not in json.dumps((await ask(bob, "GET", f"rooms/{room}/members")).json)
    assert await bob.refused("users.one", user=ann.id) == "user_not_found"
    assert (await ask(bob, "GET", f"users?ids={ann.id}")).json["items"] == []
    assert (await bob.room(direct))["peer"] == {"id": ann.id, "username": GONE_NAME}
    assert await bob.code("message.send", room=direct, text="x", cid="c") == "blocked"
    assert await bob.refused("room.direct", user=ann.id) == "user_not_found"


async def test_owned_room_goes_to_the_oldest_moderator_then_member_else_it_is_closed(
    posting: Parley, postbox: Postbox
) -> None:
    ann, bob, cid, dan = await posting.people("ann", "bob", "cid", "dan")
    moderated, plain, alone = [await ann.create(f"room {number}") for number in range(3)]
    for person in (bob, cid, dan):
        await person.do("room.join", room=moderated)
    for person in (dan, bob):
        await person.do("room.join", room=plain)
    for person in (dan, cid):
        await ann.do("room.role", room=moderated, user=person.id, role="moderator")
    await deleted(posting, postbox, ann)
    await eventually(lambda: no_jobs(posting))
    for room, heir, reader in ((moderated, cid, bob), (plain, dan, bob)):
        seen = await reader.room(room)
        assert seen["owner"] == heir.id
        assert (await heir.room(room))["role"] == "owner"
        members = (await reader.do("room.members", room=room))["items"]
        assert seen["member_count"] == len(members)
        assert [one["user"]["id"] for one in members if one["role"] == "owner"] == [heir.id]
    gone = await posting.database.get(ROOMS, alone)
    assert gone is not None
    assert gone.deleted


async def _states(parley: Parley, ann: Person) -> Any:
    """Return all that is left of somebody in rooms."""
    rows = await parley.database.find(MEMBERS, {"user": ann.id}, by="room")
    entries = [
        entry
        for room in await _rooms(parley, ann)
        for entry in await parley.database.find(ENTRIES, {"stream": room, "author": ann.id}, by="cid")
        if entry.seq is not None
    ]
    return [(row.room, row.hidden, row.username) for row in rows], {entry.username for entry in entries}, len(entries)


async def _rooms(parley: Parley, ann: Person) -> list[str]:
    return [room async for room in places_of(parley.database, ann.id)]


async def test_job_that_is_cut_off_at_any_place_is_done_again_to_the_same_end(
    one: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page of the job is cut off after one more of its writes, then done whole."""
    for name, value in (("PLACES", 2), ("NAMES", 2), ("PAGES", 1)):
        monkeypatch.setattr(parting, name, value)
    ann, bob = await one.people("ann", "bob")
    rooms = [await ann.create(f"room {number}") for number in range(3)] + [await bob.create() for _ in range(2)]
    for room in rooms[1:]:
        await (bob if room in rooms[:3] else ann).do("room.join", room=room)
    direct = (await ann.do("room.direct", user=bob.id))["id"]
    for room in (*rooms, direct):
        for _ in range(3):
            await ann.say(room)
    await one.database.update(USERS, ann.id, {"deleted_at": now_ms(), "username": "", "name_key": ann.id})
    one.application.live.changed(ann.id)
    work: dict[str, Any] | None = {"user": ann.id, "step": "rooms", "after": ""}
    cuts = 0
    while work is not None and work["step"] != "rest":
        for place in itertools.count(1):
            if await _cut_off(one, work, place):
                break
            cuts += 1
        work = await _following(one, work)
    assert cuts > 10
    left, names, count = await _states(one, ann)
    assert left == sorted([(ann.stream, False, ann.account.username), (direct, True, GONE_NAME)])
    assert (names, count) == ({GONE_NAME}, 18)
    assert [(await one.database.get(ROOMS, room)).deleted for room in rooms[:3]] == [True, False, False]  # type: ignore[union-attr]
    assert [(await bob.room(room))["member_count"] for room in rooms[1:]] == [1, 1, 1, 1]
    assert [(await bob.room(room))["owner"] for room in rooms[1:]] == [bob.id] * 4


async def _cut_off(parley: Parley, work: dict[str, Any], place: int) -> bool:
    """Do a page, cut off as a dying node would be at its write number ``place``; tell whether it had fewer."""
    gate = parley.store.hold("together", skip=place - 1)
    doing = asyncio.ensure_future(_step(parley, work))
    waiting = asyncio.ensure_future(gate.reached.wait())
    await asyncio.wait((doing, waiting), return_when=asyncio.FIRST_COMPLETED)
    done = doing.done() and not gate.reached.is_set()
    doing.cancel()
    waiting.cancel()
    parley.store.heal()
    gate.release()
    await asyncio.gather(doing, waiting, return_exceptions=True)
    return done


async def _step(parley: Parley, work: dict[str, Any]) -> None:
    await parting._STEPS[work["step"]](parley.application, work)


async def _following(parley: Parley, work: dict[str, Any]) -> dict[str, Any] | None:
    following = await parting._STEPS[work["step"]](parley.application, work)
    return None if following is None else {"user": work["user"], **following}


async def test_job_does_nothing_to_an_account_that_lives(one: Parley) -> None:
    (ann,) = await one.people("ann")
    room = await ann.create()
    for step in ({"step": "rooms", "after": ""}, {"step": "rest"}):
        await erase(one.application, {"user": ann.id, **step})
    assert (await ann.room(room))["role"] == "owner"
    assert await one.database.get(MEMBERS, member_id(room, ann.id)) is not None


async def test_deletion_stands_on_each_store(store: Store, postbox: Postbox) -> None:
    async with running(store.folder, mongo_url=store.mongo, smtp_url=postbox.url) as parley:
        ann, bob = await parley.people("ann", "bob")
        room = await ann.create()
        await bob.do("room.join", room=room)
        await ann.say(room)
        await deleted(parley, postbox, ann)
        await eventually(lambda: no_jobs(parley))
        (item,) = [item for item in await bob.items(room) if item["kind"] == "text"]
        assert item["author"] == {"id": ann.id, "username": GONE_NAME}
        assert (await bob.room(room))["owner"] == bob.id


@pytest.fixture
async def nodes(tmp_path: Path, redis_part: Redis, postbox: Postbox) -> AsyncIterator[tuple[Parley, Parley]]:
    how = {"redis_url": redis_part.url, "smtp_url": postbox.url}
    async with running(tmp_path, **how) as one, running(tmp_path, **how) as two:
        for node in (one, two):
            registry = node.application.metrics.registry
            await until(lambda registry=registry: not registry.get_sample_value("parley_degraded"))  # type: ignore[misc]
        yield one, two


@pytest.mark.redis
async def test_deletion_ends_sessions_and_is_known_on_the_other_node(
    nodes: tuple[Parley, Parley], postbox: Postbox
) -> None:
    one, two = nodes
    ann, bob = await one.people("ann", "bob")
    reader, live = bob.at(two.site), await ann.at(two.site).connect()
    assert (await ask(reader, "GET", f"users/{ann.id}")).status == 200
    await deleted(one, postbox, ann)
    async with asyncio.timeout(15):
        assert await live.code() == 4504
    await eventually(lambda: _nobody(reader, ann))
    assert (await ask(ann.at(two.site), "GET", "users/me")).status == 401


async def _nobody(reader: Person, person: Person) -> bool:
    return await refusal(reader, "GET", f"users/{person.id}") == (404, "user_not_found")
