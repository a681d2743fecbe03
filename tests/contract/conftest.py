"""The databases that the contract suite holds to each other."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.contract.places import Explains, MongoPlace, Place, SqlitePlace


@pytest.fixture(params=["sqlite", pytest.param("mongo", marks=pytest.mark.mongo)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where a database of this test is kept, in each store in turn."""
    if request.param == "sqlite":
        made: Place = SqlitePlace(tmp_path / "data" / "parley.db")
    else:
        made = MongoPlace(request.getfixturevalue("mongo_url"), f"parley_{uuid.uuid4().hex[:12]}")
    yield made
    made.end()


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Explains]:
    """An empty database with the tables of this suite."""
    database = await place.open()
    yield database
    await database.close()
