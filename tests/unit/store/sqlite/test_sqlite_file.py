import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from store.database import Index, Table
from store.database_sqlite import SqliteDatabase
from store.errors import Undeclared, WrongStore
from store.sqlite.shape import Shape
from tests.contract.tables import BARE, TABLES, TEXTS, THINGS, Text, Thing, thing

ROOT = Path(__file__).parents[4]


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in [folder, *folder.iterdir()]}


def sql(path: Path, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


async def test_the_folder_is_made_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    database = await SqliteDatabase.open(folder / "parley.db", TABLES)
    await database.ping()
    assert modes(folder) == {"b": 0o700, "parley.db": 0o600, "parley.db-wal": 0o600, "parley.db-shm": 0o600}
    await database.close()
    assert list(modes(folder)) == ["b", "parley.db"]


async def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    for path in (tmp_path / "data" / "parley.db", tmp_path / "data" / "deeper" / "parley.db"):
        with pytest.raises(WrongStore, match=r"data.* is a file where a folder should be"):
            await SqliteDatabase.open(path)


async def test_a_folder_where_the_file_should_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongStore, match="is a folder"):
        await SqliteDatabase.open(tmp_path)


async def test_a_folder_that_cannot_be_written_to_is_refused() -> None:
    with pytest.raises(WrongStore, match=r"cannot write to .*parley\.db: "):
        await SqliteDatabase.open(Path("/proc/parley/parley.db"))


async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    path.write_bytes(b"holiday pictures" * 500)
    with pytest.raises(WrongStore, match="is not a SQLite database: move it away"):
        await SqliteDatabase.open(path)
    assert path.read_bytes() == b"holiday pictures" * 500


async def test_somebody_elses_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    sql(path, "CREATE TABLE photos(name TEXT)")
    before = path.read_bytes()
    with pytest.raises(WrongStore, match=r"not a database of Parley \(it holds photos"):
        await SqliteDatabase.open(path)
    assert path.read_bytes() == before
    assert list(modes(tmp_path)) == [tmp_path.name, "parley.db"]


async def test_a_database_without_a_name_of_its_product_is_somebody_elses(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    sql(path, "CREATE TABLE _meta(key TEXT, value TEXT)")
    with pytest.raises(WrongStore, match="not a database of Parley"):
        await SqliteDatabase.open(path)


async def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "parley.db").touch()
    database = await SqliteDatabase.open(tmp_path / "parley.db", TABLES)
    await database.insert(THINGS, thing(1))
    await database.close()


async def test_processes_that_make_it_at_once_share_the_epoch(tmp_path: Path) -> None:
    command = (
        "import asyncio, sys; from pathlib import Path; from store.database_sqlite import SqliteDatabase\n"
        "async def main():\n"
        "    database = await SqliteDatabase.open(Path(sys.argv[1]))\n"
        "    await database.ping()\n"
        "    print(database.epoch)\n"
        "    await database.close()\n"
        "asyncio.run(main())"
    )
    arguments = [sys.executable, "-c", command, str(tmp_path / "new" / "parley.db")]
    processes = [await asyncio.create_subprocess_exec(*arguments, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(5)]
    epochs = {(await process.communicate())[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 5
    assert len(epochs) == 1


async def test_unique_indexes_that_are_not_declared_any_more_refuse_nothing(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    await (await SqliteDatabase.open(path, (THINGS,))).close()
    fewer = Table("things", Thing, (Index(("group", "number")),))
    database = await SqliteDatabase.open(path, (fewer,))
    await database.batch(fewer, [thing(1, serial="s"), thing(1, serial="s", id="again")])
    assert len(await database.find(fewer, {"group": "g", "number": 1})) == 2
    await database.close()


async def test_an_older_program_leaves_the_indexes_of_a_newer_one(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    later = Table("bare", Thing, (Index(("label",)),))
    database = await SqliteDatabase.open(path, (later,))
    await (await SqliteDatabase.open(path, (BARE,))).close()
    await database.insert(later, thing(1, label="x"))
    assert await database.find(later, {"label": "x"}) == [thing(1, label="x")]
    await database.close()


async def test_a_column_that_is_added_later_is_written_by_every_road(tmp_path: Path) -> None:
    """Such a column is made by SQLite from the document, and must stay so when it is opened again."""
    path = tmp_path / "parley.db"
    await (await SqliteDatabase.open(path, (BARE,))).close()
    later = Table("bare", Thing, (Index(("label", "total")),))
    for turn in range(2):
        database = await SqliteDatabase.open(path, (later,))
        await asyncio.gather(*(database.insert(later, thing(10 * turn + n, label="x", total=n)) for n in range(5)))
        await asyncio.gather(*(database.increment(later, thing(10 * turn + n).id, "total", 100) for n in range(5)))
        await database.update(later, thing(10 * turn).id, {"label": "y"})
        await database.close()
    database = await SqliteDatabase.open(path, (later,))
    found = await database.find(later, {"label": "x"}, by="total", above=102)
    assert sorted(record.id for record in found) == ["g-0003", "g-0004", "g-0013", "g-0014"]
    assert [record.id for record in await database.find(later, {"label": "y"})] == ["g-0000", "g-0010"]
    await database.close()


async def test_words_are_not_made_again_where_nothing_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    database = await SqliteDatabase.open(path, (TEXTS,))
    await database.insert(TEXTS, Text(id="1", title="hello"))
    await database.close()
    sql(path, "DELETE FROM texts_words")
    database = await SqliteDatabase.open(path, (TEXTS,))
    assert await database.search(TEXTS, "hello") == []
    await database.close()


async def test_words_are_made_again_after_a_program_without_them(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    await (await SqliteDatabase.open(path, (TEXTS,))).close()
    without = Table("texts", Text, TEXTS.indexes)
    database = await SqliteDatabase.open(path, (without,))
    await database.insert(without, Text(id="1", title="hello"))
    await database.close()
    database = await SqliteDatabase.open(path, (TEXTS,))
    assert [text.id for text in await database.search(TEXTS, "hello")] == ["1"]
    await database.close()


@pytest.mark.parametrize(
    "table",
    [
        Table("Things", Thing),
        Table('x"; DROP TABLE y; --', Thing),
        Table("things", Thing, (Index(("nothing",)),)),
        Table("things", Thing, words=("nothing",)),
    ],
    ids=["case", "quote", "field", "words"],
)
def test_a_table_that_cannot_be_kept_is_refused(table: Table[Thing]) -> None:
    with pytest.raises(Undeclared):
        Shape(table)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
async def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    await (await SqliteDatabase.open(path, TABLES)).close()
    command = (
        "import asyncio, os, sys, concurrent.futures.thread\n"
        "from pathlib import Path; from store.database_sqlite import SqliteDatabase\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "asyncio.run(SqliteDatabase.open(Path(sys.argv[1])))"
    )
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", command, str(path), cwd=ROOT, stderr=subprocess.PIPE
    )
    _, words = await process.communicate()
    assert b"WrongStore: cannot write to" in words
    assert b"Permission denied; give the server's user the right to" in words
