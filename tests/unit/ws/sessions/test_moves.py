"""Rooms joined and left while a session is live: told in order, and nothing of a room outside of its time."""

import asyncio
from typing import Any

import pytest

from services.rooms.making import fresh_member
from store.tables import MEMBERS, Effect
from tests.application import Parley
from tests.client.checks import Json
from tests.people import Live, Person
from tests.unstable import Fault


@pytest.fixture
async def people(parley: Parley) -> list[Person]:
    return await parley.people("ann", "bob")


def named(events: list[Json]) -> list[str]:
    """Return names of events, with the texts or types of their items."""
    return [
        event["ev"] if event["ev"] != "message" else event["d"].get("text") or event["d"]["type"] for event in events
    ]


async def test_all_sessions_of_the_person_are_told_the_asking_one_included(
    parley: Parley, people: list[Person]
) -> None:
    ann, bob = people
    room = await bob.create("tea")
    again = Person(parley.site, await parley.site.log_in(ann.account))
    lives = [await ann.connect(), await ann.connect(), await again.connect()]
    other = await bob.connect()
    await lives[0].call("room.join", room=room)
    for live in lives:
        joined = (await live.next("room.joined"))["d"]
        assert joined == await ann.room(room)
        assert (joined["head"], joined["role"], joined["read"], joined["unread"]) == (2, "member", 2, 0)
    assert "room.joined" not in named(await other.pending())
    await lives[1].call("room.leave", room=room)
    for live in lives:
        assert (await live.next("room.left"))["d"] == {"room": room, "reason": "left", "by": ann.id}


async def test_head_told_is_the_first_cursor(people: list[Person]) -> None:
    ann, bob = people
    room = await bob.create()
    live = await ann.connect()
    await asyncio.gather(ann.do("room.join", room=room), *(bob.say(room, f"{number}") for number in range(20)))
    await bob.say(room, "end")
    events: list[Json] = []
    while not events or events[-1]["d"].get("text") != "end":
        events.append(await live.next())
    joined, *told = [event for event in events if event["ev"] == "room.joined" or event.get("room") == room]
    revs = [event["rev"] for event in told if "rev" in event]
    assert revs == list(range(joined["d"]["head"] + 1, revs[-1] + 1))


async def test_item_of_the_own_stream_tells_of_it_too(people: list[Person]) -> None:
    ann, bob = people
    room = await bob.create(kind="private")
    live = await ann.connect()
    await bob.do("room.add", room=room, user=ann.id)
    item = (await live.next("message"))["d"]
    assert (item["room"], item["type"], item["target"], item["by"]) == (ann.stream, "joined", room, bob.id)


@pytest.mark.parametrize(
    ("op", "reason"), [("room.remove", "removed"), ("room.ban", "banned"), ("room.delete", "deleted")]
)
async def test_whoever_is_out_hears_why_and_then_nothing(people: list[Person], op: str, reason: str) -> None:
    ann, bob = people
    room = await bob.create()
    await ann.do("room.join", room=room)
    live = await ann.connect()
    await bob.say(room, "last words")
    await bob.do(op, room=room, **{} if op == "room.delete" else {"user": ann.id})
    left = await live.next("room.left")
    assert left["d"] == {"room": room, "reason": reason, "by": bob.id}
    if op != "room.delete":
        await bob.say(room, "behind the back")
        await bob.do("room.update", room=room, name="behind the back")
    assert "behind the back" not in str(await live.pending())


async def test_removed_and_added_again_one_is_live_again(people: list[Person]) -> None:
    ann, bob = people
    room = await bob.create()
    live = await ann.connect()
    for number in range(5):
        await bob.do("room.add", room=room, user=ann.id)
        await bob.say(room, f"{number}")
        await bob.do("room.remove", room=room, user=ann.id)
        await bob.say(room, "while away")
    await bob.do("room.add", room=room, user=ann.id)
    await bob.say(room, "end")
    seen: list[Json] = []
    while not seen or seen[-1].get("d", {}).get("text") != "end":
        seen.append(await live.next())
    names = [name for name in named(seen) if name not in ("joined", "removed", "member_count")]
    assert "while away" not in names
    assert [name for name in names if name.startswith("room.")] == ["room.joined", "room.left"] * 5 + ["room.joined"]


