"""What goes in comes out: records, and reading them by id."""

import json
from pathlib import Path
from typing import Any

import pytest

from store.database import FIND_LIMIT, Database
from store.errors import Undeclared
from tests.contract.tables import BARE, TEXTS, THINGS, Inner, Text, Thing, thing

STRINGS = [
    "",
    " ",
    "plain",
    "Zażółć gęślą jaźń",
    "a\x00b",
    "\x00",
    "\n\t\r\x1b",
    "👩‍👩‍👧‍👦 𝒳 \U0010ffff",
    "'; DROP TABLE things; --",
    '{"$gt": ""}',
    "$where",
    "\\u0000 \\ \"'",
    "\ufeffe\u0301",
]
NAUGHTY = json.loads((Path(__file__).parents[1] / "data" / "naughty-strings.json").read_text())


@pytest.mark.parametrize("text", STRINGS)
async def test_a_string_comes_back_as_it_was(database: Database, text: str) -> None:
    record = thing(1, group=text, id=f"id {text}", serial=text, label=text, names=[text], anything={"k": text})
    record.inner = Inner(text=text)
    await database.insert(THINGS, record)
    assert await database.get(THINGS, record.id) == record
    assert await database.find(THINGS, {"group": text}, by="number") == [record]
    assert await database.find(THINGS, {"serial": text}) == [record]
    assert await database.find(THINGS, {"group": text, "label": text}) == [record]


async def test_every_naughty_string_comes_back_as_it_was(database: Database) -> None:
    texts = [text for text in NAUGHTY if text.isprintable() or text.encode(errors="ignore")]
    records = [thing(number, label=text, names=[text]) for number, text in enumerate(texts)]
    await database.batch(THINGS, records)
    assert await database.find(THINGS, {"group": "g"}, by="number", limit=FIND_LIMIT) == records
    for record in records[:: len(records) // 40]:
        assert record in await database.find(THINGS, {"group": "g", "label": record.label})


@pytest.mark.parametrize("number", [0, 1, -1, 2**31, -(2**31), 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)])
async def test_a_whole_number_comes_back_as_it_was(database: Database, number: int) -> None:
    record = thing(number, rank=number, total=number, inner=Inner(numbers=[number]), anything={"n": number})
    await database.insert(THINGS, record)
    assert await database.get(THINGS, record.id) == record
    assert await database.find(THINGS, {"group": "g", "number": number}) == [record]
    assert await database.find(THINGS, {"group": "g"}, by="rank", above=number - 1 if number > -(2**63) else None)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"flag": True, "total": 7, "rank": 0, "label": ""},
        {"inner": Inner(text="x", numbers=[1, 2], deeper=Inner(text="y", deeper=Inner()))},
        {"names": [], "anything": {"a": [None, True, {"b": 1.5}], "": {}}},
        {"anything": {"$set": {"x.y": 1}, ".": "dot", "a.b": "dots"}},
    ],
)
async def test_a_record_comes_back_as_it_was(database: Database, fields: dict[str, Any]) -> None:
    record = thing(1, **fields)
    await database.insert(BARE, record)
    found = await database.get(BARE, record.id)
    assert found == record
    assert type(found) is Thing


async def test_a_record_is_kept_as_it_was_when_the_call_was_made(database: Database) -> None:
    record = thing(1, names=["before"])
    call = database.insert(BARE, record)
    await call
    record.names.append("after")
    found = await database.get(BARE, record.id)
    assert found is not None
    assert found.names == ["before"]


async def test_get_finds_nothing_where_there_is_nothing(database: Database) -> None:
    await database.insert(THINGS, thing(1))
    assert await database.get(THINGS, "none") is None
    assert await database.get(BARE, "g-0001") is None


async def test_ids_are_told_apart_by_case_and_spaces(database: Database) -> None:
    ids = ["a", "A", "a ", " a", "ä", "a\u0308", ""]
    for number, id_ in enumerate(ids):
        await database.insert(BARE, thing(number, id=id_))
    assert sorted(await database.get_many(BARE, ids)) == sorted(ids)


async def test_get_many_leaves_out_what_is_missing(database: Database) -> None:
    records = [thing(number) for number in range(5)]
    await database.batch(THINGS, records)
    wanted = [records[3].id, "none", records[0].id, records[3].id]
    assert await database.get_many(THINGS, wanted) == {records[3].id: records[3], records[0].id: records[0]}
    assert await database.get_many(THINGS, []) == {}


@pytest.mark.parametrize("count", [1, 2, 3, 64, 65, 999, FIND_LIMIT])
async def test_get_many_finds_each_of_many(database: Database, count: int) -> None:
    records = [thing(number) for number in range(count)]
    await database.batch(BARE, records)
    found = await database.get_many(BARE, [record.id for record in records])
    assert found == {record.id: record for record in records}


async def test_get_many_refuses_more_than_its_limit(database: Database) -> None:
    with pytest.raises(Undeclared):
        await database.get_many(BARE, [str(number) for number in range(FIND_LIMIT + 1)])


async def test_a_record_that_mentions_its_defaults_comes_back_as_it_was(database: Database) -> None:
    record = Text(id="1", title="t")
    await database.insert(TEXTS, record)
    assert await database.find(TEXTS, {"shelf": "a"}, by="title") == [record]


async def test_a_table_that_was_not_opened_is_refused(place: Any) -> None:
    database = await place.open((BARE,))
    try:
        with pytest.raises(Undeclared):
            await database.get(THINGS, "x")
        with pytest.raises(Undeclared):
            await database.insert(THINGS, thing(1))
    finally:
        await database.close()
