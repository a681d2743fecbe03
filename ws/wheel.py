"""One timer for the thousands of deadlines of a node."""

import asyncio
import logging
import math
from collections.abc import Callable, Iterator

SLICE_LIMIT = 256
"""Callbacks run before the loop gets its turn: a heartbeat of 10,000 sessions is not one stall."""

log = logging.getLogger(__name__)


class Slot:
    """A callback that waits in a wheel."""

    __slots__ = ("_bucket", "_callback")

    def __init__(self, bucket: dict["Slot", None], callback: Callable[[], None]) -> None:
        self._bucket = bucket
        self._callback: Callable[[], None] | None = callback
        bucket[self] = None

    def cancel(self) -> None:
        """Forget the callback; nothing happens where it ran or was cancelled before."""
        self._callback = None
        self._bucket.pop(self, None)

    def run(self) -> None:
        """Run the callback, once. What it raises is logged."""
        callback, self._callback = self._callback, None
        if callback is None:
            return
        try:
            callback()
        except Exception:
            log.exception("a callback of the wheel failed")


class Wheel:
    """Runs callbacks once, within one ``tick`` after their delay. Scheduling and cancelling take constant time."""

    def __init__(self, clock: Callable[[], float], tick: float = 1.0) -> None:
        self._clock = clock
        self._tick = tick
        self._buckets: dict[int, dict[Slot, None]] = {}
        """Slots by the number of the tick that runs them."""
        self._turned = math.floor(clock() / tick)
        """The last tick that was run."""

    def __len__(self) -> int:
        """Count the callbacks that wait."""
        return sum(map(len, self._buckets.values()))

    def schedule(self, delay_s: float, callback: Callable[[], None]) -> Slot:
        """Run ``callback`` within one tick after ``delay_s``, unless it is cancelled."""
        due = max(math.ceil((self._clock() + delay_s) / self._tick), self._turned + 1)
        bucket = self._buckets.get(due)
        if bucket is None:
            bucket = self._buckets[due] = {}
        return Slot(bucket, callback)

    def turn(self, now: float) -> None:
        """Run everything that is due at ``now``, in the order of the ticks and then of scheduling."""
        for slot in self._due(now):
            slot.run()

    async def run(self) -> None:
        """Turn with the clock until cancelled."""
        while True:
            now = self._clock()
            await asyncio.sleep((math.floor(now / self._tick) + 1) * self._tick - now)
            for count, slot in enumerate(self._due(self._clock()), 1):
                slot.run()
                if count % SLICE_LIMIT == 0:
                    await asyncio.sleep(0)

    def _due(self, now: float) -> Iterator[Slot]:
        """Take the slots that are due. One that is cancelled after it was taken does nothing when run."""
        last = math.floor(now / self._tick)
        while self._turned < last:
            self._turned += 1
            yield from tuple(self._buckets.pop(self._turned, ()))
