"""The page through the load balancer: TLS, HTTP/2 and a websocket on it, a node that ends and comes again."""

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from tests.balancer import Balancer
from tests.browser.person import Person
from tests.conftest import running
from tests.parts import free_port
from tests.processes import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    """The settings of ``server``: it believes the load balancer, which says that people came by TLS."""
    return settings | {"PARLEY_TRUSTED_PROXIES": "127.0.0.1"}


@pytest.fixture
def balancer(server: ServerProcess) -> Iterator[Balancer]:
    """A load balancer in front of one node; the two others it knows are not there."""
    yield from running(lambda: Balancer([server.port, free_port(), free_port()]))


async def test_the_page_works_through_the_load_balancer(
    browser: Browser, balancer: Balancer, server: ServerProcess
) -> None:
    ana = await Person.come(browser, f"https://localhost:{balancer.port}", ignore_https_errors=True)
    await ana.register("ana")
    cookies = await ana.context.cookies()
    assert [(cookie["name"], cookie["secure"]) for cookie in cookies] == [("__Host-parley", True)]
    await ana.create_room("Harbour")
    await ana.say("by TLS")
    await ana.sees("by TLS")
    protocol = "performance.getEntriesByType('resource').every((one) => one.nextHopProtocol === 'h2')"
    assert await ana.page.evaluate(protocol)
    await asyncio.to_thread(server.stop)
    await ana.say("meanwhile")
    await asyncio.to_thread(server.start)
    await ana.sees("by TLS", "meanwhile", within_ms=40_000)
    await expect(ana.page.locator(".banner")).to_be_hidden()
    await ana.check()
    await ana.context.close()
