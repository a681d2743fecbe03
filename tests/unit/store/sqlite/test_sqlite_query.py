from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from store.database_sqlite import SqliteDatabase
from store.sqlite import query
from store.sqlite.query import Question
from store.sqlite.shape import Shape
from tests.contract.tables import EVENTS, TABLES, TEXTS, THINGS, thing


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await SqliteDatabase.open(tmp_path / "parley.db", TABLES)
    yield database
    await database.close()


async def plan(database: SqliteDatabase, question: Question | None) -> list[str]:
    assert question is not None
    sql, values = question
    rows = await database._readers.run(
        lambda connection: connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    )
    return [str(row[-1], "utf-8") for row in rows]


@pytest.mark.parametrize("count", [1, 2, 3, 100])
async def test_records_are_found_by_their_ids(database: SqliteDatabase, count: int) -> None:
    question = query.get_many(Shape(THINGS), [str(number) for number in range(count)])
    assert await plan(database, question) == ["SEARCH things USING INDEX sqlite_autoindex_things_1 (id=?)"]


async def test_records_of_several_tables_are_found_by_their_ids(database: SqliteDatabase) -> None:
    steps = await plan(
        database, query.gather([(Shape(THINGS), ["a", "b"]), (Shape(TEXTS), []), (Shape(EVENTS), ["c"])])
    )
    found = [step for step in steps if step.startswith(("SEARCH", "SCAN")) and "(subquery" not in step]
    assert [step for step in found if "CONSTANT ROW" not in step] == [
        "SEARCH things USING INDEX sqlite_autoindex_things_1 (id=?)",
        "SEARCH events USING INDEX sqlite_autoindex_events_1 (id=?)",
    ]


async def test_the_highest_of_each_is_found_by_the_index(database: SqliteDatabase) -> None:
    question = query.highest(Shape(THINGS), "group", ["a", "b"], "number")
    found = "SEARCH things USING INDEX things__group_number (group=?)"
    assert found in await plan(database, question)
    assert not any("TEMP B-TREE" in step or step == "SCAN things" for step in await plan(database, question))


async def test_the_tail_is_found_by_the_rowid(database: SqliteDatabase) -> None:
    question = query.tail(Shape(EVENTS), 5, 10)
    assert await plan(database, question) == ["SEARCH events USING INTEGER PRIMARY KEY (rowid>?)"]


async def test_a_count_reads_what_its_index_finds(database: SqliteDatabase) -> None:
    how: dict[str, Any] = {"match": {"label": "x", "least": None}, "differ": {"id": "y"}, "limit": 10}
    question = query.count(Shape(THINGS), {"group": "g"}, "rank", 1, None, **how)
    assert "SEARCH things USING INDEX things__group_rank (group=? AND rank>?)" in await plan(database, question)


async def test_a_search_begins_with_the_words(database: SqliteDatabase) -> None:
    question = query.search(Shape(TEXTS), "hello wor", {"shelf": "a"}, "9", 10)
    first, second, *rest = await plan(database, question)
    assert first.startswith("SCAN texts_words VIRTUAL TABLE INDEX")
    assert second == "SEARCH texts USING INTEGER PRIMARY KEY (rowid=?)"
    assert rest == ["USE TEMP B-TREE FOR ORDER BY"]


async def test_the_one_row_of_an_answer_keeps_the_order(database: SqliteDatabase) -> None:
    """SQLite promises no order of what ``group_concat`` joins; this is the one it has."""
    await database.batch(THINGS, [thing(number, rank=(number * 37) % 101) for number in range(101)])
    for falling in (False, True):
        found = await database.find(THINGS, {"group": "g"}, by="rank", falling=falling, limit=90)
        ranks = [record.rank for record in found]
        assert ranks == (list(range(100, 10, -1)) if falling else list(range(90)))


async def test_a_statement_is_made_once_however_many_ids_are_asked_for() -> None:
    shape = Shape(THINGS)
    statements = {query.get_many(shape, ["x"] * count)[0] for count in range(1, 1001)}
    assert len(statements) == 11
