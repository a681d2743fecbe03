import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.database_sqlite import SqliteDatabase
from store.errors import Unavailable, WrongStore
from store.sqlite.backup import backup, restore
from tests.contract.tables import EVENTS, TABLES, TEXTS, THINGS, Event, Text, thing


async def opened(path: Path) -> SqliteDatabase:
    return await SqliteDatabase.open(path, TABLES)


async def make(path: Path, count: int = 50) -> str:
    """Make a database and return its epoch."""
    database = await opened(path)
    await database.batch(THINGS, [thing(number) for number in range(count)])
    await database.insert(TEXTS, Text(id="1", title="hello"))
    await database.close()
    return database.epoch


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextlib.contextmanager
def using(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Give another process that has read from a database and keeps it open."""
    command = "import sys, sqlite3; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM _meta').fetchall()"
    command += "; print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", command, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"ready\n"
        yield user
        user.kill()


async def count(path: Path) -> int:
    database = await opened(path)
    found = await database.count(THINGS, {"group": "g"}, limit=1000)
    await database.close()
    return found


async def test_a_backup_restores_to_the_same_records_with_a_new_epoch(tmp_path: Path) -> None:
    epoch = await make(tmp_path / "a.db")
    await backup(tmp_path / "a.db", tmp_path / "backup")
    new = await restore(tmp_path / "backup", tmp_path / "elsewhere" / "b.db")
    database = await opened(tmp_path / "elsewhere" / "b.db")
    assert database.epoch == new != epoch
    assert await database.find(THINGS, {"group": "g"}, by="number") == [thing(number) for number in range(50)]
    assert [text.id for text in await database.search(TEXTS, "hello")] == ["1"]
    await database.insert(EVENTS, Event(id="1", source="s", number=1))
    await database.close()


async def test_a_backup_is_one_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    await make(tmp_path / "a.db")
    folder = tmp_path / "backups"
    folder.mkdir()
    await backup(tmp_path / "a.db", folder / "backup")
    assert names(folder) == ["backup"]
    assert (folder / "backup").stat().st_mode & 0o777 == 0o600
    with contextlib.closing(sqlite3.connect(folder / "backup")) as connection:
        assert connection.execute("SELECT count(*) FROM things").fetchone() == (50,)
    assert names(folder) == ["backup"]


async def test_a_backup_is_taken_at_one_moment_while_the_database_is_written_to(tmp_path: Path) -> None:
    database = await opened(tmp_path / "a.db")
    await database.batch(THINGS, [thing(0), thing(1)])
    running = True

    async def write() -> None:
        turn = 0
        while running:
            turn += 1
            events = [Event(id=f"{turn}.{number}", source=str(turn), number=number) for number in range(50)]
            await database.batch(EVENTS, events)

    writer = asyncio.ensure_future(write())
    for turn in range(3):
        await asyncio.sleep(0.05)
        before = len(await database.tail(EVENTS, 0, 1000))
        await backup(tmp_path / "a.db", tmp_path / f"backup{turn}")
        copy = await opened(tmp_path / f"backup{turn}")
        found = [reading for reading, _ in await copy.tail(EVENTS, 0, 1000)]
        assert len(found) >= before > 0
        assert found == list(range(1, len(found) + 1))
        assert len(found) % 50 == 0
        await copy.close()
    running = False
    await writer
    await database.close()


async def test_a_restored_database_does_not_see_what_came_after_the_backup(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await make(path, 10)
    await backup(path, tmp_path / "backup")
    database = await opened(path)
    await database.batch(THINGS, [thing(number) for number in range(10, 90)])
    await database.close()
    await restore(tmp_path / "backup", path, force=True)
    assert await count(path) == 10


async def test_a_backup_does_not_overwrite(tmp_path: Path) -> None:
    await make(tmp_path / "a.db")
    (tmp_path / "backup").write_text("mine")
    with pytest.raises(WrongStore, match="exists"):
        await backup(tmp_path / "a.db", tmp_path / "backup")
    assert (tmp_path / "backup").read_text() == "mine"


async def test_restore_does_not_overwrite_unless_it_is_forced(tmp_path: Path) -> None:
    await make(tmp_path / "a.db", 3)
    await make(tmp_path / "b.db", 7)
    with pytest.raises(WrongStore, match="force"):
        await restore(tmp_path / "a.db", tmp_path / "b.db")
    assert await count(tmp_path / "b.db") == 7
    await restore(tmp_path / "a.db", tmp_path / "b.db", force=True)
    assert await count(tmp_path / "b.db") == 3


async def test_restore_does_not_overwrite_what_is_in_use(tmp_path: Path) -> None:
    await make(tmp_path / "a.db", 3)
    database = await opened(tmp_path / "b.db")
    await database.insert(THINGS, thing(1))
    with pytest.raises(WrongStore, match="in use"):
        await restore(tmp_path / "a.db", tmp_path / "b.db", force=True)
    await database.insert(THINGS, thing(2))
    await database.close()
    assert await count(tmp_path / "b.db") == 2


async def test_restore_does_not_overwrite_what_another_process_uses(tmp_path: Path) -> None:
    await make(tmp_path / "a.db", 3)
    await make(tmp_path / "b.db", 7)
    with using(tmp_path / "b.db") as user:
        with pytest.raises(WrongStore, match="in use"):
            await restore(tmp_path / "a.db", tmp_path / "b.db", force=True)
        user.kill()
    await restore(tmp_path / "a.db", tmp_path / "b.db", force=True)
    assert await count(tmp_path / "b.db") == 3


async def test_restore_overwrites_a_broken_database_and_the_log_beside_it(tmp_path: Path) -> None:
    await make(tmp_path / "a.db", 3)
    path = tmp_path / "b.db"
    await make(path, 7)
    path.write_bytes(b"broken" * 1000)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).write_bytes(b"broken" * 1000)
    await restore(tmp_path / "a.db", path, force=True)
    assert await count(path) == 3


def spoil(path: Path) -> None:
    """Write over some of every page of a database but the first."""
    data = bytearray(path.read_bytes())
    for start in range(4096, len(data), 4096):
        data[start + 100 : start + 600] = b"\xff" * 500
    path.write_bytes(data)


@pytest.mark.parametrize("kind", ["missing", "text", "empty", "other", "newer", "broken", "folder"])
async def test_what_is_no_sound_backup_of_ours_is_refused(tmp_path: Path, kind: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target.db"
    await make(target, 4)
    match kind:
        case "text":
            source.write_text("no database " * 100)
        case "empty":
            source.touch()
        case "folder":
            source.mkdir()
        case "other":
            with contextlib.closing(sqlite3.connect(source)) as connection:
                connection.execute("CREATE TABLE photos(name)")
        case "newer":
            await (await SqliteDatabase.open(source, TABLES, version=99)).close()
        case "broken":
            await make(source, 500)
            spoil(source)
    with pytest.raises(WrongStore):
        await restore(source, target, force=True)
    assert await count(target) == 4
    if kind != "newer":
        with pytest.raises(WrongStore):
            await backup(source, tmp_path / "backup")
    assert [name for name in names(tmp_path) if name != "source"] == ["target.db"]


async def test_a_database_is_not_restored_from_itself(tmp_path: Path) -> None:
    await make(tmp_path / "a.db", 4)
    with pytest.raises(WrongStore, match="itself"):
        await restore(tmp_path / "a.db", tmp_path / "a.db", force=True)
    assert await count(tmp_path / "a.db") == 4


async def test_a_backup_to_where_nothing_can_be_written_says_so(tmp_path: Path) -> None:
    await make(tmp_path / "a.db")
    with pytest.raises(Unavailable, match="not written"):
        await backup(tmp_path / "a.db", tmp_path / "a.db" / "backup")
