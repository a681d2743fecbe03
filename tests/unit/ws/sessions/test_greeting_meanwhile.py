"""Hello where something goes wrong, or happens while it is answered."""

import asyncio
from typing import Any

import msgspec
import pytest

from services.accounts.logins import families as logins
from services.accounts.logins.tokens import BANNED
from services.ids import member_id, self_stream
from services.streams.append import notice_entry
from services.streams.reading import read_head
from store.tables import ENTRIES, LOGINS, MEMBERS, USERS, Effect, Notice
from tests.application import Parley
from tests.client.checks import Json
from tests.client.rest import Refused
from tests.client.wire import Closed
from tests.peers import until
from tests.people import Live, Person
from tests.unstable import Fault


@pytest.fixture
async def ann(parley: Parley) -> Person:
    (ann,) = await parley.people("ann")
    return ann


def unwatched(parley: Parley) -> bool:
    """Tell whether nobody watches anything."""
    return all(watched.idle for watched in parley.door.hub._watched.values())


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
    parley.door.hub._idle._sizes.clear()
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


async def test_nothing_is_told_before_hello_is_answered(parley: Parley, ann: Person) -> None:
    await ann.create()
    gate = parley.store.hold("find", skip=1)
    socket = await parley.site.open()
    hello = socket.start("hello", {"token": ann.account.token})
    await gate.reached.wait()
    parley.application.live.tell(ann.id, b'{"ev":"unwatched","d":{"room":"unheard"}}')
    gate.release()
    answered = Live(socket, await hello)
    assert [event["ev"] for event in await answered.pending()] == []
    parley.application.live.tell(ann.id, b'{"ev":"unwatched","d":{"room":"heard"}}')
    assert [event["d"]["room"] for event in await answered.pending()] == ["heard"]


@pytest.mark.parametrize(("reason", "code"), [("logged out", 4504), (BANNED, 4503)])
async def test_log_in_that_ends_during_hello_ends_the_session(
    parley: Parley, ann: Person, reason: str, code: int
) -> None:
    await ann.create()
    gate = parley.store.hold("get_many")
    socket = await parley.site.open()
    asked = socket.start("hello", {"token": ann.account.token})
    await gate.reached.wait()
    await logins.revoke(parley.application, ann.id, reason)
    gate.release()
    assert (await socket.closed).code == code
    assert asked.done()
    assert socket.events.qsize() == 0
    await parley.door.empty.wait()
    assert parley.door.hub.sessions() == []


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


async def test_what_moved_during_a_hello_that_failed_is_past_at_the_next(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    room = await bob.create()
    await ann.do("room.join", room=room)
    await bob.connect()
    gate = parley.store.hold("get_many")
    socket = await parley.site.open()
    asked = socket.start("hello", {"token": ann.account.token})
    await gate.reached.wait()
    await ann.do("room.leave", room=room)
    parley.store.fail(Fault.UNAVAILABLE, "find")
    gate.release()
    with pytest.raises(Refused):
        await asked
    await ann.do("room.join", room=room)
    live = Live(socket, await socket.hello(ann.account.token))
    assert room in live.rooms
    await live.until("live")
    await bob.say(room, "welcome")
    assert (await live.next())["d"].get("text") == "welcome"


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


async def remove_elsewhere(parley: Parley, room: str, person: Person) -> None:
    """Remove somebody from a room as another node does it of which nothing has been heard yet."""
    effect = Effect("left", person.id, room=room, reason="removed")
    for stream in (room, self_stream(person.id)):
        rev = (await read_head(parley.database, stream))[0] + 1
        notice = notice_entry(stream, Notice("removed", person.id, target=room), effect)
        await parley.database.insert(ENTRIES, msgspec.structs.replace(notice, rev=rev, seq=rev, changed=rev))
    await parley.database.delete(MEMBERS, member_id(room, person.id))


async def test_removed_elsewhere_while_somebody_opens_the_room_one_hears_nothing(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    room = await bob.create()
    await ann.do("room.join", room=room)
    gate = parley.store.hold("find", skip=2)  # of Bob's stream the head, of Bob the rooms, of the room the head
    opening = asyncio.create_task(bob.connect())
    await gate.reached.wait()
    watched = parley.door.hub.find(room)
    assert watched is not None
    greeting = asyncio.create_task(ann.connect())
    await until(lambda: len(watched.holding) == 2)
    await remove_elsewhere(parley, room, ann)
    gate.release()
    await opening
    live = await greeting
    await bob.say(room, "behind the back")
    assert room not in live.rooms
    assert "behind the back" not in str(await live.pending())
