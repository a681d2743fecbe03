"""Presence on a node that is alone, asked by clients."""

import asyncio

import pytest

from store.tables import SEEN
from tests.application import Parley
from tests.client.checks import Json
from tests.people import Live, Person
from tests.unstable import Fault
from ws.presence import desk, watching
from ws.presence.here import GRACE_S


def turn(parley: Parley, seconds: float) -> None:
    """Let the wheel believe that so many seconds have passed since now."""
    parley.door.wheel.turn(asyncio.get_running_loop().time() + seconds)


async def acquainted(parley: Parley, *names: str) -> list[Person]:
    """Make people who share a room."""
    first, *others = people = await parley.people(*names)
    room = await first.create()
    for other in others:
        await other.do("room.join", room=room)
    return people


async def status(live: Live, person: Person) -> str:
    (shown,) = await live.call("presence.watch", users=[person.id])
    return str(shown["status"])


async def told(live: Live) -> Json:
    """Return the next event of presence, without whom it is about."""
    event: Json = (await live.next("presence"))["d"]
    return {"status": event["status"], "seen": event["last_seen"] is not None}


async def test_person_comes_changes_and_goes(parley: Parley) -> None:
    ann, bob = await acquainted(parley, "ann", "bob")
    watching = await ann.connect()
    assert await status(watching, bob) == "offline"
    phone, laptop = await bob.connect(), await bob.connect()
    assert await told(watching) == {"status": "online", "seen": False}
    await phone.call("presence.set", status="busy")
    assert await told(watching) == {"status": "busy", "seen": False}
    await phone.socket.close()
    assert await told(watching) == {"status": "online", "seen": False}
    await laptop.socket.close()
    await asyncio.sleep(0)
    assert await status(watching, bob) == "online"
    turn(parley, GRACE_S + 2)
    assert await told(watching) == {"status": "offline", "seen": True}
    (shown,) = await watching.call("presence.watch", users=[bob.id])
    assert shown["last_seen"] is not None


async def test_strangers_and_nobody_look_the_same(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    await bob.connect()
    asked = [bob.id, "nobody", ann.id, bob.id]
    live = await ann.connect()
    shown = await live.call("presence.watch", users=asked)
    assert shown == [
        {"user": bob.id, "status": "offline", "last_seen": None},
        {"user": "nobody", "status": "offline", "last_seen": None},
        {"user": ann.id, "status": "online", "last_seen": None},
    ]
    again = await bob.connect()
    await again.call("presence.set", status="busy")
    assert await live.pending() == []


async def test_who_leaves_the_last_common_room_is_seen_no_more(parley: Parley) -> None:
    ann, bob = await acquainted(parley, "ann", "bob")
    second = await bob.create()
    await ann.do("room.join", room=second)
    (first,) = [room["id"] for room in (await ann.do("room.list"))["items"] if room["id"] != second]
    mine, theirs = await ann.connect(), await bob.connect()
    assert await status(mine, bob) == await status(theirs, ann) == "online"
    await bob.do("room.leave", room=first)
    await theirs.call("presence.set", status="busy")
    assert await told(mine) == {"status": "busy", "seen": False}, "there is another room"
    await ann.do("room.leave", room=second)
    assert await told(mine) == await told(theirs) == {"status": "offline", "seen": False}
    await theirs.call("presence.set", status="away")
    assert [event for event in await mine.pending() if event["ev"] == "presence"] == []


async def test_room_that_is_deleted_ends_what_was_seen_through_it(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    live, _ = await bob.connect(), await ann.connect()
    assert await status(live, ann) == "online"
    await ann.do("room.delete", room=room)
    assert await told(live) == {"status": "offline", "seen": False}


async def test_watching_ends_when_it_is_asked_to_and_with_the_session(parley: Parley) -> None:
    ann, bob = await acquainted(parley, "ann", "bob")
    live, other = await ann.connect(), await bob.connect()
    await status(live, bob)
    assert await live.call("presence.watch", users=[]) == []
    await other.call("presence.set", status="busy")
    assert await live.pending() == []
    await status(live, bob)
    await live.socket.close()
    again = await ann.connect()
    await other.call("presence.set", status="away")
    assert await again.pending() == []
    assert len(parley.door.desk._watching) == 0


async def test_those_asked_for_longest_ago_are_watched_no_more(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "SESSION_LIMIT", 2)
    ann, bob, cid, dan = await acquainted(parley, "ann", "bob", "cid", "dan")
    live = await ann.connect()
    for person in (bob, cid, bob, dan):
        await status(live, person)
    for person in (cid, bob, dan):
        await person.connect()
    assert [(await live.next("presence"))["d"]["user"] for _ in range(2)] == [bob.id, dan.id]
    assert len(parley.door.desk._watching) == 2


async def test_session_on_a_crowded_node_watches_those_of_its_latest_question(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "NODE_PAIRS", 3)
    monkeypatch.setattr(watching, "CROWDED_LIMIT", 2)
    ann, bob, cid, dan = await acquainted(parley, "ann", "bob", "cid", "dan")
    live, other = await ann.connect(), await bob.connect()
    for person in (bob, cid, dan):
        await status(live, person)
    await status(other, cid)
    assert len(parley.door.desk._watching) == 3
    await status(live, dan)
    assert len(parley.door.desk._watching) == 2
    await live.socket.close()
    await other.socket.close()
    assert parley.door.desk._watching._pairs == 0


async def test_too_many_at_once_and_unknown_words_are_refused(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    live = await ann.connect()
    assert len(await live.call("presence.watch", users=[f"u{number}" for number in range(200)])) == 200
    assert await live.refused("presence.watch", users=[f"u{number}" for number in range(201)]) == "bad_request"
    assert await live.refused("presence.set", status="offline") == "bad_request"


async def test_store_that_is_away_is_unavailable(parley: Parley) -> None:
    ann, bob = await acquainted(parley, "ann", "bob")
    live = await ann.connect()
    parley.store.fail(Fault.UNAVAILABLE, "find")
    assert await live.refused("presence.watch", users=[bob.id]) == "unavailable"
    assert await status(live, bob) == "offline"


async def test_room_counts_who_is_there(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob, cid = await parley.people("ann", "bob", "cid")
    room = await ann.create()
    for person in (bob, cid):
        await person.do("room.join", room=room)
    live = await bob.connect()
    await bob.connect()
    await ann.connect()
    for _ in range(2):
        assert await live.call("room.presence", room=room) == {"online": 2, "member_count": 3}
        assert await cid.do("room.presence", room=room) == {"online": 2, "member_count": 3}
        monkeypatch.setattr("services.presence.asking.LARGE_MEMBERS", 2)


async def test_node_that_ends_notes_who_was_there(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    live = await ann.connect()
    await parley.door.desk.close()
    assert await parley.database.get(SEEN, ann.id) is not None
    await live.socket.close()


async def test_node_that_ends_does_not_wait_for_a_store_that_stands_still(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "CLOSE_S", 0.05)
    (ann,) = await parley.people("ann")
    live = await ann.connect()
    gate = parley.store.hold("get_many")
    await asyncio.wait_for(parley.door.desk.close(), 5)
    gate.release()
    await live.socket.close()
