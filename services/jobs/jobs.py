"""The runner of one node: it finds jobs, hands them to a worker for each kind, and counts what there is."""

import asyncio
import contextlib
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from services.ids import now_ms
from services.jobs.leases import Leases, Times
from services.jobs.meters import Meters
from services.jobs.worker import AT_ONCE, Worker
from services.loop import tasks
from services.metrics import Metrics
from store.database import FIND_LIMIT, Database
from store.errors import StoreError
from store.tables import JOBS, Job

if TYPE_CHECKING:
    from services.application import Application

log = logging.getLogger(__name__)

LOOK_S: Final = 5.0
"""Longest pause between two looks, of which up to a third is left out by chance: what another node has written down, or
died of, is found so. What this node writes down it does at once."""
PAGE: Final = 64
"""Jobs of one look, of all kinds."""
COUNT_S: Final = 60.0
"""Pause between two counts of what waits and what is dead."""
PATIENCE_S: Final = 8.0
"""Longest that what was begun is waited for when the node ends: a letter to a server that is well takes one."""

Function = Callable[["Application", dict[str, Any]], Coroutine[Any, Any, None]]
"""What does the jobs of a kind. It may be begun twice for one job; raises ``JobFailed``, ``JobUnsure``, ``JobRefused``.

What else it raises counts as ``JobFailed``. Cut off at its deadline, or when the node ends, it counts as ``JobUnsure``.
"""


async def _trusted() -> bool:
    return True


class Jobs:
    """What a node does of the jobs that all nodes share."""

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        times: Times | None = None,
        clock_is_right: Callable[[], Awaitable[bool]] = _trusted,
    ) -> None:
        """``clock_is_right`` tells whether this node may judge by its clock what is due; else it begins nothing."""
        self._database = database
        self._clock_is_right = clock_is_right
        self._leaves = False
        """Whether what is due was left to others at the latest look that found any."""
        self._meters = Meters(metrics.registry)
        self._times = times or Times()
        self._workers: dict[str, Worker] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._wanted = asyncio.Event()
        self._reached = True
        self._more = False
        """Whether the latest look found more than could be begun."""

    def open(
        self, application: "Application", functions: Mapping[str, Function], recurring: Mapping[str, float]
    ) -> None:
        """Begin to do jobs of these kinds; ``recurring`` has those that come again and again, and their pauses (s)."""
        for kind, function in functions.items():
            leases = Leases(self._database, kind, self._times, recurring.get(kind))
            work = partial(function, application)
            self._workers[kind] = Worker(leases, work, self._times, self._meters, self._ended)
        self._tasks += [tasks.keep(self._run), tasks.keep(self._count)]

    def wake(self) -> None:
        """Look for jobs now: one was inserted, and is durable."""
        self._wanted.set()

    async def close(self) -> None:
        """Begin nothing more; wait for what was begun, and cut off what takes too long: others will do it."""
        await tasks.end(*self._tasks)
        self._tasks.clear()
        await asyncio.gather(*(worker.close(PATIENCE_S) for worker in self._workers.values()))

    def _ended(self, again: bool) -> None:
        if self._more or again:
            self.wake()

    async def _run(self) -> None:
        """Find jobs and begin them, until cancelled; those begun go on."""
        while True:
            self._wanted.clear()
            try:
                pause = await self._look()
                self._reached = True
            except StoreError as error:
                if self._reached:
                    log.warning("jobs wait for the store", extra={"cause": type(error).__name__})
                self._reached, pause = False, LOOK_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wanted.wait()

    async def _look(self) -> float:
        """Begin what is due; return the pause until the next look."""
        for worker in self._workers.values():
            await worker.leases.ensure()
        rows = await self._database.find(JOBS, {"state": "waiting"}, by="due_at", limit=PAGE)
        now = now_ms()
        due: dict[str, list[Job]] = defaultdict(list)
        for row in rows:
            if row.due_at <= now:
                due[row.kind].append(row)
        if len(rows) == PAGE and rows[-1].due_at <= now:
            # One kind may have filled the page, which would hide all others for as long as it is slow.
            for kind in self._workers.keys() - due.keys():
                due[kind] = [row for row in await self._workers[kind].leases.next(AT_ONCE * 4) if row.due_at <= now]
        pause = LOOK_S * (1 - random.random() / 3)  # noqa: S311 - no secret
        # By a clock that is ahead everything is over: what others hold, and what all of them keep of people.
        if due and await self._leave():
            self._more = False
            return pause
        known = due.keys() & self._workers.keys()
        self._more = any(len(due[kind]) > self._workers[kind].free for kind in known)
        for kind in known:
            self._workers[kind].begin(due[kind])
        # The lease of what is being done is its due: a node that died is noticed when it is over.
        return min([pause, *((row.due_at - now) / 1000 for row in rows if row.due_at > now)])

    async def _leave(self) -> bool:
        """Tell whether what seems due is to be left to others."""
        leaves = not await self._clock_is_right()
        if leaves and not self._leaves:
            log.warning("jobs are left to other nodes: the clock of this one is wrong")
        self._leaves = leaves
        return leaves

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(COUNT_S)
            with contextlib.suppress(StoreError):  # the numbers of before stand; whoever asks for readiness is told
                await self.count()

    async def count(self) -> None:
        """Count what waits and what is dead, up to 1,000 of a kind, for ``/metrics``.

        Raises:
            StoreError: If the store does not answer.
        """
        for kind in self._workers:
            for state, gauge in (("waiting", self._meters.waiting), ("dead", self._meters.dead)):
                count = await self._database.count(JOBS, {"state": state, "kind": kind}, limit=FIND_LIMIT)
                gauge.labels(kind).set(count)
            oldest = await self._database.find(JOBS, {"state": "waiting", "kind": kind}, by="created_at", limit=1)
            age = (now_ms() - oldest[0].created_at) / 1000 if oldest else 0.0
            self._meters.oldest.labels(kind).set(max(0.0, age))
