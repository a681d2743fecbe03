"""Stores that can be broken in the ways of their kind: a replica set of three, and a file that others write to."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Protocol

from pymongo import WriteConcern
from pymongo.errors import PyMongoError

from tests.parts import MongoMember, MongoSet

Break = Callable[[float], Awaitable[float]]
"""Breaks a store, for so many seconds where that can be chosen, and mends it so far that it keeps writes.

Returns the moment (``time.monotonic``) from which it could keep writes again.
"""

ELECTION_S = 60.0
LOOK_S = 0.05


class Store(Protocol):
    """A store for several nodes, and what can be done to it."""

    faults: dict[str, Break]

    def arguments(self, node: int) -> tuple[Path, tuple[str, ...]]:
        """Return a node's data directory and its further arguments."""

    def mend(self) -> None:
        """Start what a fault left down. It holds up the loop: nobody's time is to be taken meanwhile."""


@contextlib.contextmanager
def opened(store: str, folder: Path) -> Iterator[Store]:
    """Start a store of this kind, with its data in a folder.

    Raises:
        Missing: If it cannot run here.
    """
    if store == "sqlite":
        yield OneFile(folder)
    else:
        with MongoSet() as three:
            yield Three(three, folder)


class OneFile:
    """SQLite: all nodes on one file, and somebody else who writes to it and takes his time."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self.faults: dict[str, Break] = {"held": self._hold}

    def arguments(self, node: int) -> tuple[Path, tuple[str, ...]]:
        """See ``Store.arguments``."""
        return self._data, ()

    def mend(self) -> None:
        """See ``Store.mend``."""

    async def _hold(self, seconds: float) -> float:
        """Hold the lock for writing."""
        with contextlib.closing(sqlite3.connect(self._data / "parley.db", isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(seconds)
            other.execute("ROLLBACK")
        return time.monotonic()


class Three:
    """MongoDB: a set of three members on one machine."""

    def __init__(self, three: MongoSet, folder: Path) -> None:
        self._three = three
        self._folder = folder
        self._down: list[MongoMember] = []
        self.faults: dict[str, Break] = {
            "stepped down": self._step_down,
            "killed": self._kill,
            "frozen": self._freeze,
            "without a majority": self._freeze_majority,
        }

    def arguments(self, node: int) -> tuple[Path, tuple[str, ...]]:
        """See ``Store.arguments``."""
        data = self._folder / f"node{node}"
        data.mkdir(exist_ok=True)
        return data, ("--mongo-url", self._three.url)

    def mend(self) -> None:
        """See ``Store.mend``."""
        while self._down:
            self._down.pop().start()  # from this thread: it ends with the one that starts it

    async def _step_down(self, _seconds: float) -> float:
        """Have the primary give up its office."""
        first = await self._primary()
        await asyncio.to_thread(self._three.step_down)
        return await self._elected(first)

    async def _kill(self, _seconds: float) -> float:
        """Kill the primary; it stays away until ``mend``."""
        first = await self._primary()
        await asyncio.to_thread(first.kill)
        self._down.append(first)
        return await self._elected(first)

    async def _freeze(self, seconds: float) -> float:
        """Stop the primary (SIGSTOP). Another is elected meanwhile; it comes back and believes that it still is it."""
        first = await self._primary()
        began = time.monotonic()
        first.freeze()
        try:
            elected = await self._elected(first)
            await asyncio.sleep(seconds - (time.monotonic() - began))
        finally:
            first.thaw()
        return elected

    async def _freeze_majority(self, seconds: float) -> float:
        """Stop two of three, the primary among them: nobody can be elected, and nothing is kept."""
        first = await self._primary()
        frozen = [first, next(member for member in self._three.members if member is not first)]
        try:
            for member in frozen:
                member.freeze()
            await asyncio.sleep(seconds)
        finally:
            for member in frozen:
                member.thaw()
        return time.monotonic()

    async def _primary(self) -> MongoMember:
        return await asyncio.to_thread(self._three.primary)

    async def _elected(self, before: MongoMember) -> float:
        """Wait until another member is the primary, and has somebody who follows it; return the moment."""
        until = time.monotonic() + ELECTION_S
        while (primary := await self._primary()) is before or not await asyncio.to_thread(_keeps, primary):
            assert time.monotonic() < until, "no other member was elected"
            await asyncio.sleep(LOOK_S)
        return time.monotonic()


def _keeps(member: MongoMember) -> bool:
    """Tell whether a majority keeps what a primary is told."""
    try:
        with member.client() as client:
            client.get_database("probe", write_concern=WriteConcern("majority", wtimeout=500))["probe"].insert_one({})
    except PyMongoError:
        return False
    return True
