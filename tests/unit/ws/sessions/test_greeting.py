"""Hello: who it is, which rooms there are, what was missed, and what happens while it is answered."""

import asyncio

import pytest

from services.ids import self_stream
from store.tables import STREAMS, Stream
from tests.application import Parley
from tests.people import Live, Person
from ws.hub.watched import RING_EVENTS
from ws.sessions import greeting
from ws.sessions.catchup import DELTA_REVS


@pytest.fixture
async def ann(parley: Parley) -> Person:
    (ann,) = await parley.people("ann")
    return ann


def states(live: Live) -> dict[str, str]:
    return {id_: room["state"] for id_, room in live.rooms.items()}


def heads(live: Live) -> dict[str, int]:
    return {id_: room["head"] for id_, room in live.rooms.items()}


async def texts(live: Live) -> list[str]:
    """Return the texts that came before ``live``, in order."""
    return [event["d"]["text"] for event in await live.until("live") if event["ev"] == "message"]


# The answer


async def test_greeting_says_who_and_where_one_is(parley: Parley, ann: Person) -> None:
    room = await ann.create("tea")
    live = await ann.connect()
    hello = live.hello
    assert [hello["user"]] == (await live.call("users.get", users=[ann.id]))["items"]
    assert hello["node"] == parley.application.node
    assert hello["epoch"] == parley.database.epoch
    assert (hello["heartbeat"], hello["calls"], hello["rooms_next"]) == (25, [], None)
    assert hello["features"] == ["room.presence"]
    assert hello["limits"] == {"frame": 65536, "text": 4000, "open": 64, "page": 100, "delta": DELTA_REVS}
    own, listed = hello["rooms"]
    assert (own["id"], own["kind"], own["state"], own["role"]) == (ann.stream, "self", "new", "owner")
    assert listed == await ann.room(room) | {"state": "new"}


async def test_session_is_that_of_the_log_in(parley: Parley, ann: Person) -> None:
    first, again = await ann.connect(), await ann.connect()
    other = await Person(parley.site, await parley.site.log_in(ann.account)).connect()
    assert first.hello["session"] == again.hello["session"] != other.hello["session"]


async def test_rooms_come_by_latest_activity_behind_the_own_stream(parley: Parley, ann: Person) -> None:
    rooms = [await ann.create(f"{number}") for number in range(3)]
    await ann.say(rooms[0])
    live = await ann.connect()
    assert list(live.rooms) == [ann.stream, rooms[0], rooms[2], rooms[1]]


