"""What browser tests are given: a server as a process, a Chromium, people with the page open."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.cable import Cable
from tests.browser.person import Person
from tests.client.site import Site
from tests.processes import ServerProcess, running

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--no-first-run",
]

# A machine that does other things besides takes its time.
expect.set_options(timeout=15_000)

Come = Callable[..., Awaitable[Person]]
"""Open the page as somebody new: ``come("ana", through=cable, viewport=…)``."""

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test here its marks: one after the other, in one process."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.timeout(120))


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A running server; at the end it must stop in order and its log must be free of tracebacks."""
    async with running(ServerProcess(tmp_path / "data")) as process:
        yield process


@pytest.fixture
def url(server: ServerProcess) -> str:
    """Where the page is."""
    return f"http://127.0.0.1:{server.port}"


@pytest_asyncio.fixture(loop_scope="session")
async def site(server: ServerProcess) -> AsyncIterator[Site]:
    """Programs that speak the protocol beside the people in front of the page."""
    async with Site(server.address) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def cable(server: ServerProcess) -> AsyncIterator[Cable]:
    """A cable to the server that can be cut."""
    async with Cable(server.address) as cable:
        yield cable


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A Chromium for the session; people have contexts of their own in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def come(browser: Browser, url: str) -> AsyncIterator[Come]:
    """People who come to the page. At the end nothing may have gone wrong under their hands."""
    people: list[Person] = []

    async def come(name: str | None = None, *, through: Cable | None = None, **options: Any) -> Person:
        person = await Person.come(browser, through.url if through else url, **options)
        people.append(person)
        if name:
            await person.register(name)
        return person

    yield come
    try:
        for person in people:
            await asyncio.wait_for(person.check(), 10)
    finally:
        for person in people:
            await person.context.close()
