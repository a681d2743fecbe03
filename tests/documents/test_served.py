"""The documents as a server gives them out, and the two viewers in a real Chromium."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Response, async_playwright, expect

from tests.client.site import Site

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

ADDRESSES = {
    "/openapi.json": "application/json",
    "/asyncapi.json": "application/json",
    "/docs": "text/html",
    "/docs/": "text/html",
    "/docs/protocol": "text/plain; charset=utf-8",
    "/redoc": "text/html",
    "/redoc/websocket": "text/html",
}

LISTEN = "window.refused = []; addEventListener('securitypolicyviolation', (e) => refused.push(e.effectiveDirective))"


async def test_documents_may_be_kept_and_are_asked_about(site: Site) -> None:
    for address, media in ADDRESSES.items():
        first = await site.rest.request("GET", address)
        assert (first.status, first.headers["content-type"]) == (200, media), address
        assert "no-cache" in first.headers["cache-control"]
        again = await site.rest.request("GET", address, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status, again.body) == (304, b""), address
        head = await site.rest.request("HEAD", address)
        assert (head.status, head.headers["etag"]) == (200, first.headers["etag"]), address


async def test_served_documents_are_the_committed_ones(site: Site, openapi: Any, asyncapi: Any) -> None:
    assert (await site.rest.request("GET", "/openapi.json")).ok() == openapi
    assert (await site.rest.request("GET", "/asyncapi.json")).ok() == asyncapi


async def test_documents_are_only_read(site: Site) -> None:
    for address in ADDRESSES:
        assert (await site.rest.request("POST", address, {})).status == 405, address


async def test_viewers_have_policies_without_holes(site: Site) -> None:
    for address in ("/docs", "/redoc"):
        headers = (await site.rest.request("GET", address)).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'"), policy
        assert not re.search(r"unsafe|\*|https?:|blob:", policy), policy
        assert headers["x-content-type-options"] == "nosniff"


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


class Viewer:
    """A page with a viewer in it, and what it did."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.home = home
        self.errors: list[str] = []
        self.foreign: list[str] = []
        """Answers that came from elsewhere."""

    async def open(self, path: str) -> None:
        """Open a viewer and note what goes wrong."""
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("response", self._answered)
        await self.page.add_init_script(LISTEN)
        await self.page.goto(self.home + path)

    def _answered(self, response: Response) -> None:
        if not response.url.startswith((self.home, "data:")):
            self.foreign.append(response.url)

    async def refused(self) -> set[str]:
        """Return the directives of the policy that stopped something."""
        return set(await self.page.evaluate("window.refused"))


@pytest.fixture
async def viewer(browser: Browser, site: Site) -> Viewer:
    """A page that is still empty."""
    return Viewer(await browser.new_page(), f"http://127.0.0.1:{site.address[1]}")


async def _operations_shown(page: Page) -> int:
    """Return how many operations come into sight on the way to the end: only those near are drawn."""
    await page.locator(".opblock").first.wait_for()
    shown: set[str] = set()
    while True:
        shown |= set(await page.evaluate("[...document.querySelectorAll('.opblock')].map((one) => one.id)"))
        before = await page.evaluate("scrollY")
        await page.evaluate("scrollBy(0, innerHeight / 2)")
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        if await page.evaluate("scrollY") == before:
            return len(shown)


@pytest.mark.browser
@pytest.mark.timeout(120)
async def test_swagger_ui_shows_operations_and_tries_them(viewer: Viewer, openapi: Any) -> None:
    await viewer.open("/docs")
    count = sum(len(methods) for methods in openapi["paths"].values())
    assert await _operations_shown(viewer.page) == count
    await viewer.page.get_by_text("/health/ready").click()
    await viewer.page.get_by_role("button", name="Try it out").click()
    await viewer.page.get_by_role("button", name="Execute").click()
    await expect(viewer.page.locator(".live-responses-table .response-col_status").last).to_have_text("200")
    assert (viewer.errors, viewer.foreign, await viewer.refused()) == ([], [], set())


@pytest.mark.browser
@pytest.mark.timeout(120)
@pytest.mark.parametrize(("path", "shown"), [("/redoc", "/api/auth/register"), ("/redoc/websocket", "The websocket")])
async def test_redoc_shows_a_document_and_tells_nobody(viewer: Viewer, path: str, shown: str) -> None:
    await viewer.open(path)
    await expect(viewer.page.get_by_text(shown).first).to_be_visible()
    await expect(viewer.page.get_by_role("heading", name="Parley").first).to_be_visible()
    await viewer.page.keyboard.press("Control+k")
    await viewer.page.keyboard.type("reaction")
    await expect(viewer.page.locator("[data-component-name='Search/SearchItem']").first).to_be_visible()
    assert (viewer.errors, viewer.foreign) == ([], [])
    # Its makers' logo, which would come from their host; and eval, with which it would search in a worker.
    assert await viewer.refused() <= {"img-src", "script-src"}
