"""Sends for all outboxes of a node, once per tick of the loop."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

SLICE_S: Final = 0.008
"""Seconds of flushing after which the loop gets its turn."""

WATCH_S: Final = 1.0
"""Seconds between two looks at the outboxes whose peer does not read."""

_SLICE_STEP: Final = 8
"""Outboxes flushed between two looks at the clock."""

log = logging.getLogger(__name__)


class Flushable(Protocol):
    """What a flusher needs of an outbox."""

    def flush(self) -> None:
        """Send what was pushed."""

    def check(self, now: float) -> bool:
        """Look whether the peer still reads."""

    def abort(self) -> None:
        """Give up."""


class Flusher:
    """Flushes the outboxes that have something new, in slices of ``SLICE_S``, and watches those that are stalled."""

    def __init__(self, before: Callable[[], None] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.before = before
        """Called at the start of each flush; what it pushes goes out with that flush."""
        self.clock = clock
        self.dirty: deque[Flushable] = deque()
        """Outboxes with something new, in the order in which they got it."""
        self.woken = False
        """Whether they are going to be flushed."""
        self._stalled: set[Flushable] = set()
        self._watching = False

    def wake(self) -> None:
        """Flush in the next tick at the latest."""
        if not self.woken:
            self.woken = True
            asyncio.get_running_loop().call_soon(self._flush)

    def add(self, outbox: Flushable) -> None:
        """Flush this outbox too, once; outboxes add themselves, as this does."""
        self.dirty.append(outbox)
        if not self.woken:
            self.wake()

    def watch(self, outbox: Flushable) -> None:
        """Check this outbox every ``WATCH_S`` until ``unwatch``; outboxes do so while the kernel takes no more."""
        self._stalled.add(outbox)
        if not self._watching:
            self._watching = True
            asyncio.get_running_loop().call_later(WATCH_S, self._check)

    def unwatch(self, outbox: Flushable) -> None:
        """Check this outbox no more."""
        self._stalled.discard(outbox)

    def _flush(self) -> None:
        if self.before is not None:
            try:
                self.before()
            except Exception:
                log.exception("what runs before a flush failed")
        until = time.perf_counter() + SLICE_S
        dirty = self.dirty
        while dirty:
            for _ in range(min(_SLICE_STEP, len(dirty))):
                outbox = dirty.popleft()
                try:
                    outbox.flush()
                except Exception:
                    log.exception("flushing an outbox failed")
                    outbox.abort()
            if time.perf_counter() >= until:
                break
        self.woken = False
        if dirty:
            self.wake()

    def _check(self) -> None:
        now = self.clock()
        for outbox in tuple(self._stalled):
            try:
                outbox.check(now)
            except Exception:
                log.exception("checking an outbox failed")
                outbox.abort()
        self._watching = bool(self._stalled)
        if self._watching:
            asyncio.get_running_loop().call_later(WATCH_S, self._check)
