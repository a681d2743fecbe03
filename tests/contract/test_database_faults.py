"""What happens when things go wrong: callers go away, the database is closed, processes are killed."""

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from store.database import FIND_LIMIT, Database, Insert
from store.errors import StoreError, Unavailable, Unknown
from tests.contract.places import MongoPlace, Place, SqlitePlace
from tests.contract.tables import EVENTS, TEXTS, THINGS, Event, thing
from tests.parts import Mongo

ROOT = Path(__file__).parents[2]

VERBS: dict[str, Callable[[Database], Coroutine[Any, Any, Any]]] = {
    "get": lambda database: database.get(THINGS, "g-0001"),
    "get_many": lambda database: database.get_many(THINGS, ["g-0001"]),
    "find": lambda database: database.find(THINGS, {"group": "g"}),
    "count": lambda database: database.count(THINGS, {"group": "g"}, limit=1),
    "search": lambda database: database.search(TEXTS, "x"),
    "tail": lambda database: database.tail(EVENTS, 0, 1),
    "insert": lambda database: database.insert(THINGS, thing(2)),
    "batch": lambda database: database.batch(THINGS, [thing(3)]),
    "update": lambda database: database.update(THINGS, "g-0001", {"label": "x"}),
    "increment": lambda database: database.increment(THINGS, "g-0001", "total", 1),
    "maximum": lambda database: database.maximum(THINGS, "g-0001", "total", 1),
    "delete": lambda database: database.delete(THINGS, "g-0001"),
    "together": lambda database: database.together([Insert(THINGS, thing(4))]),
    "ping": lambda database: database.ping(),
}


DRIVER_LEAKS = pytest.mark.filterwarnings("ignore:.*<socket:pytest.PytestUnraisableExceptionWarning")
"""PyMongo leaves the socket to the garbage collector when a caller goes away while it connects."""


@contextlib.contextmanager
def child(deed: str, place: Place) -> Iterator[subprocess.Popen[str]]:
    """Give a process that does this deed to a database."""
    command = [sys.executable, "-m", "tests.contract.child", deed, *place.words()]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


async def every_event(database: Database) -> set[str]:
    """Return the ids of all events."""
    found: set[str] = set()
    reading = 0
    while page := await database.tail(EVENTS, reading, FIND_LIMIT):
        found.update(event.id for _, event in page)
        reading = page[-1][0]
    return found


@pytest.mark.parametrize("verb", VERBS)
async def test_every_verb_of_a_closed_database_is_unavailable(place: Place, verb: str) -> None:
    database = await place.open()
    await database.close()
    await database.close()
    with pytest.raises(Unavailable):
        await VERBS[verb](database)


async def test_ping_proves_that_a_write_would_be_kept(database: Database) -> None:
    await database.ping()
    await asyncio.gather(*(database.ping() for _ in range(20)))


async def test_close_finishes_what_is_queued(place: Place) -> None:
    database = await place.open()
    calls = [asyncio.ensure_future(database.insert(THINGS, thing(number))) for number in range(50)]
    reads = [asyncio.ensure_future(database.get(THINGS, "none")) for _ in range(50)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*calls) == [None] * 50
    assert await asyncio.gather(*reads) == [None] * 50
    database = await place.open()
    assert await database.count(THINGS, {"group": "g"}, limit=99) == 50
    await database.close()


@DRIVER_LEAKS
async def test_callers_that_go_away_harm_nobody(database: Database) -> None:
    chance = random.Random(3)
    for turn in range(10):
        group = f"t{turn}"
        writes = [
            asyncio.ensure_future(
                database.together([Insert(THINGS, thing(2 * n + one, group=group)) for one in (0, 1)])
            )
            for n in range(20)
        ]
        reads = [asyncio.ensure_future(database.find(THINGS, {"group": group}, by="number")) for _ in range(20)]
        await asyncio.sleep(chance.choice([0, 0, 0.001, 0.005]))
        gone = [task for task in writes + reads if chance.random() < 0.5]
        for task in gone:
            task.cancel()
        await asyncio.gather(*writes, *reads, return_exceptions=True)
        found = {record.number for record in await database.find(THINGS, {"group": group}, by="number")}
        for n, task in enumerate(writes):
            assert (2 * n in found) == (2 * n + 1 in found)
            assert task.cancelled() or 2 * n in found
    await database.ping()