async def test_direct_room_names_the_peer(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    room = (await ann.do("room.direct", user=bob.id))["id"]
    live = await ann.connect()
    assert live.rooms[room]["peer"] == {"id": bob.id, "username": bob.account.username}
    assert room not in (await bob.connect()).rooms


# What was missed


async def test_room_without_a_cursor_is_new_and_with_that_of_the_head_is_ok(ann: Person) -> None:
    room = await ann.create()
    first = await ann.connect()
    assert states(first) == {ann.stream: "new", room: "new"}
    again = await ann.connect(heads(first))
    assert states(again) == {ann.stream: "ok", room: "ok"}
    assert [event["ev"] for event in await again.until("live")] == ["live"]


@pytest.mark.parametrize("watched", [True, False])
async def test_what_was_missed_follows_as_events(parley: Parley, ann: Person, watched: bool) -> None:
    """From the memory of a stream that somebody watches, or from the store."""
    (bob,) = await parley.people("bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    cursors = heads(await ann.connect()) if watched else {room: 2}
    items = [await bob.say(room, f"missed {number}") for number in range(5)]
    await bob.do("message.edit", room=room, message=items[1]["id"], text="edited")
    live = await ann.connect(cursors)
    assert (live.rooms[room]["state"], live.rooms[room]["unread"]) == ("delta", 5)
    assert await texts(live) == ["missed 0", "missed 2", "missed 3", "missed 4", "edited"]


async def send_many(person: Person, room: str, count: int) -> None:
    live = await person.connect(deaf=True)
    asked = [
        live.socket.start("message.send", {"room": room, "text": f"{number}", "cid": f"m{number}"})
        for number in range(count)
    ]
    await asyncio.gather(*asked)
    await live.socket.close()


async def test_more_than_memory_holds_is_read_from_the_store(parley: Parley, ann: Person) -> None:
    room = await ann.create()
    keeper = await ann.connect(deaf=True)
    count = RING_EVENTS + 40
    await send_many(ann, room, count)
    assert parley.store.count("find")
    live = await ann.connect({room: 1})
    assert live.rooms[room]["state"] == "delta"
    assert await texts(live) == [f"{number}" for number in range(count)]
    assert await keeper.call("ping") == {}


@pytest.mark.parametrize(("missed", "state"), [(DELTA_REVS, "delta"), (DELTA_REVS + 1, "behind")])
async def test_whoever_missed_too_much_is_behind_and_gets_what_is_new(ann: Person, missed: int, state: str) -> None:
    room = await ann.create()
    await send_many(ann, room, DELTA_REVS + 1)
    head = (await ann.room(room))["head"]
    live = await ann.connect({room: head - missed})
    assert live.rooms[room]["state"] == state
    assert len(await texts(live)) == (missed if state == "delta" else 0)
    await ann.say(room, "new")
    assert (await live.next("message"))["d"]["text"] == "new"


@pytest.mark.parametrize("why", ["future", "epoch", "floor"])
async def test_cursor_that_means_nothing_is_answered_with_reset(parley: Parley, ann: Person, why: str) -> None:
    room = await ann.create()
    await ann.say(room)
    cursors = {room: 3 if why == "future" else 1}
    if why == "floor":
        await parley.database.insert(STREAMS, Stream(id=room, floor=2))
    socket = await parley.site.open()
    hello = await socket.hello(ann.account.token, cursors, "another" if why == "epoch" else parley.database.epoch)
    live = Live(socket, hello)
    assert (live.rooms[room]["state"], live.rooms[room]["head"]) == ("reset", 2)
    assert await texts(live) == []
    await ann.say(room, "new")
    assert (await live.next("message"))["d"]["text"] == "new"


async def test_cursor_at_the_floor_is_good(parley: Parley, ann: Person) -> None:
    room = await ann.create()
    await ann.say(room)
    await parley.database.insert(STREAMS, Stream(id=room, floor=1))
    assert (await ann.connect({room: 1})).rooms[room]["state"] == "delta"


async def test_epoch_left_out_is_the_present_one(ann: Person) -> None:
    room = await ann.create()
    assert (await ann.connect({room: 1})).rooms[room]["state"] == "ok"


async def test_room_that_is_not_ones_own_any_more_is_not_answered(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    rooms = [await ann.create(name) for name in ("left", "removed", "deleted", "never")]
    for room in rooms[:3]:
        await bob.do("room.join", room=room)
    cursors = heads(await bob.connect())
    await bob.do("room.leave", room=rooms[0])
    await ann.do("room.remove", room=rooms[1], user=bob.id)
    await ann.do("room.delete", room=rooms[2])
    await ann.say(rooms[0])
    live = await bob.connect(cursors | {rooms[3]: 1, "nowhere": 7, self_stream("nobody"): 1})
    assert states(live) == {bob.stream: "delta"}
    own = [event["d"]["type"] for event in await live.until("live") if event["ev"] == "message"]
    assert own == ["left", "removed", "deleted"]
    assert await live.pending() == []


# Unread


@pytest.mark.parametrize("watched", [True, False])
async def test_unread_is_counted_alike_by_memory_and_by_the_store(parley: Parley, ann: Person, watched: bool) -> None:
    (bob,) = await parley.people("bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    if watched:
        await ann.connect()
    await ann.say(room, "mine")
    item = [await bob.say(room, f"{number}") for number in range(3)][-1]
    await ann.do("message.react", room=room, message=item["id"], emoji=":x:", on=True)
    await bob.do("message.edit", room=room, message=item["id"], text="edited")
    await bob.do("message.delete", room=room, message=item["id"])
    assert (await ann.connect()).rooms[room]["unread"] == 3
    assert (await ann.room(room))["unread"] == 3
    await ann.do("room.read", room=room, seq=item["seq"] - 1)
    assert (await ann.connect()).rooms[room]["unread"] == 1
    assert (await bob.connect()).rooms[room]["unread"] == 0


async def test_unread_stops_at_a_hundred(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    await send_many(bob, room, 105)
    assert (await ann.connect()).rooms[room]["unread"] == 100
    await bob.say(room)
    assert (await ann.connect()).rooms[room]["unread"] == 100


# Many rooms


async def all_rooms(person: Person, live: Live) -> list[str]:
    """Return the rooms of a hello and of the pages that follow it."""
    found = list(live.rooms)[1:]
    cursor = live.hello["rooms_next"]
    while cursor is not None:
        page = await person.do("room.list", cursor=cursor, limit=2)
        found += [room["id"] for room in page["items"]]
        cursor = page["next"]
    return found


async def test_many_rooms_are_listed_further_by_pages(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "ROOMS_LISTED", 3)
    rooms = [await ann.create(f"{number}") for number in range(6)][::-1]
    live = await ann.connect()
    assert list(live.rooms)[1:] == rooms[:3]
    assert await all_rooms(ann, live) == rooms
    await live.until("live")
    await ann.say(rooms[-1], "of a room that was not listed")
    assert (await live.next("message"))["room"] == rooms[-1]


async def test_room_of_a_cursor_is_answered_and_hides_none_of_the_others(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(greeting, "ROOMS_LISTED", 3)
    rooms = [await ann.create(f"{number}") for number in range(6)][::-1]
    live = await ann.connect({rooms[-1]: 1})
    assert list(live.rooms)[1:] == [*rooms[:3], rooms[-1]]
    assert set(await all_rooms(ann, live)) == set(rooms)


async def test_rooms_are_cut_by_their_size(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "LIST_BYTES", 3000)
    rooms = [await ann.create(f"{number}", description="x" * 500) for number in range(6)][::-1]
    live = await ann.connect()
    assert 1 <= len(live.rooms) - 1 <= 4
    assert await all_rooms(ann, live) == rooms
    with_cursors = await ann.connect(dict.fromkeys(rooms, 1))
    assert set(with_cursors.rooms) == {ann.stream, *rooms}
    monkeypatch.setattr(greeting, "HELLO_BYTES", 4500)
    bounded = await ann.connect(dict.fromkeys(rooms, 1))
    assert len(live.rooms) <= len(bounded.rooms) <= 7
    await live.until("live")
    await ann.say(rooms[-1], "of a room that was not listed")
    assert (await live.next("message"))["room"] == rooms[-1]


async def test_just_as_many_rooms_as_are_listed_have_no_next_page(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "ROOMS_LISTED", 3)
    for number in range(3):
        await ann.create(f"{number}")
    assert (await ann.connect()).hello["rooms_next"] is None
