"""Writes of one record: insert, update, increment, maximum, delete."""

import asyncio
from typing import Any

import pytest

from store.database import Database
from store.errors import Duplicate, Mismatch, Undeclared
from tests.contract.tables import BARE, EVENTS, TEXTS, THINGS, Event, Inner, Text, Thing, thing


async def refusal(call: Any) -> tuple[str, str, int]:
    """Return table, index and position of the duplicate that a call raises."""
    with pytest.raises(Duplicate) as caught:
        await call
    return caught.value.table, caught.value.index, caught.value.position


async def test_insert_refuses_an_id_twice(database: Database) -> None:
    await database.insert(THINGS, thing(1))
    assert await refusal(database.insert(THINGS, thing(2, id="g-0001"))) == ("things", "id", 0)
    assert await database.get(THINGS, "g-0001") == thing(1)


async def test_insert_refuses_a_unique_value_twice(database: Database) -> None:
    await database.insert(THINGS, thing(1, serial="s"))
    assert await refusal(database.insert(THINGS, thing(2, serial="s"))) == ("things", "serial", 0)
    assert await refusal(database.insert(THINGS, thing(1, id="x"))) == ("things", "group_number", 0)
    assert await database.get(THINGS, "g-0002") is None


async def test_a_unique_index_is_over_all_its_fields(database: Database) -> None:
    await database.insert(THINGS, thing(1))
    await database.insert(THINGS, thing(2))
    await database.insert(THINGS, thing(1, group="h"))
    assert await database.count(THINGS, {"group": "g"}, limit=9) == 2


async def test_none_is_no_duplicate_of_none(database: Database) -> None:
    await database.batch(THINGS, [thing(number, serial=None) for number in range(3)])
    assert await database.count(THINGS, {"serial": None}, limit=9) == 3
    await database.update(THINGS, "g-0001", {"serial": "s"})
    await database.update(THINGS, "g-0001", {"serial": None})
    await database.insert(THINGS, thing(7, serial="s"))


async def test_a_refusal_names_the_first_index_that_refuses(database: Database) -> None:
    await database.insert(THINGS, thing(1, serial="s"))
    assert await refusal(database.insert(THINGS, thing(1, serial="s"))) == ("things", "id", 0)
    assert await refusal(database.insert(THINGS, thing(1, id="x", serial="s"))) == ("things", "group_number", 0)


async def test_tables_do_not_share_ids(database: Database) -> None:
    await database.insert(THINGS, thing(1))
    await database.insert(BARE, thing(1))
    await database.insert(TEXTS, Text(id="g-0001", title="t"))


async def test_update_sets_fields_and_leaves_the_others(database: Database) -> None:
    record = thing(1, rank=4, label="x", inner=Inner(text="old", numbers=[1]), names=["n"])
    await database.insert(THINGS, record)
    changes: dict[str, Any] = {"rank": None, "flag": True, "inner": Inner(text="new"), "anything": {"a": [1]}}
    await database.update(THINGS, record.id, changes)
    changed = thing(1, label="x", names=["n"], **changes)
    assert await database.get(THINGS, record.id) == changed
    assert await database.find(THINGS, {"group": "g", "label": "x", "rank": None}) == [changed]
    assert await database.find(THINGS, {"group": "g", "label": "x", "rank": 4}) == []
    assert await database.find(THINGS, {"flag": True}, by="label") == [changed]


async def test_update_may_change_what_a_record_is_found_by(database: Database) -> None:
    await database.batch(THINGS, [thing(1), thing(2)])
    await database.update(THINGS, "g-0001", {"number": 7, "group": "h"})
    assert await database.find(THINGS, {"group": "h"}, by="number") == [thing(7, group="h", id="g-0001")]
    await database.insert(THINGS, thing(1, id="again"))


async def test_update_refuses_a_unique_value_twice(database: Database) -> None:
    await database.batch(THINGS, [thing(1, serial="a"), thing(2, serial="b")])
    assert await refusal(database.update(THINGS, "g-0002", {"serial": "a"})) == ("things", "serial", 0)
    assert await refusal(database.update(THINGS, "g-0002", {"number": 1})) == ("things", "group_number", 0)
    assert await database.get(THINGS, "g-0002") == thing(2, serial="b")
    await database.update(THINGS, "g-0002", {"serial": "b", "number": 2})


