"""Nodes and hubs for the tests of sessions."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store import open_database
from tests.application import Parley, running
from tests.unit.ws.ears import Station
from tests.unstable import Unstable


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    """A node on an empty SQLite store, without limits."""
    async with running(tmp_path) as parley:
        yield parley


@pytest.fixture
async def unstable(tmp_path: Path) -> AsyncIterator[Unstable]:
    """An empty SQLite store."""
    async with open_database(tmp_path / "data", None) as database:
        yield Unstable(database)


@pytest.fixture
async def station(unstable: Unstable) -> AsyncIterator[Station]:
    """A hub on an empty store."""
    station = Station(unstable.database)
    yield station
    await station.hub.close()
