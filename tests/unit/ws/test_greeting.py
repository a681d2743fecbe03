"""Hello: who it is, which rooms there are, what was missed, and what happens while it is answered."""

import asyncio
from typing import Any

import pytest

from services.ids import self_stream
from store.tables import LOGINS, STREAMS, USERS, Stream
from tests.application import Parley
from tests.client.checks import Json
from tests.client.rest import Refused
from tests.client.wire import Closed
from tests.people import Live, Person
from tests.unstable import Fault
from ws.sessions import greeting
from ws.sessions.catchup import DELTA_REVS
from ws.watched import RING_EVENTS


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


def unwatched(parley: Parley) -> bool:
    """Tell whether nobody watches anything."""
    return all(watched.idle for watched in parley.door.hub._watched.values())


# The answer


async def test_greeting_says_who_and_where_one_is(parley: Parley, ann: Person) -> None:
    room = await ann.create("tea")
    live = await ann.connect()
    hello = live.hello
    assert hello["user"] == await ann.do("users.one", user=ann.id)
    assert hello["node"] == parley.application.node
    assert hello["epoch"] == parley.database.epoch
    assert (hello["heartbeat"], hello["features"], hello["calls"], hello["rooms_next"]) == (25, [], [], None)
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


async def test_just_as_many_rooms_as_are_listed_have_no_next_page(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "ROOMS_LISTED", 3)
    for number in range(3):
        await ann.create(f"{number}")
    assert (await ann.connect()).hello["rooms_next"] is None


# What goes wrong


@pytest.mark.parametrize("verb", ["get", "get_many", "find", "count"])
async def test_hello_while_the_store_is_away_may_be_said_again(parley: Parley, ann: Person, verb: str) -> None:
    (bob,) = await parley.people("bob")
    room = await bob.create()
    await ann.do("room.join", room=room)
    await bob.say(room)
    socket = await parley.site.open()
    parley.store.fail(Fault.UNAVAILABLE, verb)
    with pytest.raises(Refused) as refused:
        await socket.hello(ann.account.token)
    assert (refused.value.code, refused.value.retry_after) == ("unavailable", 1.0)
    assert unwatched(parley)
    assert parley.door.hub.sessions() == []
    live = Live(socket, await socket.hello(ann.account.token))
    assert live.rooms[room]["unread"] == 1
    await bob.say(room, "new")
    assert (await live.next("message"))["d"]["text"] == "new"


