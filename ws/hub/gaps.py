"""What a stream's watchers missed, because a batch came late or never: waited for shortly, then read from the store."""

import asyncio
from collections.abc import Callable

from services.loop import tasks
from services.metrics import Metrics
from services.streams.batch import Batch, Event
from services.streams.reading import read_batch
from store.database import Database
from store.errors import StoreError
from ws.hub.watched import Watched

GAP_WAIT_S = 0.05
"""How long a batch waits for its predecessor before the store is asked: most come in the wrong order by less."""

GAP_RETRY_S = 0.5
"""Pause before the store is asked again where it did not answer."""

GAP_REVS = 500
"""Revs that watchers are handed after a gap, as after coming back; over a wider one they are told to page."""

WAITING_BATCHES = 64
"""Early batches kept in memory; of more only the furthest rev is kept, for the store has them all."""

Accept = Callable[[Watched, Batch], None]
Skip = Callable[[Watched, list[Event]], None]


class Gaps:
    """Puts early batches in order. One read a stream is under way at a time, in order."""

    def __init__(
        self, database: Database, metrics: Metrics, accept: Accept, skip: Skip, behind: Callable[[Watched], None]
    ) -> None:
        """Take what hands a batch on, what passes over events that are not to be told, and what tells of that."""
        self._database = database
        self._metrics = metrics
        self._accept = accept
        self._skip = skip
        self._behind = behind
        self._fills: set[asyncio.Task[None]] = set()
        self.found: Callable[[Batch], None] = _nothing
        """Is called with what of a stream was read from the store, before it is handed on."""

    def wait(self, watched: Watched, batch: Batch) -> None:
        """Keep a batch until its predecessor is there."""
        watched.waiting.append(batch)
        if len(watched.waiting) > WAITING_BATCHES:
            last = max(waiting.last for waiting in watched.waiting)
            watched.waiting[:] = [Batch(watched.id, last, last, [])]
        self.fill_later(watched)

    def take(self, watched: Watched) -> None:
        """Hand on what is not early any more."""
        while watched.waiting:
            watched.waiting.sort(key=lambda batch: batch.prev)
            if watched.waiting[0].prev > watched.head:
                return
            self._accept(watched, watched.waiting.pop(0))

    def fill_later(self, watched: Watched) -> None:
        """Ask the store soon, where something is missing by then."""
        if watched.waiting and watched.delivered is not None and watched.filling is None:
            task = watched.filling = asyncio.create_task(self._fill(watched))
            self._fills.add(task)
            task.add_done_callback(self._fills.discard)

    async def close(self) -> None:
        """End what is under way."""
        await tasks.end(*self._fills)

    async def _fill(self, watched: Watched) -> None:
        try:
            await asyncio.sleep(GAP_WAIT_S)
            while watched.waiting:
                try:
                    if not await self._step(watched):
                        break
                except StoreError:
                    await asyncio.sleep(GAP_RETRY_S)
        finally:
            watched.filling = None
            watched.waiting.clear()

    async def _step(self, watched: Watched) -> bool:
        """Read what comes next and hand it on; return whether there was something."""
        furthest = max(batch.last for batch in watched.waiting)
        if furthest - watched.head > GAP_REVS:
            await self._jump(watched, furthest)
            return True
        batch = await self._read(watched)
        if not batch.events:
            return False
        self._accept(watched, batch)
        self.take(watched)
        return True

    async def _read(self, watched: Watched) -> Batch:
        self._metrics.gap_reads.inc()
        batch = await read_batch(self._database, watched.id, watched.head)
        self.found(batch)
        return batch

    async def _jump(self, watched: Watched, furthest: int) -> None:
        """Pass over a wide gap: what it does to the audience holds, what it says is left to be paged."""
        try:
            while watched.head < furthest:
                batch = await self._read(watched)
                if not batch.events:
                    watched.waiting.clear()  # told of by mistake: the store has no more
                    break
                self._skip(watched, batch.events)
        finally:
            self._behind(watched)
        self.take(watched)


def _nothing(_: Batch) -> None:
    pass
