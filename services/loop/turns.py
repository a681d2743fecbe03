"""Turns of those who are heard: what all clients together may take of one round of the loop.

Hundreds of sockets may have much to say in the same round. Did each say all of it, the round would take half a second,
and whatever needs several rounds (a write, a delivery, a question about the node's health) as many times that.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

SLICE_S: Final = 0.008
"""Seconds of a round for those who are heard; whoever is late waits for the next round, behind those before them."""

WOKEN: Final = 2
"""How many are woken for a round: each is heard once at least, whatever is left of the slice, and what it has read is
parsed before, which takes 3 ms where it has read 64 KiB."""

PATIENCE_S: Final = 1.0
"""Seconds that a request may have waited for its turn. While they wait for longer the node is asked for more than it
can do: then they are refused, which costs a part of doing what they ask, so that the others are done in time."""

FLEETING_PATIENCE_S: Final = 0.25
"""The same of what is not kept, and is the first to be left out."""

T = TypeVar("T")


class Turns:
    """Lets those who are heard wait for each other. Nobody waits while there is little to hear. Belongs to one loop."""

    __slots__ = ("_clock", "_fresh", "_going", "_until", "_waiting", "waited_s")

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.waited_s = 0.0
        """How long those waited who came to their turn last; what they say has been waiting as long, or longer."""
        self._until = 0.0
        self._fresh = False
        """Whether the slice of this round begins with the first who asks."""
        self._going = False
        """Whether there is a next round that ends this one."""
        self._waiting: deque[tuple[asyncio.Future[None], float]] = deque()

    @property
    def over(self) -> bool:
        """Whether the slice of this round is used up: then ``next`` has to be awaited before more is done."""
        now = self._clock()
        self._go()
        if self._fresh:
            self._fresh = False
            self._until = now + SLICE_S
        return now >= self._until

    @property
    def crowded(self) -> bool:
        """Whether whoever comes now has to wait behind others, with ``next``."""
        return bool(self._waiting) or self.over

    async def after(self, work: Awaitable[T]) -> T:
        """Return what is awaited, when it is there and it is one's turn."""
        result = await work
        if self.crowded:
            await self.next()
        return result

    async def next(self) -> None:
        """Wait for one's turn."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((mine, self._clock()))
        self._go()
        await mine

    def _go(self) -> None:
        if not self._going:
            self._going = self._fresh = True
            asyncio.get_running_loop().call_soon(self._round)

    def _round(self) -> None:
        woken, now = 0, self._clock()
        self.waited_s = 0.0
        while self._waiting and woken < WOKEN:
            mine, since = self._waiting.popleft()
            if not mine.done():
                mine.set_result(None)
                self.waited_s = now - since
                woken += 1
        self._going = self._fresh = woken > 0
        if woken:
            asyncio.get_running_loop().call_soon(self._round)
