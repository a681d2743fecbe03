"""The page's files: how often a browser asks for them."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Come
from tests.browser.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASKED_FOR = """
() => performance.getEntriesByType("resource")
  .filter(({ name, transferSize }) => transferSize > 0 && /[.](js|css|woff2|svg)$/.test(name))
  .map(({ name }) => new URL(name).pathname)
"""
"""What did not come out of the browser's cache."""


async def asked_for(person: Person) -> list[str]:
    """Return what the browser has asked the server for since the page was opened."""
    await expect(person.page.locator(".rail")).to_be_attached()
    paths: list[str] = await person.page.evaluate(ASKED_FOR)
    return paths


async def test_page_that_is_reloaded_asks_for_no_file_again(come: Come) -> None:
    ana = await come("ana")
    first = await asked_for(ana)
    assert len(first) > 100
    assert all(path.startswith("/files/") for path in first)
    await ana.page.reload()
    assert await asked_for(ana) == []


async def test_letters_are_asked_for_with_the_page_so_that_nothing_moves_when_they_come(come: Come) -> None:
    ana = await come("ana")
    fonts = await ana.page.evaluate(
        """() => performance.getEntriesByType("resource")
          .filter(({ name }) => name.endsWith(".woff2")).map(({ initiatorType }) => initiatorType)"""
    )
    assert fonts == ["link"]
