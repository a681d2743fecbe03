"""The database in MongoDB: a replica set, written for a majority and its journals, read for a majority."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import BulkWriteError, DuplicateKeyError

from store import declared
from store.database import FIND_LIMIT, Increment, Max, R, Scalar, Table, Update, Write
from store.errors import Duplicate, Mismatch, Unavailable, Undeclared, WrongStore
from store.migrations import MIGRATIONS, Migration, migrate
from store.mongo import find as mongo_find
from store.mongo import start as mongo_start
from store.mongo.find import Question, counting, finding, gathering, heading, newest, searching, tailing
from store.mongo.link import Link
from store.mongo.shape import CLOCK, Document, Shape, reading, refused_by
from store.mongo.together import duplicate, write
from store.mongo.writes import counted, step
from store.secrets import SECRETS
from store.tables import SCHEMA_VERSION, TABLES


class MongoDatabase:
    """See ``Database``. Calls that have begun go on when their callers leave."""

    def __init__(self, link: Link, epoch: str, shapes: dict[str, Shape[Any]]) -> None:
        self.epoch = epoch
        self._link = link
        self._shapes = shapes

    @classmethod
    async def open(
        cls,
        url: str,
        name: str | None = None,
        tables: Sequence[Table[Any]] = TABLES,
        *,
        version: int = SCHEMA_VERSION,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> "MongoDatabase":
        """Open the database of this name, else the one that ``url`` names, else ``parley``, made where there is none.

        Raises:
            WrongStore: If the server is no replica set, or the database is of another version or product.
            Unavailable: If it cannot be opened now.
        """
        shapes = {table.name: Shape(table) for table in (*tables, SECRETS)}
        link = Link(url, name)
        try:
            meta = await mongo_start.start(link, shapes.values(), version)
            database = cls(link, meta["epoch"], shapes)
            await migrate(database, meta["version"], version, partial(mongo_start.keep_version, link), migrations)
        except BaseException:
            await link.close()
            raise
        link.orphans.start()
        return database

    async def get(self, table: Table[R], id_: str) -> R | None:
        """See ``Database.get``."""
        return (await self.get_many(table, (id_,))).get(id_)

    async def get_many(self, table: Table[R], ids: Sequence[str]) -> dict[str, R]:
        """See ``Database.get_many``."""
        shape = self._shape(table)
        declared.check_limit(len(ids))
        declared.check_scalars(ids)
        if not ids:
            return {}
        wanted = {"_id": ids[0] if len(ids) == 1 else {"$in": list(ids)}}
        found = await self._ask(shape, Question(wanted, (), None, shape.projection, len(ids)))
        return {record.id: record for record in found}

    async def gather(self, *wanted: tuple[Table[Any], Sequence[str]]) -> list[dict[str, Any]]:
        """See ``Database.gather``."""
        shapes = [self._shape(table) for table, _ in wanted]
        gathered: list[dict[str, Any]] = [{} for _ in wanted]
        first, stages = gathering([(shape, ids) for shape, (_, ids) in zip(shapes, wanted, strict=True)])
        if first is None:
            return gathered
        collection = self._link.collection(first)

        async def ask() -> list[Document]:
            # What one answer holds: the usual 101 documents would need a second round trip.
            return await (await collection.aggregate(stages, batchSize=FIND_LIMIT + 1)).to_list()

        for found in await self._link.reading(ask):
            place = found["_id"]
            record = shapes[place].record(found["found"])
            gathered[place][record.id] = record
        return gathered

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
        return await self._ask(shape, finding(shape, equal, by, above, below, falling, limit))

    async def highest(self, table: Table[R], field: str, values: Sequence[str], by: str) -> dict[str, R]:
        """See ``Database.highest``."""
        shape = self._shape(table)
        stages, index = heading(shape, field, values, by)
        if not values:
            return {}
        collection = self._link.collection(shape.name)

        async def ask() -> list[Document]:
            return await (await collection.aggregate(stages, hint=index)).to_list()

        found = [shape.record(document) for document in await self._link.reading(ask)]
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
        found = finding(shape, equal, by, above, below, limit=limit)
        question = counting(shape, found, match or {}, differ or {})
        if limit < 1:
            return 0
        collection = self._link.collection(shape.name)
        return await self._link.reading(
            lambda: collection.count_documents(question.filter, hint=question.index, limit=limit)
        )

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
        question = searching(shape, text, equal or {}, after, limit)
        return await self._ask(shape, question) if question else []

    async def tail(self, table: Table[R], after: int, limit: int) -> list[tuple[int, R]]:
        """See ``Database.tail``."""
        shape = self._shape(table)
        return [shape.stamped(document) for document in await self._documents(shape, tailing(shape, after, limit))]

    async def latest(self, table: Table[R]) -> int:
        """See ``Database.latest``."""
        found = await self._documents(self._shape(table), newest(self._shape(table)))
        return reading(found[0][CLOCK]) if found else 0

    async def insert(self, table: Table[R], record: R) -> None:
        """See ``Database.insert``."""
        await self.batch(table, (record,))

    async def batch(self, table: Table[R], records: Sequence[R]) -> None:
        """See ``Database.batch``."""
        shape = self._shape(table)
        declared.check_together(records)
        documents = [shape.document(record) for record in records]
        if not documents:
            return

        async def insert() -> None:
            try:
                await self._link.collection(shape.name).insert_many(documents)
            except BulkWriteError as error:
                position, index = duplicate(error)
                raise Duplicate(shape.name, index, position) from None

        await self._link.writing(insert)

    async def update(
        self, table: Table[R], id_: str, changes: Mapping[str, Any], expect: Mapping[str, Scalar] | None = None
    ) -> None:
        """See ``Database.update``."""
        await self.together((Update(table, id_, changes, expect or {}),))

    async def increment(self, table: Table[R], id_: str, field: str, by: int) -> int:
        """See ``Database.increment``."""
        return await self._count(Increment(table, id_, field, by))

    async def maximum(self, table: Table[R], id_: str, field: str, value: int) -> int:
        """See ``Database.maximum``."""
        return await self._count(Max(table, id_, field, value))

    async def delete(self, table: Table[R], id_: str) -> bool:
        """See ``Database.delete``."""
        shape = self._shape(table)
        found = shape.with_values(id_, {})
        gone = await self._link.writing(lambda: self._link.collection(shape.name).delete_one(found))
        return gone.deleted_count == 1

    async def together(self, writes: Sequence[Write]) -> None:
        """See ``Database.together``."""
        declared.check_together(writes)
        steps = [step(self._shape(each.table), each, position) for position, each in enumerate(writes)]
        if steps:
            await write(self._link, steps)

    async def ping(self) -> None:
        """See ``Database.ping``."""
        await mongo_start.ping(self._link)
        if await mongo_start.epoch(self._link) != self.epoch:
            raise WrongStore("the database was replaced under this node: start it again")

    async def close(self) -> None:
        """See ``Database.close``."""
        await self._link.close()

    async def plan(self, table: Table[Any], equal: Mapping[str, Scalar], **how: Any) -> list[str]:
        """Return the stages of the plan that ``find`` with these arguments has, the outermost first."""
        shape = self._shape(table)
        question = finding(shape, equal, **how)
        return await self._link.reading(lambda: mongo_find.plan(self._link, shape.name, question))

    def _shape(self, table: Table[R]) -> Shape[R]:
        if self._link.closed:
            raise Unavailable("the database is closed")
        try:
            return self._shapes[table.name]
        except KeyError:
            raise Undeclared(f"{table.name} is not among the tables of this database") from None

    async def _ask(self, shape: Shape[R], question: Question) -> list[R]:
        return [shape.record(document) for document in await self._documents(shape, question)]

    async def _documents(self, shape: Shape[Any], question: Question) -> list[Document]:
        if question.limit < 1:
            return []
        collection = self._link.collection(shape.name)
        return await self._link.reading(lambda: question.asked(collection).to_list())

    async def _count(self, write: Increment | Max) -> int:
        shape = self._shape(write.table)
        operators = counted(shape, write)

        async def change() -> Document | None:
            try:
                return await self._link.collection(shape.name).find_one_and_update(
                    shape.with_values(write.id, {}),
                    operators,
                    {write.field: True},
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError as error:
                raise Duplicate(shape.name, refused_by(error.details or {})) from None

        changed = await self._link.writing(change)
        if changed is None:
            raise Mismatch(shape.name, write.id)
        return int(changed[write.field])
