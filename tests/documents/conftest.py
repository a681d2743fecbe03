"""A server with its clients, the documents, and the order of tests: what judges the whole suite comes last."""

import json
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests import recorder
from tests.client.site import Site
from tests.documents.last import Finished, is_last
from tests.processes import ROOT, ServerProcess, running


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "last: looks at what all other tests did, and comes after them")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what judges the recording behind everything that is recorded, and let all processes record in one place."""
    items.sort(key=is_last)
    worker = getattr(config, "workerinput", None)
    if worker is not None and recorder.VARIABLE not in os.environ:
        os.environ[recorder.VARIABLE] = str(Path(tempfile.gettempdir(), f"parley-record-{worker['testrunuid']}"))
    if any(map(is_last, items)):
        name = "alone" if worker is None else worker["workerid"]
        config.pluginmanager.register(Finished(name), Finished.NAME)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A running server; at the end it must stop in order and its log must be free of tracebacks."""
    async with running(ServerProcess(tmp_path / "data")) as process:
        yield process


@pytest.fixture
async def site(server: ServerProcess) -> AsyncIterator[Site]:
    """Clients of ``server``."""
    async with Site(server.address) as site:
        yield site


def committed(name: str) -> Any:
    """Return a document as it is committed."""
    return json.loads((ROOT / "docs" / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def openapi() -> Any:
    """The committed OpenAPI document."""
    return committed("openapi.json")


@pytest.fixture(scope="session")
def asyncapi() -> Any:
    """The committed AsyncAPI document."""
    return committed("asyncapi.json")
