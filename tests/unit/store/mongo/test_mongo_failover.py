"""A replica set of three loses its primary: what was answered is kept, by whichever member is the next one."""

import asyncio
from collections.abc import Iterator

import pytest

from store.database import Increment, Insert
from store.database_mongo import MongoDatabase
from store.errors import Duplicate, Unavailable, Unknown
from tests.conftest import missing
from tests.parts import Missing, MongoSet
from tests.unit.store.mongo.mongo_kinds import NOTES, PLAINS, Plain, connecting_in_vain, note

WRITERS = 8

pytestmark = [pytest.mark.slow, pytest.mark.mongo, pytest.mark.timeout(180)]


@pytest.fixture
def three() -> Iterator[MongoSet]:
    try:
        with MongoSet() as three:
            yield three
    except Missing as error:
        missing(str(error))


class Writing:
    """Writers that never give up: each sends a write again under its id until it knows what became of it."""

    def __init__(self, database: MongoDatabase) -> None:
        self.database = database
        self.answered: set[int] = set()
        self.doubts = 0
        self.going = True
        self._goal = 0
        self._reached = asyncio.Event()

    async def until(self, answered: int) -> None:
        """Wait for so many answers."""
        self._goal = answered
        await self._reached.wait()

    async def run(self, writer: int) -> None:
        rev = writer
        while self.going:
            await self._write(rev)
            self.answered.add(rev)
            if self._goal and len(self.answered) >= self._goal:
                self._reached.set()
            rev += WRITERS

    async def _write(self, rev: int) -> None:
        while True:
            try:
                if rev % 2:
                    await self.database.insert(NOTES, note(rev))
                else:
                    await self.database.together([Insert(NOTES, note(rev)), Increment(PLAINS, "p", "size", 1)])
                return
            except Duplicate:
                assert self.doubts, "nobody else writes this"
                return
            except (Unavailable, Unknown):
                self.doubts += 1
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("fault", ["kill", "freeze"])
async def test_what_was_answered_survives_the_primary(three: MongoSet, fault: str) -> None:
    first = await asyncio.to_thread(three.primary)
    database = await MongoDatabase.open(three.url, "test", (NOTES, PLAINS))
    await database.insert(PLAINS, Plain(id="p", size=0))
    writing = Writing(database)
    with connecting_in_vain():
        writers = [asyncio.ensure_future(writing.run(writer)) for writer in range(WRITERS)]
        await asyncio.sleep(1)
        getattr(first, fault)()
        before = len(writing.answered)
        async with asyncio.timeout(60):
            await writing.until(before + 5 * WRITERS)
        writing.going = False
        await asyncio.gather(*writers)
        if fault == "freeze":
            first.thaw()
        second = await asyncio.to_thread(three.primary)
        assert second is not first
        found: set[int] = set()
        while page := await database.find(NOTES, {"stream": "s"}, by="rev", above=max(found, default=-1), limit=1000):
            found |= {each.rev for each in page}
        assert writing.answered <= found
        counted = await database.get(PLAINS, "p")
        assert counted is not None
        assert counted.size == sum(rev % 2 == 0 for rev in found)
        await database.close()
