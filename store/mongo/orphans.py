"""Transactions of nodes that died: the server would hold what they wrote to for a minute, so somebody ends them."""

import asyncio
import contextlib
from typing import Any

import pymongo
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

OPEN_S = 6.0
"""A transaction open for longer has no caller: those of a living node are over at their deadline at the latest."""

EVERY_S = 3.0
"""Pause between two looks: with ``OPEN_S`` a stream waits nine seconds for a node that died, not seventy."""

LOOK_S = 2.0
"""Longest that one look may take."""

END_S = 0.5
"""Pause before the task is cancelled again: the driver may swallow a cancellation."""


class Orphans:
    """Ends orphaned transactions of clients with our ``appname``, in the background until ``close``."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], appname: str) -> None:
        self._client = client
        self._appname = appname
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Look no more."""
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait((self._task,), timeout=END_S)

    async def _run(self) -> None:
        while True:
            # Without a server there is nothing to be ended, or it is ended by itself.
            with contextlib.suppress(PyMongoError), pymongo.timeout(LOOK_S):
                await self._look()
            await asyncio.sleep(EVERY_S)

    async def _look(self) -> None:
        wanted = {
            "type": "idleSession",
            "appName": self._appname,
            "transaction.timeOpenMicros": {"$gt": int(OPEN_S * 1e6)},
        }
        pipeline: list[dict[str, Any]] = [{"$currentOp": {"allUsers": False, "idleSessions": True}}, {"$match": wanted}]
        # With the client's own read concern, majority, the server refuses to look.
        admin = self._client.get_database("admin", read_concern=ReadConcern("local"))
        found = [one["lsid"]["id"] async for one in await admin.aggregate(pipeline)]
        if found:
            await admin.command("killSessions", [{"id": id_} for id_ in found])
