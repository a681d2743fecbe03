"""Fill the history room: ``python -m benchmarks.fill SOURCE PEOPLE STORED`` prints the seq of its newest message.

The one program here that uses code of Parley, its store, to write as it does: through the front door a million messages
would take most of the time of a run.
"""

import asyncio
import sys
import time
from pathlib import Path

import msgspec
import uvloop

from benchmarks.load.task import People
from store.database import TOGETHER_LIMIT, Database
from store.database_mongo import MongoDatabase
from store.database_sqlite import SqliteDatabase
from store.tables import ENTRIES, Entry, Text


async def opened(source: str) -> Database:
    """Open the store at an address or in a file."""
    return await (MongoDatabase.open(source) if source.startswith("mongodb://") else SqliteDatabase.open(Path(source)))


def entry(room: str, author: str, username: str, rev: int) -> Entry:
    """Return a message."""
    return Entry(
        id=f"{rev:013d}{room[:13]}",
        stream=room,
        rev=rev,
        author=author,
        cid=f"fill-{rev}",
        created_at=int(time.time() * 1000),
        seq=rev,
        changed=rev,
        kind="text",
        username=username,
        digest="0" * 22,
        body=Text(text=f"a chat message of about a hundred characters {rev:055d}"),
    )


async def main(source: str, people: People, stored: int) -> None:
    """Append until the room holds ``stored`` messages."""
    room, author = people.rooms.history, people.talkers[0]
    database = await opened(source)
    newest = await database.find(ENTRIES, {"stream": room}, by="rev", falling=True, limit=1)
    head = newest[0].rev if newest else 0
    for first in range(head + 1, stored + 1, TOGETHER_LIMIT):
        revs = range(first, min(first + TOGETHER_LIMIT, stored + 1))
        await database.batch(ENTRIES, [entry(room, author.id, author.name, rev) for rev in revs])
    await asyncio.wait_for(database.close(), 60)
    print(max(head, stored))


uvloop.run(main(sys.argv[1], msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=People), int(sys.argv[3])))