async def test_every_read_of_a_hello_may_fail(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    rooms = [await bob.create(f"{number}") for number in range(2)]
    for room in rooms:
        await ann.do("room.join", room=room)
        await bob.say(room)
    rooms.append((await ann.do("room.direct", user=bob.id))["id"])
    refused = 0
    while (hello := await hello_that_fails(parley, ann, rooms, refused)) is None:
        assert unwatched(parley)
        refused += 1
    assert refused > 8
    assert len(hello["rooms"]) == 4


async def hello_that_fails(parley: Parley, person: Person, rooms: list[str], skip: int) -> Json | None:
    """Say hello, its next read failing after so many; return the answer, or None where it was unavailable."""
    parley.application.tokens._live_until.clear()
    parley.door.hub._watched.clear()
    parley.door.hub._idle.clear()
    parley.store.heal()
    parley.store.fail(Fault.UNAVAILABLE, skip=skip)
    socket = await parley.site.open()
    answer = (await asyncio.gather(socket.start("hello", hello_of(person, rooms)), return_exceptions=True))[0]
    if isinstance(answer, Refused):
        assert answer.code == "unavailable"
        return None
    assert isinstance(answer, dict)
    return answer


def hello_of(person: Person, rooms: list[str]) -> Json:
    return {"token": person.account.token, "cursors": dict.fromkeys(rooms, 1)}


@pytest.mark.parametrize("gone", ["login", "user"])
async def test_token_of_what_is_no_more_is_bad(parley: Parley, ann: Person, gone: str) -> None:
    if gone == "login":
        principal = await parley.application.tokens.authenticate(ann.account.token)
        await parley.database.update(LOGINS, principal.login, {"live": False})
        parley.application.tokens._live_until.clear()
    else:
        await parley.database.delete(USERS, ann.id)
    socket = await parley.site.open()
    with pytest.raises(Closed) as end:
        await socket.hello(ann.account.token)
    assert end.value.code == 4501


@pytest.mark.parametrize("verb", ["get", "find", "get_many", "count"])
async def test_session_that_ends_during_its_hello_leaves_nothing_behind(parley: Parley, ann: Person, verb: str) -> None:
    (bob,) = await parley.people("bob")
    rooms = [await bob.create(f"{number}") for number in range(3)]
    for room in rooms:
        await ann.do("room.join", room=room)
        await bob.say(room)
    gate = parley.store.hold(verb)
    socket = await parley.site.open()
    _unheard = socket.start("hello", {"token": ann.account.token})
    await gate.reached.wait()
    socket.cut()
    await parley.door.empty.wait()
    gate.release()
    await (await bob.connect()).call("ping")
    for _ in range(3):
        await bob.do("users.me")
    assert [session.user for session in parley.door.hub.sessions()] == [bob.id]
    for watched in parley.door.hub._watched.values():
        watchers = [*watched.sessions, *watched.floors, *watched.holding]
        assert {session.user for session in watchers} <= {bob.id}


# What happens meanwhile


async def greeted_during(parley: Parley, person: Person, verb: str, act: Any) -> Live:
    """Hold a hello at one of its reads, do something, and let it go on."""
    gate = parley.store.hold(verb)
    socket = await parley.site.open()
    asked = socket.start("hello", {"token": person.account.token})
    await gate.reached.wait()
    await act()
    gate.release()
    return Live(socket, await asked)


@pytest.mark.parametrize("verb", ["get_many", "count"])
async def test_message_sent_during_hello_comes_once(parley: Parley, ann: Person, verb: str) -> None:
    (bob,) = await parley.people("bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    await bob.say(room, "before")
    live = await greeted_during(parley, ann, verb, lambda: bob.say(room, "during"))
    await bob.say(room, "after")
    seen: list[Json] = []
    while not seen or seen[-1]["d"]["text"] != "after":
        seen.append(await live.next("message"))
    known = live.rooms[room]["head"]
    assert [event["rev"] for event in seen] == list(range(known + 1, 6))
    assert live.rooms[room]["unread"] == known - 2


async def test_room_left_during_hello_is_neither_answered_nor_told_of(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    room = await bob.create()
    await ann.do("room.join", room=room)
    await bob.say(room)
    live = await greeted_during(parley, ann, "count", lambda: ann.do("room.leave", room=room))
    await bob.say(room)
    assert room not in live.rooms
    assert [event for event in await live.pending() if event.get("room") != ann.stream] == []


async def test_room_joined_during_hello_is_answered_or_told_of(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    first, second = await bob.create("first"), await bob.create("second")
    await ann.do("room.join", room=first)
    await bob.say(first)
    live = await greeted_during(parley, ann, "count", lambda: ann.do("room.join", room=second))
    if second not in live.rooms:
        assert (await live.next("room.joined"))["d"]["id"] == second
    await bob.say(second, "welcome")
    assert (await live.next("message"))["d"]["text"] == "welcome"


async def test_room_renamed_during_hello_is_answered_as_it_is_at_its_head(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    room = await bob.create("old")
    await ann.do("room.join", room=room)
    await bob.say(room)
    live = await greeted_during(parley, ann, "count", lambda: bob.do("room.update", room=room, name="new"))
    assert live.rooms[room] == await ann.room(room) | {"state": "new"}


async def test_role_given_during_hello_is_answered(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    room = await bob.create()
    await ann.do("room.join", room=room)
    await bob.say(room)
    change = {"room": room, "user": ann.id, "role": "moderator"}
    live = await greeted_during(parley, ann, "count", lambda: bob.do("room.role", **change))
    assert (live.rooms[room]["role"], live.rooms[room]["head"]) == ("moderator", 4)
