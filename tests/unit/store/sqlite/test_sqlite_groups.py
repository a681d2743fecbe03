"""Jobs that wait together are done in few statements, and with the same outcomes as one by one."""

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store.database import Delete, Increment, Insert, Max, Put, Update, Write
from store.database_sqlite import SqliteDatabase
from store.errors import Duplicate, Mismatch, StoreError
from store.sqlite.draft import chunks
from tests.contract.tables import BARE, EVENTS, TABLES, TEXTS, THINGS, Event, Text, thing

Job = Callable[[SqliteDatabase], Awaitable[Any]]


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def a_write(chance: random.Random, *, soft: bool) -> Write:
    """Return a write that often meets another one."""
    one, other = thing(chance.randrange(12)), thing(chance.randrange(12))
    some: list[Write] = [
        Insert(THINGS, thing(one.number, serial=chance.choice([None, "a", "b"]), label=chance.choice("xy"))),
        Insert(EVENTS, Event(id=other.id, source="s", number=one.number)),
        Insert(BARE, one),
        Update(THINGS, one.id, {"label": chance.choice("xyz")}, chance.choice([{}, {"label": "x"}, {"flag": False}])),
        Update(THINGS, one.id, {"rank": chance.randrange(5), "flag": True}),
        Update(THINGS, one.id, {}, {"label": "x"}),
        Update(EVENTS, one.id, {}, {"number": other.number}),
        Increment(THINGS, one.id, "total", chance.randrange(-3, 3)),
        Increment(THINGS, one.id, "label", 1),
        Max(THINGS, one.id, "rank", chance.randrange(9)),
        Max(BARE, one.id, "least", chance.randrange(9)),
    ]
    hard: list[Write] = [
        Update(THINGS, one.id, {"number": other.number}),
        Update(THINGS, one.id, {"serial": chance.choice([None, "a", "b"])}),
        Delete(THINGS, one.id),
        Delete(BARE, one.id),
        Put(THINGS, thing(one.number, id=other.id, serial=chance.choice([None, "a"]))),
        Put(BARE, thing(one.number, id=other.id)),
        Put(TEXTS, Text(id=one.id, title=f"w{one.number} w{other.number}")),
        Insert(TEXTS, Text(id=one.id, title=f"w{other.number}")),
        Update(TEXTS, one.id, {"title": f"w{other.number}"}),
        Delete(TEXTS, one.id),
    ]
    return chance.choice(some if soft else some + hard)


def a_job(chance: random.Random, *, soft: bool) -> Job:
    writes = [a_write(chance, soft=soft) for _ in range(chance.choice([1, 1, 1, 2, 3, 6]))]
    match chance.randrange(5):
        case 0:
            things = [thing(chance.randrange(30)) for _ in range(chance.randrange(8))]
            return lambda database: database.batch(THINGS, things)
        case 1:
            texts = [Text(id=str(chance.randrange(9)), title=f"w{chance.randrange(9)}") for _ in range(3)]
            return lambda database: database.batch(TEXTS, [] if soft else texts)
        case 2:
            id_, by = thing(chance.randrange(12)).id, chance.randrange(-5, 9)
            verb = chance.choice(["increment", "maximum"])
            return lambda database: getattr(database, verb)(THINGS, id_, "total", by)
        case _:
            return lambda database: database.together(writes)


def told(outcome: Any) -> Any:
    """Return what can be compared of an outcome."""
    if isinstance(outcome, StoreError):
        return type(outcome), str(outcome)
    return type(outcome) if isinstance(outcome, Exception) else outcome


async def content(database: SqliteDatabase) -> list[Any]:
    found: list[Any] = [await database.find(THINGS, {}, by=by, limit=1000) for by in ("total", "serial", "group")]
    found.append(await database.find(THINGS, {"group": "g"}, by="rank", limit=1000))
    found.append([(event.id, event.number) for _, event in await database.tail(EVENTS, 0, 1000)])
    found.append(await database.get_many(BARE, [thing(number).id for number in range(40)]))
    found += [[text.id for text in await database.search(TEXTS, f"w{number}")] for number in range(12)]
    for records in found[:4]:
        records.sort(key=lambda record: record.id)
    return found


