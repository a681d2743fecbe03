"""Plans: several streams, changes and rows, in one transaction, each seeing what those before it will have done."""

import asyncio
from typing import Any

import msgspec
import pytest

from services.errors import Forbidden, Unavailable
from services.streams.append import Append, Outcome, Plan, Planner, Step, View, Wider, marker_entry
from services.streams.lanes import flight
from store.database import Delete, Insert, Put, Update
from store.tables import BANS, ENTRIES, ROOMS, Ban, Effect, Entry, Room, Text
from tests.unit.services.streams.node import Node, sending, stored, texts
from tests.unstable import Fault, Unstable

ROOM = Room(id="r", kind="public", name="old", member_count=1, created_at=1)


def ban(id_: str = "b", by: str = "ann") -> Ban:
    return Ban(id=id_, room="r", user="x", by=by, created_at=1)


def planned(node: Node, plan: Planner, *streams: str) -> asyncio.Future[Outcome]:
    return node.lanes.append(Append(streams or ("r",), plan))


async def gathered(node: Node, unstable: Unstable, *work: Any) -> list[Any]:
    """Queue what ``work`` returns during another write, so that all of it shares the next one."""
    gate = unstable.hold("batch")
    first = node.send("r", "occupies the lane")
    await gate.reached.wait()
    futures = [one() for one in work]
    gate.release()
    await first
    return list(await asyncio.gather(*futures, return_exceptions=True))


# All or nothing


@pytest.mark.parametrize("streams", [("a", "b"), ("b", "a", "c")])
async def test_streams_are_written_together_or_not_at_all(either: Unstable, streams: tuple[str, ...]) -> None:
    node = Node(either.database)
    await node.send(streams[1])
    either.fail(Fault.UNAVAILABLE, "together")
    with pytest.raises(Unavailable):
        await node.both(*streams)
    assert [len(await stored(either.real, stream)) for stream in streams] == [0, 1, *[0] * (len(streams) - 2)]
    await node.both(*streams)
    assert [len(await stored(either.real, stream)) for stream in streams] == [1, 2, *[1] * (len(streams) - 2)]
    assert node.delivered(streams[1]) == [1, 2]


async def test_rows_are_written_with_their_steps_or_not_at_all(either: Unstable) -> None:
    node = Node(either.database)

    async def plan(_view: View) -> Plan:
        return Plan([Step(marker_entry("r", effect=Effect("room")))], [Insert(BANS, ban())])

    either.fail(Fault.UNAVAILABLE, "together")
    with pytest.raises(Unavailable):
        await planned(node, plan)
    assert await either.real.get(BANS, "b") is None
    await planned(node, plan)
    assert await either.real.get(BANS, "b") == ban()
    assert len(await stored(either.real)) == 1


async def test_rows_alone_take_no_rev(either: Unstable) -> None:
    node = Node(either.database)

    async def plan(_view: View) -> Plan:
        return Plan(writes=[Put(BANS, ban())])

    outcome = await planned(node, plan)
    assert outcome.entries == []
    assert await either.real.get(BANS, "b") == ban()
    assert node.delivered() == []


async def test_row_may_name_the_rev_of_its_step(unstable: Unstable) -> None:
    node = Node(unstable.database)
    await node.send()

    async def plan(_view: View) -> Plan:
        entry, row = marker_entry("r"), ban()

        def numbered() -> None:
            row.created_at = entry.rev

        return Plan([Step(entry)], [Insert(BANS, row)], numbered=numbered)

    await planned(node, plan)
    found = await unstable.real.get(BANS, "b")
    assert found is not None
    assert found.created_at == 2


# One batch


async def test_changes_of_one_item_share_a_rev(either: Unstable) -> None:
    node = Node(either.database)
    item = (await node.send(text="0")).item
    outcomes = await gathered(node, either, *(lambda text=text: node.edit(item, text) for text in "123"))
    assert {outcome.item.changed for outcome in outcomes} == {3}
    assert [outcome.item.body for outcome in outcomes] == [Text(text="3")] * 3
    entries = await stored(either.real)
    assert [entry.item for entry in entries] == [None, None, item.id]
    assert (entries[0].changed, entries[0].body) == (3, Text(text="3"))
    assert node.delivered() == [1, 2, 3]


