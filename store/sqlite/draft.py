"""Soft writes of many jobs, drawn up in memory and made in a few statements.

A statement gives up the interpreter's lock several times and waits for a busy loop to have it back: the fewer, the
better. Measured beside a loop that sends all the time: rows one by one 46,000/s, 256 to a statement 148,000/s.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec

from store.database import FIND_LIMIT
from store.errors import Mismatch
from store.sqlite.query import STAMPED, get_many, joined
from store.sqlite.shape import Row, Shape, encoded
from store.sqlite.writes import Add, Change, Step, columns

CHUNK_LIMIT = 256
"""Rows in one statement: more gain nothing."""

Edits = dict[str, msgspec.Raw]

_decode_stamped = msgspec.json.Decoder(list[tuple[int, dict[str, msgspec.Raw]]]).decode
_decode_id = msgspec.json.Decoder(str).decode


class Undrafted(Exception):
    """These writes depend on each other in a way that a draft does not follow: they are to be done one by one."""


class Kept:
    """A document of the store as the draft leaves it."""

    __slots__ = ("at", "changed", "document")

    def __init__(self, at: int, document: Edits) -> None:
        self.at = at
        self.document = document
        self.changed: Edits = {}
        """Fields that are to be written."""


class Draft:
    """What some jobs want written, job after job; nothing of it is done before ``flush``."""

    def __init__(self, connection: sqlite3.Connection, steps: Iterable[Step]) -> None:
        self._connection = connection
        self._rows: dict[Shape[Any], list[Row]] = defaultdict(list)
        wanted: dict[Shape[Any], dict[str, None]] = defaultdict(dict)
        for step in steps:
            if isinstance(step, Change):
                wanted[step.shape][step.id] = None
        self._kept = {shape: dict(self._read(shape, list(ids))) for shape, ids in wanted.items()}

    def _read(self, shape: Shape[Any], ids: Sequence[str]) -> Iterator[tuple[str, Kept]]:
        for start in range(0, len(ids), FIND_LIMIT):
            question = joined(get_many(shape, ids[start : start + FIND_LIMIT], STAMPED))
            for at, document in _decode_stamped(self._connection.execute(*question).fetchall()[0][0]):
                yield _decode_id(document["id"]), Kept(at, document)

    def add(self, shape: Shape[Any], rows: Iterable[Row]) -> None:
        """Add rows; whether one is refused shows in ``flush``."""
        self._rows[shape] += rows

    def do(self, steps: Sequence[Step]) -> object:
        """Draw up all of these steps or, where one is refused, none; return the answer of the last.

        Raises:
            Mismatch: With the position of the step that found no record, or not the expected one.
            Undrafted: If a step changes what another one of the draft adds, or is refused after one that may be too.
        """
        rows: dict[Shape[Any], list[Row]] = defaultdict(list)
        edits: dict[tuple[Shape[Any], str], Edits] = {}
        answer: object = None
        for position, step in enumerate(steps):
            answer = None
            if isinstance(step, Add):
                rows[step.shape].append(step.row)
            elif isinstance(step, Change):
                earlier = edits.setdefault((step.shape, step.id), {})
                try:
                    fields, answer = step.edit({**self._document(step, rows[step.shape]), **earlier})
                except (Mismatch, TypeError, OverflowError) as error:
                    if any(rows.values()):
                        raise Undrafted from None
                    if isinstance(error, Mismatch):
                        error.position = position
                    raise
                earlier.update(fields)
        self._accept(rows, edits)
        return answer

    def _document(self, step: Change, rows: Iterable[Row]) -> Edits:
        kept = self._kept[step.shape].get(step.id)
        if kept is not None:
            return kept.document
        if any(row[0] == step.id for row in chain(self._rows[step.shape], rows)):
            raise Undrafted
        raise Mismatch(step.shape.name, step.id)

    def _accept(self, rows: dict[Shape[Any], list[Row]], edits: dict[tuple[Shape[Any], str], Edits]) -> None:
        for shape, added in rows.items():
            self._rows[shape] += added
        for (shape, id_), fields in edits.items():
            kept = self._kept[shape][id_]
            kept.document |= fields
            kept.changed |= fields

    def flush(self) -> None:
        """Do what was drawn up.

        Raises:
            sqlite3.IntegrityError: If a row is refused; what was done before it is the caller's to roll back.
        """
        for shape, rows in self._rows.items():
            for chunk in chunks(rows):
                add_rows(shape, chunk, self._connection)
        for shape, kept in self._kept.items():
            changes: dict[tuple[str, ...], list[Row]] = defaultdict(list)
            for one in kept.values():
                if one.changed:
                    values = columns(shape, one.changed)
                    changes[tuple(values)].append((one.at, encoded(one.document), *values.values()))
            for names, changed in changes.items():
                for chunk in chunks(changed):
                    flat = list(chain.from_iterable(chunk))
                    self._connection.execute(shape.update_many_sql(names, len(chunk)), flat)


def add_rows(shape: Shape[Any], rows: Sequence[Row], connection: sqlite3.Connection) -> None:
    """Add the rows of one chunk.

    Raises:
        sqlite3.IntegrityError: If one is refused; none is added.
    """
    connection.execute(shape.insert_sql(len(rows)), list(chain.from_iterable(rows)))


def chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Cut rows into powers of two, so that few statements serve every number."""
    start = 0
    while start < len(rows):
        size = min(CHUNK_LIMIT, 1 << (len(rows) - start).bit_length() - 1)
        yield rows[start : start + size]
        start += size
