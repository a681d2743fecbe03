"""The threads that read, so that no read waits for the writer and none holds the loop."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from store.errors import Unavailable
from store.sqlite.answers import Answers, Future, Outcome

QUEUE_LIMIT = 4_096
"""Reads that may wait: what two threads answer in about a tenth of a second."""

T = TypeVar("T")
Read = Callable[[sqlite3.Connection], Any]


class Readers:
    """A thread for each connection, and one queue for all."""

    def __init__(self, connections: Iterable[sqlite3.Connection], answers: Answers) -> None:
        self._answers = answers
        self._queue: SimpleQueue[tuple[Read, Future] | None] = SimpleQueue()
        self._threads = [
            Thread(target=partial(self._run, connection), name="sqlite-reader", daemon=True)
            for connection in connections
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Return what ``read`` makes of a connection, on one of the threads.

        Raises:
            Unavailable: If too many reads are waiting, or SQLite cannot read.
        """
        if self._queue.qsize() >= QUEUE_LIMIT:
            raise Unavailable("too many reads are waiting")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put((read, future))
        return await future

    async def close(self) -> None:
        """Answer what is queued and end the threads."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _run(self, connection: sqlite3.Connection) -> None:
        while (job := self._queue.get()) is not None:
            read, future = job
            if not future.cancelled():
                self._answers.give([(future, _outcome(read, connection))])
        connection.close()


def _outcome(read: Read, connection: sqlite3.Connection) -> Outcome:
    try:
        return read(connection)
    except sqlite3.Error as error:
        return Unavailable(f"not read: {error}")
    except Exception as error:  # noqa: BLE001  it belongs to the caller, and the thread goes on
        return error
