"""Lanes: senders share writes, a stream has one order, and what was taken is decided."""

import asyncio
from typing import Any, cast

import msgspec
import pytest

from services.errors import Unavailable
from services.streams.append import Append, Outcome, Plan, Planner, View
from services.streams.batch import Batch
from services.streams.lanes import lanes as lanes_module
from services.streams.lanes.lanes import FLIGHT_LIMIT, TRANSACTION_LIMIT, Lanes
from tests.unit.services.streams.node import Node, sending, stored, texts
from tests.unstable import Fault, Unstable


def written(unstable: Unstable, verb: str = "batch") -> list[int]:
    """Return how many records each write of a verb had."""
    return [len(values[-1]) for called, values in unstable.calls if called == verb]


def revs(outcomes: list[Outcome]) -> list[int]:
    return [outcome.item.rev for outcome in outcomes]


async def done(*futures: asyncio.Future[Any]) -> list[Any]:
    return list(await asyncio.gather(*futures))


# Sharing


async def test_senders_of_one_tick_share_a_write(either: Unstable) -> None:
    node = Node(either.database)
    outcomes = await done(*(node.send(text=f"{number}") for number in range(100)))
    assert written(either) == [100]
    assert revs(outcomes) == list(range(1, 101))
    assert await texts(either.real) == [f"{number}" for number in range(100)]


async def test_senders_who_come_during_a_write_share_the_next(unstable: Unstable) -> None:
    node = Node(unstable.database)
    gate = unstable.hold("batch")
    first = node.send()
    await gate.reached.wait()
    later = [node.send() for _ in range(50)]
    gate.release()
    assert revs(await done(first, *later)) == list(range(1, 52))
    assert written(unstable) == [1, 50]


async def test_streams_share_a_write(either: Unstable) -> None:
    node = Node(either.database)
    outcomes = await done(*(node.send(f"s{number % 20}", f"{number}") for number in range(60)))
    assert written(either) == [60]
    assert revs(outcomes) == [1] * 20 + [2] * 20 + [3] * 20
    for number in range(20):
        assert node.delivered(f"s{number}") == [1, 2, 3]


async def test_write_has_a_bound(unstable: Unstable) -> None:
    node = Node(unstable.database)
    await done(*(node.send() for _ in range(FLIGHT_LIMIT + 10)))
    assert written(unstable) == [FLIGHT_LIMIT, 10]


async def test_transaction_has_a_bound(unstable: Unstable) -> None:
    node = Node(unstable.database)
    await done(*(node.both("a", "b") for _ in range(TRANSACTION_LIMIT + 1)))
    assert written(unstable, "together") == [2 * TRANSACTION_LIMIT, 2]


async def test_one_stream_does_not_wait_for_another(unstable: Unstable) -> None:
    node = Node(unstable.database)
    gate = unstable.hold("batch")
    stuck = node.send("a")
    await gate.reached.wait()
    assert (await node.send("b")).item.rev == 1
    assert not stuck.done()
    gate.release()
    await stuck


# Order


async def test_order_is_that_of_the_calls_whatever_they_are(either: Unstable) -> None:
    node = Node(either.database)
    first = (await node.send(text="first")).item
    futures = [node.send(text="a"), node.edit(first, "changed"), node.send(text="b"), node.both("r", "other")]
    a, changed, b, joint = await done(*futures)
    assert (a.item.rev, changed.item.changed, b.item.rev, joint.entries[0].rev) == (2, 3, 4, 5)
    assert node.delivered() == [1, 2, 3, 4, 5]


async def test_callers_are_answered_in_the_order_of_the_stream(unstable: Unstable) -> None:
    node = Node(unstable.database)
    answered: list[int] = []
    futures = [node.send() for _ in range(20)]
    for future in futures:
        future.add_done_callback(lambda done: answered.append(done.result().item.rev))
    await done(*futures)
    await asyncio.sleep(0)
    assert answered == list(range(1, 21))


async def test_stream_is_locked_by_no_other_of_its_batch_out_of_turn(unstable: Unstable) -> None:
    node = Node(unstable.database)
    gate = unstable.hold("batch")
    stuck = node.send("a", "first")
    await gate.reached.wait()
    joint = node.both("a", "b", text="second")
    after = node.send("b", "third")
    gate.release()
    await done(stuck, joint, after)
    assert await texts(unstable.real, "a") == ["first", "second"]
    assert await texts(unstable.real, "b") == ["second", "third"]


# Durable first


async def test_nothing_is_delivered_or_answered_before_it_is_kept(unstable: Unstable) -> None:
    node = Node(unstable.database)
    gate = unstable.hold("batch")
    future = node.send()
    await gate.reached.wait()
    assert node.delivered() == []
    assert not future.done()
    gate.release()
    await future
    assert node.delivered() == [1]


async def test_delivery_comes_before_the_answer(unstable: Unstable) -> None:
    told: list[tuple[Batch, bool]] = []
    lanes = Lanes(unstable.database, lambda batch: told.append((batch, future.done())))
    future = lanes.append(sending("r", "x"))
    await future
    assert [(batch.last, answered) for batch, answered in told if batch.events] == [(1, False)]


async def test_refused_write_is_unavailable_and_the_next_goes_on(unstable: Unstable) -> None:
    node = Node(unstable.database)
    unstable.fail(Fault.UNAVAILABLE, "batch")
    failed = await asyncio.gather(node.send(), node.send(), return_exceptions=True)
    assert [type(error) for error in failed] == [Unavailable, Unavailable]
    assert (await node.send(text="good")).item.rev == 1
    assert await texts(unstable.real) == ["good"]
    assert node.delivered() == [1]


