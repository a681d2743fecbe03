import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database as Behind

from store.database import Insert, Update
from store.database_mongo import MongoDatabase
from store.errors import Unavailable, WrongStore
from store.mongo.backup import backup, restore
from store.secrets import shared_secret
from store.tables import ENTRIES, ROOMS, STREAMS, USERS, Entry, Room, Stream, Text, User
from tests.parts import free_port, mongo_client
from tests.unit.store.mongo.mongo_kinds import connecting_in_vain

SECRET = "kYw3-8sHq0Zr_Lt5VbNd71xPfGuJc9EaMiTo24Xl"


@pytest.fixture
def names(mongo_url: str) -> Iterator[tuple[str, str]]:
    """Two databases of the test's own."""
    names = (f"test_{secrets.token_hex(6)}", f"test_{secrets.token_hex(6)}")
    yield names
    with mongo_client(mongo_url) as client:
        for name in names:
            client.drop_database(name)


@pytest.fixture
def behind(mongo_url: str, names: tuple[str, str]) -> Iterator[Behind[dict[str, Any]]]:
    with mongo_client(mongo_url) as client:
        yield client[names[1]]


def entry(rev: int) -> Entry:
    return Entry(
        id=f"e{rev:05}",
        stream="r",
        rev=rev,
        seq=rev,
        author="u",
        cid=f"c{rev}",
        created_at=1_790_000_000_000,
        body=Text(text=f"zażółć {rev}", attachments=[{"size": 1 << 40}]),
    )


async def fill(url: str, name: str) -> MongoDatabase:
    database = await MongoDatabase.open(url, name)
    user = User(id="u", name_key="ann", username="Ann", name="Ann", email="a@b", password="p", created_at=1)
    await database.insert(USERS, user)
    await database.insert(ROOMS, Room(id="r", kind="public", name="Łódź", created_at=1))
    await database.insert(STREAMS, Stream(id="r"))
    for start in range(0, 1200, 600):
        await database.batch(ENTRIES, [entry(rev) for rev in range(start, start + 600)])
    await shared_secret(database, SECRET)
    return database


async def test_restore_brings_back_what_was_backed_up(mongo_url: str, names: tuple[str, str], tmp_path: Path) -> None:
    database = await fill(mongo_url, names[0])
    file = tmp_path / "backup"
    await backup(mongo_url, file, name=names[0])
    assert file.stat().st_mode & 0o777 == 0o600
    epoch = await restore(file, mongo_url, name=names[1])
    again = await MongoDatabase.open(mongo_url, names[1])
    assert again.epoch == epoch != database.epoch
    assert [room.name for room in await again.search(ROOMS, "lodz")] == ["Łódź"]
    assert await again.find(ENTRIES, {"stream": "r"}, by="rev", limit=1000) == [entry(rev) for rev in range(1000)]
    assert await again.tail(ENTRIES, 0, 1000) == await database.tail(ENTRIES, 0, 1000)
    assert await shared_secret(again, SECRET[::-1]) == SECRET
    await again.insert(ENTRIES, entry(1200))
    page = await again.tail(ENTRIES, 0, 1000)
    page = await again.tail(ENTRIES, page[-1][0], 1000)
    assert [each.rev for _, each in page] == list(range(1000, 1201))
    await database.close()
    await again.close()


async def test_a_backup_shows_one_moment(mongo_url: str, names: tuple[str, str], tmp_path: Path) -> None:
    database = await fill(mongo_url, names[0])
    writing = True

    async def write() -> int:
        rev = 1200
        while writing:
            # Tables are read one after the other: the entries long before the streams.
            await database.together([Insert(ENTRIES, entry(rev)), Update(STREAMS, "r", {"floor": rev})])
            rev += 1
        return rev

    task = asyncio.ensure_future(write())
    for number in range(5):
        file = tmp_path / f"backup{number}"
        await backup(mongo_url, file, name=names[0])
        await restore(file, mongo_url, name=names[1], force=True)
        again = await MongoDatabase.open(mongo_url, names[1])
        (last,) = await again.find(ENTRIES, {"stream": "r"}, by="rev", falling=True, limit=1)
        stream = await again.get(STREAMS, "r")
        assert stream is not None
        assert stream.floor in {last.rev, 0}
        await again.close()
    writing = False
    assert await task > 1205
    await database.close()


