"""Nodes and hubs for the tests of sessions; and the loops for those of sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop

from store import open_database
from tests.application import Parley, running
from tests.unit.ws.ears import Station
from tests.unstable import Unstable

BARE = {
    "test_opening.py",
    "test_outbox.py",
    "test_outbox_close.py",
    "test_pipe.py",
    "test_socket.py",
    "test_socket_reading.py",
}
"""Tests of sockets themselves: of what the loops may do differently."""


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Have them run on both loops: uvloop serves, and asyncio's own where that does not exist."""
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.name in BARE:
        loops["uvloop"] = uvloop.new_event_loop
    return loops


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
