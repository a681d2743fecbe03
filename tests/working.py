"""Runners of jobs without the rest of a node, in the process of a test and in ones that are killed.

``python -m tests.working DIARY DATA_DIR [MONGO_URL]`` does jobs until it is ended, and notes in a file what it does.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from services.application import Application
from services.jobs.job import job
from services.jobs.jobs import Function, Jobs
from services.jobs.leases import Times
from services.metrics import Metrics
from store import open_database
from store.database import Database, Insert
from store.tables import JOBS, Job

T = TypeVar("T")

SHORT = Times(deadline_s=1.0, lease_s=2.0)
"""So that a test need not wait for a minute until a lease is over."""
NOTE_S = 0.1
"""How long a noted job takes."""


async def eventually(look: Callable[[], Awaitable[T | None]], seconds: float = 20.0) -> T:
    """Ask until the answer is something; return it. For what other processes may do: it is heard of by asking alone."""
    async with asyncio.timeout(seconds):
        while True:
            if found := await look():
                return found
            await asyncio.sleep(0.02)


async def gone(database: Database, kind: str = "", seconds: float = 20.0) -> None:
    """Wait until no job waits, or none of a kind."""

    async def none() -> bool:
        rows = await database.find(JOBS, {"state": "waiting"}, limit=1000)
        return not any(row.kind == kind or not kind for row in rows)

    await eventually(none, seconds)


@asynccontextmanager
async def working(
    database: Database,
    functions: Mapping[str, Function],
    recurring: Mapping[str, float] | None = None,
    times: Times = SHORT,
    metrics: Metrics | None = None,
) -> AsyncIterator[Jobs]:
    """Do jobs inside the block. Functions are given no application: those of tests ask nothing of it."""
    jobs = Jobs(database, metrics or Metrics(), times)
    jobs.open(cast(Application, None), functions, recurring or {})
    try:
        yield jobs
    finally:
        await jobs.close()


async def insert(database: Database, rows: Sequence[Job]) -> None:
    """Write jobs down."""
    for start in range(0, len(rows), 500):
        await database.together([Insert(JOBS, row) for row in rows[start : start + 500]])


def several(kind: str, count: int) -> list[Job]:
    """Return jobs whose work is their own id."""
    rows = [job(kind, {}) for _ in range(count)]
    for row in rows:
        row.work["id"] = row.id
    return rows


class Diary:
    """A file in which processes note what they begin and end, a line each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.touch()

    def note(self, word: str, id_: str) -> None:
        """Add a line; it is whole, and there even if the process is killed now."""
        place = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        os.write(place, f"{word} {id_}\n".encode())
        os.close(place)

    def of(self, word: str) -> Counter[str]:
        """Return how often a word was noted of each id."""
        lines = (line.split() for line in self.path.read_text().splitlines())
        return Counter(id_ for said, id_ in lines if said == word)

    def functions(self) -> dict[str, Function]:
        """Return the kinds that a process does: ``note``, and ``die``, which ends the process."""

        async def note(_application: Application, work: dict[str, Any]) -> None:
            self.note("begun", work["id"])
            await asyncio.sleep(NOTE_S)
            self.note("done", work["id"])

        async def die(_application: Application, work: dict[str, Any]) -> None:
            self.note("begun", work["id"])
            os.kill(os.getpid(), signal.SIGKILL)

        return {"note": note, "die": die}


async def main(diary: str, data_dir: str, mongo_url: str | None = None) -> None:
    """Do jobs until the process is ended."""
    functions = Diary(Path(diary)).functions()
    async with open_database(Path(data_dir), mongo_url) as database, working(database, functions):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
