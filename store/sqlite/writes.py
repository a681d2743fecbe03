"""What each write does, to a connection in whose transaction it runs or to a document in memory."""

import sqlite3
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from store import declared
from store.database import Delete, Increment, Insert, Max, Put, Record, Scalar, Update, Write
from store.errors import Duplicate, Mismatch, Undeclared
from store.sqlite.shape import Row, Shape, encoded

Document = Mapping[str, msgspec.Raw]
"""A document, or some of it, each field as it stands: what this version does not know stays as it is."""

Edit = Callable[[Document], tuple[Document, object]]
"""From a document to the fields that change and the caller's answer; raises ``Mismatch``."""

INTEGERS = range(-(2**63), 2**63)
"""Whole numbers that a record may hold."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_decode_document = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Add:
    """Add a row; with ``replace``, or put it in the place of the one with its id."""

    __slots__ = ("replace", "row", "shape", "soft", "tokens")

    def __init__(self, shape: Shape[Any], record: Record, *, replace: bool = False) -> None:
        if replace and shape.table.clock:
            raise Undeclared(f"{shape.name} has a clock: its records are inserted, never put")
        self.shape = shape
        self.row = shape.row(record)
        self.tokens = shape.tokens(record)
        self.replace = replace
        self.soft = not replace and not shape.table.words

    def do(self, connection: sqlite3.Connection) -> None:
        """Add the row.

        Raises:
            Duplicate: If its id or a unique index is taken.
        """
        at = (_put_row if self.replace else add_row)(self.shape, self.row, connection)
        if self.shape.table.words:
            _set_words(self.shape, at, self.tokens, connection)


class Change:
    """Set fields of one document to what ``edit`` makes of it."""

    __slots__ = ("edit", "id", "shape", "soft")

    def __init__(self, shape: Shape[Any], id_: str, fields: Mapping[str, object], edit: Edit) -> None:
        declared.check_known(shape.table, fields, shape.defaults)
        if "id" in fields:
            raise Undeclared(f"{shape.name}: an id is never changed")
        self.shape = shape
        self.id = id_
        self.edit = edit
        self.soft = shape.hard.isdisjoint(fields)

    def do(self, connection: sqlite3.Connection) -> object:
        """Change the document and return the caller's answer.

        Raises:
            Mismatch: If it is missing or not as expected.
            Duplicate: If a unique index refuses it.
        """
        found = connection.execute(self.shape.read_sql, (self.id,)).fetchall()
        if not found:
            raise Mismatch(self.shape.name, self.id)
        at, document = found[0][0], _decode_document(found[0][1])
        fields, answer = self.edit(document)
        if fields:
            self._write(at, {**document, **fields}, fields, connection)
        return answer

    def _write(self, at: int, document: Document, fields: Document, connection: sqlite3.Connection) -> None:
        shape = self.shape
        kept = columns(shape, fields)
        try:
            connection.execute(shape.update_sql(tuple(kept)), (*kept.values(), encoded(document), at))
        except sqlite3.IntegrityError as error:
            values = {field: value(shape, document, field) for field in ("id", *shape.indexed)}
            raise _refusal(error, shape, values, at, connection) from error
        if not fields.keys().isdisjoint(shape.table.words):
            texts = {field: value(shape, document, field) for field in shape.table.words}
            _set_words(shape, at, shape.tokens_of(texts), connection)


class Remove:
    """Remove a row."""

    __slots__ = ("id", "shape")

    soft = False

    def __init__(self, shape: Shape[Any], id_: str) -> None:
        self.shape = shape
        self.id = id_

    def do(self, connection: sqlite3.Connection) -> bool:
        """Remove the row and tell whether there was one."""
        gone = connection.execute(self.shape.delete_sql, (self.id,)).fetchall()
        if gone and self.shape.table.words:
            _set_words(self.shape, gone[0][0], "", connection)
        return bool(gone)


class Ping:
    """Write a record of the store's own."""

    __slots__ = ()

    soft = False

    def do(self, connection: sqlite3.Connection) -> None:
        """Write it."""
        connection.execute("INSERT OR REPLACE INTO _meta VALUES ('ping',?)", (time.time_ns(),))


class Version:
    """Write down the version of the database, unless it is a higher one."""

    __slots__ = ("version",)

    soft = False

    def __init__(self, version: int) -> None:
        self.version = version

    def do(self, connection: sqlite3.Connection) -> None:
        """Write it down."""
        connection.execute("UPDATE _meta SET value=max(value,?) WHERE key='version'", (self.version,))