async def test_head_that_cannot_be_read_is_unavailable_and_read_again(unstable: Unstable) -> None:
    node = Node(unstable.database)
    unstable.fail(Fault.UNAVAILABLE, "find")
    with pytest.raises(Unavailable):
        await node.send()
    assert (await node.send()).item.rev == 1


# Bounds and ends


async def test_full_queue_is_refused_at_once(unstable: Unstable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "WAITING_LIMIT", 3)
    node = Node(unstable.database)
    taken = [node.send() for _ in range(3)]
    assert node.lanes.waiting == 3
    with pytest.raises(Unavailable):
        await node.send()
    assert revs(await done(*taken)) == [1, 2, 3]
    assert node.lanes.waiting == 0
    await node.send()


async def test_queue_before_a_store_that_stands_still_is_short(
    unstable: Unstable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes_module, "STANDING_LIMIT", 3)
    monkeypatch.setattr(lanes_module, "STANDING_S", 0.05)
    node = Node(unstable.database)
    gate = unstable.hold("batch", times=2)
    first = [node.send("held", str(number)) for number in range(2)]
    await gate.reached.wait()
    burst = [node.send("held", str(number)) for number in range(10)]
    assert node.lanes.waiting == 10, "so many at once are no sign of it"
    await asyncio.sleep(0.06)
    with pytest.raises(Unavailable):
        await node.send("another")
    gate.release()
    assert revs(await done(*first, *burst)) == list(range(1, 13))
    assert revs(await done(*(node.send("another") for _ in range(10)))) == list(range(1, 11))


async def test_what_was_given_up_makes_room(unstable: Unstable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "WAITING_LIMIT", 4)
    node = Node(unstable.database)
    gate = unstable.hold("batch")
    first = node.send("held")
    await gate.reached.wait()
    waiting = [node.send("held"), node.lanes.append(_both("held", "other")), node.send("held"), node.send("other")]
    for future in waiting[:3]:
        future.cancel()
    last = node.send("other")
    assert node.lanes.waiting == 2
    gate.release()
    assert revs(await done(first, waiting[3], last)) == [1, 1, 2]
    assert node.lanes.waiting == 0


def _both(*streams: str) -> Append:
    async def plan(_view: View) -> Plan:
        raise AssertionError("it was given up")

    return Append(streams, plan)


async def test_close_waits_for_what_was_taken_and_takes_nothing_more(unstable: Unstable) -> None:
    node = Node(unstable.database)
    gate = unstable.hold("batch")
    flying = node.send()
    await gate.reached.wait()
    waiting = [node.send(), node.both("r", "other")]
    closing = asyncio.create_task(node.lanes.close())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await node.send()
    assert not closing.done()
    gate.release()
    await closing
    assert all(future.done() for future in (flying, *waiting))
    assert len(await stored(unstable.real)) == 3


async def test_close_of_idle_lanes_returns(unstable: Unstable) -> None:
    node = Node(unstable.database)
    await node.send()
    async with asyncio.timeout(5):
        await node.lanes.close()


async def test_stop_gives_up_what_is_not_decided(unstable: Unstable) -> None:
    node = Node(unstable.database)
    gate = unstable.hold("batch")
    flying = node.send()
    await gate.reached.wait()
    await node.lanes.stop()
    assert not node.lanes._flights
    assert not flying.done()
    with pytest.raises(Unavailable):
        await node.send()


async def test_mistake_of_ours_is_logged_and_hinders_nobody(
    unstable: Unstable, caplog: pytest.LogCaptureFixture
) -> None:
    node = Node(unstable.database)
    broken, wrong = sending("r", "x"), Append(("r",), cast(Planner, None))
    broken.item = msgspec.structs.replace(broken.item, stream="another") if broken.item else None
    assert isinstance((await asyncio.gather(node.lanes.append(broken), return_exceptions=True))[0], Unavailable)
    assert isinstance((await asyncio.gather(node.lanes.append(wrong), return_exceptions=True))[0], TypeError)
    assert [record.message for record in caplog.records] == ["a flight failed"]
    assert (await node.send(text="good")).item.rev == 1


async def test_append_given_up_before_its_write_is_not_written(unstable: Unstable) -> None:
    node = Node(unstable.database)
    gate = unstable.hold("batch")
    first = node.send(text="first")
    await gate.reached.wait()
    dropped, planned, last = node.send(text="dropped"), node.both("r", "other", text="dropped"), node.send(text="last")
    dropped.cancel()
    planned.cancel()
    gate.release()
    assert revs(await done(first, last)) == [1, 2]
    assert await texts(unstable.real) == ["first", "last"]
    assert await texts(unstable.real, "other") == []


async def test_append_given_up_during_its_write_is_kept_and_delivered(unstable: Unstable) -> None:
    node = Node(unstable.database)
    gate = unstable.hold("batch")
    given_up = node.send(text="kept")
    await gate.reached.wait()
    given_up.cancel()
    gate.release()
    assert (await node.send(text="next")).item.rev == 2
    assert await texts(unstable.real) == ["kept", "next"]
    assert node.delivered() == [1, 2]


async def test_idle_lane_is_forgotten_and_its_stream_goes_on(
    unstable: Unstable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes_module, "LANES_KEPT", 2)
    node = Node(unstable.database)
    outcomes = [await node.send(stream) for stream in ("a", "b", "c", "a", "b", "c")]
    assert revs(outcomes) == [1, 1, 1, 2, 2, 2]
    assert len(node.lanes._lanes) == 2
    heads_read = unstable.count("find")
    await node.send("c")
    assert unstable.count("find") == heads_read, "a lane that is remembered knows its head"
