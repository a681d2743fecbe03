"""Records of several tables by their ids, in one question."""

import uuid
from typing import Any

import pytest

from store.database import FIND_LIMIT, Database
from store.database_mongo import MongoDatabase
from store.errors import Unavailable, Undeclared
from tests.contract.tables import BARE, EVENTS, TABLES, TEXTS, THINGS, Event, Inner, Text, thing
from tests.contract.test_database_records import STRINGS


async def test_gather_finds_the_records_of_each_table_by_id(database: Database) -> None:
    await database.batch(THINGS, [thing(number, inner=Inner(text="x")) for number in range(5)])
    await database.insert(TEXTS, Text(id="t", title="hello", body="there"))
    await database.insert(EVENTS, Event(id="g-0001", source="s", number=1))
    things, texts, events, bare = await database.gather(
        (THINGS, ["g-0003", "none", "g-0001", "g-0003"]), (TEXTS, ["t"]), (EVENTS, ["g-0001"]), (BARE, ["g-0001"])
    )
    wanted = [thing(3, inner=Inner(text="x")), thing(1, inner=Inner(text="x"))]
    assert things == {record.id: record for record in wanted}
    assert texts == {"t": Text(id="t", title="hello", body="there")}
    assert events == {"g-0001": Event(id="g-0001", source="s", number=1)}
    assert bare == {}


async def test_gather_may_want_nothing_of_some_tables_or_of_all(database: Database) -> None:
    await database.batch(THINGS, [thing(1), thing(2)])
    found = await database.gather((TEXTS, []), (THINGS, ["g-0001"]), (BARE, []), (THINGS, ["g-0002"]))
    assert found == [{}, {"g-0001": thing(1)}, {}, {"g-0002": thing(2)}]
    assert await database.gather((TEXTS, []), (THINGS, [])) == [{}, {}]
    assert await database.gather() == []


async def test_gather_tells_odd_ids_apart(database: Database) -> None:
    ids = [*STRINGS, "a", "A", "a ", "ä", "a\u0308", "1", "null", "~"]
    await database.batch(BARE, [thing(number, id=id_) for number, id_ in enumerate(ids)])
    (found,) = await database.gather((BARE, ids))
    assert found == {id_: thing(number, id=id_) for number, id_ in enumerate(ids)}


async def test_gather_finds_each_of_many(database: Database) -> None:
    half = FIND_LIMIT // 2
    await database.batch(BARE, [thing(number) for number in range(half)])
    await database.batch(EVENTS, [Event(id=str(number), source="s", number=number) for number in range(half)])
    bare, events = await database.gather(
        (BARE, [thing(number).id for number in range(half)]), (EVENTS, [str(number) for number in range(half)])
    )
    assert [record.number for record in sorted(bare.values(), key=lambda one: one.number)] == list(range(half))
    assert sorted(event.number for event in events.values()) == list(range(half))


async def test_gather_refuses_more_than_its_limit_together(database: Database) -> None:
    ids = [str(number) for number in range(FIND_LIMIT // 2)]
    with pytest.raises(Undeclared):
        await database.gather((BARE, ids), (THINGS, ids), (TEXTS, ["one more"]))


async def test_gather_compares_with_nothing_but_scalars(database: Database) -> None:
    anything: Any = {"$gt": ""}
    with pytest.raises(TypeError):
        await database.gather((BARE, [anything]))


async def test_gather_is_over_where_the_database_is_closed(place: Any) -> None:
    database = await place.open()
    await database.close()
    with pytest.raises(Unavailable):
        await database.gather((BARE, ["x"]))


@pytest.mark.mongo
async def test_mongo_answers_a_full_gather_in_one_round_trip(mongo_url: str) -> None:
    """More than the 101 documents with which Mongo begins, unless told otherwise."""
    database = await MongoDatabase.open(mongo_url, f"parley_{uuid.uuid4().hex[:12]}", TABLES)
    try:
        await database.batch(BARE, [thing(number) for number in range(FIND_LIMIT)])
        await database._link.database.command("profile", 2)
        (found,) = await database.gather((BARE, [thing(number).id for number in range(FIND_LIMIT)]))
        await database._link.database.command("profile", 0)
        assert len(found) == FIND_LIMIT
        asked = await database._link.collection("system.profile").find({"ns": {"$regex": "bare$"}}).to_list()
        assert [one["op"] for one in asked] == ["command"]
    finally:
        await database._link.client.drop_database(database._link.database.name)
        await database.close()
