"""The hub: every watcher gets every change once, in order, and nobody gets what is not theirs."""

import asyncio

import msgspec
import pytest

from services.streams.append import marker_entry
from services.streams.batch import Batch, Event, batch_of, event_of
from store.tables import ENTRIES, Effect, Entry, Room, Text
from tests.peers import until
from tests.unit.ws.ears import Ear, Station, batch, item, items
from tests.unstable import Fault, Unstable
from ws.hub import gaps


def change(rev: int, of: Entry) -> Event:
    """Return the event of a change of an item."""
    changed = msgspec.structs.replace(of, changed=rev, body=Text(text=f"{rev}"))
    return event_of(msgspec.structs.replace(marker_entry(of.stream, of.id), rev=rev), changed)


async def store(unstable: Unstable, *batches_of: Entry) -> None:
    await unstable.real.batch(ENTRIES, list(batches_of))


# Order


async def test_batches_are_heard_in_order(station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    station.deliver(*items(1, 3))
    station.deliver(batch(item(4), item(5)))
    assert ear.revs == [1, 2, 3, 4, 5]


async def test_batch_heard_before_is_dropped(station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    station.deliver(*items(1, 3), *items(1, 3), batch(item(2), item(3)))
    assert ear.revs == [1, 2, 3]


async def test_batch_heard_in_part_is_heard_from_there_on(station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    station.deliver(batch(item(1), item(2)), batch(item(1), item(2), item(3), item(4)))
    assert ear.revs == [1, 2, 3, 4]


async def test_head_is_where_watching_begins(unstable: Unstable, station: Station) -> None:
    await store(unstable, item(1), item(2))
    ear = Ear("ann")
    watched = await station.listen(ear)
    assert (watched.head, watched.active_at > 0) == (2, True)
    station.deliver(*items(1, 3))
    assert ear.revs == [3]


async def test_batch_waits_for_its_predecessor(unstable: Unstable, station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    reads = unstable.count("find")
    one, two, three, four = items(1, 4)
    station.deliver(three, two, four)
    assert ear.revs == []
    station.deliver(one)
    assert ear.revs == [1, 2, 3, 4]
    await asyncio.sleep(gaps.GAP_WAIT_S * 1.5)
    assert unstable.count("find") == reads, "nothing was missing in the end"


async def test_missing_batch_is_read_from_the_store(unstable: Unstable, station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    entries = [item(rev) for rev in range(1, 6)]
    await store(unstable, *entries)
    station.deliver(batch(entries[2]))
    station.deliver(batch(entries[4]))
    await until(lambda: len(ear.revs) == 5)
    assert ear.revs == [1, 2, 3, 4, 5]
    station.deliver(*items(6, 6))
    assert ear.revs == [1, 2, 3, 4, 5, 6]


async def test_head_that_is_told_without_events_is_caught_up_with(unstable: Unstable, station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    await store(unstable, item(1), item(2))
    station.deliver(Batch("r", 2, 2, []))
    await until(lambda: ear.revs == [1, 2])


async def test_missing_batch_is_read_when_the_store_is_back(
    unstable: Unstable, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "GAP_RETRY_S", 0.01)
    ear = Ear("ann")
    await station.listen(ear)
    entries = [item(rev) for rev in range(1, 4)]
    await store(unstable, *entries)
    unstable.fail(Fault.UNAVAILABLE, "find", times=3)
    station.deliver(batch(entries[2]))
    await until(lambda: ear.revs == [1, 2, 3])
    assert unstable.healed


async def test_batches_that_come_while_the_store_is_read_are_heard_once(unstable: Unstable, station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    entries = [item(rev) for rev in range(1, 4)]
    await store(unstable, *entries)
    gate = unstable.hold("find")
    station.deliver(batch(entries[1]))
    await gate.reached.wait()
    station.deliver(batch(entries[0]), batch(entries[1]), batch(entries[2]))
    assert ear.revs == [1, 2, 3]
    gate.release()
    station.deliver(*items(4, 4))
    await until(lambda: not station.hub.gaps._fills)
    assert ear.revs == [1, 2, 3, 4]


async def test_batch_that_comes_while_the_head_is_read_is_heard(unstable: Unstable, station: Station) -> None:
    await store(unstable, item(1))
    ear = Ear("ann")
    gate = unstable.hold("find")
    listening = asyncio.create_task(station.listen(ear))
    await gate.reached.wait()
    station.deliver(*items(2, 3))
    gate.release()
    watched = await listening
    assert watched.head == 3
    assert ear.revs == [], "heard by those who were there"
    station.deliver(*items(4, 4))
    assert ear.revs == [4]


async def test_batch_with_a_gap_that_comes_while_the_head_is_read_is_filled(
    unstable: Unstable, station: Station
) -> None:
    ear = Ear("ann")
    gate = unstable.hold("find")
    listening = asyncio.create_task(station.listen(ear))
    await gate.reached.wait()
    entries = [item(rev) for rev in range(1, 4)]
    station.deliver(batch(entries[2]))
    gate.release()
    await listening
    await store(unstable, *entries)
    await until(lambda: ear.revs == [1, 2, 3])


async def test_stream_that_nobody_watches_costs_nothing(unstable: Unstable, station: Station) -> None:
    station.deliver(*items(1, 3))
    assert station.hub.find("r") is None
    assert unstable.calls == []


# Ticks


async def test_batches_of_one_tick_are_one_push(station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    station.deliver(*items(1, 10))
    assert len(ear.outbox.pushes) == 1
    assert ear.revs == list(range(1, 11))
    station.deliver(*items(11, 11))
    assert len(ear.outbox.pushes) == 2


async def test_flusher_ends_the_tick_by_itself(station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    for one in items(1, 3):
        station.hub.deliver(one)
    assert ear.outbox.pushes == []
    await until(lambda: len(ear.outbox.pushes) == 1)
    assert ear.revs == [1, 2, 3]


async def test_watchers_share_the_bytes(station: Station) -> None:
    ears = [Ear("ann"), Ear("bob")]
    for ear in ears:
        await station.listen(ear)
    station.deliver(*items(1, 3))
    assert ears[0].outbox.pushes[0] is ears[1].outbox.pushes[0]
    assert station.meter("parley_deliveries_total") == 6


async def test_whoever_comes_within_a_tick_hears_what_is_above_the_head_alone(station: Station) -> None:
    first, late = Ear("ann"), Ear("bob")
    watched = await station.listen(first)
    station.hub.deliver(items(1, 1)[0])
    await station.listen(late)
    assert watched.head == 1
    station.deliver(*items(2, 2))
    assert (first.revs, late.revs) == ([1, 2], [2])


# Audience


@pytest.mark.parametrize("first_seq", [0, 1])
async def test_removed_member_hears_nothing_above_the_removal(station: Station, first_seq: int) -> None:
    ann, bob, again = Ear("ann"), Ear("bob"), Ear("bob")
    await station.listen(ann)
    for ear in (bob, again):
        await station.listen(ear, first_seq=first_seq)
    left = Effect("left", "bob", room="r", reason="removed")
    station.deliver(batch(item(1), item(2, effect=left), item(3)), *items(4, 4))
    assert ann.revs == [1, 2, 3, 4]
    assert bob.revs == again.revs == [1, 2]


async def test_removal_found_in_the_store_is_applied_in_its_place(unstable: Unstable, station: Station) -> None:
    ann, bob = Ear("ann"), Ear("bob")
    for ear in (ann, bob):
        await station.listen(ear)
    left = Effect("left", "bob", room="r", reason="removed")
    entries = [item(1), item(2, effect=left), item(3)]
    await store(unstable, *entries)
    station.deliver(batch(entries[2]))
    await until(lambda: ann.revs == [1, 2, 3])
    assert bob.revs == [1, 2]


async def test_closed_room_is_heard_by_nobody_any_more(station: Station) -> None:
    ears = [Ear("ann"), Ear("bob"), Ear("cay")]
    for ear in ears:
        await station.listen(ear, first_seq=int(ear.user == "cay"))
    closed = marker_entry("r", "r", effect=Effect("closed", room="r"))
    room = Room(id="r", kind="public", deleted=True, created_at=1)
    event = event_of(msgspec.structs.replace(closed, rev=2), room)
    station.deliver(*items(1, 1), batch_of("r", 1, [event]), *items(3, 3))
    assert [ear.revs for ear in ears] == [[1, 2]] * 3


async def test_moves_of_the_own_stream_are_told_to_those_who_catch_up_too(station: Station) -> None:
    live, catching, other = Ear("ann"), Ear("ann"), Ear("bob")
    await station.listen(live, "u_ann")
    await station.listen(other, "u_bob")
    station.hub.add(catching.session, "ann")
    await station.hub.watch("u_ann", catching.session)
    joined = Effect("joined", "ann", room="r")
    station.deliver(batch(item(1, "u_ann", effect=joined)))
    assert live.moves == catching.moves == [joined]
    assert other.moves == []
    assert (live.revs, catching.revs) == ([1], [])


async def test_effects_on_others_move_nobody(station: Station) -> None:
    ann = Ear("ann")
    await station.listen(ann)
    for rev, type_ in enumerate(("joined", "role", "room"), 1):
        station.deliver(batch(item(rev, effect=Effect(type_, "ann", room="r"))))
    station.deliver(batch(item(4, effect=Effect("left", "nobody", room="r"))), *items(5, 5))
    assert ann.revs == [1, 2, 3, 4, 5]
    assert ann.moves == []


# History from the join on


async def test_changes_of_older_items_are_not_heard(station: Station) -> None:
    every, later = Ear("ann"), Ear("bob")
    await station.listen(every)
    await station.listen(later, first_seq=3)
    old, new = item(1), item(3)
    room = Room(id="r", kind="public", created_at=1)
    renamed = event_of(msgspec.structs.replace(marker_entry("r", "r"), rev=6), room)
    station.deliver(batch(old, item(2), new), batch_of("r", 3, [change(4, old), change(5, new), renamed]))
    assert every.revs == [1, 2, 3, 4, 5, 6]
    assert later.revs == [3, 5, 6]


# Gaps too wide to be told


async def test_wide_gap_is_told_as_one_word(unstable: Unstable, station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    station.deliver(*items(1, 1))
    last = gaps.GAP_REVS + 3
    await store(unstable, *(item(rev) for rev in range(1, last + 1)))
    station.deliver(Batch("r", last, last, []))
    await until(lambda: len(ear.heard) == 2)
    assert ear.heard[1] == {"ev": "behind", "room": "r", "d": {"head": last}}
    station.deliver(batch(item(last + 1)))
    assert ear.heard[2]["rev"] == last + 1


async def test_whoever_was_removed_in_a_wide_gap_hears_nothing_of_it(unstable: Unstable, station: Station) -> None:
    ann, bob = Ear("ann"), Ear("bob")
    await station.listen(ann)
    await station.listen(bob)
    last = gaps.GAP_REVS + 3
    gone = item(2, effect=Effect("left", user="bob", reason="removed"))
    await store(unstable, *(gone if rev == 2 else item(rev) for rev in range(1, last + 1)))
    station.deliver(Batch("r", last, last, []))
    await until(lambda: len(ann.heard) == 1)
    station.deliver(batch(item(last + 1)))
    assert bob.heard == []


async def test_early_batches_are_bounded(station: Station) -> None:
    ear = Ear("ann")
    watched = await station.listen(ear)
    for rev in range(3, 3 + 2 * gaps.WAITING_BATCHES):
        station.deliver(batch(item(rev)))
    assert len(watched.waiting) <= gaps.WAITING_BATCHES
    assert max(early.last for early in watched.waiting) == 2 + 2 * gaps.WAITING_BATCHES


async def test_lower_head_resets_those_who_watch(station: Station) -> None:
    ear = Ear("ann")
    watched = await station.listen(ear)
    station.deliver(*items(1, 5))
    station.hub.reset(watched, 2)
    station.deliver(*items(3, 3))
    assert ear.heard[5] == {"ev": "reset", "room": "r", "d": {"head": 2}}
    assert ear.heard[6]["rev"] == 3
