"""Transactions that were given up while the server could not be told: it is told when it can be."""

import asyncio
import contextlib
import time
from typing import Any

import pymongo
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

LIFETIME_S = 60.0
"""Seconds after which the server ends a transaction by itself. Until then it holds what it wrote to."""

PAUSES_S = (0.1, 1.0)
"""Seconds before the server is told first, and before it is told again."""

TIMES = 3
"""Times a transaction is ended: a server that hung may come to its statements only after the first time."""

CLOSE_S = 0.5


class Abandoned:
    """Ends transactions in the background. ``close`` ends that."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        self._client = client
        self._sessions: dict[bytes, tuple[Any, int]] = {}
        """Id of a session to what the server calls it, and the times it is still to be ended."""
        self._task: asyncio.Task[None] | None = None

    def add(self, session: AsyncClientSession) -> None:
        """Have the server end the transaction of this session, if it has one."""
        id_ = session.session_id
        self._sessions[bytes(id_["id"])] = (id_, TIMES)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._end())

    async def _end(self) -> None:
        until = time.monotonic() + LIFETIME_S
        pause, later = PAUSES_S
        while self._sessions and time.monotonic() < until:
            await asyncio.sleep(pause)
            pause = later
            told = dict(self._sessions)
            with contextlib.suppress(PyMongoError):
                await self._tell()
                for key, (id_, times) in told.items():
                    self._sessions[key] = (id_, times - 1)
                self._sessions = {key: left for key, left in self._sessions.items() if left[1] > 0}
        self._sessions.clear()

    async def _tell(self) -> None:
        await self._client.admin.command("killSessions", [id_ for id_, _ in self._sessions.values()])

    async def close(self) -> None:
        """Tell of the rest once, and leave it to the server."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._sessions:
            with contextlib.suppress(PyMongoError), pymongo.timeout(CLOSE_S):
                await self._tell()
