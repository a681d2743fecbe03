"""What never came: some servers drop messages, or people, where they cannot keep up."""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import Protocol

STILL_S = 10.0
"""Who has delivered nothing to anybody for so long is taken to be done."""

PATIENCE_S = 90.0
"""The longest wait for the last copies of a slow server that goes on delivering."""

LOOK_S = 0.05


class Counting(Protocol):
    """A member that counts its copies."""

    seen: int


async def when_over(done: "asyncio.Future[float]", members: Sequence[Counting]) -> float:
    """Return when the last copy came, whether it was the last of all or nothing followed for ``STILL_S``.

    Raises:
        Failed: If a message was refused.
    """
    seen, moved = -1, perf_counter()
    while not done.done():
        await asyncio.wait({done}, timeout=LOOK_S)
        now, total = perf_counter(), sum(member.seen for member in members)
        if total != seen:
            seen, moved = total, now
        elif now - moved > STILL_S:
            return moved
    return done.result()


def lost(members: Sequence[Counting], sent: int) -> float:
    """Return which share of the copies did not come, or came twice."""
    return sum(abs(sent - member.seen) for member in members) / max(1, sent * len(members))