@pytest.mark.parametrize("soft", [True, False], ids=["soft", "mixed"])
@pytest.mark.parametrize("seed", range(12))
async def test_a_group_has_the_outcomes_of_its_jobs_one_by_one(tmp_path: Path, seed: int, *, soft: bool) -> None:
    grouped = await SqliteDatabase.open(tmp_path / "grouped.db", TABLES)
    single = await SqliteDatabase.open(tmp_path / "single.db", TABLES)
    for turn in range(6):
        chance = random.Random(f"{seed}.{turn}")
        jobs = [a_job(chance, soft=soft) for _ in range(chance.choice([1, 2, 5, 20, 60]))]
        with locked(grouped.path):
            tasks = [asyncio.ensure_future(job(grouped)) for job in jobs]
            await asyncio.sleep(0.01)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        wanted = [(await asyncio.gather(job(single), return_exceptions=True))[0] for job in jobs]
        assert [told(outcome) for outcome in outcomes] == [told(outcome) for outcome in wanted]
        assert await content(grouped) == await content(single)
    await grouped.close()
    await single.close()


@pytest.fixture
async def traced(tmp_path: Path) -> Any:
    """A database and the statements of its writer."""
    database = await SqliteDatabase.open(tmp_path / "parley.db", TABLES)
    await database.batch(THINGS, [thing(number) for number in range(300)])
    statements: list[str] = []
    connection = database._writer._connection
    assert connection is not None
    connection.set_trace_callback(lambda statement: statements.append(statement.split(" ")[0]))
    yield database, statements
    await database.close()


async def test_many_changes_take_few_statements(traced: tuple[SqliteDatabase, list[str]]) -> None:
    database, statements = traced
    with locked(database.path):
        calls = [
            database.together(
                [
                    Update(THINGS, thing(number).id, {"label": "x"}, {"label": "none"}),
                    Insert(EVENTS, Event(id=str(number), source="s", number=number)),
                ]
            )
            for number in range(256)
        ]
        calls += [database.maximum(THINGS, thing(number).id, "total", 5) for number in range(256)]  # type: ignore[misc]
        tasks = [asyncio.ensure_future(call) for call in calls]
        await asyncio.sleep(0.05)
    await asyncio.gather(*tasks)
    # Twice at most, as the writer may take the first job before the others come.
    assert len(statements) < 60
    assert await database.find(THINGS, {}, by="total", above=4, limit=1000) == [
        thing(number, label="x", total=5) for number in range(256)
    ]


async def test_one_write_alone_takes_no_savepoint(traced: tuple[SqliteDatabase, list[str]]) -> None:
    database, statements = traced
    await database.insert(EVENTS, Event(id="1", source="s", number=1))
    await database.increment(THINGS, "g-0001", "total", 1)
    await database.batch(EVENTS, [Event(id=f"x{number}", source="x", number=number) for number in range(64)])
    assert "SAVEPOINT" not in statements
    assert len(statements) == 3 + 4 + 3


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 255, 256, 257, 511, 1024, 1000])
def test_chunks_are_powers_of_two_and_cover_everything(count: int) -> None:
    rows = [(number,) for number in range(count)]
    cut = list(chunks(rows))
    assert [row for chunk in cut for row in chunk] == rows
    assert all(len(chunk).bit_count() == 1 and len(chunk) <= 256 for chunk in cut)


async def test_a_job_refused_in_the_middle_of_a_group_names_its_own_position(tmp_path: Path) -> None:
    database = await SqliteDatabase.open(tmp_path / "parley.db", TABLES)
    with locked(database.path):
        calls = [database.batch(THINGS, [thing(number + more) for more in range(4)]) for number in (0, 10, 8, 20)]
        calls.append(database.together([Insert(THINGS, thing(30)), Increment(THINGS, "none", "total", 1)]))
        calls.append(database.together([Insert(THINGS, thing(30)), Insert(THINGS, thing(30))]))
        tasks = [asyncio.ensure_future(call) for call in calls]
        await asyncio.sleep(0.05)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [told(outcome) for outcome in outcomes] == [
        None,
        None,
        told(Duplicate("things", "id", 2)),
        None,
        told(Mismatch("things", "none", 1)),
        told(Duplicate("things", "id", 1)),
    ]
    await database.close()
