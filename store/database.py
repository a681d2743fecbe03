"""The document seam: what services may ask of a database.

Services ask for records of declared tables, never for SQL or Mongo filters. Values that reach a query are scalars.
``database_sqlite`` and ``database_mongo`` implement it; one contract suite holds them to each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import msgspec

Scalar = str | int | bool | None
"""What a query may compare with."""

TOGETHER_LIMIT = 1024
"""Writes in one transaction. A bound, so that no caller holds the one writer for long."""

FIND_LIMIT = 1000
"""Records one ``find`` may return: 1,000 messages are about 1 MiB."""


class Record(msgspec.Struct, kw_only=True):
    """What is stored: a typed document with an id that we make."""

    id: str


R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Index:
    """Fields by which records are found, in order; ``unique`` over all of them.

    A record with None in one of the fields is no duplicate of another.
    """

    fields: tuple[str, ...]
    unique: bool = False

    @property
    def name(self) -> str:
        """The fields joined by ``_``."""
        return "_".join(self.fields)


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """One kind of record and how it may be found. Indexed fields are scalars at the top of the record."""

    name: str
    record: type[R]
    indexes: tuple[Index, ...] = ()
    words: tuple[str, ...] = ()
    """Text fields that ``search`` looks in."""
    clock: bool = False
    """Whether each insert is stamped by the store's own write clock, which ``tail`` reads."""


@dataclass(frozen=True, slots=True)
class Insert:
    """Add a record; refused where its id or a unique index is taken."""

    table: Table[Any]
    record: Record


@dataclass(frozen=True, slots=True)
class Put:
    """Add a record or replace the whole of the one with its id. Not for tables with a clock."""

    table: Table[Any]
    record: Record


@dataclass(frozen=True, slots=True)
class Update:
    """Set top-level fields of one record, provided that it has the ``expect``ed values."""

    table: Table[Any]
    id: str
    changes: Mapping[str, Any]
    """Field to new value; values are what the record's field may hold, Structs included."""
    expect: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Increment:
    """Add to a whole-number field of one record."""

    table: Table[Any]
    id: str
    field: str
    by: int


