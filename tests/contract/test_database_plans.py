"""No declared question ever reads more than it returns: the plan of each, in each store."""

import json
import re
import uuid
from typing import Any

import msgspec
import pytest

from store.database import Index, Scalar, Table
from store.database_mongo import MongoDatabase
from store.mongo.find import heading
from store.mongo.shape import Shape
from store.tables import TABLES as PRODUCT_TABLES
from tests.contract.places import Explains, Place
from tests.contract.tables import TABLES, THINGS, thing

VALUES: dict[Any, Scalar] = {str: "x", int: 1, bool: True}


def value(table: Table[Any], field: str) -> Scalar:
    """Return a value that the field may have."""
    kind = next(f.type for f in msgspec.structs.fields(table.record) if f.name == field)
    kinds = getattr(kind, "__args__", (kind,))
    return VALUES[kinds[0]]


def questions(table: Table[Any], index: Index) -> list[tuple[dict[str, Scalar], dict[str, Any]]]:
    """Return every form of question that an index serves."""
    made: list[tuple[dict[str, Scalar], dict[str, Any]]] = []
    for count in range(len(index.fields) + 1):
        equal = {field: value(table, field) for field in index.fields[:count]}
        rest = index.fields[count:]
        if equal:
            made += [(equal, {}), (dict.fromkeys(equal), {})]
        if rest:
            bound = value(table, rest[0])
            made += [(equal, {"by": rest[0], "above": bound}), (equal, {"by": rest[0], "below": bound})]
            made.append((equal, {"by": rest[0], "above": bound, "below": bound}))
            if equal:
                made.append((equal, {"by": rest[0]}))
    return made


def is_served(plan: list[str], index: Index) -> bool:
    """Tell whether a plan goes straight to the records by this index and needs no sorting, in either store's words."""
    if plan[0].startswith("SEARCH "):
        name = f"__{index.name} " if index.fields != ("id",) else " sqlite_autoindex_"
        return len(plan) == 1 and " USING INDEX " in plan[0] and name in plan[0]
    name = index.name if index.fields != ("id",) else "_id_"
    stages = {stage.partition(" ")[0] for stage in plan}
    # Mongo keeps a missing value beside null: for None it merges two ordered scans of the index, without sorting.
    return f"IXSCAN {name}" in plan and stages <= {"IXSCAN", "FETCH", "LIMIT", "SORT_MERGE"}


def serving(table: Table[Any], equal: dict[str, Scalar], by: str | None = None, **_: Scalar) -> Index:
    """Return the first index that serves: the one that is to be used."""
    wanted = [] if by is None else [by]
    return next(
        index
        for index in table.indexes
        if set(index.fields[: len(equal)]) == equal.keys() and [*index.fields[len(equal) :]][: len(wanted)] == wanted
    )


async def check(database: Explains, tables: tuple[Table[Any], ...]) -> int:
    """Assert that every question of these tables is served; return how many there are."""
    checked = 0
    for table in tables:
        for index in table.indexes:
            for equal, how in questions(table, index):
                for falling in (False, True):
                    plan = await database.plan(table, equal, falling=falling, **how)
                    assert is_served(plan, serving(table, equal, **how)), (table.name, equal, how, plan)
                    checked += 1
    return checked


async def test_every_declared_question_of_this_suite_is_served_by_its_index(database: Explains) -> None:
    assert await check(database, TABLES) > 60


async def test_every_declared_question_of_the_product_is_served_by_its_index(place: Place) -> None:
    database = await place.open(PRODUCT_TABLES)
    try:
        assert await check(database, PRODUCT_TABLES) > 100
    finally:
        await database.close()


async def test_the_same_questions_are_served_among_many_records(place: Place) -> None:
    """Plans may change with what a store knows of its records; ours are told which index to use."""
    database = await place.open()
    try:
        for group in range(3):
            await database.batch(THINGS, [thing(number, group=str(group), rank=number % 5) for number in range(1000)])
        assert await check(database, (THINGS,)) > 40
    finally:
        await database.close()


@pytest.mark.mongo
async def test_mongo_reads_one_key_of_each_value_whose_highest_is_asked_for(mongo_url: str) -> None:
    database = await MongoDatabase.open(mongo_url, f"parley_{uuid.uuid4().hex[:12]}", TABLES)
    try:
        for group in range(4):
            await database.batch(THINGS, [thing(number, group=str(group)) for number in range(300)])
        stages, index = heading(Shape(THINGS), "group", ["0", "1", "2", "x"], "number")
        command = {"aggregate": "things", "pipeline": stages, "hint": index, "cursor": {}}
        told = await database._link.database.command("explain", command, verbosity="executionStats")
        assert '"DISTINCT_SCAN"' in (text := json.dumps(told, default=str))
        assert max(map(int, re.findall(r'"totalKeysExamined": (\d+)', text))) <= 4
    finally:
        await database.close()