async def test_a_database_that_holds_something_is_only_replaced_by_force(
    mongo_url: str, names: tuple[str, str], tmp_path: Path
) -> None:
    database = await fill(mongo_url, names[0])
    await backup(mongo_url, tmp_path / "backup", name=names[0])
    with pytest.raises(WrongStore, match="not empty"):
        await restore(tmp_path / "backup", mongo_url, name=names[0])
    await database.delete(USERS, "u")
    await database.close()
    epoch = await restore(tmp_path / "backup", mongo_url, name=names[0], force=True)
    database = await MongoDatabase.open(mongo_url, names[0])
    assert database.epoch == epoch
    assert await database.get(USERS, "u") is not None
    await database.close()


async def test_a_restore_that_was_cut_off_is_not_opened(
    mongo_url: str, names: tuple[str, str], tmp_path: Path, behind: Behind[dict[str, Any]]
) -> None:
    await (await fill(mongo_url, names[0])).close()
    await backup(mongo_url, tmp_path / "backup", name=names[0])
    await restore(tmp_path / "backup", mongo_url, name=names[1])
    behind["meta"].drop()  # the last that a restore writes
    with pytest.raises(WrongStore, match="finish the restore"):
        await MongoDatabase.open(mongo_url, names[1])
    await restore(tmp_path / "backup", mongo_url, name=names[1], force=True)
    await (await MongoDatabase.open(mongo_url, names[1])).close()


def cut(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def change(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b"Ann", b"Bob") for line in lines]


def drop(lines: list[bytes]) -> list[bytes]:
    return lines[:5] + lines[6:]


def renew(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b'"version":', b'"version":9'), *lines[1:]]


def empty(lines: list[bytes]) -> list[bytes]:
    return lines[:0]


@pytest.mark.parametrize("harm", [cut, change, drop, renew, empty])
async def test_a_backup_that_is_not_whole_changes_nothing(
    mongo_url: str, names: tuple[str, str], tmp_path: Path, behind: Behind[dict[str, Any]], harm: Any
) -> None:
    await (await fill(mongo_url, names[0])).close()
    file = tmp_path / "backup"
    await backup(mongo_url, file, name=names[0])
    lines = await asyncio.to_thread(file.read_bytes)
    await asyncio.to_thread(file.write_bytes, b"".join(harm(lines.splitlines(keepends=True))))
    with pytest.raises(WrongStore):
        await restore(file, mongo_url, name=names[1], force=True)
    assert behind.list_collection_names() == []


async def test_a_backup_overwrites_nothing(mongo_url: str, names: tuple[str, str], tmp_path: Path) -> None:
    await (await fill(mongo_url, names[0])).close()
    file = tmp_path / "backup"
    await asyncio.to_thread(file.write_text, "mine")
    with pytest.raises(WrongStore, match="exists"):
        await backup(mongo_url, file, name=names[0])
    assert await asyncio.to_thread(file.read_text) == "mine"


async def test_only_our_database_is_backed_up(mongo_url: str, names: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(WrongStore, match="not Parley's"):
        await backup(mongo_url, tmp_path / "backup", name=names[0])
    assert not list(await asyncio.to_thread(lambda: list(tmp_path.iterdir())))


async def test_what_cannot_be_reached_is_unavailable(mongo_url: str, names: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        await restore(tmp_path / "none", mongo_url, name=names[1])
    with connecting_in_vain(), pytest.raises(Unavailable, match="ServerSelectionTimeoutError"):
        await backup(f"mongodb://127.0.0.1:{free_port()}", tmp_path / "backup")
