"""Stores for the tests of services: real ones, behind a seam where calls can be made to fail."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from store import open_database
from tests.unstable import Unstable


@pytest.fixture
async def unstable(tmp_path: Path) -> AsyncIterator[Unstable]:
    """An empty SQLite store."""
    async with open_database(tmp_path / "data", None) as database:
        yield Unstable(database)


@pytest.fixture(params=["sqlite", pytest.param("mongo", marks=pytest.mark.mongo)])
async def either(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Unstable]:
    """An empty store of each sort in turn."""
    url = None
    if request.param == "mongo":
        parts = urlsplit(request.getfixturevalue("mongo_url"))
        url = urlunsplit(parts._replace(path=f"/parley_{uuid.uuid4().hex[:12]}"))
    async with open_database(tmp_path / "data", url) as database:
        yield Unstable(database)
