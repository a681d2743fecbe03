"""What tests are given: the real parts, once a session, and an application on a port of its own."""

import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NoReturn, TypeVar

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.forked import FORKER
from tests.parts import Missing, Mongo, Part, Redis, chromium_program
from tests.postbox import Postbox, open_postbox
from tests.turn_part import Turn

P = TypeVar("P", bound=Part)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Take what was loaded out of the garbage collector's rounds: each would walk a million objects that all stay."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """End what servers are forked from."""
    FORKER.end()


# What is run when, and by which process

TIMED = [
    "tests/integration/doors/test_balancer.py",
    "tests/browser/test_long_tasks.py",
    "tests/browser/calls/test_call_media.py",
]
"""Files whose tests start what is costly and look at how long it takes. They run at the end, in this order and in one
process, when the others have next to nothing left: whoever measures wants to be alone. All others run anywhere."""


def file_of(nodeid: str) -> str:
    """Return the file of a test, as seen from the root."""
    return nodeid.partition("::")[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put ``TIMED`` at the end."""
    place = {file: place for place, file in enumerate(TIMED)}
    items.sort(key=lambda item: place.get(file_of(item.nodeid), -1))


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each process the next test that is to be run, and all of ``TIMED`` to one."""

    def _split_scope(self, nodeid: str) -> str:
        return "timed" if file_of(nodeid) in TIMED else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    """Return what hands out the tests, in their order, where several processes run them."""
    if config.getvalue("dist") != "loadscope":
        return None
    # It would begin with what has most tests.
    config.option.loadscopereorder = False
    return Together(config, log)


# Real parts


def missing(reason: str) -> NoReturn:
    """Skip a test for want of a part; in CI nothing is skipped in silence."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def running(make: Callable[[], P]) -> Iterator[P]:
    """Give a part while it runs."""
    try:
        part = make().__enter__()
    except Missing as error:
        missing(str(error))
    try:
        yield part
    finally:
        part.end()


def url_of(variable: str, make: Callable[[], Part]) -> Iterator[str]:
    """Give the URL that the environment names, else that of a part of ours."""
    if url := os.environ.get(variable):
        yield url
    else:
        for part in running(make):
            yield part.url


@pytest.fixture(scope="session")
def mongo_url() -> Iterator[str]:
    """A replica set for the session. Tests name databases of their own in it, and do it no harm."""
    yield from url_of("PARLEY_TEST_MONGO_URL", Mongo)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis for the session. Tests prefix their keys and channels, and do it no harm."""
    yield from url_of("PARLEY_TEST_REDIS_URL", Redis)


@pytest.fixture
def mongo_part() -> Iterator[Mongo]:
    """A replica set of the test's own, to be killed, frozen and made to fail."""
    yield from running(Mongo)


@pytest.fixture
def redis_part() -> Iterator[Redis]:
    """A Redis of the test's own, to be killed, frozen and started again."""
    yield from running(Redis)


@pytest.fixture(scope="session")
def turn() -> Iterator[Turn]:
    """A coturn for the session, with the very file that is shipped: it relays to nobody on this machine."""
    yield from running(Turn)


@pytest.fixture(scope="session")
def open_turn() -> Iterator[Turn]:
    """A coturn for the session whose relays reach each other: two devices hold a call through it alone."""
    yield from running(lambda: Turn(open_=True))


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """A mail server that keeps letters: its ``url`` is what ``--smtp-url`` is to be."""
    with open_postbox() as postbox:
        yield postbox


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium."""
    try:
        return chromium_program()
    except Missing as error:
        missing(str(error))


# A test module's own Tornado application: it gives a fixture ``app``


class Client:
    """An HTTP client of one server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._client = AsyncHTTPClient(force_instance=True)

    async def fetch(self, path: str, **how: Any) -> HTTPResponse:
        """Fetch a path of the server; how: as ``AsyncHTTPClient.fetch``."""
        return await self._client.fetch(f"http://127.0.0.1:{self.port}{path}", **how)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()


@pytest.fixture
async def http_server(app: Application) -> AsyncIterator[HTTPServer]:
    """The application, listening in the test's own loop."""
    server = HTTPServer(app)
    listening, _ = bind_unused_port()
    server.add_socket(listening)
    yield server
    server.stop()
    await server.close_all_connections()


@pytest.fixture
def http_server_port(http_server: HTTPServer) -> int:
    """Where it listens."""
    (listening,) = http_server._sockets.values()
    return int(listening.getsockname()[1])


@pytest.fixture
async def http_server_client(http_server_port: int) -> AsyncIterator[Client]:
    """A client of it."""
    client = Client(http_server_port)
    yield client
    client.close()
