"""Tables for the tests of the Mongo store, and databases of a test's own."""

import asyncio
import contextlib
import gc
import secrets
import warnings
from collections.abc import AsyncIterator, Iterator
from typing import Any

from store.database import Index, Record, Table
from store.database_mongo import MongoDatabase
from tests.parts import mongo_client


class Note(Record, kw_only=True, omit_defaults=True):
    """A record with something of everything."""

    stream: str = "s"
    rev: int
    seq: int | None = None
    title: str = ""
    body: str | None = None
    count: int = 0
    state: str = "new"
    gone: bool = False
    slot: str | None = None


class Plain(Record, kw_only=True):
    """A record whose defaults are stored."""

    name: str | None = None
    kind: str = "x"
    size: int = 3


NOTES = Table(
    "notes",
    Note,
    (
        Index(("stream", "rev"), unique=True),
        Index(("stream", "seq")),
        Index(("state", "id")),
        Index(("stream", "slot"), unique=True),
    ),
    words=("title", "body"),
    clock=True,
)
PLAINS = Table("plains", Plain, (Index(("kind", "name")), Index(("id",))))
TABLES: tuple[Table[Any], ...] = (NOTES, PLAINS)


def note(rev: int, **fields: Any) -> Note:
    """Return a note whose id follows its rev."""
    return Note(id=f"n{rev:06}", rev=rev, **fields)


@contextlib.contextmanager
def connecting_in_vain() -> Iterator[None]:
    """Enclose what closes a client, or cancels a call, while the driver is making a connection.

    It leaves the socket of that one to the garbage collector.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@contextlib.asynccontextmanager
async def database(url: str, name: str | None = None, **how: Any) -> AsyncIterator[MongoDatabase]:
    """Open a database of its own name, and drop it at the end."""
    name = name or f"test_{secrets.token_hex(6)}"
    opened = await MongoDatabase.open(url, name, TABLES, **how)
    try:
        yield opened
    finally:
        await opened.close()
        # In a thread: this loop may be carrying what the client says.
        await asyncio.to_thread(_drop, url, name)


def _drop(url: str, name: str) -> None:
    with mongo_client(url) as client:
        client.drop_database(name)
