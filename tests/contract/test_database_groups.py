"""Writes of several records: batch keeps what stands before a refusal, together keeps nothing."""

import asyncio
import random
from typing import Any

import pytest

from store.database import TOGETHER_LIMIT, Database, Delete, Increment, Insert, Max, Put, Update, Write
from store.errors import Duplicate, Mismatch, StoreError, Unavailable, Undeclared
from tests.contract.tables import BARE, EVENTS, TEXTS, THINGS, Event, Text, thing


async def everything(database: Database) -> dict[str, Any]:
    """Return the records of the group g, by id."""
    return {record.id: record for record in await database.find(THINGS, {"group": "g"}, by="number", limit=1000)}


# Batch


@pytest.mark.parametrize("count", [0, 1, 2, 255, 256, 257, TOGETHER_LIMIT])
async def test_batch_adds_all_in_order(database: Database, count: int) -> None:
    events = [Event(id=str(number), source="s", number=-number) for number in range(count)]
    await database.batch(EVENTS, events)
    found = await database.tail(EVENTS, 0, 1000)
    assert [event for _, event in found] == events[:1000]


@pytest.mark.parametrize("refused", [0, 1, 7, 300, 511, 512])
@pytest.mark.parametrize("index", ["id", "group_number", "serial"])
async def test_batch_keeps_what_stands_before_a_refusal(database: Database, refused: int, index: str) -> None:
    await database.insert(THINGS, thing(9999, serial="s", id="taken"))
    records = [thing(number) for number in range(600)]
    records[refused] = {
        "id": thing(refused, id="taken"),
        "group_number": thing(9999, id="x"),
        "serial": thing(refused, serial="s"),
    }[index]
    with pytest.raises(Duplicate) as caught:
        await database.batch(THINGS, records)
    assert (caught.value.table, caught.value.index, caught.value.position) == ("things", index, refused)
    found = await everything(database)
    assert sorted(found) == sorted(["taken", *(record.id for record in records[:refused])])


async def test_batch_refuses_a_record_that_repeats_one_of_its_own(database: Database) -> None:
    with pytest.raises(Duplicate) as caught:
        await database.batch(THINGS, [thing(1), thing(2), thing(1), thing(3)])
    assert (caught.value.index, caught.value.position) == ("id", 2)
    assert sorted(await everything(database)) == ["g-0001", "g-0002"]


async def test_batch_keeps_the_words_of_what_it_keeps(database: Database) -> None:
    with pytest.raises(Duplicate) as caught:
        await database.batch(TEXTS, [Text(id=id_, title="same") for id_ in ("1", "2", "1", "3")])
    assert caught.value.position == 2
    assert [text.id for text in await database.search(TEXTS, "same")] == ["2", "1"]


async def test_many_batches_at_once_do_not_mix(database: Database) -> None:
    await database.insert(THINGS, thing(0, group="c", id="x"))

    async def batch(number: int) -> int:
        records = [thing(place, group=f"b{number}") for place in range(20)]
        if number % 3 == 0:
            records[number % 20] = thing(0, group="c", id="x")
        try:
            await database.batch(THINGS, records)
        except Duplicate as error:
            return error.position
        return len(records)

    kept = await asyncio.gather(*(batch(number) for number in range(30)))
    assert kept == [number % 20 if number % 3 == 0 else 20 for number in range(30)]
    for number in range(30):
        assert await database.count(THINGS, {"group": f"b{number}"}, limit=99) == kept[number]


async def test_batch_refuses_more_than_its_limit(database: Database) -> None:
    with pytest.raises(Undeclared):
        await database.batch(THINGS, [thing(number) for number in range(TOGETHER_LIMIT + 1)])
    assert await everything(database) == {}


# Together


async def test_together_does_all(database: Database) -> None:
    await database.batch(THINGS, [thing(number) for number in range(5)])
    await database.together(
        [
            Insert(THINGS, thing(7, serial="s")),
            Update(THINGS, "g-0000", {"label": "x"}, {"label": "none"}),
            Increment(THINGS, "g-0001", "total", 5),
            Max(THINGS, "g-0002", "rank", 3),
            Delete(THINGS, "g-0003"),
            Delete(THINGS, "none"),
            Put(BARE, thing(1)),
            Insert(EVENTS, Event(id="e", source="s", number=1)),
            Insert(TEXTS, Text(id="t", title="hello")),
        ]
    )
    wanted = [thing(0, label="x"), thing(1, total=5), thing(2, rank=3), thing(4), thing(7, serial="s")]
    assert list((await everything(database)).values()) == wanted
    assert await database.get(BARE, "g-0001") == thing(1)
    assert [event.id for _, event in await database.tail(EVENTS, 0, 9)] == ["e"]
    assert [text.id for text in await database.search(TEXTS, "hello")] == ["t"]


async def test_together_does_its_writes_in_order(database: Database) -> None:
    await database.together(
        [
            Insert(THINGS, thing(1)),
            Update(THINGS, "g-0001", {"label": "x"}, {"label": "none"}),
            Update(THINGS, "g-0001", {"label": "y"}, {"label": "x"}),
            Increment(THINGS, "g-0001", "total", 2),
            Increment(THINGS, "g-0001", "total", 3),
            Max(THINGS, "g-0001", "total", 4),
            Insert(THINGS, thing(2, serial="s")),
            Delete(THINGS, "g-0002"),
            Insert(THINGS, thing(3, serial="s")),
        ]
    )
    assert list((await everything(database)).values()) == [thing(1, label="y", total=5), thing(3, serial="s")]


