"""Who is logged in, and where that is kept."""

import asyncio
import json
import re

import pytest
from playwright.async_api import Cookie, Route, expect

from tests.browser.cable import Cable
from tests.browser.conftest import Come
from tests.browser.person import PASSWORD, Person
from tests.client.account import Account
from tests.client.site import Site

OLD = """
async () => {
  const done = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
  await done(indexedDB.deleteDatabase("parley"));
  const open = indexedDB.open("parley", 1);
  open.onupgradeneeded = () => {
    const account = open.result.createObjectStore("account");
    account.put({ user: { id: "u", username: "ana" }, refresh_token: "old" }, "current");
    const outbox = open.result.createObjectStore("outbox", { keyPath: "n", autoIncrement: true });
    outbox.createIndex("cid", "cid", { unique: true });
    outbox.createIndex("user", "user");
  };
  (await done(open)).close();
}
"""
"""What the page's first version left."""

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEPT = """
async () => {
  const open = indexedDB.open("parley");
  // Where the browser has just cleared it nothing is kept, and an empty one must not be left to the page.
  open.onupgradeneeded = () => open.transaction.abort();
  const database = await new Promise((resolve) => {
    open.onsuccess = () => resolve(open.result);
    open.onerror = (event) => { event.preventDefault(); resolve(null); };
  });
  if (!database) return [];
  const store = database.transaction("account").objectStore("account");
  const all = store.getAll();
  const kept = await new Promise((resolve) => { all.onsuccess = () => resolve(all.result); });
  database.close();
  return kept;
}
"""

QUEUED = """
async () => {
  while ((await navigator.locks.query()).pending.length < 2) await new Promise((done) => setTimeout(done, 20));
}
"""
"""Waits until two things wait for their turn."""


async def cookie_of(person: Person) -> Cookie:
    """Return the one cookie that somebody's browser has."""
    (cookie,) = await person.context.cookies()
    return cookie


async def test_one_stays_logged_in_over_a_reload_and_no_token_lies_open(come: Come) -> None:
    ana = await come("ana")
    await ana.page.reload()
    await ana.is_connected()
    kept = await ana.page.evaluate(KEPT)
    assert {"id", "username"} in [set(entry) for entry in kept if isinstance(entry, dict)]
    assert not re.search(r"token|[\w-]{40}", json.dumps(kept)), "no token is kept where scripts read"
    assert await ana.page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert await ana.page.evaluate("document.cookie") == ""
    cookie = await cookie_of(ana)
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert cookie["expires"] > 0, "it outlives the browser"


async def test_one_who_is_not_to_be_remembered_is_forgotten_with_the_browser(come: Come, site: Site) -> None:
    account = await site.register("ana")
    ana = await come()
    await ana.page.get_by_label("Stay logged in here").uncheck()
    await ana.log_in(account.username)
    assert (await cookie_of(ana))["expires"] == -1


async def test_a_token_that_an_older_page_kept_is_erased(come: Come) -> None:
    ana = await come()
    await ana.page.goto(f"{ana.url}/icon.svg")
    await ana.page.evaluate(OLD)
    await ana.page.goto(ana.url)
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert await ana.page.evaluate(KEPT) == []


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
    assert ana.name not in json.dumps(await ana.page.evaluate(KEPT))
    assert await ana.context.cookies() == []
    await ana.page.reload()
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()


async def test_logging_out_without_a_network_ends_the_session_later(come: Come, cable: Cable, site: Site) -> None:
    ana = await come("ana", through=cable)
    token = {"refresh_token": (await cookie_of(ana))["value"]}
    cable.cut()
    await ana.page.get_by_role("button", name=f"Account of {ana.name}").click()
    await ana.page.get_by_role("menuitem", name="Log out").click()
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    async with ana.page.expect_response("**/api/auth/logout"):
        cable.mend()  # whether it is before the reload that the page reaches the server, or after
        await ana.page.reload()
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert (await site.rest.request("POST", "/api/auth/refresh", token)).status == 401
    assert await ana.context.cookies() == []


async def test_logging_out_with_an_old_token_of_a_session_that_is_over_ends_too(
    come: Come, cable: Cable, site: Site
) -> None:
    ana = await come("ana", through=cable)
    cable.cut()
    elsewhere = await Account.log_in(site.rest, ana.name)
    (await elsewhere.request("DELETE", "/api/auth/sessions")).ok()
    # As after a night with the lid shut: the token is old, and the page has heard of nothing.
    await ana.page.evaluate("{ const now = Date.now(); Date.now = () => now + 24 * 3600 * 1000; }")
    is_asked = asyncio.Event()

    async def hold(route: Route) -> None:
        await is_asked.wait()
        await route.continue_()

    await ana.page.route("**/api/auth/refresh", hold)
    cable.mend()
    await ana.choose_own("Log out")
    is_asked.set()
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert await ana.page.evaluate(KEPT) == []
    assert await ana.page.evaluate("navigator.locks.query().then(({ held }) => held.length)") == 0
    await ana.log_in(ana.name)


async def test_who_logs_in_in_another_tab_keeps_the_session_though_a_log_out_is_answered_late(come: Come) -> None:
    ana = await come("ana")
    other = await ana.second_tab()
    await other.is_connected()
    is_answered = asyncio.Event()

    async def hold(route: Route) -> None:
        await is_answered.wait()
        await route.continue_()

    await ana.page.route("**/api/auth/logout", hold)
    await ana.choose_own("Log out")
    await expect(ana.page.get_by_text("Logging out…")).to_be_visible()
    await expect(other.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    entering = asyncio.create_task(other.log_in(ana.name))
    # Both its log-in and what the way in does by itself wait for the answer.
    async with asyncio.timeout(15):
        await other.page.evaluate(QUEUED)
    is_answered.set()
    await entering
    await other.page.reload()
    await other.is_connected()


async def test_logging_in_in_one_tab_lets_the_others_in(come: Come, site: Site) -> None:
    account = await site.register("ana")
    ana = await come()
    other = await ana.second_tab()
    await ana.log_in(account.username)
    await other.is_connected()


async def test_a_session_revoked_by_the_server_ends_at_once(come: Come, site: Site) -> None:
    ana = await come("ana")
    stolen = {"refresh_token": (await cookie_of(ana))["value"]}
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
    await page.get_by_label("Password", exact=True).fill("not this one")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_have_text("Username or password is not right.")

    await page.get_by_role("button", name="Create an account").click()
    await page.get_by_label("E-mail").fill("ana@example.org")
    await page.get_by_label("Password", exact=True).fill("short")
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_label("Password", exact=True)).to_have_accessible_description("At least 8 characters.")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_label("Username")).to_have_accessible_description("This username is taken.")
    await expect(page.get_by_label("Username")).to_be_focused()
