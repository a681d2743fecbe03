"""Who is logged in, and where that is kept."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Come
from tests.browser.person import PASSWORD
from tests.client.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEPT = """
async () => {
  const open = indexedDB.open("parley");
  const database = await new Promise((resolve) => { open.onsuccess = () => resolve(open.result); });
  const store = database.transaction("account").objectStore("account");
  const all = store.getAll();
  const kept = await new Promise((resolve) => { all.onsuccess = () => resolve(all.result); });
  database.close();
  return kept;
}
"""


async def test_one_stays_logged_in_over_a_reload_and_no_token_lies_open(come: Come) -> None:
    ana = await come("ana")
    await ana.page.reload()
    await ana.is_connected()
    (kept,) = await ana.page.evaluate(KEPT)
    assert set(kept) == {"user", "refresh_token"}, "the access token stays in memory"
    assert await ana.page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert await ana.context.cookies() == []


async def test_tabs_that_refresh_at_once_do_not_end_the_session(come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    tabs = [ana, *[await ana.second_tab() for _ in range(2)]]
    for _ in range(4):
        await asyncio.gather(*(tab.page.reload() for tab in tabs))
        await asyncio.gather(*(tab.is_connected() for tab in tabs))
    await tabs[1].say("all of us are here")
    for tab in tabs:
        await tab.sees("all of us are here")


async def test_logging_out_ends_the_session_in_every_tab(come: Come) -> None:
    ana = await come("ana")
    other = await ana.second_tab()
    await other.is_connected()
    await ana.page.get_by_role("button", name=f"Account of {ana.name}").click()
    await ana.page.get_by_role("menuitem", name="Log out").click()
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await expect(other.page.get_by_text("You logged out in another tab.")).to_be_visible()
    assert await ana.page.evaluate(KEPT) == []
    await ana.page.reload()
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()


async def test_logging_in_in_one_tab_lets_the_others_in(come: Come, site: Site) -> None:
    account = await site.register("ana")
    ana = await come()
    other = await ana.second_tab()
    await ana.log_in(account.username)
    await other.is_connected()


async def test_a_session_revoked_by_the_server_ends_at_once(come: Come, site: Site) -> None:
    ana = await come("ana")
    (kept,) = await ana.page.evaluate(KEPT)
    stolen = {"refresh_token": kept["refresh_token"]}
    await ana.page.reload()  # rotates it
    await ana.is_connected()
    assert (await site.rest.request("POST", "/api/auth/refresh", stolen)).status in {200, 401}
    assert (await site.rest.request("POST", "/api/auth/refresh", stolen)).status == 401
    await expect(ana.page.get_by_text("Your session is over. Please log in again.")).to_be_visible()


async def test_what_is_wrong_is_said_at_its_field(come: Come, site: Site) -> None:
    account = await site.register("ana")
    somebody = await come()
    page = somebody.page
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_label("Username")).to_have_accessible_description("Enter your username.")
    await page.get_by_label("Username").fill(account.username)
    await page.get_by_label("Password").fill("not this one")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_have_text("Username or password is not right.")

    await page.get_by_role("button", name="Create an account").click()
    await page.get_by_label("E-mail").fill("ana@example.org")
    await page.get_by_label("Password").fill("short")
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_label("Password")).to_have_accessible_description("At least 8 characters.")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_label("Username")).to_have_accessible_description("This username is taken.")
    await expect(page.get_by_label("Username")).to_be_focused()
