"""Buckets in the memory of one process: for a node that is alone, and for tests with several nodes in one process."""

import time
from collections.abc import Callable, Mapping

from store.buckets import Taken

KEPT = 100_000
"""Buckets remembered; beyond it those that were idle longest go."""


class MemoryBuckets:
    """Implements ``store.buckets.Buckets``; nodes of one process share one object. Never unavailable."""

    def __init__(self, *, alone: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self.alone = alone
        self._clock = clock
        self._full_at: dict[str, float] = {}

    async def spend(self, spent: Mapping[str, float]) -> dict[str, float]:
        """See ``Buckets.spend``."""
        now = self._clock()
        return {key: self._keep(key, self._level(key, now) + seconds, now) for key, seconds in spent.items()}

    async def take(self, key: str, cost: float, size: float) -> Taken:
        """See ``Buckets.take``."""
        now = self._clock()
        level = self._level(key, now)
        over = level + cost - size
        if over > 1e-6:
            return Taken(over, level)
        return Taken(0.0, self._keep(key, level + cost, now))

    async def close(self) -> None:
        """See ``Buckets.close``."""

    def _level(self, key: str, now: float) -> float:
        return max(self._full_at.get(key, now) - now, 0.0)

    def _keep(self, key: str, level: float, now: float) -> float:
        self._full_at.pop(key, None)
        self._full_at[key] = now + level
        if len(self._full_at) > KEPT:
            del self._full_at[next(iter(self._full_at))]
        return level
