"""What browser tests are given: a server as a process that sends letters, a Chromium, people with the page open."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.cable import Cable
from tests.browser.calls.calling import MEDIA_FLAGS
from tests.browser.person import Person
from tests.browser.readers import Reader, sit_down
from tests.client.site import Site
from tests.parts import free_port
from tests.postbox import Postbox
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
    """Give every test here its marks."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(120))


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path, settings: dict[str, str]) -> AsyncIterator[ServerProcess]:
    """A running server; at the end it must stop in order and its log must be free of tracebacks."""
    process = ServerProcess(tmp_path / "data", variables=settings)
    process.port = int(settings["PARLEY_URL"].rpartition(":")[2])
    async with running(process):
        yield process


@pytest.fixture
def settings(postbox: Postbox) -> dict[str, str]:
    """The settings of ``server``: its letters come into ``postbox``, and it knows where people find it."""
    return {"PARLEY_SMTP_URL": postbox.url, "PARLEY_URL": f"http://localhost:{free_port()}"}


@pytest.fixture
def url(settings: dict[str, str], server: ServerProcess) -> str:
    """Where the page is: by a name, for there are no passkeys of an address."""
    assert server.alive
    return settings["PARLEY_URL"]


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


# Calls


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def phone_browser(chromium: str) -> AsyncIterator[Browser]:
    """A Chromium with a microphone and a camera."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *MEDIA_FLAGS])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def readers(phone_browser: Browser, url: str) -> AsyncIterator[list[Reader]]:
    """Those who have come; at the end nothing may have gone wrong under their hands."""
    assert url
    readers: list[Reader] = []
    yield readers
    try:
        for reader in readers:
            await reader.person.check()
    finally:
        for reader in readers:
            await reader.person.context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def ana(phone_browser: Browser, url: str, site: Site, readers: list[Reader]) -> Reader:
    """Ana, at a desk."""
    return await sit_down(phone_browser, url, await site.register("ana"), readers)