@pytest.mark.parametrize(
    "expect",
    [
        {"rank": 4},
        {"rank": 4, "label": "x", "flag": False, "serial": None, "least": None, "total": 0},
        {"id": "g-0001"},
        {},
    ],
)
async def test_update_is_done_where_all_is_as_expected(database: Database, expect: dict[str, Any]) -> None:
    await database.insert(THINGS, thing(1, rank=4, label="x"))
    await database.update(THINGS, "g-0001", {"label": "y"}, expect)
    assert await database.get(THINGS, "g-0001") == thing(1, rank=4, label="y")


@pytest.mark.parametrize(
    "expect",
    [
        {"rank": 5},
        {"rank": None},
        {"rank": 4, "label": "y"},
        {"flag": True},
        {"serial": ""},
        {"least": 0},
        {"total": 1},
    ],
)
async def test_update_refuses_what_is_not_as_expected(database: Database, expect: dict[str, Any]) -> None:
    await database.insert(THINGS, thing(1, rank=4, label="x"))
    with pytest.raises(Mismatch) as caught:
        await database.update(THINGS, "g-0001", {"label": "z"}, expect)
    assert (caught.value.table, caught.value.id, caught.value.position) == ("things", "g-0001", 0)
    assert await database.get(THINGS, "g-0001") == thing(1, rank=4, label="x")


async def test_update_refuses_a_missing_record(database: Database) -> None:
    with pytest.raises(Mismatch):
        await database.update(THINGS, "none", {"label": "x"})
    with pytest.raises(Mismatch):
        await database.update(THINGS, "none", {})
    assert await database.get(THINGS, "none") is None


async def test_update_of_nothing_only_looks(database: Database) -> None:
    await database.insert(THINGS, thing(1))
    await database.update(THINGS, "g-0001", {})
    await database.update(THINGS, "g-0001", {}, {"label": "none"})
    with pytest.raises(Mismatch):
        await database.update(THINGS, "g-0001", {}, {"label": "x"})
    assert await database.get(THINGS, "g-0001") == thing(1)


async def test_update_works_on_records_that_the_clock_stamped(database: Database) -> None:
    await database.insert(EVENTS, Event(id="1", source="a", number=1))
    ((reading, _),) = await database.tail(EVENTS, 0, 9)
    await database.update(EVENTS, "1", {"number": 5})
    assert await database.tail(EVENTS, 0, 9) == [(reading, Event(id="1", source="a", number=5))]


