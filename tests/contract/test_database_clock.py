"""The write clock: readings, their order, and reading on from one."""

import asyncio

import pytest

from store.database import FIND_LIMIT, Database, Insert
from store.errors import Duplicate, Undeclared
from tests.contract.places import Place
from tests.contract.tables import EVENTS, THINGS, Event


def events(count: int, source: str = "s", start: int = 0) -> list[Event]:
    return [Event(id=f"{source}{number:05}", source=source, number=number) for number in range(start, start + count)]


async def test_tail_returns_what_was_inserted_in_order(database: Database) -> None:
    made = events(10)
    await database.batch(EVENTS, made[5:])
    for event in made[:5]:
        await database.insert(EVENTS, event)
    found = await database.tail(EVENTS, 0, 100)
    assert [event for _, event in found] == made[5:] + made[:5]
    readings = [reading for reading, _ in found]
    assert readings == sorted(set(readings))
    assert readings[0] > 0


async def test_tail_reads_on_from_a_reading(database: Database) -> None:
    made = events(25)
    await database.batch(EVENTS, made)
    found: list[Event] = []
    reading = 0
    while page := await database.tail(EVENTS, reading, 7):
        found += [event for _, event in page]
        reading = page[-1][0]
    assert found == made
    assert await database.tail(EVENTS, reading, 7) == []
    await database.insert(EVENTS, Event(id="new", source="new", number=1))
    assert [event.id for _, event in await database.tail(EVENTS, reading, 7)] == ["new"]


async def test_readings_follow_the_order_of_answers(database: Database) -> None:
    answered: list[str] = []

    async def write(source: str) -> None:
        for event in events(10, source):
            await database.together([Insert(EVENTS, event)])
            answered.append(event.id)

    await asyncio.gather(*(write(source) for source in "abc"))
    found = [event.id for _, event in await database.tail(EVENTS, 0, FIND_LIMIT)]
    for source in "abc":
        assert [id_ for id_ in found if id_[0] == source] == [id_ for id_ in answered if id_[0] == source]


async def test_a_deleted_record_leaves_its_reading_unused(database: Database) -> None:
    await database.batch(EVENTS, events(3))
    before = await database.tail(EVENTS, 0, 9)
    await database.delete(EVENTS, before[-1][1].id)
    await database.insert(EVENTS, Event(id="new", source="new", number=1))
    ((reading, event),) = await database.tail(EVENTS, before[1][0], 9)
    assert event.id == "new"
    assert reading > before[-1][0]


async def test_a_refused_record_is_not_in_the_tail(database: Database) -> None:
    made = events(3)
    await database.batch(EVENTS, made)
    with pytest.raises(Duplicate):
        await database.batch(
            EVENTS, [Event(id="x", source="x", number=1), made[0], Event(id="y", source="y", number=1)]
        )
    assert [event.id for _, event in await database.tail(EVENTS, 0, 9)] == [*(event.id for event in made), "x"]


async def test_readings_go_on_after_the_database_was_closed(place: Place, database: Database) -> None:
    await database.batch(EVENTS, events(3))
    readings = [reading for reading, _ in await database.tail(EVENTS, 0, 9)]
    for event in events(3):
        await database.delete(EVENTS, event.id)
    again = await place.open()
    await again.insert(EVENTS, Event(id="new", source="new", number=1))
    ((reading, _),) = await again.tail(EVENTS, readings[-1], 9)
    await again.close()
    assert reading > readings[-1]


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_below_one_finds_nothing(database: Database, limit: int) -> None:
    await database.batch(EVENTS, events(3))
    assert await database.tail(EVENTS, 0, limit) == []


async def test_tail_refuses_a_table_without_a_clock_and_more_than_its_limit(database: Database) -> None:
    with pytest.raises(Undeclared):
        await database.tail(THINGS, 0, 1)
    with pytest.raises(Undeclared):
        await database.tail(EVENTS, 0, FIND_LIMIT + 1)


async def test_latest_is_the_highest_reading_there_is(database: Database) -> None:
    assert await database.latest(EVENTS) == 0
    await database.batch(EVENTS, events(3))
    readings = [reading for reading, _ in await database.tail(EVENTS, 0, 9)]
    assert await database.latest(EVENTS) == readings[-1]
    with pytest.raises(Undeclared):
        await database.latest(THINGS)
