"""The database that the first version wrote is opened by this one: read, searched, and written on."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.database_sqlite import SqliteDatabase
from store.errors import Duplicate
from store.tables import BANS, ENTRIES, LOGINS, MARKS, MEMBERS, REFRESHES, ROOMS, STREAMS, USERS
from tests.data.make_store_v1 import COUNT, FOLDER, NOW, PEOPLE, ROOM, entry


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    shutil.copytree(FOLDER, tmp_path / "data")
    database = await SqliteDatabase.open(tmp_path / "data" / "parley.db")
    yield database
    await database.close()


async def test_its_entries_are_read(database: SqliteDatabase) -> None:
    found = await database.find(ENTRIES, {"stream": ROOM}, by="rev", limit=1000)
    assert found == [entry(rev) for rev in range(1, COUNT + 1)]
    assert [reading for reading, _ in await database.tail(ENTRIES, 0, 1000)] == list(range(1, COUNT + 1))
    newest = await database.find(ENTRIES, {"stream": ROOM}, by="seq", falling=True, limit=50)
    assert [one.seq for one in newest] == [rev for rev in range(COUNT, 0, -1) if rev % 10][:50]
    assert await database.find(ENTRIES, {"stream": ROOM, "author": "user-1", "cid": "cid-4"}) == [entry(4)]


async def test_its_people_and_rooms_are_found(database: SqliteDatabase) -> None:
    for number, name in enumerate(PEOPLE):
        (user,) = await database.find(USERS, {"name_key": name.casefold()})
        assert (user.id, user.username, user.created_at) == (f"user-{number}", name, NOW)
        assert [login.id for login in await database.find(LOGINS, {"user": user.id, "live": True})] == [
            f"login-{number}"
        ]
        assert len(await database.find(REFRESHES, {"login": f"login-{number}"})) == 1
        (member,) = await database.find(MEMBERS, {"room": ROOM, "user": user.id})
        assert member.read == 100 + number
        (found,) = await database.search(USERS, name)
        assert found.id == user.id, "what is searched now was not then"
    room = await database.get(ROOMS, ROOM)
    assert room is not None
    assert (room.name, room.member_count) == ("Zażółć", len(PEOPLE))
    assert [one.id for one in await database.search(ROOMS, "zazolc", equal={"kind": "public"})] == [ROOM]
    assert [one.user for one in await database.search(MEMBERS, "blazej", equal={"room": ROOM})] == ["user-1"]
    assert len(await database.find(BANS, {"room": ROOM})) == 1
    assert len(await database.find(MARKS, {"item": "entry-000009"})) == 1
    stream = await database.get(STREAMS, ROOM)
    assert stream is not None
    assert stream.floor == 5


async def test_it_is_written_on(database: SqliteDatabase) -> None:
    with pytest.raises(Duplicate):
        await database.batch(ENTRIES, [entry(COUNT)])
    await database.batch(ENTRIES, [entry(COUNT + 1), entry(COUNT + 2)])
    ((first, _), (second, _)) = await database.tail(ENTRIES, COUNT, 10)
    assert COUNT < first < second
    await database.update(ENTRIES, entry(4).id, {"changed": COUNT + 2}, {"changed": 4})
    found = await database.find(ENTRIES, {"stream": ROOM}, by="changed", above=COUNT)
    assert [one.id for one in found] == [entry(COUNT + 1).id, entry(4).id, entry(COUNT + 2).id]
    assert await database.increment(ROOMS, ROOM, "member_count", 1) == len(PEOPLE) + 1
