"""The embedded database: one SQLite file, one thread that writes, two that read."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, cast

from store import declared
from store.database import Delete, Increment, Max, R, Scalar, Table, Update, Write
from store.errors import Unavailable, Undeclared
from store.migrations import MIGRATIONS, Migration, migrate
from store.sqlite import query
from store.sqlite.answers import Answers, Future
from store.sqlite.file import Meta, connect, prepare
from store.sqlite.jobs import Job, Rows, Steps
from store.sqlite.query import Question
from store.sqlite.reader import Readers
from store.sqlite.shape import Shape
from store.sqlite.writer import Writer
from store.sqlite.writes import Add, Ping, Version, step
from store.tables import SCHEMA_VERSION, TABLES

READERS = 2
"""Threads that read. More would only wait for the interpreter's lock."""

Connections = Sequence[sqlite3.Connection]
"""One for the writer, then one for each reader."""


class SqliteDatabase:
    """See ``Database``.

    Cancelling a write that has not begun takes it back; later it changes nothing. Several processes may open the same
    file: SQLite is the lock between them.
    """

    def __init__(self, path: Path, shapes: Mapping[str, Shape[Any]], meta: Meta, connections: Connections) -> None:
        self.path = path
        self.epoch: str = meta["epoch"]
        self._shapes = shapes
        self._closed = False
        self._loop = asyncio.get_running_loop()
        answers = Answers(self._loop)
        self._writer = Writer(partial(connect, path, writing=True), connections[0], answers)
        self._readers = Readers(connections[1:], answers)

    @classmethod
    async def open(
        cls,
        path: Path,
        tables: Sequence[Table[Any]] = TABLES,
        *,
        version: int = SCHEMA_VERSION,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> "SqliteDatabase":
        """Open the database in the file at ``path``, made where there is none, its folder too.

        Raises:
            WrongStore: If there is something else, or a database of another product or a newer version.
            Unavailable: If it cannot be opened now.
        """
        shapes = {table.name: Shape(table) for table in tables}
        meta, connections = await asyncio.to_thread(_open, path, shapes, version)
        database = cls(path, shapes, meta, connections)
        try:
            await migrate(database, meta["version"], version, database._keep_version, migrations)
        except BaseException:
            await database.close()
            raise
        return database

    async def get(self, table: Table[R], id_: str) -> R | None:
        """See ``Database.get``."""
        return (await self.get_many(table, (id_,))).get(id_)

    async def get_many(self, table: Table[R], ids: Sequence[str]) -> dict[str, R]:
        """See ``Database.get_many``."""
        shape = self._shape(table)
        found = await self._ask(shape, query.get_many(shape, ids)) if ids else ()
        return {record.id: record for record in found}

    async def gather(self, *wanted: tuple[Table[Any], Sequence[str]]) -> list[dict[str, Any]]:
        """See ``Database.gather``."""
        shapes = [self._shape(table) for table, _ in wanted]
        question = query.gather([(shape, ids) for shape, (_, ids) in zip(shapes, wanted, strict=True)])
        if not any(ids for _, ids in wanted):
            return [{} for _ in wanted]

        def read(connection: sqlite3.Connection) -> list[dict[str, Any]]:
            lists = connection.execute(*question).fetchone()
            found = (shape.decode_list(each) for shape, each in zip(shapes, lists, strict=True))
            return [{record.id: record for record in records} for records in found]

        return await self._readers.run(read)

    async def find(
        self,
        table: Table[R],
        equal: Mapping[str, Scalar],
        *,
        by: str | None = None,
        above: Scalar = None,
        below: Scalar = None,
        falling: bool = False,
        limit: int = 100,
    ) -> list[R]:
        """See ``Database.find``."""
        shape = self._shape(table)
        return await self._ask(shape, query.find(shape, equal, by, above, below, falling, limit))

    async def highest(self, table: Table[R], field: str, values: Sequence[str], by: str) -> dict[str, R]:
        """See ``Database.highest``."""
        shape = self._shape(table)
        found = await self._ask(shape, query.highest(shape, field, list(set(values)), by)) if values else []
        return {getattr(record, field): record for record in found}

    async def count(
        self,
        table: Table[R],
        equal: Mapping[str, Scalar],
        *,
        by: str | None = None,
        above: Scalar = None,
        below: Scalar = None,
        match: Mapping[str, Scalar] | None = None,
        differ: Mapping[str, Scalar] | None = None,
        limit: int,
    ) -> int:
        """See ``Database.count``."""
        shape = self._shape(table)
        question = query.count(shape, equal, by, above, below, match or {}, differ or {}, limit)
        return cast(int, await self._readers.run(partial(_answer, question)))

    async def search(
        self,
        table: Table[R],
        text: str,
        *,
        equal: Mapping[str, Scalar] | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> list[R]:
        """See ``Database.search``."""
        shape = self._shape(table)
        question = query.search(shape, text, equal or {}, after, limit)
        return await self._ask(shape, question) if question else []

    async def tail(self, table: Table[R], after: int, limit: int) -> list[tuple[int, R]]:
        """See ``Database.tail``."""
        shape = self._shape(table)
        question = query.joined(query.tail(shape, after, limit))
        return await self._readers.run(lambda connection: shape.decode_stamped(_answer(question, connection)))

    async def latest(self, table: Table[R]) -> int:
        """See ``Database.latest``."""
        question = query.latest(self._shape(table))
        return cast(int, await self._readers.run(partial(_answer, question)))

    async def insert(self, table: Table[R], record: R) -> None:
        """See ``Database.insert``."""
        await self.batch(table, (record,))

    async def batch(self, table: Table[R], records: Sequence[R]) -> None:
        """See ``Database.batch``."""
        shape = self._shape(table)
        declared.check_together(records)
        if not records:
            return
        if table.words:
            await self._write(Steps([Add(shape, record) for record in records], self._future(), prefix=True))
        else:
            await self._write(Rows(shape, [shape.row(record) for record in records], self._future()))

    async def update(
        self, table: Table[R], id_: str, changes: Mapping[str, Any], expect: Mapping[str, Scalar] | None = None
    ) -> None:
        """See ``Database.update``."""
        await self._do((Update(table, id_, changes, expect or {}),))

    async def increment(self, table: Table[R], id_: str, field: str, by: int) -> int:
        """See ``Database.increment``."""
        return cast(int, await self._do((Increment(table, id_, field, by),)))

    async def maximum(self, table: Table[R], id_: str, field: str, value: int) -> int:
        """See ``Database.maximum``."""
        return cast(int, await self._do((Max(table, id_, field, value),)))

    async def delete(self, table: Table[R], id_: str) -> bool:
        """See ``Database.delete``."""
        return cast(bool, await self._do((Delete(table, id_),)))

    async def together(self, writes: Sequence[Write]) -> None:
        """See ``Database.together``."""
        declared.check_together(writes)
        if writes:
            await self._do(writes)

    async def ping(self) -> None:
        """See ``Database.ping``."""
        await self._write(Steps((Ping(),), self._future()))

    async def close(self) -> None:
        """See ``Database.close``."""
        if not self._closed:
            self._closed = True
            # The last connection takes the log into the file, which only one that is alone can do.
            await self._readers.close()
            await self._writer.close()

    async def plan(self, table: Table[Any], equal: Mapping[str, Scalar], **how: Any) -> list[str]:
        """Return the lines of the plan that ``find`` with these arguments has."""
        sql, values = query.find(self._shape(table), equal, **how)
        rows = await self._readers.run(
            lambda connection: connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        )
        return [str(row[-1], "utf-8") for row in rows]

    def _shape(self, table: Table[R]) -> Shape[R]:
        if self._closed:
            raise Unavailable("the database is closed")
        try:
            return self._shapes[table.name]
        except KeyError:
            raise Undeclared(f"{table.name} is not among the tables of this database") from None

    def _future(self) -> Future:
        return self._loop.create_future()

    async def _ask(self, shape: Shape[R], question: Question) -> list[R]:
        asked = query.joined(question)
        return await self._readers.run(lambda connection: shape.decode_list(_answer(asked, connection)))

    async def _do(self, writes: Sequence[Write]) -> object:
        return await self._write(Steps([step(self._shape(write.table), write) for write in writes], self._future()))

    async def _keep_version(self, version: int) -> None:
        await self._write(Steps((Version(version),), self._future()))

    async def _write(self, job: Job) -> object:
        if self._closed:
            raise Unavailable("the database is closed")
        self._writer.submit(job)
        return cast(object, await job.future)


def _open(path: Path, shapes: Mapping[str, Shape[Any]], version: int) -> tuple[Meta, Connections]:
    meta = prepare(path, shapes.values(), version)
    with ExitStack() as opened:
        connections = []
        for number in range(1 + READERS):
            connections.append(connect(path, writing=number == 0))
            opened.callback(connections[-1].close)
        opened.pop_all()
    return meta, connections


def _answer(question: Question, connection: sqlite3.Connection) -> Any:
    return connection.execute(*question).fetchone()[0]