async def test_message_while_the_join_is_told_of_comes_once(parley: Parley, people: list[Person]) -> None:
    ann, bob = people
    room, live = await _joining(parley, ann, bob, lambda room: bob.say(room, "meanwhile"))
    joined = (await live.next("room.joined"))["d"]
    await bob.say(room, "after")
    revs = [(await live.next("message"))["rev"]]
    while revs[-1] < (await ann.room(room))["head"]:
        revs.append((await live.next("message"))["rev"])
    assert revs == list(range(joined["head"] + 1, revs[-1] + 1))
    assert joined["unread"] == joined["head"] - joined["read"]


async def test_room_renamed_while_the_join_is_told_of_is_as_it_is_at_its_head(
    parley: Parley, people: list[Person]
) -> None:
    ann, bob = people
    room, live = await _joining(parley, ann, bob, lambda room: bob.do("room.update", room=room, name="new"))
    assert (await live.next("room.joined"))["d"] == await ann.room(room)


async def test_whoever_is_removed_while_the_join_is_told_of_hears_of_neither(
    parley: Parley, people: list[Person]
) -> None:
    ann, bob = people
    room, live = await _joining(parley, ann, bob, lambda room: bob.do("room.remove", room=room, user=ann.id))
    await bob.say(room, "behind the back")
    assert [name for name in named(await live.pending()) if name not in ("joined", "removed")] == []
    await bob.do("room.add", room=room, user=ann.id)
    assert (await live.next("room.joined"))["d"]["id"] == room


async def _joining(parley: Parley, ann: Person, bob: Person, act: Any) -> tuple[str, Live]:
    """Add Ann to a room, hold what her session reads of it, do something meanwhile, and let it go on."""
    room = await bob.create("old")
    await bob.connect()  # the room is watched already
    live = await ann.connect()
    gate = parley.store.hold("count")
    await bob.do("room.add", room=room, user=ann.id)
    await gate.reached.wait()
    await act(room)
    gate.release()
    return room, live


@pytest.mark.parametrize("verb", ["find", "get", "count"])
async def test_session_whose_join_cannot_be_told_of_ends_to_come_back(
    parley: Parley, people: list[Person], verb: str
) -> None:
    ann, bob = people
    room = await bob.create()
    live = await ann.connect()
    gate = parley.store.hold("together")
    adding = asyncio.create_task(bob.do("room.add", room=room, user=ann.id))
    await gate.reached.wait()
    parley.store.fail(Fault.UNAVAILABLE, verb)
    gate.release()
    assert await live.code() in (1011, 4002)
    await adding
    assert room in (await ann.connect()).rooms


async def test_session_that_ends_while_a_join_is_told_of_leaves_nothing_behind(
    parley: Parley, people: list[Person]
) -> None:
    ann, bob = people
    room = await bob.create()
    await bob.connect()
    live = await ann.connect()
    gate = parley.store.hold("count")
    await bob.do("room.add", room=room, user=ann.id)
    await gate.reached.wait()
    live.socket.cut()
    while parley.door.hub.sessions(ann.id):
        await bob.do("users.me")
    gate.release()
    await bob.do("users.me")
    watched = parley.door.hub.find(room)
    assert watched is not None
    assert {session.user for session in [*watched.sessions, *watched.holding]} == {bob.id}


async def test_move_that_is_noted_at_the_end_of_another_is_told_of(parley: Parley, people: list[Person]) -> None:
    """The telling of moves has ended, and nobody knows yet that it has."""
    ann, bob = people
    room = await bob.create()
    live = await ann.connect()
    await live.until("live")
    await parley.database.insert(MEMBERS, fresh_member(room, ann.id, ann.account.username, "member"))
    (session,) = parley.door.hub.sessions(ann.id)
    session.moved(Effect("role", ann.id, role="member", room=room))
    asyncio.get_running_loop().call_soon(session.moved, Effect("joined", ann.id, room=room))
    assert (await live.next("room.joined"))["d"]["id"] == room


async def test_direct_room_that_is_hidden_again_at_once_is_not_told_of(parley: Parley, people: list[Person]) -> None:
    ann, bob = people
    room = (await ann.do("room.direct", user=bob.id))["id"]
    await ann.do("room.leave", room=room)
    live = await ann.connect()
    (session,) = parley.door.hub.sessions(ann.id)
    session.moved(Effect("joined", ann.id, room=room))
    assert await live.pending() == []
    await bob.say(room, "hello")
    assert (await live.next("room.joined"))["d"]["id"] == room


async def test_direct_room_that_was_made_is_told_to_its_maker(people: list[Person]) -> None:
    ann, bob = people
    mine, theirs = await ann.connect(), await bob.connect()
    room = await ann.do("room.direct", user=bob.id)
    assert (await mine.next("room.joined"))["d"] == room
    assert await theirs.pending() == []
