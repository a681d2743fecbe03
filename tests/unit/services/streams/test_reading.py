"""Reading a stream back: heads, missed batches, pages by place and by change."""

from typing import Any

import msgspec
import pytest

from services.streams.append import Append, Plan, Step, View, marker_entry
from services.streams.reading import read_batch, read_changes, read_floor, read_head, read_page
from store.tables import ENTRIES, STREAMS, Effect, Entry, Room, Stream
from tests.unit.services.streams.node import Node
from tests.unit.ws.ears import frames
from tests.unstable import Unstable
from ws.wire.frames import text_frame


@pytest.fixture
async def items(either: Unstable) -> list[Entry]:
    """Six items; the second was changed twice and the fourth once, behind the others: revs 7, 8 and 9."""
    node = Node(either.database)
    items = [(await node.send(text=f"{number}")).item for number in range(1, 7)]
    for at, text in ((1, "2a"), (3, "4a"), (1, "2b")):
        await node.edit(items[at], text)
    return items


async def test_head_is_the_newest_rev_and_its_time(either: Unstable, items: list[Entry]) -> None:
    rev, at = await read_head(either.real, "r")
    assert rev == 9
    assert at >= items[-1].created_at
    assert await read_head(either.real, "empty") == (0, 0)


async def test_floor_is_none_where_none_is_kept(either: Unstable) -> None:
    assert await read_floor(either.real, "r") == 0
    await either.real.insert(STREAMS, Stream(id="r", floor=7))
    assert await read_floor(either.real, "r") == 7


async def test_missed_batch_tells_each_item_at_its_latest_change(either: Unstable, items: list[Entry]) -> None:
    batch = await read_batch(either.real, "r", 0)
    assert (batch.prev, batch.last, [event.rev for event in batch.events]) == (0, 9, list(range(1, 10)))
    told = {event.rev: frames(text_frame(event.data))[0]["d"]["text"] for event in batch.events if event.data}
    assert told == {1: "1", 3: "3", 5: "5", 6: "6", 8: "4a", 9: "2b"}
    assert [event.author for event in batch.events] == ["ann"] * 6 + [""] * 3, "new messages count as unread"
    assert [event.seq for event in batch.events] == [1, 2, 3, 4, 5, 6, 0, 4, 2]


async def test_missed_batch_is_one_question_where_it_has_what_was_changed(either: Unstable, items: list[Entry]) -> None:
    before = len(either.calls)
    await read_batch(either.database, "r", 0)
    assert [verb for verb, _ in either.calls[before:]] == ["find"]
    batch = await read_batch(either.database, "r", 4)
    assert [verb for verb, _ in either.calls[before + 1 :]] == ["find", "get_many"]
    assert [bool(event.data) for event in batch.events] == [True, True, False, True, True]


async def test_item_that_is_older_than_its_marker_is_read_again(either: Unstable, items: list[Entry]) -> None:
    """Where a store reads one record after the other, a change may come between those of an item and its marker."""
    await either.real.update(ENTRIES, items[1].id, {"changed": 7})
    before = len(either.calls)
    batch = await read_batch(either.database, "r", 0)
    assert [verb for verb, _ in either.calls[before:]] == ["find", "get_many"]
    assert batch.events[-1].data == b"", "and is told where it is as new by now"


async def test_missed_batch_begins_above_and_has_a_bound(either: Unstable, items: list[Entry]) -> None:
    batch = await read_batch(either.real, "r", 3, 2)
    assert (batch.prev, batch.last, len(batch.events)) == (3, 5, 2)
    nothing = await read_batch(either.real, "r", 9)
    assert (nothing.prev, nothing.last, nothing.events) == (9, 9, [])


async def test_missed_change_of_a_room_is_the_room_as_it_is(either: Unstable) -> None:
    node = Node(either.database)
    room = Room(id="r", kind="public", name="a", created_at=1)

    def renaming(name: str) -> Append:
        async def plan(_view: View) -> Plan:
            changed = msgspec.structs.replace(room, name=name)
            return Plan([Step(marker_entry("r", "r", effect=Effect("room")), changed)])

        return Append(("r",), plan)

    for name in "abc":
        await node.lanes.append(renaming(name))
    batch = await read_batch(either.real, "r", 0)
    assert [bool(event.data) for event in batch.events] == [False, False, True]
    event = frames(text_frame(batch.events[-1].data))[0]
    assert (event["ev"], event["d"]["name"], event["d"]["head"], event["rev"]) == ("room", "c", 3, 3)
    assert all(event.effect == Effect("room") for event in batch.events)


PAGES: list[tuple[Any, list[int], bool]] = [
    ({"before": None, "after": None, "limit": 2}, [5, 6], True),
    ({"before": None, "after": None, "limit": 6}, [1, 2, 3, 4, 5, 6], False),
    ({"before": 4, "after": None, "limit": 2}, [2, 3], True),
    ({"before": 4, "after": None, "limit": 3}, [1, 2, 3], False),
    ({"before": None, "after": 4, "limit": 5}, [5, 6], False),
    ({"before": None, "after": 0, "limit": 2}, [1, 2], True),
    ({"before": None, "after": 0, "limit": 2, "floor": 3}, [3, 4], True),
    ({"before": 5, "after": None, "limit": 9, "floor": 3}, [3, 4], False),
    ({"before": 3, "after": None, "limit": 9, "floor": 3}, [], False),
]


async def test_page_holds_items_alone_by_place(either: Unstable, items: list[Entry]) -> None:
    for where, expected, more in PAGES:
        found, has_more = await read_page(either.real, "r", **where)
        assert ([entry.seq for entry in found], has_more) == (expected, more), where


CHANGES = [
    ((0, 9, 0), [1, 3, 5, 6, 8, 9], True),
    ((0, 2, 0), [1, 3], False),
    ((6, 9, 0), [8, 9], True),
    ((9, 9, 0), [], True),
    ((0, 9, 4), [5, 6, 8], True),
    ((0, 2, 4), [5, 6], False),
    ((6, 1, 3), [8], False),
    ((8, 1, 3), [], True),
]
"""Above which rev, how many, from which seq on; their revs, and whether that is all."""


async def test_changes_hold_each_item_once_at_its_latest(either: Unstable, items: list[Entry]) -> None:
    for asked, expected, complete in CHANGES:
        found, done = await read_changes(either.real, "r", *asked)
        assert ([entry.changed for entry in found], done) == (expected, complete), asked
