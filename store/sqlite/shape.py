"""How a declared table is kept in SQLite: its columns, its statements, and the road between records and rows."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from operator import attrgetter
from types import GenericAlias
from typing import Any, Generic

import msgspec

from store import declared
from store.database import Index, R, Record, Table
from store.errors import Undeclared
from store.words import words

ID = Index(("id",), unique=True)
"""The index that every table has without declaring it."""

Row = tuple[Any, ...]
"""The values of one record in the order of ``Shape.columns``."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_encode = msgspec.json.Encoder().encode


class Shape(Generic[R]):
    """One table as SQLite keeps it: ``at`` (the rowid, and the write clock), ``id``, the indexed fields, ``doc``."""

    def __init__(self, table: Table[R]) -> None:
        self.table = table
        self.name = table.name
        self.words_table = f"{table.name}_words"
        self.defaults = declared.defaults(table.record)
        """Field to the value of a record that does not mention it."""
        self.indexed = tuple(dict.fromkeys(field for index in table.indexes for field in index.fields if field != "id"))
        """Fields that have a column of their own."""
        self._check()
        self.unique = (ID, *(index for index in table.indexes if index.unique and index != ID))
        """Unique indexes in the order in which a refusal names them."""
        self.hard = {*table.words, *(field for index in self.unique for field in index.fields)}
        """Fields whose change touches more than their row, or may be refused."""
        self.decode = msgspec.json.Decoder(table.record).decode
        self.decode_list = msgspec.json.Decoder[list[R]](GenericAlias(list, (table.record,))).decode
        self.decode_stamped = msgspec.json.Decoder[list[tuple[int, R]]](
            GenericAlias(list, (GenericAlias(tuple, (int, table.record)),))
        ).decode
        self.derive(())

    def _check(self) -> None:
        fields = (*self.indexed, *self.table.words)
        declared.check_known(self.table, fields, self.defaults)
        for name in (self.name, *fields):
            if not _NAME.fullmatch(name) or name in {"at", "doc"}:
                raise Undeclared(f"{self.name}: {name} cannot be the name of a table or of an indexed field")

    def derive(self, derived: Iterable[str]) -> None:
        """Note which columns SQLite makes from the documents by itself, and make the statements that write."""
        self.kept = tuple(field for field in self.indexed if field not in derived)
        """Fields whose column we write."""
        self.columns = ("id", *self.kept, "doc")
        self._values = attrgetter("id", *self.kept) if self.kept else lambda record: (record.id,)
        self._slots = f"({','.join('?' * len(self.columns))})"
        excluded = ",".join(f'"{column}"=excluded."{column}"' for column in self.columns[1:])
        self.insert_sql = cache(self._insert_sql)
        self.update_sql = cache(self._update_sql)
        self.update_many_sql = cache(self._update_many_sql)
        self.put_sql = f'{self._insert_sql(1)} ON CONFLICT("id") DO UPDATE SET {excluded} RETURNING "at"'
        self.stamped_sql = f'SELECT "at","doc" FROM "{self.name}"'
        self.read_sql = f'{self.stamped_sql} WHERE "id"=?'
        self.delete_sql = f'DELETE FROM "{self.name}" WHERE "id"=? RETURNING "at"'
        self.forget_words_sql = f'DELETE FROM "{self.words_table}" WHERE rowid=?'
        self.keep_words_sql = f'INSERT INTO "{self.words_table}"(rowid,words) VALUES (?,?)'

    def _insert_sql(self, count: int) -> str:
        """Return the statement that adds so many rows."""
        return f'INSERT INTO "{self.name}"({_names(self.columns)}) VALUES {",".join([self._slots] * count)}'

    def _update_sql(self, columns: tuple[str, ...]) -> str:
        """Return the statement that sets these columns, and the document, of one row."""
        changed = "".join(f'"{column}"=?,' for column in columns)
        return f'UPDATE "{self.name}" SET {changed}"doc"=? WHERE "at"=?'

    def _update_many_sql(self, columns: tuple[str, ...], count: int) -> str:
        """Return the statement that sets them in so many rows: of each its ``at``, its document, then the columns."""
        slots = f"({','.join('?' * (len(columns) + 2))})"
        changed = "".join(f'"{column}"=new.column{place},' for place, column in enumerate(columns, 3))
        return (
            f'UPDATE "{self.name}" SET {changed}"doc"=new.column2 '
            f'FROM (VALUES {",".join([slots] * count)}) AS new WHERE "at"=new.column1'
        )

    def taken_sql(self, index: Index) -> str:
        """Return the question whether another row than that at the last value has these values of an index."""
        where = " AND ".join(f'"{field}"=?' for field in index.fields)
        return f'SELECT 1 FROM "{self.name}" WHERE {where} AND "at" IS NOT ?'

    def row(self, record: R) -> Row:
        """Return the record as its row."""
        return (*self._values(record), encoded(record))

    def tokens(self, record: R) -> str:
        """Return the words of a record's text fields, each once, joined by spaces."""
        return self.tokens_of({field: getattr(record, field) for field in self.table.words}) if self.table.words else ""

    def tokens_of(self, texts: Mapping[str, str | None]) -> str:
        """Return the words of these text fields, each once, joined by spaces."""
        found = (texts[field] for field in self.table.words)
        return " ".join(dict.fromkeys(word for text in found if text for word in words(text)))

    def expression(self, field: str) -> str:
        """Return the SQL of a field's value in a row, whether or not it has a column.

        Raises:
            Undeclared: If the record has no such field.
        """
        declared.check_known(self.table, (field,), self.defaults)
        if field == "id" or field in self.indexed:
            return f'"{self.name}"."{field}"'
        return self.extraction(field)

    def extraction(self, field: str) -> str:
        """Return the SQL of a field's value in a document, which leaves its defaults out."""
        value, default = f"json_extract(\"doc\",'$.{field}')", _literal(self.defaults[field])
        return value if default is None else f"iif(json_type(\"doc\",'$.{field}') IS NULL,{default},{value})"

    def table_sql(self) -> str:
        """Return what makes the table. Only with AUTOINCREMENT a clock never goes back."""
        order = " AUTOINCREMENT" if self.table.clock else ""
        own = "".join(f'"{field}",' for field in self.indexed)
        return (
            f'CREATE TABLE "{self.name}"'
            f'("at" INTEGER PRIMARY KEY{order},"id" TEXT NOT NULL UNIQUE,{own}"doc" TEXT NOT NULL)'
        )

    def column_sql(self, field: str) -> str:
        """Return what adds a column to a table that exists.

        SQLite makes it from the documents: those that are there, and those that a node of an older version writes.
        """
        return f'ALTER TABLE "{self.name}" ADD COLUMN "{field}" AS ({self.extraction(field)}) VIRTUAL'

    def index_sqls(self) -> dict[str, str]:
        """Return the names of the declared indexes and what makes them."""
        return {
            self.index_name(index): (
                f'CREATE {"UNIQUE " if index.unique else ""}INDEX "{self.index_name(index)}" '
                f'ON "{self.name}"({_names(index.fields)})'
            )
            for index in self.table.indexes
            if index.fields != ID.fields
        }

    def index_name(self, index: Index) -> str:
        """Return the name of an index in SQLite, where all tables share the names."""
        return f"{self.name}__{index.name}"

    def words_sql(self) -> str:
        """Return what makes the table of words.

        Words come folded: the tokenizer only splits at spaces. Without detail there are no phrases, for which nobody
        asks, and half the size.
        """
        return (
            f'CREATE VIRTUAL TABLE "{self.words_table}" '
            "USING fts5(words, tokenize=\"ascii tokenchars '_'\", detail=none)"
        )


def encoded(record: Record | Mapping[str, msgspec.Raw]) -> str:
    """Return the JSON of a document."""
    return _encode(record).decode()


def _names(columns: Iterable[str]) -> str:
    return ",".join(f'"{column}"' for column in columns)


def _literal(value: object) -> str | None:
    """Return a default as SQL; None where it is NULL, or nothing that a query could compare with."""
    if isinstance(value, bool | int):
        return str(int(value))
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return None