Step = Add | Change | Remove | Ping | Version
"""A write made ready on the loop, so that it is what it was when the caller asked for it.

A ``soft`` one frees no key and takes none but by adding a row to a table without words: soft ones may be done in any
order. One that is refused leaves nothing behind.
"""


def step(shape: Shape[Any], write: Write) -> Step:
    """Return the step of one write.

    Raises:
        Undeclared: If it names a field that the record does not have, changes an id, or puts into a table with a clock.
    """
    match write:
        case Insert():
            return Add(shape, write.record)
        case Put():
            return Add(shape, write.record, replace=True)
        case Update():
            declared.check_known(shape.table, write.expect, shape.defaults)
            declared.check_scalars(write.expect.values())
            fields = {field: msgspec.Raw(_encode(new)) for field, new in write.changes.items()}
            return Change(shape, write.id, fields, partial(_set, shape, write.id, fields, dict(write.expect)))
        case Increment():
            edit = partial(_increment, shape, write.field, write.by)
            return Change(shape, write.id, {write.field: write.by}, edit)
        case Max():
            edit = partial(_maximum, shape, write.field, write.value)
            return Change(shape, write.id, {write.field: write.value}, edit)
        case Delete():
            return Remove(shape, write.id)


def add_row(shape: Shape[Any], row: Row, connection: sqlite3.Connection) -> int | None:
    """Add one row, without its words, and return its ``at``.

    Raises:
        Duplicate: If its id or a unique index is taken.
    """
    try:
        return connection.execute(shape.insert_sql(1), row).lastrowid
    except sqlite3.IntegrityError as error:
        raise _refusal(error, shape, _values(shape, row), None, connection) from error


def columns(shape: Shape[Any], fields: Document) -> dict[str, Any]:
    """Return the values of those fields that have a column of ours, in the order of the columns."""
    return {field: _decode(fields[field]) for field in shape.kept if field in fields}


def value(shape: Shape[Any], document: Document, field: str) -> Any:
    """Return the value of a field of a document, which leaves its defaults out."""
    return _decode(document[field]) if field in document else shape.defaults[field]


def _values(shape: Shape[Any], row: Row) -> dict[str, Any]:
    document = _decode_document(row[-1])
    return {field: value(shape, document, field) for field in ("id", *shape.indexed)}


def _put_row(shape: Shape[Any], row: Row, connection: sqlite3.Connection) -> int:
    try:
        return int(connection.execute(shape.put_sql, row).fetchall()[0][0])
    except sqlite3.IntegrityError as error:
        own = connection.execute(shape.read_sql, row[:1]).fetchall()
        raise _refusal(error, shape, _values(shape, row), own[0][0] if own else None, connection) from error


def _set_words(shape: Shape[Any], at: int | None, tokens: str, connection: sqlite3.Connection) -> None:
    connection.execute(shape.forget_words_sql, (at,))
    if tokens:
        connection.execute(shape.keep_words_sql, (at, tokens))


def _refusal(
    error: sqlite3.IntegrityError,
    shape: Shape[Any],
    values: Mapping[str, Any],
    own: int | None,
    connection: sqlite3.Connection,
) -> Exception:
    """Return which index refused: the first where several did, for SQLite promises no order."""
    for index in shape.unique:
        taken = (*(values[field] for field in index.fields), own)
        if connection.execute(shape.taken_sql(index), taken).fetchall():
            return Duplicate(shape.name, index.name)
    return error


def _set(
    shape: Shape[Any], id_: str, fields: Document, expect: Mapping[str, Scalar], document: Document
) -> tuple[Document, None]:
    for field, expected in expect.items():
        if value(shape, document, field) != expected:
            raise Mismatch(shape.name, id_)
    return fields, None


def _increment(shape: Shape[Any], field: str, by: int, document: Document) -> tuple[Document, int]:
    return _number(field, (_present(shape, document, field) or 0) + by)


def _maximum(shape: Shape[Any], field: str, floor: int, document: Document) -> tuple[Document, int]:
    present = _present(shape, document, field)
    return _number(field, floor) if present is None or present < floor else ({}, present)


def _present(shape: Shape[Any], document: Document, field: str) -> int | None:
    number = value(shape, document, field)
    if number is not None and type(number) is not int:
        raise TypeError(f"{shape.name}: {field} is not a whole number")
    return number


def _number(field: str, new: int) -> tuple[Document, int]:
    if new not in INTEGERS:
        raise OverflowError(f"{field} would be over 64 bits")
    return {field: msgspec.Raw(_encode(new))}, new
