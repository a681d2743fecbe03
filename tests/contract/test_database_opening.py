"""Opening a database: whose it is, which version it has, and how it is brought to this one."""

import asyncio

import pytest

from store.database import Database, Index, Table
from store.errors import Unavailable, WrongStore
from store.migrations import Migration
from tests.contract.places import Place
from tests.contract.tables import BARE, EVENTS, TEXTS, THINGS, Event, Text, Thing, thing


async def test_an_epoch_stays_with_its_database(place: Place, database: Database) -> None:
    assert len(database.epoch) >= 8
    again = await place.open()
    assert again.epoch == database.epoch
    await again.close()


async def test_what_was_written_is_there_when_it_is_opened_again(place: Place) -> None:
    database = await place.open()
    await database.batch(THINGS, [thing(number, rank=number) for number in range(5)])
    await database.batch(TEXTS, [Text(id="1", title="hello")])
    await database.close()
    database = await place.open()
    assert len(await database.find(THINGS, {"group": "g"}, by="rank")) == 5
    assert len(await database.search(TEXTS, "hello")) == 1
    await database.close()


async def test_several_may_open_it_at_once(place: Place) -> None:
    opened = await asyncio.gather(*(place.open() for _ in range(4)))
    assert len({database.epoch for database in opened}) == 1
    await asyncio.gather(
        *(
            database.insert(THINGS, thing(10 * turn + place_))
            for place_, database in enumerate(opened)
            for turn in range(10)
        )
    )
    for database in opened:
        assert await database.count(THINGS, {"group": "g"}, limit=99) == 40
        await database.close()


async def test_somebody_elses_database_is_refused_and_left_as_it_is(place: Place) -> None:
    place.fill_as_somebody_else()
    for _ in range(2):
        with pytest.raises(WrongStore, match=r"photos.*another"):
            await place.open()


async def test_a_database_of_another_product_is_refused(place: Place) -> None:
    await (await place.open()).close()
    place.set_meta("product", "gossip")
    with pytest.raises(WrongStore, match="gossip"):
        await place.open()


async def test_a_newer_database_is_refused(place: Place) -> None:
    await (await place.open(version=3)).close()
    with pytest.raises(WrongStore, match=r"version 3.*knows 2"):
        await place.open(version=2)
    await (await place.open(version=3)).close()


async def test_an_older_database_is_brought_to_this_version_step_by_step(place: Place) -> None:
    database = await place.open(version=1)
    await database.insert(THINGS, thing(1, label="one"))
    await database.close()

    def step(before: str, after: str) -> Migration:
        async def change(database: Database) -> None:
            await database.update(THINGS, "g-0001", {"label": after}, {"label": before})

        return (["zero", "one", "two", "three"].index(before), change)

    steps = (step("zero", "one"), step("one", "two"), step("two", "three"))
    database = await place.open(version=3, migrations=steps)
    assert await database.get(THINGS, "g-0001") == thing(1, label="three")
    await database.close()
    # Now it has that version, and the steps are done.
    await (await place.open(version=3, migrations=steps)).close()
    with pytest.raises(WrongStore):
        await place.open(version=2)


async def test_a_new_database_needs_no_step(place: Place) -> None:
    async def never(database: Database) -> None:
        raise AssertionError

    await (await place.open(version=2, migrations=((1, never),))).close()


async def test_a_step_that_was_cut_off_is_run_again_and_those_before_it_are_not(place: Place) -> None:
    begun: list[str] = []

    async def first(database: Database) -> None:
        begun.append("first")

    async def second(database: Database) -> None:
        """Moves every record on; run again, it finds some that are there already."""
        begun.append("second")
        for number in range(10):
            if number == 5 and begun.count("second") == 1:
                raise Unavailable("cut off")
            await database.maximum(THINGS, f"g-{number:04}", "total", 1)

    database = await place.open(version=1)
    await database.batch(THINGS, [thing(number) for number in range(10)])
    await database.close()
    with pytest.raises(Unavailable, match="cut off"):
        await place.open(version=3, migrations=((1, first), (2, second)))
    database = await place.open(version=3, migrations=((1, first), (2, second)))
    assert begun == ["first", "second", "second"]
    assert [record.total for record in await database.find(THINGS, {}, by="total")] == [1] * 10
    await database.close()


async def test_a_table_that_is_declared_later_is_made(place: Place) -> None:
    database = await place.open((BARE,))
    await database.insert(BARE, thing(1))
    await database.close()
    database = await place.open((BARE, EVENTS))
    await database.insert(EVENTS, Event(id="1", source="s", number=1))
    assert await database.get(BARE, "g-0001") == thing(1)
    await database.close()


async def test_an_index_that_is_declared_later_finds_what_was_there(place: Place) -> None:
    """Also on fields that had no column before, and also for records that the older declaration writes."""
    later = Table("bare", Thing, (Index(("label", "rank")), Index(("flag",)), Index(("total", "id"), unique=True)))
    records = [thing(number, rank=number % 3 or None, label="xy"[number % 2], total=number) for number in range(9)]
    records += [thing(20, total=20), thing(21, total=21, flag=True)]
    old = await place.open((BARE,))
    await old.batch(BARE, records[:5])
    new = await place.open((later,))
    await old.batch(BARE, records[5:8])
    await new.batch(later, records[8:])
    await old.update(BARE, "g-0003", {"label": "x", "rank": 9})
    await new.update(later, "g-0005", {"label": "x", "rank": 9})
    changed = {record.id: record for record in records}
    for id_ in ("g-0003", "g-0005"):
        changed[id_].label, changed[id_].rank = "x", 9
    for label in ("x", "y", "none"):
        wanted = {record.id for record in records if record.label == label}
        assert {record.id for record in await new.find(later, {"label": label}, by="rank", falling=True)} == wanted
    assert [record.id for record in await new.find(later, {"label": "x"}, by="rank", above=8)] == ["g-0003", "g-0005"]
    assert await new.find(later, {"flag": True}) == [records[-1]]
    assert await new.find(later, {}, by="total") == sorted(records, key=lambda record: record.total)
    await old.close()
    await new.close()


async def test_words_that_are_declared_later_find_what_was_there(place: Place) -> None:
    before = Table("texts", Text, TEXTS.indexes)
    database = await place.open((before,))
    await database.batch(before, [Text(id="1", title="hello", body="world"), Text(id="2", title="", body=None)])
    await database.close()
    database = await place.open((Table("texts", Text, TEXTS.indexes, words=("title",)),))
    assert [text.id for text in await database.search(TEXTS, "hello")] == ["1"]
    assert await database.search(TEXTS, "world") == []
    await database.close()
    database = await place.open((TEXTS,))
    assert [text.id for text in await database.search(TEXTS, "hello world")] == ["1"]
    await database.close()


async def test_an_index_that_is_unique_later_refuses_what_was_there(place: Place) -> None:
    database = await place.open((BARE,))
    await database.batch(BARE, [thing(1, label="x"), thing(2, label="x")])
    await database.close()
    with pytest.raises(WrongStore, match="label"):
        await place.open((Table("bare", Thing, (Index(("label",), unique=True),)),))
