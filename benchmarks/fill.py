"""Fill a store with what would take too long through the front door: ``python -m benchmarks.fill``.

Reads a ``Filling`` from its standard input and prints how many it wrote. Parley must not run on the store. The one
program here that uses code of Parley, its store, to write as it does.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec
import uvloop

from benchmarks.load.task import Person
from store.database import TOGETHER_LIMIT, Database, Record, Table
from store.database_mongo import MongoDatabase
from store.database_sqlite import SqliteDatabase
from store.tables import ENTRIES, MEMBERS, ROOMS, Effect, Entry, Member, Notice, Room, Text

R = TypeVar("R", bound=Record)


class Filling(msgspec.Struct, kw_only=True):
    """What is to be written."""

    source: str
    """Address of the Mongo, or the file of SQLite."""
    author: Person
    messages: dict[str, int] = {}
    """Up to which rev each of these rooms is to be filled with messages of the author's."""
    more: dict[str, int] = {}
    """How many messages of the author's to add to each of these rooms."""
    rooms: int = 0
    """How many rooms to make, with the author as their owner."""
    also: Person | None = None
    """Somebody who is in the first ``shared`` of them too."""
    shared: int = 0


async def opened(source: str) -> Database:
    """Open the store at an address or in a file."""
    return await (MongoDatabase.open(source) if source.startswith("mongodb://") else SqliteDatabase.open(Path(source)))


async def write(database: Database, table: Table[R], records: Iterable[R]) -> int:
    """Add records, as many at once as the store takes; return how many there were."""
    count, waiting = 0, iter(records)
    while part := [record for _, record in zip(range(TOGETHER_LIMIT), waiting, strict=False)]:
        await database.batch(table, part)
        count += len(part)
    return count


def message(room: str, author: Person, rev: int, now: int) -> Entry:
    """Return a message."""
    return Entry(
        id=f"{rev:013d}{room[-17:]}",
        stream=room,
        rev=rev,
        author=author.id,
        cid=f"fill-{rev}",
        created_at=now,
        seq=rev,
        changed=rev,
        kind="text",
        username=author.name,
        digest="0" * 22,
        body=Text(text=f"a chat message of about a hundred characters {rev:055d}"),
    )


def joined(room: str, person: Person, rev: int, now: int) -> Entry:
    """Return the notice of somebody's joining."""
    return Entry(
        id=f"{rev:013d}{room[-17:]}",
        stream=room,
        rev=rev,
        author=person.id,
        cid=f"~{rev}",
        created_at=now,
        seq=rev,
        changed=rev,
        kind="notice",
        body=Notice("joined", user=person.id),
        effect=Effect("joined", person.id, room=room),
    )


def member(room: str, person: Person, role: str, now: int) -> Member:
    """Return a person's row in a room."""
    return Member(
        id=f"{room}:{person.id}", room=room, user=person.id, username=person.name, role=role, joined_at=now, joined=1
    )


async def fill_messages(database: Database, asked: Filling, now: int) -> int:
    """Append to rooms until each is as long as is asked for."""
    count = 0
    for room, number in (asked.messages | asked.more).items():
        newest = await database.find(ENTRIES, {"stream": room}, by="rev", falling=True, limit=1)
        head = newest[0].rev if newest else 0
        last = head + number if room in asked.more else number
        revs = range(head + 1, last + 1)
        count += await write(database, ENTRIES, (message(room, asked.author, rev, now) for rev in revs))
    return count


async def fill_rooms(database: Database, asked: Filling, now: int) -> int:
    """Make rooms with one member or two."""
    owner, also = asked.author, asked.also
    rooms = [
        Room(
            id=f"{now:012x}{secrets.token_hex(9)}",
            kind="private",
            name=f"room {n}",
            owner=owner.id,
            member_count=1,
            created_at=now,
        )
        for n in range(asked.rooms)
    ]
    members = [member(room.id, owner, "owner", now) for room in rooms]
    entries = [joined(room.id, owner, 1, now) for room in rooms]
    for room in rooms[: asked.shared]:
        if also is None:
            break
        room.member_count = 2
        members.append(member(room.id, also, "member", now))
        entries.append(joined(room.id, also, 2, now))
    await write(database, ROOMS, rooms)
    await write(database, MEMBERS, members)
    await write(database, ENTRIES, entries)
    return len(rooms)


async def main() -> None:
    """Write what is asked for."""
    asked, now = msgspec.json.decode(sys.stdin.buffer.read(), type=Filling), int(time.time() * 1000)
    database = await opened(asked.source)
    print(await fill_messages(database, asked, now) + await fill_rooms(database, asked, now))
    await asyncio.wait_for(database.close(), 60)


if __name__ == "__main__":
    uvloop.run(main())
