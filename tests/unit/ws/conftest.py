"""A node for the tests of sessions."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.application import Parley, running


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    """A node on an empty SQLite store, without limits."""
    async with running(tmp_path) as parley:
        yield parley
