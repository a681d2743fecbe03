"""The questions a store may be asked, as SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from store import declared
from store.database import Index, Scalar
from store.errors import Undeclared
from store.sqlite.shape import ID, Shape
from store.words import words

_encode = msgspec.json.Encoder().encode

Question = tuple[str, list[Any]]
"""A statement and the values of its places."""

DOCUMENT = '"doc"'
STAMPED = "'[' || \"at\" || ',' || \"doc\" || ']' AS \"doc\""
"""A document with its rowid, as one JSON list."""


def joined(question: Question) -> Question:
    """Return the question whose one answer is a JSON list of the documents that this one selects.

    One row instead of many: a thread gives up the interpreter's lock at each row and waits to have it back, and one
    list is decoded in one call.
    """
    sql, values = question
    return f"SELECT '[' || ifnull(group_concat(\"doc\"),'') || ']' FROM ({sql})", values


def get_many(shape: Shape[Any], ids: Sequence[str], what: str = DOCUMENT) -> Question:
    """Return the selection of the documents with these ids (one at least), or of ``what`` in their rows.

    Raises:
        Undeclared: If there are more than ``FIND_LIMIT``.
    """
    declared.check_limit(len(ids))
    declared.check_scalars(ids)
    # A power of two, so that few statements serve every number; the last id again does no harm.
    places = 1 << (len(ids) - 1).bit_length()
    values = [*ids, *[ids[-1]] * (places - len(ids))]
    return f'SELECT {what} FROM "{shape.name}" WHERE "id" IN ({",".join("?" * places)})', values


def gather(wanted: Sequence[tuple[Shape[Any], Sequence[str]]]) -> Question:
    """Return the question whose one row has, of each of these tables, the JSON list of the documents with these ids.

    Raises:
        Undeclared: If there are more than ``FIND_LIMIT`` together.
    """
    declared.check_limit(sum(len(ids) for _, ids in wanted))
    # A selection with no row is still an empty list.
    asked = [joined(get_many(shape, ids) if ids else ("SELECT '' AS \"doc\" WHERE 0", [])) for shape, ids in wanted]
    return f"SELECT {','.join(f'({sql})' for sql, _ in asked)}", [value for _, values in asked for value in values]


def find(
    shape: Shape[Any],
    equal: Mapping[str, Scalar],
    by: str | None = None,
    above: Scalar = None,
    below: Scalar = None,
    falling: bool = False,
    limit: int = 100,
) -> Question:
    """Return the selection of the documents that ``Database.find`` returns.

    Raises:
        Undeclared: As there.
    """
    declared.check_limit(limit)
    sql, values, index = _rows(shape, DOCUMENT, equal, by, above, below)
    order = ",".join(f'"{field}"{" DESC" if falling else ""}' for field in index.fields[len(equal) :])
    return f"{sql}{' ORDER BY ' if order else ''}{order} LIMIT ?", [*values, max(limit, 0)]


def highest(shape: Shape[Any], field: str, values: Sequence[str], by: str) -> Question:
    """Return the selection of the documents that ``Database.highest`` returns.

    Raises:
        Undeclared: As there.
    """
    declared.check_limit(len(values))
    declared.check_scalars(values)
    index = declared.serving(shape.table, {field: None}, by, None, None)
    found = f'SELECT "doc" FROM "{shape.name}" INDEXED BY "{shape.index_name(index)}"'
    found += f' WHERE "{field}"=json_each.value ORDER BY "{by}" DESC LIMIT 1'
    # One value holds them all, so that one statement serves every number of them.
    return f'SELECT ({found}) AS "doc" FROM json_each(?)', [_encode(values).decode()]


def count(
    shape: Shape[Any],
    equal: Mapping[str, Scalar],
    by: str | None,
    above: Scalar,
    below: Scalar,
    match: Mapping[str, Scalar],
    differ: Mapping[str, Scalar],
    limit: int,
) -> Question:
    """Return the count that ``Database.count`` returns.

    Raises:
        Undeclared: As there.
    """
    declared.check_limit(limit)
    declared.check_scalars((*match.values(), *differ.values()))
    sql, values, _ = _rows(shape, "1", equal, by, above, below)
    for sign, looked_at in (("IS", match), ("IS NOT", differ)):
        for field, value in looked_at.items():
            sql += f" AND {shape.expression(field)} {sign} ?"
            values.append(value)
    return f"SELECT count(*) FROM ({sql} LIMIT ?)", [*values, max(limit, 0)]


def search(shape: Shape[Any], text: str, equal: Mapping[str, Scalar], after: str | None, limit: int) -> Question | None:
    """Return the selection of the documents that ``Database.search`` returns, or nothing where ``text`` has no words.

    Raises:
        Undeclared: As there.
    """
    if not shape.table.words:
        raise Undeclared(f"{shape.name} is not searched")
    declared.check_limit(limit)
    declared.check_scalars((*equal.values(), after))
    wanted = words(text)
    # CROSS JOIN keeps the order: first the words, then the rows that have them.
    sql = f'SELECT "doc" FROM "{shape.words_table}" CROSS JOIN "{shape.name}" ON "at"="{shape.words_table}".rowid'
    sql += f' WHERE "{shape.words_table}" MATCH ?'
    values: list[Scalar] = [" AND ".join(f'"{word}"' for word in wanted) + "*"]
    for field, value in equal.items():
        sql += f" AND {shape.expression(field)} IS ?"
        values.append(value)
    if after is not None:
        sql += f' AND "{shape.name}"."id"<?'
        values.append(after)
    return (f'{sql} ORDER BY "{shape.name}"."id" DESC LIMIT ?', [*values, max(limit, 0)]) if wanted else None


def tail(shape: Shape[Any], after: int, limit: int) -> Question:
    """Return the selection of the documents, each with its reading, that ``Database.tail`` returns.

    Raises:
        Undeclared: As there.
    """
    if not shape.table.clock:
        raise Undeclared(f"{shape.name} has no clock")
    declared.check_limit(limit)
    return f'SELECT {STAMPED} FROM "{shape.name}" WHERE "at">? ORDER BY "at" LIMIT ?', [after, max(limit, 0)]


def latest(shape: Shape[Any]) -> Question:
    """Return the question for the reading that ``Database.latest`` returns.

    Raises:
        Undeclared: As there.
    """
    if not shape.table.clock:
        raise Undeclared(f"{shape.name} has no clock")
    return f'SELECT COALESCE(MAX("at"), 0) FROM "{shape.name}"', []


def _rows(
    shape: Shape[Any], what: str, equal: Mapping[str, Scalar], by: str | None, above: Scalar, below: Scalar
) -> tuple[str, list[Scalar], Index]:
    """Return the SQL, the values and the index of the rows that are asked for, neither ordered nor limited."""
    index = declared.serving(shape.table, equal, by, above, below)
    declared.check_scalars((*equal.values(), above, below))
    # "IS" finds None too, and uses the index as "=" does.
    where = [f'"{field}" IS ?' for field in equal]
    values = list(equal.values())
    for sign, bound in ((">", above), ("<", below)):
        if bound is not None:
            where.append(f'"{by}"{sign}?')
            values.append(bound)
    # What is declared for a question serves it, whatever SQLite would guess.
    hint = "" if index.fields == ID.fields else f' INDEXED BY "{shape.index_name(index)}"'
    return f'SELECT {what} FROM "{shape.name}"{hint} WHERE {" AND ".join(where) or "1"}', values, index