@dataclass(frozen=True, slots=True)
class Max:
    """Raise a whole-number field of one record to ``value``; never lowers it."""

    table: Table[Any]
    id: str
    field: str
    value: int


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove one record; nothing happens where there is none."""

    table: Table[Any]
    id: str


Write = Insert | Put | Update | Increment | Max | Delete


class Database(Protocol):
    """A place where records are kept.

    Every write returns when it is durable: SQLite has synced its log, Mongo has answered for a majority and its
    journal. Every read sees every write that was answered before it. Cancelling a write leaves it unknown.
    All methods raise ``Unavailable`` where the store cannot be reached, writes also ``Unknown``.
    """

    epoch: str
    """Made with the database and again when a backup is restored: cursors of another epoch mean nothing here."""

    async def get(self, table: Table[R], id_: str) -> R | None:
        """Return the record with this id."""

    async def get_many(self, table: Table[R], ids: Sequence[str]) -> dict[str, R]:
        """Return the records with these ids, by id; missing ones are left out. At most ``FIND_LIMIT`` ids."""

    async def gather(self, *wanted: tuple[Table[Any], Sequence[str]]) -> list[dict[str, Any]]:
        """Return what ``get_many`` does of each of these tables, in their order: one question to the store for all.

        At most ``FIND_LIMIT`` ids together. The tables may be read one after the other: a write of several that is
        made meanwhile may show in some of them alone.
        """

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
        """Return records whose fields equal ``equal``, ordered by ``by`` (the next field of the same index).

        ``above`` and ``below`` bound ``by`` and exclude their own value. A record without a value in ``by`` (None) is
        never returned where a bound is given; else None comes before all values. Without ``by`` the order is the
        index's; where several indexes serve, the first declared one does. A limit below 1 finds nothing.

        Raises:
            Undeclared: If no declared index starts with the fields of ``equal`` (in any order) followed by ``by``,
                neither of the two is given, a bound is given without ``by``, or ``limit`` is over ``FIND_LIMIT``.
        """

    async def highest(self, table: Table[R], field: str, values: Sequence[str], by: str) -> dict[str, R]:
        """Return, for each of these values of ``field``, the record that has it with the highest ``by``.

        Values that no record has are left out. At most ``FIND_LIMIT`` of them.

        Raises:
            Undeclared: If no declared index starts with ``field``, then ``by``, or there are more.
        """

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
        """Count records as ``find`` would find them, up to ``limit``.

        ``match`` and ``differ`` are looked at in the records so found: fields that equal, or differ from, a value.

        Raises:
            Undeclared: As ``find``.
        """

    async def search(
        self,
        table: Table[R],
        text: str,
        *,
        equal: Mapping[str, Scalar] | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> list[R]:
        """Return records with all the words of ``text`` (the last one as a prefix), newest id first.

        Words are those of ``store.words``. ``equal`` narrows further; ``after`` continues below that id. No words in
        ``text``: nothing is found.

        Raises:
            Undeclared: If the table declares no ``words``, ``equal`` names no field of the record, or ``limit`` is over
                ``FIND_LIMIT``.
        """

    async def tail(self, table: Table[R], after: int, limit: int) -> list[tuple[int, R]]:
        """Return records inserted after this reading of the write clock, oldest first, each with its own reading.

        A reading of 0 is before everything. Readings rise with the order of commits on one store; several records may
        share none. A record inserted by a transaction still open at the time of the call may appear later below a
        reading already returned: a caller reads again with an overlap.

        Raises:
            Undeclared: If the table has no clock, or ``limit`` is over ``FIND_LIMIT``.
        """

    async def latest(self, table: Table[R]) -> int:
        """Return the highest reading of the write clock among the records there are; 0 where there is none.

        Raises:
            Undeclared: If the table has no clock.
        """

    async def insert(self, table: Table[R], record: R) -> None:
        """Add a record.

        Raises:
            Duplicate: If its id or a unique index is taken.
        """

    async def batch(self, table: Table[R], records: Sequence[R]) -> None:
        """Add records in order, up to ``TOGETHER_LIMIT``, stopping at the first refusal.

        Raises:
            Duplicate: At ``position``; the records before it are kept, none after it.
            Undeclared: If there are more than ``TOGETHER_LIMIT``.
        """

    async def update(
        self, table: Table[R], id_: str, changes: Mapping[str, Any], expect: Mapping[str, Scalar] | None = None
    ) -> None:
        """Set top-level fields of one record, provided that it has the expected values.

        Raises:
            Mismatch: If it does not, or is missing.
            Duplicate: If a unique index refuses the new values.
            Undeclared: If the record has no such field, or ``changes`` names its id.
        """

    async def increment(self, table: Table[R], id_: str, field: str, by: int) -> int:
        """Add to a whole-number field, from 0 where it is None, and return its new value.

        Raises:
            Mismatch: If the record is missing.
        """

    async def maximum(self, table: Table[R], id_: str, field: str, value: int) -> int:
        """Raise a whole-number field to ``value`` at least and return what it is then.

        Raises:
            Mismatch: If the record is missing.
        """

    async def delete(self, table: Table[R], id_: str) -> bool:
        """Remove one record; tell whether there was one."""

    async def together(self, writes: Sequence[Write]) -> None:
        """Do all of these writes, in order, or none of them; at most ``TOGETHER_LIMIT``.

        Whoever sees one of them sees all.

        Raises:
            Duplicate: With the position of the refused write; nothing was written.
            Mismatch: The same.
            Undeclared: If there are more, or as the verb of one of them; nothing was written.
        """

    async def ping(self) -> None:
        """Prove that a write would be kept now: write a record of the store's own and return when it is durable.

        Raises:
            WrongStore: If the database was restored from a backup since it was opened, where that is possible.
        """

    async def close(self) -> None:
        """Finish what is queued and close; calls after it raise ``Unavailable``."""
