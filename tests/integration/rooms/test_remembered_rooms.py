"""Hello answered mostly from memory: what another node has done to somebody's rooms is in it all the same."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.database import FIND_LIMIT
from store.tables import MEMBERS, ROOMS, Member, Room
from tests.application import Parley, running
from tests.client.checks import Json
from tests.parts import Redis
from tests.peers import until
from tests.people import Live, Person


class Place:
    """A room of Ann's and Bob's, and Bob at another node, which remembers it from his earlier visits."""

    def __init__(self, room: str, ann: Person, bob: Person) -> None:
        self.room = room
        self.ann = ann
        self.bob = bob

    async def seen(self) -> Json:
        """Return the room as a hello of Bob's has it."""
        return (await self.bob.connect()).rooms[self.room]


@pytest.fixture
async def place(one: Parley, two: Parley) -> Place:
    return await _visited(one, two)


async def _visited(one: Parley, two: Parley) -> Place:
    ann, bob = await one.people("ann", "bob")
    room = await ann.create("old")
    await bob.do("room.join", room=room)
    place = Place(room, ann, bob.at(two.site))
    for _ in range(2):
        await (await place.bob.connect()).socket.close()
    return place


async def test_hello_of_somebody_known_asks_for_their_memberships_alone(two: Parley, place: Place) -> None:
    (cay,) = await two.people("cay")
    direct = (await place.bob.do("room.direct", user=cay.id))["id"]
    await place.bob.connect()
    before = len(two.store.calls)
    live = await place.bob.connect({place.room: 2})
    assert live.rooms[place.room]["state"] == "ok"
    assert live.rooms[direct]["peer"] == {"id": cay.id, "username": cay.account.username}
    assert [(verb, given[0].name) for verb, given in two.store.calls[before:]] == [("find", "members")]


async def test_whoever_was_removed_elsewhere_is_not_let_in(two: Parley, place: Place) -> None:
    await place.ann.do("room.remove", room=place.room, user=place.bob.id)
    await place.ann.say(place.room, "behind his back")
    live = await place.bob.connect({place.room: 2})
    assert place.room not in live.rooms
    await place.ann.at(two.site).say(place.room, "and this")
    assert [event for event in await live.pending() if event.get("room") == place.room] == []


async def test_whoever_was_banned_elsewhere_is_not_let_in(place: Place) -> None:
    await place.ann.do("room.ban", room=place.room, user=place.bob.id)
    assert place.room not in (await place.bob.connect()).rooms


async def test_role_given_elsewhere_is_told(place: Place) -> None:
    await place.ann.do("room.role", room=place.room, user=place.bob.id, role="moderator")
    assert (await place.seen())["role"] == "moderator"


async def test_room_joined_elsewhere_is_told(one: Parley, place: Place) -> None:
    room = await place.ann.create("another")
    await place.ann.do("room.join", room=room, user=place.bob.id)
    assert room in (await place.bob.connect()).rooms


async def test_what_was_read_elsewhere_is_told(one: Parley, place: Place) -> None:
    said = await place.ann.say(place.room)
    await place.bob.at(one.site).do("room.read", room=place.room, seq=said["seq"])
    assert (await place.seen())["read"] == said["seq"]


async def test_room_deleted_elsewhere_is_not_told(place: Place) -> None:
    await place.ann.do("room.delete", room=place.room)
    live = await place.bob.connect({place.room: 2})
    assert place.room not in live.rooms or (await live.until("room.left"))[-1]["d"]["room"] == place.room


async def test_room_changed_elsewhere_is_told_as_it_is_once_its_stream_has_come(two: Parley, place: Place) -> None:
    """A node that has not heard shows the room as of the head that it says: what follows comes as events."""
    await place.ann.do("room.update", room=place.room, name="new")
    live = await place.bob.connect()
    assert live.rooms[place.room]["head"] == 2
    said = await place.ann.at(two.site).say(place.room, "here")
    told = live.rooms[place.room]
    while (event := await live.next()).get("rev") != said["rev"]:
        told = event["d"] if event["ev"] == "room" else told
    assert told["name"] == "new"
    seen = await place.seen()
    assert (seen["name"], seen["head"]) == ("new", said["rev"])


async def test_cursor_from_a_node_that_was_ahead_brings_the_room_up_to_it(place: Place) -> None:
    await place.ann.do("room.update", room=place.room, name="new")
    live = await place.bob.connect({place.room: (await place.ann.room(place.room))["head"]})
    assert (live.rooms[place.room]["name"], live.rooms[place.room]["state"]) == ("new", "ok")


async def test_somebody_in_more_rooms_than_one_question_may_ask_about_sees_them_all(one: Parley) -> None:
    (ann,) = await one.people("ann")
    rooms = [
        Room(id=f"r{number}", kind="public", member_count=1, created_at=number) for number in range(FIND_LIMIT + 5)
    ]
    name = ann.account.username
    rows = [
        Member(id=f"{room.id}:{ann.id}", room=room.id, user=ann.id, username=name, role="member", joined_at=1)
        for room in rooms
    ]
    for start in range(0, len(rooms), 500):
        await one.database.batch(ROOMS, rooms[start : start + 500])
        await one.database.batch(MEMBERS, rows[start : start + 500])
    live = await ann.connect()
    assert list(live.rooms)[1:4] == [room.id for room in rooms[:FIND_LIMIT:-1]][:3]
    assert live.hello["rooms_next"] is not None
    page = await ann.do("room.list", limit=3)
    assert [room["id"] for room in page["items"]] == list(live.rooms)[1:4]


@pytest.fixture
async def joined(tmp_path: Path, redis_part: Redis) -> AsyncIterator[tuple[Parley, Parley]]:
    url = redis_part.url
    async with running(tmp_path, redis_url=url) as one, running(tmp_path, redis_url=url) as two:
        registries = [node.application.metrics.registry for node in (one, two)]
        await until(lambda: not any(registry.get_sample_value("parley_degraded") for registry in registries))
        yield one, two


@pytest.mark.redis
async def test_nodes_that_hear_each_other_remember_what_is_true(joined: tuple[Parley, Parley]) -> None:
    one, two = joined
    place = await _visited(one, two)
    watching: Live = await place.bob.connect()
    for number in range(3):
        await place.ann.do("room.update", room=place.room, name=f"name {number}")
        await watching.until("room")
        for _ in range(2):
            seen = await place.seen()
            assert (seen["name"], seen["member_count"]) == (f"name {number}", 2)
    (cay,) = await one.people("cay")
    await cay.do("room.join", room=place.room)
    await watching.until("message")
    assert (await place.seen())["member_count"] == 3
    await place.ann.do("room.role", room=place.room, user=place.bob.id, role="moderator")
    assert (await place.seen())["role"] == "moderator"
    await place.ann.do("room.remove", room=place.room, user=place.bob.id)
    await watching.until("room.left")
    assert place.room not in (await place.bob.connect()).rooms


@pytest.mark.redis
async def test_log_out_is_known_to_the_other_node(joined: tuple[Parley, Parley]) -> None:
    one, two = joined
    place = await _visited(one, two)
    watching = await place.bob.connect()
    await place.bob.at(one.site).account.log_out()
    assert await watching.code() == 4504
    late = await two.site.open()
    _never_answered = late.start("hello", {"token": place.bob.account.token})
    async with asyncio.timeout(10):
        assert (await late.closed).code == 4501
