import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from store.database_sqlite import READERS, SqliteDatabase
from store.errors import Unavailable
from tests.contract.tables import BARE, TABLES, THINGS, thing


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await SqliteDatabase.open(tmp_path / "parley.db", TABLES)
    await database.batch(THINGS, [thing(number) for number in range(5)])
    yield database
    await database.close()


def behind(database: SqliteDatabase, statement: str) -> None:
    """Do something to the file that the store does not know of."""
    with contextlib.closing(sqlite3.connect(database.path)) as connection, connection:
        connection.execute(statement)


async def test_a_record_that_cannot_be_decoded_is_the_callers_and_the_threads_go_on(database: SqliteDatabase) -> None:
    behind(database, """UPDATE things SET doc='{"id":1}' WHERE id='g-0001'""")
    for _ in range(3 * READERS):
        with pytest.raises(msgspec.ValidationError):
            await database.get(THINGS, "g-0001")
    assert await database.get(THINGS, "g-0002") == thing(2)


async def test_what_sqlite_cannot_read_is_unavailable_and_the_threads_go_on(database: SqliteDatabase) -> None:
    behind(database, "DROP TABLE bare")
    for _ in range(3 * READERS):
        with pytest.raises(Unavailable, match="not read: no such table"):
            await database.get(BARE, "x")
    assert await database.get(THINGS, "g-0002") == thing(2)


async def test_a_reader_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(Unavailable, match="readonly"):
        await database._readers.run(lambda connection: connection.execute("DELETE FROM things"))
    assert await database.get(THINGS, "g-0002") == thing(2)


async def test_reads_of_who_has_gone_are_not_done(database: SqliteDatabase) -> None:
    done: list[int] = []
    reads = [asyncio.ensure_future(database._readers.run(lambda _: done.append(1))) for _ in range(200)]
    await asyncio.sleep(0)
    for read in reads:
        read.cancel()
    await asyncio.gather(*reads, return_exceptions=True)
    await database.get(THINGS, "x")
    assert len(done) < 200


async def test_every_connection_syncs_each_commit(database: SqliteDatabase) -> None:
    connection = database._writer._connection
    assert connection is not None
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == (b"wal",)
