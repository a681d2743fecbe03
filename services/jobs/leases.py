"""What nodes agree on about jobs: who does one now, and what became of it. The store's compare-and-set decides."""

import contextlib
import logging
import secrets
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from services.ids import now_ms
from services.jobs.job import job
from services.jobs.pauses import FAILED_LIMIT, pause_s
from store.database import Database
from store.errors import Duplicate, Mismatch, Unknown
from store.tables import JOBS, Job

log = logging.getLogger(__name__)

BEGUN_LIMIT: Final = 2
"""How often a job is begun without being heard of again. Work that ends whoever does it must not end all nodes, and a
letter that may have left is sent once more at most."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long a job may take, and how long nobody else touches it."""

    deadline_s: float = 30.0
    """Longest that a function works."""
    lease_s: float = 75.0
    """Longest that a job is one node's. What is over the deadline is for the function's end, for writing down what
    became of it, and for clocks of nodes that differ."""


class Leases:
    """The jobs of one kind, as the store has them. All methods raise ``StoreError`` where it does not answer."""

    def __init__(self, database: Database, kind: str, times: Times, every_s: float | None) -> None:
        """``every_s``: for work that comes again and again, the pause between its ends and its beginnings."""
        self._database = database
        self._times = times
        self._every_s = every_s
        self.recurring = every_s is not None
        self._stands = False
        self.kind = kind

    async def ensure(self) -> None:
        """Write down the one job of work that comes again and again, where it does not stand yet."""
        if self._every_s is None or self._stands:
            return
        if await self._database.get(JOBS, self.kind) is None:
            with contextlib.suppress(Duplicate):  # Another node was faster.
                await self._database.insert(JOBS, job(self.kind, {}, after_s=self._every_s, id_=self.kind))
        self._stands = True

    async def next(self, limit: int) -> list[Job]:
        """Return the jobs that wait, those first that were or will be due first; the lease of a held one is its due."""
        return await self._database.find(JOBS, {"state": "waiting", "kind": self.kind}, by="due_at", limit=limit)

    async def take(self, row: Job) -> Job | None:
        """Take a job that is due; None where another node was faster, or it was begun too often and is dead now."""
        if row.begun >= BEGUN_LIMIT:
            await self._bury(row, f"begun {row.begun} times and not heard of again")
            return None
        mine = secrets.token_hex(8)
        changes = {"holder": mine, "due_at": now_ms() + int(self._times.lease_s * 1000), "begun": row.begun + 1}
        try:
            await self._database.update(JOBS, row.id, changes, _as_read(row))
        except Mismatch:
            return None
        except Unknown:
            # Written or not: left alone it would wait for the end of a lease that nobody knows of.
            found = await self._database.get(JOBS, row.id)
            return found if found is not None and found.holder == mine else None
        return msgspec.structs.replace(row, **changes)

    async def done(self, held: Job) -> None:
        """Write down that a job is done: it is no more, or due again after its pause."""
        if self._every_s is None:
            # Whoever holds it by now does what is done already.
            await self._database.delete(JOBS, held.id)
        else:
            await self._again(held, self._every_s, {"begun": 0, "failed": 0, "reason": None, "created_at": now_ms()})

    async def failed(self, held: Job, reason: str) -> bool:
        """Write down that nothing was done; tell whether it is done again later."""
        failed = held.failed + 1
        if failed >= FAILED_LIMIT:
            await self._bury(held, f"failed {failed} times: {reason}")
            return False
        # It was heard of: this beginning does not count.
        changes = {"begun": held.begun - 1, "failed": failed, "reason": reason}
        await self._again(held, pause_s(failed), changes)
        return True

    async def unsure(self, held: Job, reason: str) -> bool:
        """Write down that a job may or may not be done; tell whether it is begun again."""
        if held.begun >= BEGUN_LIMIT:
            await self._bury(held, f"begun {held.begun} times, and nobody knows what became of it: {reason}")
            return False
        await self._again(held, pause_s(held.begun), {"reason": reason})
        return True

    async def refused(self, held: Job, reason: str) -> None:
        """Write down that a job will never be done."""
        await self._bury(held, reason)

    async def give_back(self, held: Job) -> None:
        """Leave a job that was cut off to whoever comes next."""
        await self._again(held, 0.0, {})

    async def _again(self, held: Job, pause: float, changes: dict[str, Any]) -> None:
        due = {"holder": None, "due_at": now_ms() + int(pause * 1000)}
        await self._settle(held, changes | due)

    async def _bury(self, row: Job, reason: str) -> None:
        log.warning("a job is dead", extra={"job": row.id, "kind": row.kind, "reason": reason})
        if self._every_s is not None:
            # What comes again and again comes again: for the log it was dead this time.
            await self._again(row, self._every_s, {"begun": 0, "failed": 0, "reason": reason})
            return
        kept = {key: value for key, value in row.work.items() if key != "facts"}
        await self._settle(row, {"state": "dead", "holder": None, "reason": reason, "work": kept})

    async def _settle(self, row: Job, changes: dict[str, Any]) -> None:
        try:
            await self._database.update(JOBS, row.id, changes, _as_read(row))
        except Mismatch:
            # It was written before, and the answer lost; or the lease ended, and another node has it.
            log.info("a job is another's by now", extra={"job": row.id, "kind": row.kind})


def _as_read(row: Job) -> dict[str, Any]:
    return {"state": row.state, "holder": row.holder, "due_at": row.due_at, "begun": row.begun}