async def test_changes_of_several_items_are_folded_each(unstable: Unstable) -> None:
    node = Node(unstable.database)
    a, b = [(await node.send(text=text)).item for text in "ab"]
    outcomes = await gathered(
        node,
        unstable,
        lambda: node.edit(a, "a1"),
        lambda: node.edit(b, "b1"),
        lambda: node.edit(a, "a2"),
        lambda: node.edit(b, "b2"),
    )
    assert [outcome.item.changed for outcome in outcomes] == [4, 5, 4, 5]
    assert await texts(unstable.real) == ["a2", "b2", "occupies the lane"]


async def test_change_is_seen_by_the_next_plan_of_the_batch(unstable: Unstable) -> None:
    node = Node(unstable.database)
    item = (await node.send(text="0")).item

    async def appends(view: View) -> Plan:
        entry = await view.get(ENTRIES, item.id)
        assert entry is not None
        assert isinstance(entry.body, Text)
        longer = msgspec.structs.replace(entry, body=Text(text=entry.body.text + "+"))
        return Plan([Step(marker_entry("r", item.id), longer)])

    await gathered(node, unstable, *[lambda: planned(node, appends)] * 5)
    assert (await texts(unstable.real))[0] == "0+++++"
    assert unstable.count("together") == 1


async def test_row_is_seen_by_the_next_plan_of_the_batch(unstable: Unstable) -> None:
    node = Node(unstable.database)
    seen: list[Ban | None] = []

    def doing(*writes: Any) -> Any:
        async def plan(view: View) -> Plan:
            seen.append(await view.get(BANS, "b"))
            return Plan([Step(marker_entry("r"))], list(writes))

        return lambda: planned(node, plan)

    await gathered(
        node,
        unstable,
        doing(Insert(BANS, ban(by="first"))),
        doing(Put(BANS, ban(by="second"))),
        doing(Delete(BANS, "b")),
        doing(),
    )
    assert seen == [None, ban(by="first"), ban(by="second"), None]
    assert unstable.count("together") == 1


async def test_plan_that_needs_what_is_moved_in_a_way_unknown_comes_later(either: Unstable) -> None:
    node = Node(either.database)
    await either.real.insert(BANS, ban())
    seen: list[str] = []

    async def moves(_view: View) -> Plan:
        return Plan([Step(marker_entry("r"))], [Update(BANS, "b", {"by": "moved"})])

    async def looks(view: View) -> Plan:
        found = await view.get(BANS, "b")
        assert found is not None
        seen.append(found.by)
        return Plan([Step(marker_entry("r"))])

    outcomes = await gathered(node, either, lambda: planned(node, moves), lambda: planned(node, looks))
    assert seen == ["moved"]
    assert [outcome.entries[0].rev for outcome in outcomes] == [2, 3]
    assert either.count("together") == 2


async def test_rename_and_row_of_one_room_both_last(either: Unstable) -> None:
    """A later plan's row stands on an earlier plan's room: written in that order too."""
    node = Node(either.database)
    await either.real.insert(ROOMS, ROOM)

    async def renames(view: View) -> Plan:
        room = await view.get(ROOMS, "r")
        assert room is not None
        return Plan([Step(marker_entry("r", "r"), msgspec.structs.replace(room, name="new"))])

    async def joins(view: View) -> Plan:
        room = await view.get(ROOMS, "r")
        assert room is not None
        more = msgspec.structs.replace(room, member_count=room.member_count + 1)
        return Plan([Step(marker_entry("r"))], [Put(ROOMS, more)])

    await gathered(
        node, either, *(lambda plan=plan: planned(node, plan) for plan in (joins, renames, joins, renames, joins))
    )
    room = await either.real.get(ROOMS, "r")
    assert room is not None
    assert (room.name, room.member_count) == ("new", 4)


