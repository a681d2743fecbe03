"""How a declared table is kept in Mongo: its documents, its indexes, and the filters that find them."""

from collections.abc import Mapping
from typing import Any, Generic

import msgspec
from bson import Timestamp
from pymongo import IndexModel

from store import declared
from store.database import Index, R, Scalar, Table
from store.errors import Undeclared
from store.words import words

Document = dict[str, Any]
Filter = dict[str, Any]

WORDS = "_words"
"""The field of a document that holds the words of its text fields."""

CLOCK = "at"
"""The field of a document that the server stamps: it fills in an empty Timestamp at the top of what is inserted."""

WORD_END = "\U0010ffff"
"""Above every character of a word: from a prefix to the prefix and this are the words that start with it."""


class Shape(Generic[R]):
    """One table as Mongo keeps it.

    A document is the record's fields, ``id`` as ``_id``. What is None is left out. What is a scalar is there even where
    the record leaves it out as its default, so that it can be counted, and found by an index that is declared later.
    """

    def __init__(self, table: Table[R]) -> None:
        self.table = table
        self.name = table.name
        self.defaults = declared.defaults(table.record)
        self.indexed = tuple(dict.fromkeys(field for index in table.indexes for field in index.fields if field != "id"))
        self._check()
        self.optional = frozenset(field for field, default in self.defaults.items() if default is None)
        """Fields that are left out when they are None."""
        self.scalars = {field: value for field, value in self.defaults.items() if isinstance(value, str | int)}
        """Fields that are always there, with their defaults."""
        leaves_out = table.record.__struct_config__.omit_defaults
        self._fill = self.scalars if leaves_out else {}
        self._drop = () if leaves_out else tuple(self.optional)
        own = [name for name, has in ((WORDS, table.words), (CLOCK, table.clock)) if has]
        self.projection: Mapping[str, Any] | None = dict.fromkeys(own, False) or None
        """Leaves out what is no field of the record."""

    def _check(self) -> None:
        declared.check_known(self.table, (*self.indexed, *self.table.words), self.defaults)
        if self.table.clock and CLOCK in self.defaults:
            raise Undeclared(f"{self.name}: {CLOCK} is a field of the store's own")

    # Documents

    def document(self, record: R) -> Document:
        """Return the document of a record."""
        document: Document = msgspec.to_builtins(record, str_keys=True)
        if self._fill:
            document = self._fill | document
        document["_id"] = document.pop("id")
        for field in self._drop:
            if document[field] is None:
                del document[field]
        if self.table.words:
            document[WORDS] = self.tokens({field: getattr(record, field) for field in self.table.words})
        if self.table.clock:
            document[CLOCK] = Timestamp(0, 0)
        return document

    def record(self, document: Document) -> R:
        """Return the record of a document that was read with ``projection``."""
        document["id"] = document.pop("_id")
        return msgspec.convert(document, self.table.record, str_keys=True)

    def stamped(self, document: Document) -> tuple[int, R]:
        """Return a document's reading of the write clock, and its record."""
        return reading(document.pop(CLOCK)), self.record(document)

    def tokens(self, values: Mapping[str, str | None]) -> list[str]:
        """Return the words of these text fields, each once."""
        texts = (values.get(field) for field in self.table.words)
        return list(dict.fromkeys(word for text in texts if text for word in words(text)))

    def unread_words(self, changes: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the text fields whose values are needed, beside these changes, to know a record's new words."""
        if changes.keys().isdisjoint(self.table.words):
            return ()
        return tuple(field for field in self.table.words if field not in changes)

    def changes(self, changes: Mapping[str, Any], others: Mapping[str, str | None]) -> Document:
        """Return the operators that set these fields; ``others`` are the values of ``unread_words``."""
        put: Document = {field: msgspec.to_builtins(value, str_keys=True) for field, value in changes.items()}
        gone = {field: True for field, value in put.items() if value is None and field in self.optional}
        put = {field: value for field, value in put.items() if field not in gone}
        if not changes.keys().isdisjoint(self.table.words):
            put[WORDS] = self.tokens({**others, **changes})
        operators: Document = {"$set": put} if put else {}
        return operators | ({"$unset": gone} if gone else {})

    # Filters

    def equals(self, field: str, value: Scalar) -> Filter:
        """Return the filter of documents whose record has this value, also by default where the field is a later one.

        Raises:
            Undeclared: If the record has no such field.
            TypeError: If the value is no scalar.
        """
        declared.check_known(self.table, (field,), self.defaults)
        declared.check_scalars((value,))
        name, default = stored(field), self.defaults[field]
        if value is None:
            return {name: {"$eq": None}} if default is None else {name: {"$type": "null"}}
        found: Filter = {name: {"$eq": value}}
        if value == default and field not in self.indexed:
            return {"$or": [found, {name: {"$exists": False}}]}
        return found

    def with_values(self, id_: str, expect: Mapping[str, Scalar]) -> Filter:
        """Return the filter of the document with this id, provided that it has these values."""
        declared.check_scalars((id_,))
        found: Filter = {"_id": id_}
        if expect:
            found["$and"] = [self.equals(field, value) for field, value in expect.items()]
        return found

    # Indexes

    def index_name(self, index: Index) -> str:
        """Return the name of the index by which records are found."""
        return "_id_" if index.fields == ("id",) else index.name

    def index_models(self) -> list[IndexModel]:
        """Return the indexes to create."""
        models = [model for index in self.table.indexes if index.fields != ("id",) for model in self._models(index)]
        if self.table.words:
            models.append(IndexModel([(WORDS, 1), ("_id", 1)], name=WORDS))
        if self.table.clock:
            models.append(IndexModel([(CLOCK, 1)], name=CLOCK))
        return models

    def _models(self, index: Index) -> list[IndexModel]:
        keys = [(stored(field), 1) for field in index.fields]
        optional = self.optional.intersection(index.fields) if index.unique else ()
        if not optional:
            return [IndexModel(keys, name=index.name, unique=index.unique)]
        # A record without a value is no duplicate of another, but to Mongo a missing value is one: so what is unique
        # are the documents that have them all, and a second index finds the others too.
        having = {field: {"$exists": True} for field in optional}
        unique = IndexModel(keys, name=f"{index.name}_unique", unique=True, partialFilterExpression=having)
        return [IndexModel(keys, name=index.name), unique]


def stored(field: str) -> str:
    """Return the name of a record's field in its document."""
    return "_id" if field == "id" else field


def refused_by(details: Mapping[str, Any]) -> str:
    """Return the seam's name of the index that a duplicate key error is about."""
    return "_".join("id" if field == "_id" else field for field in details["keyPattern"])


def reading(at: Timestamp) -> int:
    """Return a stamp of the server's clock as one number of the same order."""
    return at.time << 32 | at.inc


def stamp(reading_: int) -> Timestamp:
    """Return the stamp of a reading."""
    return Timestamp(reading_ >> 32, reading_ & 0xFFFFFFFF)
