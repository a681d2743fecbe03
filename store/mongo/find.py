"""The questions a store may be asked, as Mongo's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.cursor import AsyncCursor

from store import declared
from store.database import Scalar
from store.errors import Undeclared
from store.mongo.link import Collection, Link
from store.mongo.shape import CLOCK, WORD_END, WORDS, Document, Filter, Shape, stamp, stored
from store.words import words

Order = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one collection."""

    filter: Filter
    order: Order
    index: str | None
    """Name of the index to use: what is declared for a question serves it, whatever Mongo would guess."""
    projection: Mapping[str, Any] | None
    limit: int

    def asked(self, collection: Collection) -> AsyncCursor[Document]:
        """Return the cursor that answers it, in one round trip."""
        return collection.find(
            self.filter,
            self.projection,
            sort=self.order or None,
            hint=self.index,
            limit=self.limit,
            batch_size=self.limit,
        )


def finding(
    shape: Shape[Any],
    equal: Mapping[str, Scalar],
    by: str | None = None,
    above: Scalar = None,
    below: Scalar = None,
    falling: bool = False,
    limit: int = 100,
) -> Question:
    """Return the question that ``Database.find`` asks.

    Raises:
        Undeclared: As there.
    """
    declared.check_limit(limit)
    declared.check_scalars((above, below))
    index = declared.serving(shape.table, equal, by, above, below)
    clauses = [shape.equals(field, value) for field, value in equal.items()]
    bounds = {sign: bound for sign, bound in (("$gt", above), ("$lt", below)) if bound is not None}
    if by is not None and bounds:
        # They compare with values of their own type alone: never with a missing one.
        clauses.append({stored(by): bounds})
    order = [(stored(field), -1 if falling else 1) for field in index.fields[len(equal) :]]
    return Question(_all(clauses), order, shape.index_name(index), shape.projection, limit)


def heading(shape: Shape[Any], field: str, values: Sequence[str], by: str) -> tuple[list[Document], str]:
    """Return the pipeline, and the name of its index, that answers ``Database.highest``.

    Both sorted down as the index reads backwards, Mongo takes one key of it for each value.

    Raises:
        Undeclared: As there.
    """
    declared.check_limit(len(values))
    declared.check_scalars(values)
    index = declared.serving(shape.table, {field: None}, by, None, None)
    stages: list[Document] = [
        {"$match": {stored(field): {"$in": list(values)}}},
        {"$sort": {stored(field): -1, stored(by): -1}},
        {"$group": {"_id": f"${stored(field)}", "found": {"$first": "$$ROOT"}}},
        {"$replaceRoot": {"newRoot": "$found"}},
    ]
    if shape.projection:
        stages.append({"$project": shape.projection})
    return stages, shape.index_name(index)


def gathering(wanted: Sequence[tuple[Shape[Any], Sequence[str]]]) -> tuple[str | None, list[Document]]:
    """Return the collection to ask, and the pipeline that answers ``Database.gather``; no collection without ids.

    Each document comes as ``found``, with the place of its table among those wanted as ``_id``.

    Raises:
        Undeclared: As there.
    """
    declared.check_limit(sum(len(ids) for _, ids in wanted))
    parts: list[tuple[str, list[Document]]] = []
    for place, (shape, ids) in enumerate(wanted):
        declared.check_scalars(ids)
        if ids:
            part: list[Document] = [{"$match": {"_id": {"$in": list(ids)}}}]
            if shape.projection:
                part.append({"$project": shape.projection})
            # A literal: a bare 0 would be an order to leave the field out.
            part.append({"$project": {"_id": {"$literal": place}, "found": "$$ROOT"}})
            parts.append((shape.name, part))
    if not parts:
        return None, []
    first, stages = parts[0]
    return first, stages + [{"$unionWith": {"coll": name, "pipeline": part}} for name, part in parts[1:]]


def counting(shape: Shape[Any], found: Question, match: Mapping[str, Scalar], differ: Mapping[str, Scalar]) -> Question:
    """Return the question about those of ``found`` that have, and have not, these values.

    Raises:
        Undeclared: If the record has no such field.
    """
    clauses = [found.filter]
    clauses += [shape.equals(field, value) for field, value in match.items()]
    clauses += [{"$nor": [shape.equals(field, value)]} for field, value in differ.items()]
    return Question(_all(clauses), (), found.index, None, found.limit)


def searching(
    shape: Shape[Any], text: str, equal: Mapping[str, Scalar], after: str | None, limit: int
) -> Question | None:
    """Return the question that ``Database.search`` asks, or nothing where ``text`` has no words.

    Raises:
        Undeclared: As there.
    """
    if not shape.table.words:
        raise Undeclared(f"{shape.name} is not searched")
    declared.check_limit(limit)
    clauses = [shape.equals(field, value) for field, value in equal.items()]
    wanted = words(text)
    if not wanted:
        return None
    clauses += [{WORDS: word} for word in wanted[:-1]]
    clauses.append({WORDS: {"$elemMatch": {"$gte": wanted[-1], "$lt": wanted[-1] + WORD_END}}})
    if after is not None:
        declared.check_scalars((after,))
        clauses.append({"_id": {"$lt": after}})
    # Where more is known than the words, an index for that may be the shorter way: Mongo tries them.
    return Question(_all(clauses), [("_id", -1)], None if equal else WORDS, shape.projection, limit)


def tailing(shape: Shape[Any], after: int, limit: int) -> Question:
    """Return the question that ``Database.tail`` asks.

    Raises:
        Undeclared: As there.
    """
    if not shape.table.clock:
        raise Undeclared(f"{shape.name} has no clock")
    declared.check_limit(limit)
    projection = {WORDS: False} if shape.table.words else None
    return Question({CLOCK: {"$gt": stamp(after)}}, [(CLOCK, 1)], CLOCK, projection, limit)


def newest(shape: Shape[Any]) -> Question:
    """Return the question that ``Database.latest`` asks.

    Raises:
        Undeclared: As there.
    """
    if not shape.table.clock:
        raise Undeclared(f"{shape.name} has no clock")
    return Question({}, [(CLOCK, -1)], CLOCK, {CLOCK: True}, 1)


def _all(clauses: Sequence[Filter]) -> Filter:
    return clauses[0] if len(clauses) == 1 else {"$and": list(clauses)} if clauses else {}


async def plan(link: Link, collection: str, question: Question) -> list[str]:
    """Return the stages of the plan by which Mongo answers, the outermost first; those of an index with its name."""
    command: Document = {"find": collection, "filter": question.filter, "limit": question.limit}
    if question.order:
        command["sort"] = dict(question.order)
    if question.index:
        command["hint"] = question.index
    answer = await link.database.command("explain", command, verbosity="queryPlanner")
    return _stages(answer["queryPlanner"]["winningPlan"])


def _stages(plan_: Mapping[str, Any]) -> list[str]:
    below = [plan_["inputStage"]] if "inputStage" in plan_ else plan_.get("inputStages", [])
    name = " ".join([plan_["stage"], *([plan_["indexName"]] if "indexName" in plan_ else [])])
    return [name, *(stage for each in below for stage in _stages(each))]
