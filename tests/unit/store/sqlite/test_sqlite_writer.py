import asyncio
import contextlib
import logging
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from store.database_sqlite import SqliteDatabase
from store.errors import Duplicate, Unavailable, Unknown
from store.sqlite import file, reader, writer
from store.sqlite.answers import Answers
from store.sqlite.jobs import Steps
from store.sqlite.writer import Writer
from tests.contract.tables import EVENTS, TABLES, THINGS, Event, thing


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await SqliteDatabase.open(tmp_path / "parley.db", TABLES)
    yield database
    await database.close()


@contextlib.contextmanager
def locked(database: SqliteDatabase) -> Iterator[sqlite3.Connection]:
    """Hold the file's lock as another process would."""
    with contextlib.closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        if other.in_transaction:
            other.execute("ROLLBACK")


def events(count: int, source: str) -> list[Event]:
    return [Event(id=f"{source}.{number}", source=source, number=number) for number in range(count)]


async def settle(calls: list[Any]) -> list[asyncio.Future[Any]]:
    """Begin calls, so that each has queued its job."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    await asyncio.sleep(0)
    return tasks


async def test_reads_do_not_wait_for_the_writer(database: SqliteDatabase) -> None:
    await database.insert(THINGS, thing(1))
    with locked(database):
        (write,) = await settle([database.insert(THINGS, thing(2))])
        for _ in range(100):
            assert await asyncio.wait_for(database.get(THINGS, "g-0001"), 2) == thing(1)
        assert not write.done()
    await write


async def test_what_waits_is_written_in_one_commit(database: SqliteDatabase) -> None:
    statements: list[str] = []
    connection = database._writer._connection
    assert connection is not None
    connection.set_trace_callback(statements.append)
    with locked(database):
        calls = await settle([database.insert(THINGS, thing(number)) for number in range(500)])
    await asyncio.gather(*calls)
    assert 1 <= statements.count("COMMIT") <= 3
    assert len(statements) < 40


async def test_another_process_that_holds_the_lock_too_long_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "BUSY_TIMEOUT_S", 0.2)
    database = await SqliteDatabase.open(tmp_path / "parley.db", TABLES)
    with locked(database):
        for verb in (database.ping(), database.insert(THINGS, thing(1)), database.delete(THINGS, "x")):
            with pytest.raises(Unavailable, match="database is locked"):
                await verb
        assert await database.get(THINGS, "g-0001") is None
    await database.insert(THINGS, thing(1))
    await database.close()


async def test_opening_waits_for_another_process_but_not_for_ever(
    tmp_path: Path, database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locked(database) as other:
        opening = asyncio.ensure_future(SqliteDatabase.open(database.path, TABLES))
        await asyncio.sleep(0.1)
        assert not opening.done()
        other.execute("ROLLBACK")
        await (await opening).close()
    monkeypatch.setattr(file, "BUSY_TIMEOUT_S", 0.2)
    with locked(database), pytest.raises(Unavailable, match="cannot open"):
        await SqliteDatabase.open(database.path, TABLES)


async def test_too_many_waiting_writes_are_refused_at_once(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUEUE_LIMIT", 10)
    with locked(database):
        (first,) = await settle([database.ping()])
        await asyncio.sleep(1)  # the writer has taken it, and waits for the lock
        waiting = await settle([database.batch(EVENTS, events(4, source)) for source in "abc"])
        with pytest.raises(Unavailable, match="too many"):
            await asyncio.wait_for(database.insert(EVENTS, events(1, "d")[0]), 1)
        for task in waiting:
            task.cancel()
        # Who has gone still takes a place, until the writer has seen it.
        with pytest.raises(Unavailable, match="too many"):
            await asyncio.wait_for(database.insert(EVENTS, events(1, "d")[0]), 1)
    await first
    await database.insert(EVENTS, events(1, "e")[0])
    assert [event.source for _, event in await database.tail(EVENTS, 0, 99)] == ["e"]


async def test_too_many_waiting_reads_are_refused_at_once(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "QUEUE_LIMIT", 100)
    outcomes = await asyncio.gather(*(database.get(THINGS, "x") for _ in range(3000)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
    assert 0 < len(refused) <= 2900
    assert all(outcome is None for outcome in outcomes if not isinstance(outcome, Unavailable))
    assert await database.get(THINGS, "x") is None


# A disk that fails


@contextlib.contextmanager
def no_more_than(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: a write beyond it is an I/O error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def check_failure(database: SqliteDatabase, sources: str) -> list[str]:
    """Write to a disk that fails, and return what was kept nonetheless: nothing of what failed may be there."""
    calls = {source: database.batch(EVENTS, events(200, source)) for source in sources}
    outcomes = {source: (await asyncio.gather(call, return_exceptions=True))[0] for source, call in calls.items()}
    assert {type(outcome) for outcome in outcomes.values()} <= {type(None), Unavailable}
    kept = [source for source, outcome in outcomes.items() if outcome is None]
    assert await database.get(THINGS, "g-0001") == thing(1)
    found = [event.source for _, event in await database.tail(EVENTS, 0, 1000)]
    assert found == [source for source in kept for _ in range(200)]
    return kept


async def test_an_error_of_the_disk_is_unavailable_and_passes(
    database: SqliteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    await database.insert(THINGS, thing(1))
    with no_more_than(60_000):
        kept = await check_failure(database, "abcd")
        assert len(kept) < 4
    await database.batch(EVENTS, events(200, "later"))
    found = [event.source for _, event in await database.tail(EVENTS, 0, 1000)]
    assert found[-200:] == ["later"] * 200
    assert "a group of writes failed: disk I/O error" in caplog.text


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = shutil.which("mount") or "mount"
    arguments = [command, "-t", "tmpfs", "-o", "size=400k", "none", str(folder)]
    made = subprocess.run(arguments, check=False, capture_output=True)
    if made.returncode:
        pytest.skip(f"a disk can only be mounted by root: {made.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_is_unavailable_and_passes(small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = await SqliteDatabase.open(small_disk / "parley.db", TABLES)
    await database.insert(THINGS, thing(1))
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 40_000))
    assert len(await check_failure(database, "abcd")) < 4
    with pytest.raises(Unavailable, match="full"):
        await database.batch(EVENTS, events(1000, "z"))
    filler.unlink()
    await database.batch(EVENTS, events(200, "later"))
    await database.close()
    database = await SqliteDatabase.open(small_disk / "parley.db", TABLES)
    assert [event.source for _, event in await database.tail(EVENTS, 0, 1000)][-200:] == ["later"] * 200
    await database.close()
    assert "disk is full" in caplog.text


async def test_a_file_that_cannot_be_written_any_more_is_unavailable(
    database: SqliteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    connection = database._writer._connection
    assert connection is not None
    connection.execute("PRAGMA query_only=ON")
    with pytest.raises(Unavailable, match="readonly"):
        await database.insert(THINGS, thing(1))
    # A new connection finds it writable again.
    await database.insert(THINGS, thing(1))
    assert "readonly" in caplog.text


async def test_a_file_that_is_gone_is_unavailable_and_not_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = await SqliteDatabase.open(tmp_path / "parley.db", TABLES)
    connection = database._writer._connection
    assert connection is not None
    shutil.rmtree(tmp_path)
    connection.execute("PRAGMA query_only=ON")
    for _ in range(3):
        with pytest.raises(Unavailable):
            await database.insert(THINGS, thing(1))
    await database.close()
    assert "unable to open database file" in caplog.text
    with pytest.raises(FileNotFoundError):
        shutil.disk_usage(tmp_path)


class Failing:
    """A connection some of whose statements fail."""

    def __init__(self, connection: sqlite3.Connection, statements: set[str], error: Callable[[], Exception]) -> None:
        self._connection = connection
        self._statements = statements
        self._error: Callable[[], Exception] | None = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql in self._statements and self._error is not None:
            raise self._error()
        return self._connection.execute(sql, *values)


def failure(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("made up")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("statements", "code", "outcome"),
    [
        ({"BEGIN IMMEDIATE"}, sqlite3.SQLITE_IOERR, Unavailable),
        ({"COMMIT"}, sqlite3.SQLITE_FULL, Unavailable),
        ({"COMMIT", "ROLLBACK"}, sqlite3.SQLITE_FULL, Unavailable),
        ({"COMMIT"}, sqlite3.SQLITE_IOERR_FSYNC, Unknown),
        ({"COMMIT"}, sqlite3.SQLITE_IOERR_WRITE, Unavailable),
        ({"SAVEPOINT draft"}, sqlite3.SQLITE_CORRUPT, Unavailable),
    ],
)
async def test_a_failed_commit_fails_its_group_and_the_next_is_tried_anew(
    database: SqliteDatabase,
    statements: set[str],
    code: int,
    outcome: type[Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection = file.connect(database.path, writing=True)
    failing: Any = Failing(connection, statements, partial(failure, code))
    own = Writer(partial(file.connect, database.path, writing=True), failing, Answers(database._loop))
    real, database._writer = database._writer, own
    calls = await settle([database.insert(THINGS, thing(number)) for number in range(20)])
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert any(isinstance(each, outcome) for each in outcomes)
    failing._error = None
    kept = {number for number, each in enumerate(outcomes) if each is None}
    assert {record.number for record in await database.find(THINGS, {"group": "g"}, by="number")} == kept
    await database.insert(THINGS, thing(99))
    await own.close()
    database._writer = real
    assert "made up" in caplog.text


async def test_a_mistake_in_the_program_fails_its_group_and_the_next_is_tried_anew(
    database: SqliteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        soft = False

        def do(self, connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM things")
            raise KeyError("mistake")

    await database.insert(THINGS, thing(1))
    broken: Any = Broken()
    with pytest.raises(Unavailable, match="mistake in the program"):
        await database._write(Steps((broken,), database._future()))
    assert await database.get(THINGS, "g-0001") == thing(1)
    await database.insert(THINGS, thing(2))
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_a_job_that_is_refused_fails_alone(database: SqliteDatabase) -> None:
    await database.insert(THINGS, thing(3))
    with locked(database):
        calls = await settle([database.insert(THINGS, thing(number)) for number in range(10)])
        calls += await settle([database.increment(THINGS, "g-0003", "total", 2**62) for _ in range(3)])
        calls += await settle([database.batch(EVENTS, events(3, "a"))])
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(outcomes[3], Duplicate)
    assert [outcome for outcome in outcomes[:10] if outcome is not outcomes[3]] == [None] * 9
    assert outcomes[10] == 2**62
    assert all(isinstance(outcome, OverflowError) for outcome in outcomes[11:13])
    assert outcomes[13] is None


def test_a_loop_that_ends_without_closing_leaves_nothing_hanging(tmp_path: Path) -> None:
    async def leave() -> SqliteDatabase:
        database = await SqliteDatabase.open(tmp_path / "parley.db", TABLES)
        await settle([database.insert(THINGS, thing(number)) for number in range(50)])
        return database

    database = asyncio.run(leave())
    database._writer._queue.put(None)
    database._writer._thread.join(10)
    for _ in database._readers._threads:
        database._readers._queue.put(None)
    for thread in database._readers._threads:
        thread.join(10)
        assert not thread.is_alive()
    assert not database._writer._thread.is_alive()