# Nothing to do


async def test_change_that_changes_nothing_takes_no_rev(either: Unstable) -> None:
    node = Node(either.database)
    item = (await node.send(text="same")).item
    outcome = await node.edit(item, "same")
    assert outcome.item.id == item.id
    assert len(await stored(either.real)) == 1
    assert either.count("together") == 0


async def test_repetition_is_answered_only_when_what_it_repeats_is_kept(unstable: Unstable) -> None:
    node = Node(unstable.database)
    item = (await node.send(text="0")).item
    unstable.fail(Fault.UNAVAILABLE, "together")
    first, again = await gathered(node, unstable, lambda: node.edit(item, "1"), lambda: node.edit(item, "1"))
    assert isinstance(first, Unavailable)
    kept = (await texts(unstable.real))[0]
    assert isinstance(again, Unavailable) or kept == "1", "it was told that something is kept that is not"


async def test_repetition_in_one_batch_shares_its_rev(unstable: Unstable) -> None:
    node = Node(unstable.database)
    item = (await node.send(text="0")).item
    outcomes = await gathered(node, unstable, *[lambda: node.edit(item, "1")] * 3)
    assert [outcome.item.changed for outcome in outcomes] == [3, 3, 3]
    assert len(await stored(unstable.real)) == 3


# Refusals


async def test_error_of_a_plan_is_its_own_callers(either: Unstable) -> None:
    node = Node(either.database)

    async def forbids(_view: View) -> Plan:
        raise Forbidden

    async def breaks(_view: View) -> Plan:
        raise ZeroDivisionError

    work = [lambda: node.both("r", "s"), lambda: planned(node, forbids), lambda: planned(node, breaks)]
    outcomes = await gathered(node, either, *work, lambda: node.both("r", "s"))
    assert [type(outcome) for outcome in outcomes] == [Outcome, Forbidden, ZeroDivisionError, Outcome]
    assert len(await stored(either.real)) == 3


async def test_row_that_is_not_as_expected_is_planned_again(either: Unstable) -> None:
    node = Node(either.database)
    await either.real.insert(BANS, ban(by="old"))
    seen: list[str] = []

    async def plan(view: View) -> Plan:
        found = await view.get(BANS, "b")
        assert found is not None
        seen.append(found.by)
        if len(seen) == 1:  # another writer comes between
            await either.real.update(BANS, "b", {"by": "other"})
        return Plan([Step(marker_entry("r"))], [Update(BANS, "b", {"by": "new"}, {"by": found.by})])

    outcome, beside = await asyncio.gather(planned(node, plan), node.both("s", "t"))
    assert seen == ["old", "other"]
    assert [len(node.delivered(stream)) for stream in ("r", "s", "t")] == [1, 1, 1]
    assert (len(outcome.entries), len(beside.entries)) == (1, 2)
    assert len(await stored(either.real)) == 1


async def test_row_that_is_never_as_expected_is_unavailable(
    unstable: Unstable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "ATTEMPTS", 3)
    node = Node(unstable.database)

    async def plan(_view: View) -> Plan:
        return Plan([Step(marker_entry("r"))], [Update(BANS, "none", {"by": "new"})])

    with pytest.raises(Unavailable):
        await planned(node, plan)
    assert await stored(unstable.real) == []
    assert (await node.send()).item.rev == 1


async def test_cid_refused_in_a_transaction_leaves_the_others(either: Unstable) -> None:
    node = Node(either.database)
    first = await node.send(text="hello", cid="same")
    again = sending("r", "hello", cid="same")
    again.item = None  # as one that was refused before
    outcomes = await gathered(
        node, either, lambda: node.both("r", "s"), lambda: node.lanes.append(again), lambda: node.both("r", "s")
    )
    assert [outcome.repeated for outcome in outcomes] == [False, True, False]
    assert outcomes[1].item.id == first.item.id
    assert [entry.rev for outcome in outcomes[::2] for entry in outcome.entries] == [3, 1, 4, 2]


