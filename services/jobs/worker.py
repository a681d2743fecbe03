"""Doing the jobs of one kind on one node: a few at once, each within its deadline."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final

from services.errors import Unavailable
from services.jobs.endings import JobFailed, JobRefused, JobUnsure
from services.jobs.leases import Leases, Times
from services.jobs.meters import Meters
from services.loop import tasks
from store.errors import StoreError
from store.tables import Job

log = logging.getLogger(__name__)

AT_ONCE: Final = 4
"""Jobs of one kind at once on one node."""
SETTLE_S: Final = 1.0
"""Pause before the store is told again what became of a job."""

Work = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]
"""What does a job of one kind, given its ``work``."""
Settle = Callable[[], Coroutine[Any, Any, object]]
"""What tells the store what became of a job."""


class Worker:
    """The jobs of one kind on one node. However long they take, those of other kinds do not wait for them."""

    def __init__(self, leases: Leases, work: Work, times: Times, meters: Meters, ended: Callable[[bool], None]) -> None:
        """``ended`` is called whenever there is room for another job, and told whether the last one is due again."""
        self.leases = leases
        self._work = work
        self._times = times
        self._meters = meters
        self._ended = ended
        self._doing: dict[str, asyncio.Task[None]] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._again: set[str] = set()
        """Those whose end is not the end of it."""

    @property
    def free(self) -> int:
        """How many more jobs may be begun."""
        return AT_ONCE - len(self._doing)

    def begin(self, due: Sequence[Job]) -> None:
        """Begin some of these jobs, as many as there is room for, unless other nodes have them by now."""
        rows = [row for row in due if row.id not in self._doing]
        # Not the first of them: all nodes see the same, and would be in each other's way.
        for row in random.sample(rows, min(max(self.free, 0), len(rows))):
            task = tasks.start(self._do(row))
            self._doing[row.id] = task
            task.add_done_callback(partial(self._forget, row.id))

    async def close(self, patience_s: float) -> None:
        """Wait for what was begun; what is not done by then is cut off, and its leases are given back.

        Nothing may be begun any more.
        """
        if self._doing:
            await asyncio.wait(self._doing.values(), timeout=patience_s)
        for working in self._working:
            working.cancel()
        if self._doing:
            await asyncio.wait(self._doing.values(), timeout=SETTLE_S)
        await tasks.end(*self._doing.values())

    def _forget(self, id_: str, _task: asyncio.Task[None]) -> None:
        del self._doing[id_]
        again = id_ in self._again
        self._again.discard(id_)
        self._ended(again)

    async def _do(self, row: Job) -> None:
        try:
            held = await self.leases.take(row)
        except StoreError as error:
            log.info("a job was not taken", extra={"job": row.id, "cause": type(error).__name__})
            # It is due still: begun at once again and again it would keep the store from getting well.
            await asyncio.sleep(SETTLE_S)
            self._again.add(row.id)
            return
        if held is None:
            return
        settle, ending = await self._carried_out(held)
        if ending != "done" or self.leases.recurring:
            self._again.add(row.id)
        self._meters.ended.labels(held.kind, ending).inc()
        await self._settled(held, settle)

    async def _carried_out(self, held: Job) -> tuple[Settle, str]:
        """Do a job; return how the store is told what became of it, and a word for that."""
        working = asyncio.create_task(self._work(held.work))
        self._working.add(working)
        try:
            _, late = await asyncio.wait({working}, timeout=self._times.deadline_s)
        finally:
            # Over its deadline, or the worker itself is ended.
            await tasks.end(working)
            self._working.discard(working)
        leases = self.leases
        if working.cancelled():
            if late:
                return partial(leases.unsure, held, f"not done in {self._times.deadline_s:g} s"), "late"
            return partial(leases.give_back, held), "cut_off"
        error = working.exception()
        if error is None:
            return partial(leases.done, held), "done"
        if isinstance(error, JobUnsure):
            return partial(leases.unsure, held, str(error)), "unsure"
        if isinstance(error, JobRefused):
            return partial(leases.refused, held, str(error)), "refused"
        if isinstance(error, JobFailed):
            return partial(leases.failed, held, str(error)), "failed"
        if not isinstance(error, StoreError | Unavailable):
            log.error("a job failed by a mistake of ours", exc_info=error, extra={"job": held.id, "kind": held.kind})
        return partial(leases.failed, held, type(error).__name__), "failed"

    async def _settled(self, held: Job, settle: Settle) -> None:
        """Tell the store until it has heard, or another node has the job."""
        while True:
            try:
                await settle()
            except StoreError as error:
                log.info("what became of a job waits", extra={"job": held.id, "cause": type(error).__name__})
                await asyncio.sleep(SETTLE_S)
            else:
                return
