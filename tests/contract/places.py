"""Where a database under test is kept, and how it is opened there, again and again."""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from pymongo import MongoClient

from store.database import Database, Scalar, Table
from store.database_mongo import MongoDatabase
from store.database_sqlite import SqliteDatabase
from tests.contract.tables import TABLES


class Explains(Database, Protocol):
    """A database that tells how it would answer, for tests alone."""

    async def plan(self, table: Table[Any], equal: dict[str, Scalar], **how: Any) -> list[str]:
        """Return the plan of a ``find`` with these arguments, a stage to a line."""


class Place(Protocol):
    """One database, open or not."""

    async def open(self, tables: Sequence[Table[Any]] = TABLES, **how: Any) -> Explains:
        """Open it, made where there is none; whoever opens it closes it. How: version and migrations."""

    def set_meta(self, key: str, value: str | int) -> None:
        """Change what the database says of itself, while it is closed."""

    def fill_as_somebody_else(self) -> None:
        """Make a database that is not ours, where there is none."""

    def words(self) -> list[str]:
        """Return the arguments from which ``place`` makes it again, in another process."""

    def end(self) -> None:
        """Remove it."""


class SqlitePlace:
    """A file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def open(self, tables: Sequence[Table[Any]] = TABLES, **how: Any) -> Explains:
        """See ``Place.open``."""
        return await SqliteDatabase.open(self.path, tables, **how)

    def set_meta(self, key: str, value: str | int) -> None:
        """See ``Place.set_meta``."""
        with contextlib.closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("UPDATE _meta SET value=? WHERE key=?", (value, key))

    def fill_as_somebody_else(self) -> None:
        """See ``Place.fill_as_somebody_else``."""
        self.path.parent.mkdir()
        with contextlib.closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("CREATE TABLE photos(name TEXT)")

    def words(self) -> list[str]:
        """See ``Place.words``."""
        return ["sqlite", str(self.path)]

    def end(self) -> None:
        """Nothing to do: the folder is the test's."""


class MongoPlace:
    """A database of its own on a server that others use too."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.name = name

    async def open(self, tables: Sequence[Table[Any]] = TABLES, **how: Any) -> Explains:
        """See ``Place.open``."""
        return await MongoDatabase.open(self.url, self.name, tables, **how)

    def set_meta(self, key: str, value: str | int) -> None:
        """See ``Place.set_meta``."""
        with self._client() as client:
            client[self.name]["meta"].update_one({"_id": "parley"}, {"$set": {key: value}})

    def fill_as_somebody_else(self) -> None:
        """See ``Place.fill_as_somebody_else``."""
        with self._client() as client:
            client[self.name]["photos"].insert_one({"name": "x"})

    def words(self) -> list[str]:
        """See ``Place.words``."""
        return ["mongo", self.url, self.name]

    def end(self) -> None:
        """See ``Place.end``."""
        with self._client() as client:
            client.drop_database(self.name)

    def _client(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(self.url)


def place(kind: str, *words: str) -> Place:
    """Return the place with these words."""
    return SqlitePlace(Path(words[0])) if kind == "sqlite" else MongoPlace(*words)