async def test_same_cid_twice_in_a_transaction_is_written_once(either: Unstable) -> None:
    node = Node(either.database)
    twins = [sending("r", "hello", cid="same"), sending("r", "hello", cid="same")]
    for twin in twins:
        twin.item = None
    outcomes = await gathered(node, either, *(lambda twin=twin: node.lanes.append(twin) for twin in twins))
    assert sorted(outcome.repeated for outcome in outcomes) == [False, True]
    assert outcomes[0].item.id == outcomes[1].item.id
    assert len(await stored(either.real)) == 2


async def test_what_comes_behind_a_plan_that_has_to_wait_waits_too(unstable: Unstable) -> None:
    node = Node(unstable.database)
    await unstable.real.insert(BANS, ban())
    order: list[str] = []

    def named(name: str, *, looks: bool = False, moves: bool = False) -> Any:
        async def plan(view: View) -> Plan:
            if looks:
                await view.get(BANS, "b")
            order.append(name)
            return Plan([Step(marker_entry("r"))], [Update(BANS, "b", {"by": "moved"})] * moves)

        return lambda: planned(node, plan)

    work = [named("moves", moves=True), named("looks", looks=True), named("behind")]
    outcomes = await gathered(node, unstable, *work)
    assert order == ["moves", "looks", "behind"]
    assert [outcome.entries[0].rev for outcome in outcomes] == [2, 3, 4]


@pytest.mark.parametrize("busy", [False, True])
async def test_plan_that_needs_more_streams_runs_again_with_them(either: Unstable, busy: bool) -> None:
    node = Node(either.database)
    runs = 0

    async def plan(_view: View) -> Plan:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise Wider("t", "s")
        entries = [sending(stream, "wide").item for stream in ("r", "s", "t")]
        return Plan([Step(entry) for entry in entries if entry is not None])

    first = node.send("s", "first")
    gate = either.hold("batch") if busy else None
    wide = planned(node, plan)
    behind = [node.send(stream, "behind") for stream in ("r", "s")]
    if gate is not None:
        await gate.reached.wait()
        gate.release()
    await asyncio.gather(first, wide, *behind)
    assert runs == 2
    assert await texts(either.real, "r") == ["wide", "behind"]
    assert sorted(await texts(either.real, "s")) == ["behind", "first", "wide"]
    assert await texts(either.real, "t") == ["wide"]


# What a caller has checked already


async def test_order_is_kept_where_a_check_holds_no_more(either: Unstable) -> None:
    node = Node(either.database)
    checks = [True, False, True, True, False, True]
    await asyncio.gather(*(node.send(text=f"{number}", still=still) for number, still in enumerate(checks)))
    assert await texts(either.real) == ["0", "1", "2", "3", "4", "5"]


async def test_order_is_kept_where_a_check_holds_no_more_and_another_was_first(either: Unstable) -> None:
    ours, theirs = Node(either.database), Node(either.real)
    await ours.send(text="0")
    await theirs.send(text="1")
    checks = [True, False, True]
    await asyncio.gather(*(ours.send(text=f"{number}", still=still) for number, still in enumerate(checks, 2)))
    assert await texts(either.real) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("still", [True, False])
async def test_checked_item_is_planned_where_its_check_holds_no_more(unstable: Unstable, still: bool) -> None:
    node = Node(unstable.database)
    outcome = await node.send(still=still)
    assert outcome.item.rev == 1
    assert (unstable.count("batch"), unstable.count("together")) == ((1, 0) if still else (0, 1))


async def test_outcome_is_the_item_behind_what_comes_first() -> None:
    marker = marker_entry("r")
    item = sending("r", "x").item
    assert isinstance(item, Entry)
    assert Outcome([item, marker]).item is item
    assert Outcome([marker, ROOM, item]).item is item
