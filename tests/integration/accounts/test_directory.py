"""What nodes remember of people: true at once on all of them, and after a minute whatever was lost."""

import asyncio

import pytest

from services.accounts.people.directory import KEPT_S, Directory
from services.accounts.people.person import GONE_NAME
from services.errors import UserNotFound
from services.ids import now_ms
from store.tables import MEMBERS, USERS
from tests.application import Parley
from tests.integration.signing_in.trusted import ask, eventually
from tests.people import Live, Person
from tests.unstable import Unstable


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def rename(person: Person, name: str) -> None:
    assert (await ask(person, "PATCH", "users/me", name=name)).status == 200


async def test_remembered_person_is_forgotten_after_a_minute(one: Parley) -> None:
    (ann,) = await one.people("ann")
    clock = Clock()
    directory = Directory(one.database, clock)
    before = await directory.require(ann.id)
    await one.database.update(USERS, ann.id, {"name": "Ann"})
    clock.now = KEPT_S - 0.1
    assert await directory.require(ann.id) == before
    clock.now = KEPT_S
    assert (await directory.require(ann.id)).name == "Ann"
    assert (await directory.find([ann.id]))[ann.id].name == "Ann"


async def test_what_was_read_before_a_change_is_not_remembered_after_it(one: Parley) -> None:
    (ann,) = await one.people("ann")
    store = Unstable(one.database)
    directory, gate = Directory(store.database), store.hold("get", answered=True)
    reading = asyncio.ensure_future(directory.require(ann.id))
    await gate.reached.wait()
    directory.forget(ann.id)
    gate.release()
    await reading
    await one.database.update(USERS, ann.id, {"name": "Ann"})
    assert (await directory.require(ann.id)).name == "Ann"


async def test_deleted_person_is_nobody_and_keeps_a_place(one: Parley) -> None:
    (ann,) = await one.people("ann")
    await one.database.update(USERS, ann.id, {"deleted_at": now_ms(), "name": ""})
    directory = Directory(one.database)
    for _ in range(2):
        with pytest.raises(UserNotFound):
            await directory.require(ann.id)
        assert (await directory.find([ann.id]))[ann.id].username == GONE_NAME


async def names(reader: Person, person: Person) -> set[str]:
    """Return what every way of looking somebody up calls them."""
    found = [(await ask(reader, "GET", f"users/{person.id}")).json]
    found += (await ask(reader, "GET", f"users?ids={person.id}")).json["items"]
    return {one["name"] for one in found}


@pytest.mark.redis
async def test_changed_name_is_seen_on_the_other_node_which_knew_the_old_one(nodes: tuple[Parley, Parley]) -> None:
    one, two = nodes
    ann, bob = await one.people("ann", "bob")
    there = bob.at(two.site)
    for number in range(3):
        await names(there, ann)  # remembered there
        await rename(ann, f"Ann {number}")
        assert await names(bob, ann) == {f"Ann {number}"}, "at once where it was changed"
        await eventually(lambda number=number: _is(there, ann, f"Ann {number}"))  # type: ignore[misc]


async def _is(reader: Person, person: Person, name: str) -> bool:
    return await names(reader, person) == {name}


@pytest.mark.redis
async def test_own_sessions_on_all_nodes_are_told_of_a_change_and_others_are_not(nodes: tuple[Parley, Parley]) -> None:
    one, two = nodes
    ann, bob = await one.people("ann", "bob")
    here, there, other = await ann.connect(), await ann.at(two.site).connect(), await bob.connect()
    await rename(ann, "Ann")
    for live in (here, there):
        event = await live.next("user")
        assert (event["d"]["id"], event["d"]["name"]) == (ann.id, "Ann")
    assert [event for event in await other.pending() if event["ev"] == "user"] == []


@pytest.mark.redis
async def test_block_is_known_to_the_presence_of_the_other_node(nodes: tuple[Parley, Parley]) -> None:
    one, two = nodes
    ann, bob = await one.people("ann", "bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    _here, watching = await ann.connect(), await bob.at(two.site).connect()
    await watching.call("presence.watch", users=[ann.id])
    await eventually(lambda: _online(watching, ann))
    assert (await ask(ann, "PUT", f"users/me/blocks/{bob.id}")).status == 204
    assert (await watching.next("presence"))["d"] == {"user": ann.id, "status": "offline", "last_seen": None}


async def _online(watching: Live, person: Person) -> bool:
    shown = await watching.call("presence.watch", users=[person.id])
    return bool(shown[0]["status"] == "online")


async def test_rows_in_rooms_follow_a_username_in_pages(one: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.accounts.profile.changing.ROWS", 2)
    ann, bob = await one.people("ann", "bob")
    rooms = [await ann.create() for _ in range(5)] + [(await ann.do("room.direct", user=bob.id))["id"]]
    assert (await ask(ann, "PATCH", "users/me", username="anna-of-old")).status == 200

    async def followed() -> bool:
        rows = await one.database.find(MEMBERS, {"user": ann.id}, by="room")
        return len(rows) == len(rooms) + 1 and {row.username for row in rows} == {"anna-of-old"}

    await eventually(followed)
