"""Numbers that only grow, by id: noted as they come, written in the background, many together."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable

from store.errors import StoreError

log = logging.getLogger(__name__)

FLUSH_S = 1.0
"""Pause between writes: how much a crash may forget."""

TOGETHER = 200
"""Numbers in one write."""

PENDING_LIMIT = 100_000
"""Numbers not yet written; beyond it those noted longest ago are let go: no number may be noted here whose loss does
harm."""


class Noted:
    """The numbers that are not written yet. Belongs to one loop."""

    def __init__(self, what: str, write: Callable[[dict[str, int]], Awaitable[None]]) -> None:
        """``what`` they are, for the log; ``write`` writes some of them, and may raise ``StoreError``."""
        self._what = what
        self._write = write
        self._pending: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many numbers wait."""
        return len(self._pending)

    def note(self, id_: str, number: int) -> None:
        """Note a number, unless a larger one waits."""
        if number > self._pending.get(id_, 0):
            self._pending.pop(id_, None)
            self._pending[id_] = number
            if len(self._pending) > PENDING_LIMIT:
                del self._pending[next(iter(self._pending))]

    def get(self, id_: str) -> int:
        """Return the number that waits; 0 where none does."""
        return self._pending.get(id_, 0)

    def drop(self, id_: str) -> None:
        """Write nothing for an id."""
        self._pending.pop(id_, None)

    async def run(self) -> None:
        """Write what is noted, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what is noted now; what the store does not take stays noted."""
        while self._pending:
            part = dict(itertools.islice(self._pending.items(), TOGETHER))
            try:
                await self._write(part)
            except StoreError as error:
                log.info("numbers wait to be written", extra={"what": self._what, "cause": type(error).__name__})
                return
            for id_, number in part.items():
                if self._pending.get(id_) == number:
                    del self._pending[id_]
