import asyncio

import pytest

from tests.peers import until
from ws.wire import flusher as module
from ws.wire.flusher import SLICE_S, Flusher


class Time:
    """Takes the place of ``time``: each flush is said to take a millisecond."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Box:
    """Something to flush, that counts."""

    def __init__(self, clock: Time | None = None, fault: Exception | None = None) -> None:
        self.clock = clock
        self.fault = fault
        self.flushed = self.checked = self.aborted = 0

    def flush(self) -> None:
        self.flushed += 1
        if self.clock is not None:
            self.clock.now += 0.001
        if self.fault is not None:
            raise self.fault

    def check(self, now: float) -> bool:
        self.checked += 1
        if self.fault is not None:
            raise self.fault
        return now > 0

    def abort(self) -> None:
        self.aborted += 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    clock = Time()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.mark.usefixtures("clock")
async def test_everything_is_flushed_once_a_tick() -> None:
    flusher, boxes = Flusher(), [Box() for _ in range(100)]
    for box in boxes:
        flusher.add(box)
    assert [box.flushed for box in boxes] == [0] * 100
    await asyncio.sleep(0)
    assert [box.flushed for box in boxes] == [1] * 100
    await asyncio.sleep(0)
    assert [box.flushed for box in boxes] == [1] * 100


async def test_long_flush_is_sliced_in_order(clock: Time) -> None:
    flusher, boxes = Flusher(), [Box(clock) for _ in range(50)]
    for box in boxes:
        flusher.add(box)
    done = 0
    while done < 50:
        began = clock.now
        await asyncio.sleep(0)
        assert 0 < clock.now - began <= SLICE_S + 0.008
        done = sum(box.flushed for box in boxes)
        assert [box.flushed for box in boxes] == [1] * done + [0] * (50 - done)


async def test_long_before_does_not_starve_the_outboxes(clock: Time) -> None:
    def before() -> None:
        clock.now += 1

    flusher, box = Flusher(before), Box(clock)
    flusher.add(box)
    await asyncio.sleep(0)
    assert box.flushed == 1


async def test_before_is_called_at_the_start_of_each_flush() -> None:
    box, calls = Box(), list[int]()

    def before() -> None:
        calls.append(box.flushed)
        if len(calls) < 3:
            flusher.add(box)

    flusher = Flusher(before)
    flusher.wake()
    flusher.wake()
    await asyncio.sleep(0)
    assert (calls, box.flushed) == ([0], 1)
    flusher.wake()
    await asyncio.sleep(0)
    assert (calls, box.flushed) == ([0, 1], 2)
    await asyncio.sleep(0)
    assert (calls, box.flushed) == ([0, 1], 2)


async def test_before_may_be_set_later() -> None:
    flusher, calls = Flusher(), list[int]()
    flusher.before = lambda: calls.append(1)
    flusher.wake()
    await asyncio.sleep(0)
    assert calls == [1]


async def test_fault_of_one_is_logged_and_ends_that_one(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("told to")

    flusher, bad, good = Flusher(fail), Box(fault=RuntimeError("told to")), Box()
    flusher.add(bad)
    flusher.add(good)
    await asyncio.sleep(0)
    assert (bad.aborted, good.flushed, good.aborted) == (1, 1, 0)
    assert len(caplog.records) == 2
    flusher.add(good)
    await asyncio.sleep(0)
    assert good.flushed == 2


async def test_watched_are_checked_until_unwatched(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "WATCH_S", 0.01)
    flusher, box, bad = Flusher(), Box(), Box(fault=RuntimeError("told to"))
    flusher.watch(box)
    flusher.watch(box)
    flusher.watch(bad)
    await until(lambda: box.checked >= 3)
    assert bad.aborted >= 3
    assert caplog.records
    flusher.unwatch(box)
    flusher.unwatch(bad)
    seen = box.checked
    await asyncio.sleep(0.05)
    assert box.checked == seen
    flusher.watch(box)
    await until(lambda: box.checked > seen)
    flusher.unwatch(box)
