"""The one thread that writes: it takes what is waiting and commits it together."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread

from store.errors import StoreError, Unavailable, Unknown
from store.sqlite.answers import Answers, Future, Outcome
from store.sqlite.jobs import Job, apply

QUEUE_LIMIT = 16_384
"""Writes that may wait: about 16 MiB of messages, which one thread commits in a fraction of a second."""

GROUP_LIMIT = 2_048
"""Writes in one commit: enough to share its sync, few enough that the first does not wait long for the last."""

_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL}
"""Failures after which a connection is as good as before."""

logger = logging.getLogger(__name__)


class Writer:
    """The queue of writes and the thread that commits them.

    A job that is refused fails alone. Where a commit fails, its whole group fails with it, and the next group is tried
    anew, on a new connection if need be.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], first: sqlite3.Connection, answers: Answers) -> None:
        self._connect = connect
        self._connection: sqlite3.Connection | None = first
        self._answers = answers
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        # Each is counted by one thread alone, the loop's and ours, so that neither needs a lock.
        self._submitted = 0
        self._taken = 0
        self._thread = Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job; called on the loop.

        Raises:
            Unavailable: If too many writes are waiting.
        """
        if self._submitted - self._taken >= QUEUE_LIMIT:
            raise Unavailable("too many writes are waiting")
        self._submitted += job.weight
        self._queue.put(job)

    async def close(self) -> None:
        """Write what is queued and end the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        running = True
        while running:
            jobs, running = self._take()
            if jobs:
                self._answers.give(self._commit(jobs))
        self._drop()

    def _take(self) -> tuple[list[Job], bool]:
        """Return what is waiting, at least one job, and whether there may be more."""
        jobs: list[Job] = []
        weight = 0
        job = self._queue.get()
        while job is not None:
            weight += job.weight
            # Cancelled before it began, it need not be done: its caller knows nothing of it.
            if not job.future.cancelled():
                jobs.append(job)
            if weight >= GROUP_LIMIT or self._queue.empty():
                break
            job = self._queue.get()
        self._taken += weight
        return jobs, job is not None

    def _commit(self, jobs: Sequence[Job]) -> list[tuple[Future, Outcome]]:
        committing = False
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = apply(jobs, self._connection)
            committing = True
            self._connection.execute("COMMIT")
        except (sqlite3.Error, MemoryError) as error:
            outcomes = [self._failure(error, committing=committing)] * len(jobs)
        except Exception:
            logger.exception("a group of %d writes was given up", len(jobs))
            self._drop()
            outcomes = [Unavailable("not written: a mistake in the program")] * len(jobs)
        return [(job.future, outcome) for job, outcome in zip(jobs, outcomes, strict=True)]

    def _failure(self, error: Exception, *, committing: bool) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0)
        logger.warning("a group of writes failed: %s", error)
        try:
            if code & 0xFF not in _PASSING:
                self._drop()
            elif self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop()
        # What could not be written has no end, and is not there. Where only the sync failed, it may all be there:
        # the next group overwrites it, or it is recovered if there is none.
        doubtful = committing and code & 0xFF == sqlite3.SQLITE_IOERR and code != sqlite3.SQLITE_IOERR_WRITE
        return Unknown(f"perhaps not written: {error}") if doubtful else Unavailable(f"not written: {error}")

    def _drop(self) -> None:
        """Close the connection, which rolls back what is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