async def test_one_of_many_expecting_the_same_value_wins(database: Database) -> None:
    await database.insert(THINGS, thing(1))
    calls = [database.update(THINGS, "g-0001", {"label": str(n)}, {"label": "none"}) for n in range(30)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    (winner,) = [number for number, outcome in enumerate(outcomes) if outcome is None]
    assert all(isinstance(outcome, Mismatch) for outcome in outcomes if outcome is not None)
    found = await database.get(THINGS, "g-0001")
    assert found is not None
    assert found.label == str(winner)


async def test_one_of_many_inserting_the_same_value_wins(database: Database) -> None:
    calls = [database.insert(THINGS, thing(number, serial="only")) for number in range(30)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [outcome for outcome in outcomes if not isinstance(outcome, Duplicate)] == [None]
    assert await database.count(THINGS, {"group": "g"}, limit=99) == 1


async def test_increments_add_up_exactly(database: Database) -> None:
    await database.insert(THINGS, thing(1))

    async def count() -> list[int]:
        return [await database.increment(THINGS, "g-0001", "total", 1) for _ in range(20)]

    answers = await asyncio.gather(*(count() for _ in range(50)))
    assert sorted(answer for some in answers for answer in some) == list(range(1, 1001))
    assert await database.find(THINGS, {}, by="total", above=999) == [thing(1, total=1000)]


@pytest.mark.parametrize(("before", "by", "after"), [(0, 5, 5), (5, -7, -2), (2**62, 2**62 - 1, 2**63 - 1), (3, 0, 3)])
async def test_increment_returns_the_new_value(database: Database, before: int, by: int, after: int) -> None:
    await database.insert(THINGS, thing(1, total=before))
    assert await database.increment(THINGS, "g-0001", "total", by) == after
    assert await database.get(THINGS, "g-0001") == thing(1, total=after)


async def test_increment_begins_at_nothing(database: Database) -> None:
    await database.insert(THINGS, thing(1))
    assert await database.increment(THINGS, "g-0001", "least", 3) == 3
    assert await database.increment(THINGS, "g-0001", "rank", -3) == -3
    assert await database.find(THINGS, {"group": "g", "rank": -3}) == [thing(1, least=3, rank=-3)]


async def test_maximum_never_lowers(database: Database) -> None:
    await database.insert(THINGS, thing(1))
    assert [await database.maximum(THINGS, "g-0001", "total", value) for value in (5, 3, 5, 9, -1)] == [5, 5, 5, 9, 9]
    assert [await database.maximum(THINGS, "g-0001", "rank", value) for value in (-5, -6, -4)] == [-5, -5, -4]
    assert await database.get(THINGS, "g-0001") == thing(1, total=9, rank=-4)


async def test_the_highest_of_many_maxima_stays(database: Database) -> None:
    await database.insert(THINGS, thing(1))
    values = [(number * 37) % 101 for number in range(101)]
    answers = await asyncio.gather(*(database.maximum(THINGS, "g-0001", "total", value) for value in values))
    assert all(answer >= value for answer, value in zip(answers, values, strict=True))
    assert await database.get(THINGS, "g-0001") == thing(1, total=100)


@pytest.mark.parametrize("verb", ["increment", "maximum"])
async def test_counting_refuses_a_missing_record(database: Database, verb: str) -> None:
    with pytest.raises(Mismatch) as caught:
        await getattr(database, verb)(THINGS, "none", "total", 1)
    assert (caught.value.table, caught.value.id) == ("things", "none")
    assert await database.get(THINGS, "none") is None


@pytest.mark.parametrize("verb", ["increment", "maximum"])
@pytest.mark.parametrize("field", ["label", "flag", "names"])
async def test_counting_refuses_what_is_no_number(database: Database, verb: str, field: str) -> None:
    await database.insert(THINGS, thing(1))
    with pytest.raises(TypeError):
        await getattr(database, verb)(THINGS, "g-0001", field, 1)
    assert await database.get(THINGS, "g-0001") == thing(1)


async def test_delete_tells_whether_there_was_one(database: Database) -> None:
    await database.batch(THINGS, [thing(1, serial="s"), thing(2)])
    assert await database.delete(THINGS, "g-0001") is True
    assert await database.delete(THINGS, "g-0001") is False
    assert await database.get(THINGS, "g-0001") is None
    assert await database.find(THINGS, {"group": "g"}, by="number") == [thing(2)]
    await database.insert(THINGS, thing(1, serial="s"))


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("update", ({"nothing": 1},)),
        ("update", ({"label": "x"}, {"nothing": 1})),
        ("update", ({"id": "x"},)),
        ("increment", ("nothing", 1)),
        ("maximum", ("nothing", 1)),
    ],
    ids=str,
)
async def test_a_write_of_fields_that_the_record_does_not_have_is_refused(
    database: Database, verb: str, arguments: tuple[Any, ...]
) -> None:
    await database.insert(THINGS, thing(1))
    with pytest.raises(Undeclared):
        await getattr(database, verb)(THINGS, "g-0001", *arguments)
    assert await database.get(THINGS, "g-0001") == thing(1)


async def test_update_refuses_to_expect_what_is_no_scalar(database: Database) -> None:
    await database.insert(THINGS, thing(1))
    with pytest.raises(TypeError):
        await database.update(THINGS, "g-0001", {"label": "x"}, {"names": []})  # type: ignore[dict-item]


async def test_every_read_sees_what_was_answered_before(database: Database) -> None:
    async def write_and_read(number: int) -> None:
        group = f"g{number}"
        for turn in range(8):
            record = thing(turn, group=group, serial=f"{group}.{turn}")
            await database.insert(THINGS, record)
            assert await database.get(THINGS, record.id) == record
            assert await database.count(THINGS, {"group": group}, limit=99) == turn + 1
            await database.update(THINGS, record.id, {"rank": turn})
            newest: list[Thing] = await database.find(THINGS, {"group": group}, by="rank", falling=True, limit=1)
            assert newest[0].number == turn
            await database.insert(EVENTS, Event(id=record.id, source=group, number=turn))
            assert record.id in [event.id for _, event in await database.tail(EVENTS, 0, 999)]

    await asyncio.gather(*(write_and_read(number) for number in range(12)))
