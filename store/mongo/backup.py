"""Backup and restore of a Mongo database: one file of JSON lines, read at one moment while servers run.

The first line is a ``Header``. Each record has a line ``[table, document]``, its stamp as a whole number; words and
indexes are made anew when the restored database is opened. The last line is an ``End``. The secret that the nodes share
is in the file, for without it no password could be checked: keep it as you keep the secret.
"""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from bson import Timestamp
from pymongo import MongoClient
from pymongo.database import Database as MongoSync
from pymongo.errors import PyMongoError

from store.errors import Unavailable, WrongStore
from store.mongo.link import CODEC, DEADLINE_S, DEFAULT_NAME, options, told
from store.mongo.shape import CLOCK, WORDS, Document, Shape, reading, stamp
from store.mongo.start import check_meta, new_meta
from store.mongo.tables import META, PRODUCT
from store.secrets import SECRETS
from store.tables import SCHEMA_VERSION, TABLES

PAGE = 500
"""Documents that are written at once."""

SHAPES: dict[str, Shape[Any]] = {table.name: Shape(table) for table in (*TABLES, SECRETS)}

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, Document]).decode


class Header(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a backup is of."""

    product: str
    version: int
    epoch: str
    made_at: str


class End(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What tells that a backup is whole."""

    records: int
    sha256: str
    """Of all lines above."""


async def backup(url: str, target: Path, *, name: str | None = None) -> None:
    """Write the database to the new file ``target``, for its owner alone; servers may be using it.

    All tables are read from one snapshot: what was acknowledged before is in it, and of what is written together either
    all or nothing. Mongo keeps a snapshot for five minutes (``minSnapshotHistoryWindowInSeconds``); a backup that takes
    longer fails, and says so.

    Raises:
        WrongStore: If there is no database of ours, or ``target`` exists.
        Unavailable: If it cannot be read or written now.
    """
    await asyncio.to_thread(_backup, url, target, name)


async def restore(source: Path, url: str, *, name: str | None = None, force: bool = False) -> str:
    """Fill the database from the backup ``source`` and return its epoch, a new one. Stop the servers first.

    The whole file is checked before anything is changed. A restore that is cut off leaves a database that nobody opens;
    ``force`` starts it again.

    Raises:
        WrongStore: If ``source`` is no whole backup that this program opens, or the database holds anything and
            ``force`` is not given.
        Unavailable: If it cannot be read or written now.
    """
    return await asyncio.to_thread(_restore, source, url, name, force=force)


def _backup(url: str, target: Path, name: str | None) -> None:
    if target.exists():
        raise WrongStore(f"{target} exists: name a new file")
    with _failing(target), _database(url, name) as database:
        part = target.with_name(f"{target.name}.part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                _write(database, file)
                file.flush()
                os.fsync(file.fileno())
            # Unlike a rename, a link does not replace what somebody else has made meanwhile.
            target.hardlink_to(part)
        finally:
            part.unlink(missing_ok=True)


def _write(database: MongoSync[Document], file: BinaryIO) -> None:
    records, digest = 0, hashlib.sha256()

    def line(value: Any) -> None:
        text = _encode(value) + b"\n"
        digest.update(text)
        file.write(text)

    with database.client.start_session(snapshot=True) as session:
        meta = database[META].find_one({"_id": PRODUCT}, session=session)
        if meta is None:
            raise WrongStore(f"the Mongo database {database.name} is not Parley's")
        check_meta(meta, SCHEMA_VERSION)
        made_at = datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251  a note for people
        line(Header(product=PRODUCT, version=meta["version"], epoch=meta["epoch"], made_at=made_at))
        for table in SHAPES:
            for document in database[table].find({}, {WORDS: False}, session=session):
                if isinstance(at := document.get(CLOCK), Timestamp):
                    document[CLOCK] = reading(at)
                line((table, document))
                records += 1
    file.write(_encode(End(records=records, sha256=digest.hexdigest())) + b"\n")


def _restore(source: Path, url: str, name: str | None, *, force: bool) -> str:
    with _failing(source), source.open("rb") as file:
        header, end = _check(file)
        with _database(url, name) as database:
            names = [name for name in database.list_collection_names() if not name.startswith("system.")]
            if names and not force:
                raise WrongStore(f"the Mongo database {database.name} is not empty: it is only replaced by force")
            # The record by which a database is known goes first and comes last: between, nobody opens it.
            database.drop_collection(META)
            for table in SHAPES.keys() & names:
                database.drop_collection(table)
            for table, documents in _pages(file, end.records):
                database[table].insert_many(documents)
            meta = new_meta(header.version)
            database[META].insert_one(dict(meta))
            return str(meta["epoch"])


def _check(file: BinaryIO) -> tuple[Header, End]:
    """Read a whole backup.

    Raises:
        WrongStore: If it is not whole, or not one that this program opens.
    """
    digest = hashlib.sha256()
    lines, last = 0, b""
    first = file.readline()
    try:
        header = msgspec.json.decode(first, type=Header)
        check_meta(msgspec.structs.asdict(header), SCHEMA_VERSION)
        digest.update(first)
        for line in file:
            digest.update(last)
            lines, last = lines + 1, line
        end = msgspec.json.decode(last, type=End)
    except msgspec.DecodeError as error:
        raise WrongStore(f"this is no whole backup of a Mongo database: {error}") from error
    if (end.records, end.sha256) != (lines - 1, digest.hexdigest()):
        raise WrongStore("this backup was changed after it was made, or is not whole")
    return header, end


def _pages(file: BinaryIO, records: int) -> Iterator[tuple[str, list[Document]]]:
    """Give the documents of a backup, many of one table at once."""
    file.seek(0)
    file.readline()
    pairs = (_decode(line) for line in islice(file, records))
    for table, of_table in groupby(pairs, key=itemgetter(0)):
        documents = (_document(SHAPES[table], document) for _, document in of_table)
        while page := list(islice(documents, PAGE)):
            yield table, page


def _document(shape: Shape[Any], document: Document) -> Document:
    """Return a document of a backup as it was in the database."""
    if shape.table.clock:
        document[CLOCK] = stamp(document[CLOCK])
    return document


@contextlib.contextmanager
def _database(url: str, name: str | None) -> Iterator[MongoSync[Document]]:
    """Give the database; calls have no deadline but for finding the server."""
    seconds = int(DEADLINE_S * 1000)
    with MongoClient[Document](url, **options(), serverSelectionTimeoutMS=seconds) as client:
        yield (client[name] if name else client.get_default_database(DEFAULT_NAME)).with_options(CODEC)


@contextlib.contextmanager
def _failing(path: Path) -> Iterator[None]:
    """Tell failures in the seam's words."""
    try:
        yield
    except PyMongoError as error:
        raise Unavailable(told(error)) from error
    except FileExistsError as error:
        raise WrongStore(f"{path} exists: name a new file") from error
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error
