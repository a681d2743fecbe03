"""When something was last said in topics: noted once a minute, written together, lost by no fault of the store."""

import pytest

from services.rooms.rights.facts import Facts
from services.rooms.topics import activity as activity_module
from services.rooms.topics.activity import EVERY_MS, Activity
from services.streams.append import marker_entry, notice_entry
from services.streams.batch import Batch, batch_of, event_of
from store.tables import ROOMS, Effect, Entry, Notice, Room, Text
from tests.entries import text_entry
from tests.unstable import Fault, Unstable


def place(id_: str, kind: str = "topic", **more: int | str | None) -> Room:
    return Room(id=id_, kind=kind, created_at=1, **({"active_at": 1} | more))  # type: ignore[arg-type]  # of several


class Node:
    """Activity as one node notes it, in milliseconds of a clock that stands still."""

    def __init__(self, unstable: Unstable) -> None:
        self.store = unstable
        self.now = 10 * EVERY_MS
        self.facts = Facts(unstable.database)
        self.activity = Activity(unstable.database, self.facts, lambda: self.now)

    async def add(self, *rooms: Room) -> None:
        for room in rooms:
            await self.store.real.insert(ROOMS, room)
            await self.facts.known(room.id)

    async def active_at(self, id_: str) -> int | None:
        found = await self.store.real.get(ROOMS, id_)
        return None if found is None else found.active_at


@pytest.fixture
def node(unstable: Unstable) -> Node:
    return Node(unstable)


def batch(stream: str, entry: Entry) -> Batch:
    entry.rev = 1
    if entry.kind is not None:
        entry.seq = entry.changed = 1
    return batch_of(stream, 0, [event_of(entry, None)])


def said(stream: str) -> Batch:
    return batch(stream, text_entry(stream, "ann", "ann", "c", Text(text="hello"), ""))


async def test_what_is_said_moves_a_topic_once_a_minute(node: Node) -> None:
    await node.add(place("t"))
    seen = []
    for later in (0, EVERY_MS - 1, 1):
        node.now += later
        node.activity.heard(said("t"))
        await node.activity.flush()
        seen.append(await node.active_at("t"))
    assert seen == [10 * EVERY_MS, 10 * EVERY_MS, 11 * EVERY_MS]


async def test_room_moves_its_topic_and_a_post_moves_that_alone(node: Node) -> None:
    await node.add(place("t"), place("r", "private", place="t"), place("p", "post", place="t", active_at=None))
    node.activity.heard(said("p"))
    await node.activity.flush()
    assert [await node.active_at(id_) for id_ in ("t", "r", "p")] == [node.now, 1, None]
    node.now += EVERY_MS
    node.activity.heard(said("r"))
    await node.activity.flush()
    assert [await node.active_at(id_) for id_ in ("t", "r", "p")] == [node.now, node.now, None]


async def test_coming_and_going_and_changes_move_nothing(node: Node) -> None:
    await node.add(place("t"), Room(id="plain", kind="public", created_at=1))
    joined = notice_entry("t", Notice("joined", "bob"), Effect("joined", "bob", room="t"))
    for one in (batch("t", joined), batch("t", marker_entry("t", "an item")), said("plain"), said("not known")):
        node.activity.heard(one)
    writes = node.store.count("together")
    await node.activity.flush()
    assert node.store.count("together") == writes


async def test_what_the_store_does_not_take_stays_noted(node: Node) -> None:
    await node.add(place("t"))
    node.activity.heard(said("t"))
    node.store.fail(Fault.UNAVAILABLE, "together")
    await node.activity.flush()
    assert await node.active_at("t") == 1
    await node.activity.flush()
    assert await node.active_at("t") == node.now


async def test_places_that_are_no_more_hinder_nobody(node: Node) -> None:
    await node.add(place("t"), place("closed"), place("gone"))
    for id_ in ("t", "closed", "gone"):
        node.activity.heard(said(id_))
    await node.store.real.update(ROOMS, "closed", {"deleted": True, "active_at": None})
    await node.store.real.delete(ROOMS, "gone")
    await node.activity.flush()
    assert [await node.active_at(id_) for id_ in ("t", "closed", "gone")] == [node.now, None, None]


async def test_only_so_many_places_are_remembered(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity_module, "PLACES_KEPT", 2)
    await node.add(*(place(id_) for id_ in "abc"))
    for id_ in "abc":
        node.activity.heard(said(id_))
    await node.activity.flush()
    assert [await node.active_at(id_) for id_ in "abc"] == [1, node.now, node.now]
