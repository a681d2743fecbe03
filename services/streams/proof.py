"""Heads that are said to be lower than is known: whether that is so, or who says it does not know better yet.

A member of a replica set that has just become its primary may for a moment not know how far a majority has come, and
one that is the primary no more may not know that. Both tell an older head than was acknowledged. Whoever keeps a write
of now, for a majority, knows everything that was kept before it.
"""

import asyncio
import contextlib

from services.loop import tasks
from services.streams.reading import gathered_heads
from store.database import Database
from store.errors import StoreError


class Proof:
    """Asks for heads. However many are in doubt at once share two writes at most."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._heads = gathered_heads(database)
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def head(self, stream: str, known: int) -> int:
        """Return a stream's head; one under ``known`` is so.

        Raises:
            StoreError: If the store does not say.
        """
        head, _ = await self._heads.read(stream)
        if head < known:
            await self._written()
            head, _ = await self._heads.read(stream)
        return head

    async def close(self) -> None:
        """End what is under way."""
        await tasks.end(*(task for task in (self._running, self._next) if task is not None))

    async def _written(self) -> None:
        """Return when the store has kept a write that began after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._write(self._running))
            self._next.add_done_callback(_seen)
        await asyncio.shield(self._next)

    async def _write(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            with contextlib.suppress(StoreError):
                await asyncio.shield(before)
        self._running, self._next = self._next, None
        await self._database.ping()


def _seen(task: asyncio.Task[None]) -> None:
    """Take note of an error that nobody may be left to be told."""
    if not task.cancelled():
        task.exception()
