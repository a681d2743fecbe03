"""The buckets seam: what nodes together have taken from rate limits.

A bucket is one number, the time until it is full again; taking from it moves that time away. ``buckets_memory`` and
``buckets_redis`` implement it; one contract suite holds them to each other. It may all be lost at any moment: a bucket
that is not known is full.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

TAKE_S = 0.25
"""Longest that a taking may last: somebody waits for it. What settles in the background may take twice as long."""


class Taken(NamedTuple):
    """What became of a taking."""

    wait_s: float
    """Seconds until there is as much in the bucket; 0 where it was taken."""
    full_in_s: float
    """Seconds until the bucket is full."""


class Buckets(Protocol):
    """Buckets by key. All amounts are seconds of filling."""

    alone: bool
    """Whether nobody else takes from them: then nothing needs to be told."""

    async def spend(self, spent: Mapping[str, float]) -> dict[str, float]:
        """Count what was taken from each bucket, were it more than it had; return the seconds until each is full.

        Raises:
            Unavailable: If it cannot be counted now; it may have been, in part.
        """

    async def take(self, key: str, cost: float, size: float) -> Taken:
        """Take from a bucket of this size if it has as much: of all that try at once no more than it has.

        Raises:
            Unavailable: If it is not answered within ``TAKE_S``; it may have been taken.
        """

    async def close(self) -> None:
        """Let go of what it holds."""