@DRIVER_LEAKS
@pytest.mark.parametrize("verb", VERBS)
async def test_a_caller_that_goes_away_is_not_held(database: Database, verb: str) -> None:
    """It may have its answer all the same: before Python 3.12 ``asyncio.wait_for`` in PyMongo swallows some."""
    await database.insert(THINGS, thing(1))
    task = asyncio.ensure_future(VERBS[verb](database))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    await database.ping()


@pytest.fixture(params=["sqlite", pytest.param("mongo", marks=pytest.mark.mongo)])
def own_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place that nobody else waits for: a killed client leaves locks on a mongod for a minute."""
    if request.param == "sqlite":
        return SqlitePlace(tmp_path / "parley.db")
    return MongoPlace(request.getfixturevalue("mongo_part").url, "parley")


async def test_what_was_answered_before_a_kill_is_there(own_place: Place) -> None:
    """Three times a process that writes is killed (kill -9); a transaction is never half there."""
    answered: set[str] = set()
    for turn, seconds in enumerate((0.3, 0.5, 0.8)):
        database = await own_place.open()
        await database.insert(THINGS, thing(turn))
        await database.close()
        with child("write", own_place) as process:
            assert process.stdout is not None
            answered.add(await asyncio.to_thread(process.stdout.readline))
            await asyncio.sleep(seconds)
            process.kill()
            rest, _ = await asyncio.to_thread(process.communicate)
            # The last line may be cut off.
            answered.update(line for line in rest.splitlines(keepends=True) if line.endswith("\n"))
    assert len(answered) > 100
    database = await own_place.open()
    found = await every_event(database)
    assert {line.strip() for line in answered} <= found
    counted = await database.find(THINGS, {"group": "g"}, by="number")
    by_together = [id_ for id_ in found if int(id_.split(".")[1]) % 2 == 0]
    assert sum(record.total for record in counted) == len(by_together)
    await database.close()


async def test_a_migration_that_was_killed_is_run_again(place: Place) -> None:
    database = await place.open(version=1)
    await database.batch(THINGS, [thing(number) for number in range(10)])
    await database.close()
    with child("migrate", place) as process:
        assert await asyncio.to_thread(process.wait, 30) == -signal.SIGKILL

    async def step(database: Database) -> None:
        for number in range(10):
            await database.maximum(THINGS, thing(number).id, "total", 1)

    database = await place.open(version=2, migrations=((1, step),))
    assert [record.total for record in await database.find(THINGS, {}, by="total")] == [1] * 10
    await database.close()


@pytest.mark.mongo
async def test_a_mongo_that_is_killed_is_told_in_time_and_comes_back(mongo_part: Mongo) -> None:
    database = await MongoPlace(mongo_part.url, "parley").open()
    answered: list[str] = []
    unanswered: set[type[StoreError]] = set()
    running = True
    again = asyncio.Event()

    async def write(source: str) -> None:
        number = 0
        while running:
            try:
                async with asyncio.timeout(10):
                    await database.insert(EVENTS, Event(id=f"{source}{number}", source=source, number=number))
                answered.append(f"{source}{number}")
                again.set()
            except (Unavailable, Unknown) as error:
                unanswered.add(type(error))
                await asyncio.sleep(0.05)
            number += 1

    writers = [asyncio.ensure_future(write(source)) for source in "abcdefgh"]
    await asyncio.sleep(0.3)
    await asyncio.to_thread(mongo_part.kill)
    with pytest.raises(Unavailable):
        async with asyncio.timeout(10):
            await database.find(THINGS, {"group": "g"})
    await asyncio.to_thread(mongo_part.start)
    again.clear()
    async with asyncio.timeout(20):
        await again.wait()
    running = False
    await asyncio.gather(*writers)
    assert unanswered
    assert set(answered) <= await every_event(database)
    await database.close()
