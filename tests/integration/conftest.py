"""Servers as processes on each store, and clients that know nothing but the protocol."""

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests import application
from tests.application import Parley
from tests.client.site import Site
from tests.client.wire import VIOLATIONS
from tests.parts import Redis
from tests.peers import until
from tests.postbox import Postbox
from tests.processes import ServerProcess, running
from tests.provider import GitHubLike, OpenIdProvider
from tests.signing_in import Browser, signing_in


@dataclass(frozen=True, slots=True)
class Store:
    """A fresh store that servers can be started on, one or several."""

    name: str
    folder: Path
    mongo: str | None

    def server(self, **variables: str) -> ServerProcess:
        """Return a server on this store, not yet started. Those on SQLite share the data directory."""
        if self.mongo is None:
            return ServerProcess(self.folder / "data", variables=variables)
        number = sum(1 for path in self.folder.iterdir() if path.name.startswith("node"))
        data = self.folder / f"node{number}"
        data.mkdir()
        return ServerProcess(data, "--mongo-url", self.mongo, variables=variables)


@pytest.fixture(params=["sqlite", pytest.param("mongo", marks=pytest.mark.mongo)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Each store in turn, empty."""
    if request.param == "sqlite":
        return Store("sqlite", tmp_path, None)
    parts = urlsplit(request.getfixturevalue("mongo_url"))
    return Store("mongo", tmp_path, urlunsplit(parts._replace(path=f"/parley_{uuid.uuid4().hex[:12]}")))


@pytest.fixture
async def server(store: Store) -> AsyncIterator[ServerProcess]:
    """A running server; at the end it must stop in order and its log must be free of tracebacks."""
    async with running(store.server()) as process:
        yield process


@pytest.fixture
async def site(server: ServerProcess) -> AsyncIterator[Site]:
    """Clients of ``server``."""
    async with Site(server.address) as site:
        yield site


@pytest.fixture(autouse=True)
def _protocol_is_kept() -> Iterator[None]:
    """Fail a test whose clients saw something that the protocol forbids."""
    VIOLATIONS.clear()
    yield
    assert not VIOLATIONS, VIOLATIONS[:5]


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Parley]:
    """A node in the process of the test, on SQLite."""
    async with application.running(tmp_path) as parley:
        yield parley


@pytest.fixture
async def two(one: Parley, tmp_path: Path) -> AsyncIterator[Parley]:
    """A second node on the same store, which hears nothing of the first."""
    async with application.running(tmp_path) as parley:
        yield parley


@pytest.fixture
async def posting(tmp_path: Path, postbox: Postbox) -> AsyncIterator[Parley]:
    """A node in the process of the test, on SQLite, whose letters come into ``postbox``."""
    async with application.running(tmp_path, smtp_url=postbox.url) as parley:
        yield parley


@pytest.fixture
async def nodes(tmp_path: Path, redis_part: Redis) -> AsyncIterator[tuple[Parley, Parley]]:
    """Two nodes on one store that hear each other."""
    how = {"redis_url": redis_part.url}
    async with application.running(tmp_path, **how) as one, application.running(tmp_path, **how) as two:
        for node in (one, two):
            registry = node.application.metrics.registry
            await until(lambda registry=registry: not registry.get_sample_value("parley_degraded"))  # type: ignore[misc]
        yield one, two


@pytest.fixture
async def provider() -> AsyncIterator[OpenIdProvider]:
    """A provider of sign-ins."""
    async with OpenIdProvider() as provider:
        yield provider


@pytest.fixture
async def hub() -> AsyncIterator[GitHubLike]:
    """A provider that does as GitHub does."""
    async with GitHubLike() as hub:
        yield hub


@pytest.fixture
async def abroad(tmp_path: Path, provider: OpenIdProvider, hub: GitHubLike) -> AsyncIterator[Parley]:
    """A node that lets people sign in elsewhere: ``here`` and at ``hub``."""
    async with signing_in(tmp_path, {"here": provider, "hub": hub}) as parley:
        yield parley


@pytest.fixture
def browser(abroad: Parley) -> Browser:
    """A browser at ``abroad``."""
    return Browser(abroad)