async def test_put_adds_or_replaces_the_whole(database: Database) -> None:
    await database.together([Put(BARE, thing(1, label="x", names=["n"])), Put(TEXTS, Text(id="1", title="old"))])
    await database.together([Put(BARE, thing(1, rank=2)), Put(TEXTS, Text(id="1", title="new"))])
    assert await database.get(BARE, "g-0001") == thing(1, rank=2)
    assert await database.search(TEXTS, "old") == []
    assert await database.search(TEXTS, "new") == [Text(id="1", title="new")]


async def test_put_refuses_a_unique_value_of_another_record(database: Database) -> None:
    await database.batch(THINGS, [thing(1, serial="a"), thing(2)])
    await database.together([Put(THINGS, thing(1, serial="a", label="x"))])
    with pytest.raises(Duplicate) as caught:
        await database.together([Put(THINGS, thing(2, serial="a"))])
    assert (caught.value.index, caught.value.position) == ("serial", 0)


async def test_put_is_not_for_a_table_with_a_clock(database: Database) -> None:
    with pytest.raises(Undeclared):
        await database.together([Put(EVENTS, Event(id="1", source="s", number=1))])


REFUSED: list[tuple[Write, type[StoreError]]] = [
    (Insert(THINGS, thing(0)), Duplicate),
    (Insert(THINGS, thing(0, id="x")), Duplicate),
    (Update(THINGS, "none", {"label": "y"}), Mismatch),
    (Update(THINGS, "g-0001", {"label": "y"}, {"rank": 7}), Mismatch),
    (Update(THINGS, "g-0001", {"number": 0}), Duplicate),
    (Increment(THINGS, "none", "total", 1), Mismatch),
    (Max(THINGS, "none", "total", 1), Mismatch),
    (Put(THINGS, thing(0, id="x")), Duplicate),
]


@pytest.mark.parametrize(("write", "error"), REFUSED)
@pytest.mark.parametrize("position", [0, 3, 5])
async def test_together_does_nothing_where_one_is_refused(
    database: Database, write: Write, error: type[StoreError], position: int
) -> None:
    before = [thing(0), thing(1, total=1)]
    await database.batch(THINGS, before)
    writes: list[Write] = [
        Insert(THINGS, thing(5)),
        Update(THINGS, "g-0000", {"label": "x"}),
        Increment(THINGS, "g-0001", "total", 1),
        Insert(EVENTS, Event(id="e", source="s", number=1)),
        Insert(TEXTS, Text(id="t", title="hello")),
    ]
    with pytest.raises(error) as caught:
        await database.together([*writes[:position], write, *writes[position:]])
    assert isinstance(caught.value, Duplicate | Mismatch)
    assert caught.value.position == position
    assert list((await everything(database)).values()) == before
    assert await database.tail(EVENTS, 0, 9) == []
    assert await database.search(TEXTS, "hello") == []


async def test_together_names_the_first_that_is_refused(database: Database) -> None:
    await database.insert(THINGS, thing(0))
    writes: list[Write] = [Insert(THINGS, thing(1)), Insert(THINGS, thing(0)), Update(THINGS, "none", {"label": "x"})]
    with pytest.raises(Duplicate) as duplicate:
        await database.together(writes)
    assert duplicate.value.position == 1
    with pytest.raises(Mismatch) as mismatch:
        await database.together(writes[::-1])
    assert mismatch.value.position == 0


async def test_together_takes_many_and_refuses_more(database: Database) -> None:
    writes = [Insert(THINGS, thing(number)) for number in range(TOGETHER_LIMIT)]
    with pytest.raises(Undeclared):
        await database.together([*writes, Delete(THINGS, "x")])
    assert await everything(database) == {}
    await database.together(writes)
    assert await database.count(THINGS, {"group": "g"}, limit=1000) == 1000
    await database.together([])


async def test_whoever_sees_one_write_sees_all(database: Database) -> None:
    await database.batch(THINGS, [thing(0), thing(1)])
    done = False

    async def write() -> None:
        nonlocal done
        for turn in range(1, 60):
            await database.together([Update(THINGS, f"g-000{place}", {"total": turn}) for place in (0, 1)])
        done = True

    async def read() -> None:
        while not done:
            found = await database.get_many(THINGS, ["g-0000", "g-0001"])
            assert found["g-0000"].total == found["g-0001"].total

    await asyncio.gather(write(), read(), read())


async def test_transfers_at_once_lose_nothing(database: Database) -> None:
    """Random transactions over the same records, some refused: each is all or nothing, and the sum stays."""
    await database.batch(THINGS, [thing(number, total=100) for number in range(5)])

    async def transfer(seed: int) -> bool:
        chance = random.Random(seed)
        giver, taker = chance.sample(range(5), 2)
        record = Insert(THINGS, thing(seed % 40 + 10))
        writes = [Increment(THINGS, f"g-000{giver}", "total", -1), Increment(THINGS, f"g-000{taker}", "total", 1)]
        for _ in range(20):
            try:
                await database.together([*writes, record] if seed % 2 else [record, *writes])
            except Duplicate:
                return False
            except Unavailable:  # a busy machine did not let it through in time: nothing of it was written
                continue
            return True
        pytest.fail("never let through")

    done = await asyncio.gather(*(transfer(seed) for seed in range(60)))
    found = list((await everything(database)).values())
    assert sum(record.total for record in found if record.number < 5) == 500
    assert sum(done) == 40 == len(found) - 5
