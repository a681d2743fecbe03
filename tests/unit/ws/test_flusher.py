import asyncio
import time

import pytest

from ws import flusher as module
from ws.flusher import Flusher


class Box:
    """Something to flush, that counts."""

    def __init__(self, seconds: float = 0.0, fault: Exception | None = None) -> None:
        self.seconds = seconds
        self.fault = fault
        self.flushed = self.checked = self.aborted = 0

    def flush(self) -> None:
        self.flushed += 1
        if self.seconds:
            time.sleep(self.seconds)
        if self.fault is not None:
            raise self.fault

    def check(self, now: float) -> bool:
        self.checked += 1
        if self.fault is not None:
            raise self.fault
        return now > 0

    def abort(self) -> None:
        self.aborted += 1


async def test_everything_is_flushed_once_a_tick() -> None:
    flusher, boxes = Flusher(), [Box() for _ in range(100)]
    for box in boxes:
        flusher.add(box)
    assert [box.flushed for box in boxes] == [0] * 100
    await asyncio.sleep(0)
    assert [box.flushed for box in boxes] == [1] * 100
    await asyncio.sleep(0)
    assert [box.flushed for box in boxes] == [1] * 100


async def test_long_flush_is_sliced_in_order() -> None:
    flusher, boxes = Flusher(), [Box(0.001) for _ in range(50)]
    for box in boxes:
        flusher.add(box)
    turns = 0
    while not all(box.flushed for box in boxes):
        began = time.perf_counter()
        await asyncio.sleep(0)
        assert time.perf_counter() - began < 0.05
        counts = [box.flushed for box in boxes]
        assert counts == sorted(counts, reverse=True)
        turns += 1
    assert turns > 2
    assert sum(box.flushed for box in boxes) == 50


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
    await asyncio.sleep(0.1)
    assert 3 <= box.checked <= 11
    assert bad.aborted
    assert caplog.records
    flusher.unwatch(box)
    flusher.unwatch(bad)
    seen = box.checked
    await asyncio.sleep(0.05)
    assert box.checked == seen
    flusher.watch(box)
    await asyncio.sleep(0.05)
    assert box.checked > seen
    flusher.unwatch(box)
