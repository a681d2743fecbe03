"""Watching a place without being in it: what is told, and when it ends."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.application import Parley, running
from tests.client.checks import Json
from tests.people import Live, Person
from ws.visits import VISITS


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley


@pytest.fixture
async def ann(parley: Parley) -> Person:
    (ann,) = await parley.people("ann")
    return ann


@pytest.fixture
async def looking(parley: Parley, ann: Person) -> Live:
    """Somebody who is connected, and in no room."""
    (visitor,) = await parley.people("visitor")
    return await visitor.connect()


async def test_visitor_is_told_what_is_kept(ann: Person, looking: Live) -> None:
    room = await ann.create()
    watching = await looking.call("room.watch", room=room)
    assert (watching["state"], watching["items"], watching["room"]["role"]) == ("new", [], None)
    item = await ann.say(room, "heard")
    event = await looking.next("message")
    assert event["d"] == item
    assert event["rev"] > watching["head"]


async def test_visitor_who_comes_back_is_told_what_was_missed(ann: Person, looking: Live) -> None:
    room = await ann.create()
    known = await looking.call("room.watch", room=room)
    assert (await looking.call("room.watch", room=room, since=known["head"]))["state"] == "ok"
    await looking.call("room.unwatch", room=room)
    missed = await ann.say(room, "missed")
    again = await looking.call("room.watch", room=room, since=known["head"])
    assert (again["state"], again["items"]) == ("delta", [missed])


async def test_visitor_who_missed_more_or_knows_more_than_there_is_fetches_anew(ann: Person, looking: Live) -> None:
    room = await ann.create()
    head = (await looking.call("room.watch", room=room))["head"]
    for number in range(101):
        await ann.say(room, f"{number}")
    for since in (head, 1_000_000):
        assert (await looking.call("room.watch", room=room, since=since))["state"] == "reset"


async def test_nothing_is_told_after_the_visit(ann: Person, looking: Live) -> None:
    room = await ann.create()
    await looking.call("room.watch", room=room)
    await looking.call("room.unwatch", room=room)
    await ann.say(room)
    assert await looking.pending() == []


async def test_private_room_is_none_to_a_stranger(ann: Person, looking: Live) -> None:
    room = await ann.create(kind="private")
    assert await looking.refused("room.watch", room=room) == "room_not_found"
    await ann.say(room)
    assert await looking.pending() == []


async def test_visitor_is_not_told_who_types_and_reads(ann: Person, looking: Live) -> None:
    room = await ann.create()
    mine = await ann.connect()
    item = await ann.say(room)
    await looking.call("room.watch", room=room)
    await mine.call("room.typing", room=room)
    await mine.call("room.read", room=room, seq=item["seq"])
    assert await looking.pending() == []


async def test_room_that_is_no_more_ends_the_visit(ann: Person, looking: Live) -> None:
    room = await ann.create()
    await looking.call("room.watch", room=room)
    await ann.do("room.delete", room=room)
    assert (await looking.next("unwatched"))["d"] == {"room": room}
    assert await looking.refused("room.watch", room=room) == "room_not_found"


async def test_visitor_of_a_topic_that_is_shut_is_told_nothing_of_what_changes_with_it(
    ann: Person, looking: Live
) -> None:
    topic = (await ann.do("topic.create", title="Sailing"))["id"]
    await looking.call("room.watch", room=topic)
    await ann.do("topic.update", topic=topic, open=False, title="Secret", description="hush")
    told = [event for event in await looking.until("unwatched") if event.get("room") == topic]
    assert [(event["ev"], event["d"]["name"]) for event in told] == [("room", "Sailing")]
    shut = await ann.room(topic)
    assert (shut["name"], shut["description"]) == ("Secret", "hush")
    assert not shut.get("open")


async def test_visitor_who_joins_and_leaves_is_told_as_a_member(parley: Parley, ann: Person) -> None:
    (visitor,) = await parley.people("joiner")
    live = await visitor.connect()
    room = await ann.create()
    await live.call("room.watch", room=room)
    await visitor.do("room.join", room=room)
    joined = await live.next("room.joined")
    assert joined["d"]["id"] == room
    await live.call("room.unwatch", room=room)
    item = await ann.say(room, "to members")
    events = [event async for event in _messages(live)]
    assert [event["d"]["id"] for event in events if event["d"]["kind"] == "text"] == [item["id"]]
    await visitor.do("room.leave", room=room)
    await live.next("room.left")
    await ann.say(room, "without you")
    assert await live.pending() == []


async def _messages(live: Live) -> AsyncIterator[Json]:
    for event in await live.pending():
        if event["ev"] == "message":
            yield event


async def test_member_who_sees_from_a_join_on_is_told_nothing_from_before_it(parley: Parley, ann: Person) -> None:
    (late,) = await parley.people("late")
    room = await ann.create(kind="private", history="joined")
    before = await ann.say(room, "before")
    await ann.do("room.join", room=room, user=late.id)
    after = await ann.say(room, "after")
    live = await late.connect()
    watching = await live.call("room.watch", room=room, since=1)
    assert before["id"] not in {item["id"] for item in watching["items"]}
    assert watching["items"][-1] == after


async def test_visitor_of_a_room_that_members_see_from_a_join_on_is_told_what_comes(ann: Person, looking: Live) -> None:
    room = await ann.create(history="joined")
    before = await ann.say(room, "before")
    watching = await looking.call("room.watch", room=room, since=1)
    assert (watching["state"], watching["items"]) == ("reset", [])
    await ann.do("message.edit", room=room, message=before["id"], text="changed")
    item = await ann.say(room, "after")
    assert [event["d"] async for event in _messages(looking)] == [item]


async def test_visitor_who_joins_a_room_seen_from_a_join_on_hears_everything_once(parley: Parley, ann: Person) -> None:
    (visitor,) = await parley.people("joiner")
    live = await visitor.connect()
    room = await ann.create(history="joined")
    await live.call("room.watch", room=room)
    await visitor.do("room.join", room=room)
    await live.next("room.joined")
    item = await ann.say(room, "to members")
    assert [event["d"] async for event in _messages(live)].count(item) == 1


async def test_as_many_visits_as_there_may_be(ann: Person, looking: Live) -> None:
    rooms = [await ann.create(f"room {number}") for number in range(VISITS + 1)]
    for room in rooms[:-1]:
        await looking.call("room.watch", room=room)
    assert await looking.refused("room.watch", room=rooms[-1]) == "too_many_watched"
    await looking.call("room.watch", room=rooms[0])
    await looking.call("room.unwatch", room=rooms[0])
    await looking.call("room.watch", room=rooms[-1])


async def test_page_that_nothing_was_posted_on_can_be_watched(ann: Person, looking: Live) -> None:
    watching = await looking.call("room.watch", room=f"p_{ann.id}")
    assert (watching["room"]["kind"], watching["head"]) == ("page", 0)
