"""What each write is to Mongo, and an order of them that takes few round trips."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne

from store import declared
from store.database import Delete, Increment, Insert, Max, Put, Update, Write
from store.errors import Undeclared
from store.mongo.shape import Document, Filter, Shape

Request = InsertOne[Document] | ReplaceOne[Document] | UpdateOne | DeleteOne


@dataclass(frozen=True, slots=True)
class Step:
    """One write made ready."""

    position: int
    shape: Shape[Any]
    id: str
    request: Request
    sets: bool
    """Whether it finds or makes a record, or is refused."""
    unread: tuple[str, ...] = ()
    """Text fields that must be read before the request can be made: see ``reworded``."""
    update: Update | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What it writes to."""
        return self.shape.name, self.id

    @property
    def adds(self) -> bool:
        """Whether it is an insert."""
        return isinstance(self.request, InsertOne)


def step(shape: Shape[Any], write: Write, position: int = 0) -> Step:
    """Return the step of one write.

    Raises:
        Undeclared: If it names a field that the record does not have, changes an id, or puts into a table with a clock.
        TypeError: If it expects what is no scalar, or counts a field that holds no number.
    """
    match write:
        case Insert():
            request: Request = InsertOne(shape.document(write.record))
            return Step(position, shape, write.record.id, request, sets=False)
        case Put():
            if shape.table.clock:
                raise Undeclared(f"{shape.name} has a clock: its records are inserted, never put")
            document = shape.document(write.record)
            request = ReplaceOne({"_id": document["_id"]}, document, upsert=True)
            return Step(position, shape, write.record.id, request, sets=True)
        case Update():
            return _update(shape, write, position)
        case Increment() | Max():
            request = UpdateOne(shape.with_values(write.id, {}), counted(shape, write))
            return Step(position, shape, write.id, request, sets=True)
        case Delete():
            request = DeleteOne(shape.with_values(write.id, {}))
            return Step(position, shape, write.id, request, sets=False)


def _update(shape: Shape[Any], write: Update, position: int) -> Step:
    declared.check_known(shape.table, write.changes, shape.defaults)
    if "id" in write.changes:
        raise Undeclared(f"{shape.name}: an id is never changed")
    unread = shape.unread_words(write.changes)
    found = shape.with_values(write.id, write.expect)
    request = UpdateOne(found, _operators(shape, write, {}))
    return Step(position, shape, write.id, request, sets=True, unread=unread, update=write)


def reworded(step: Step, others: dict[str, str | None]) -> UpdateOne:
    """Return the request of a step that changes some text fields, given the values of those it does not."""
    assert step.update is not None
    found: Filter = step.shape.with_values(step.id, step.update.expect)
    return UpdateOne(found, _operators(step.shape, step.update, others))


def _operators(shape: Shape[Any], write: Update, others: dict[str, str | None]) -> Document:
    # Mongo refuses to set nothing: an id set to itself is nothing too.
    return shape.changes(write.changes, others) or {"$set": {"_id": write.id}}


def counted(shape: Shape[Any], write: Increment | Max) -> Document:
    """Return the operator of an increment or a maximum.

    Raises:
        Undeclared: If the record has no such field.
        TypeError: If its default is neither a number nor None.
    """
    declared.check_known(shape.table, (write.field,), shape.defaults)
    if isinstance(shape.defaults[write.field], str | bool | list | tuple | dict):
        raise TypeError(f"{shape.name}: {write.field} is not a whole number")
    return {"$inc": {write.field: write.by}} if isinstance(write, Increment) else {"$max": {write.field: write.value}}


def grouped(steps: Sequence[Step]) -> list[list[Step]] | None:
    """Return the steps in groups, each of which is one bulk write; None where they must be done one by one.

    The inserts go first, then the others, by table. Where all of them succeed, the outcome is that of their own order:
    writes to one record keep their order, and a unique key that refuses one in its own order refuses one here too.
    Where one is refused, the groups do not tell which would be refused first.
    """
    touched: set[tuple[str, str]] = set()
    for each in steps:
        if each.unread or (each.adds and each.key in touched):
            return None
        touched.add(each.key)
    order = sorted(steps, key=_group)
    return [list(group) for _, group in groupby(order, key=_group)]


def _group(step: Step) -> tuple[bool, str]:
    return not step.adds, step.shape.name
