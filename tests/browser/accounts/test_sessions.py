"""Where somebody is logged in: seen, named, ended; and told at once to whom it concerns."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Come
from tests.browser.person import Person
from tests.client.account import Account
from tests.client.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def twice(come: Come) -> tuple[Person, Person]:
    """Somebody in two browsers."""
    ana = await come("ana")
    other = await come()
    await other.log_in(ana.name)
    return ana, other


async def test_sessions_are_listed_with_this_one_marked_and_can_be_named(come: Come) -> None:
    ana, _ = await twice(come)
    dialog = await ana.account("Sessions")
    rows = dialog.get_by_role("listitem")
    await expect(rows).to_have_count(2)
    this = rows.filter(has_text="This session")
    await expect(this).to_have_count(1)
    await expect(this).to_contain_text("Chrome on Linux")
    await this.get_by_role("button", name="Rename").click()
    naming = ana.page.get_by_role("dialog", name="Name of the session")
    await naming.get_by_label("Name").fill("Desk at home")
    await naming.get_by_role("button", name="Save").click()
    await expect(this.get_by_text("Desk at home")).to_be_visible()
    await expect(this.get_by_role("button", name="End")).to_have_count(0)


async def test_a_session_that_is_ended_from_another_window_is_told_at_once(come: Come) -> None:
    ana, other = await twice(come)
    dialog = await ana.account("Sessions")
    await dialog.get_by_role("button", name="End Chrome on Linux").click()
    await expect(other.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await expect(other.page.get_by_text("Your session is over. Please log in again.")).to_be_visible()
    await expect(dialog.get_by_role("listitem")).to_have_count(1)
    await other.page.reload()
    await expect(other.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await ana.page.reload()
    await ana.is_connected()


async def test_all_others_are_ended_at_once(come: Come, site: Site) -> None:
    ana, other = await twice(come)
    await Account.log_in(site.rest, ana.name)
    dialog = await ana.account("Sessions")
    await expect(dialog.get_by_role("listitem")).to_have_count(3)
    await dialog.get_by_role("button", name="End all others…").click()
    await ana.page.get_by_role("dialog", name="End all other sessions?").get_by_role("button", name="End them").click()
    await expect(other.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await expect(dialog.get_by_role("listitem")).to_have_count(1)


async def test_a_dialog_that_is_open_goes_with_its_session(come: Come) -> None:
    ana, other = await twice(come)
    await other.account("Profile")
    dialog = await ana.account("Sessions")
    await dialog.get_by_role("button", name="End Chrome on Linux").click()
    await expect(other.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await expect(other.page.get_by_role("dialog")).to_have_count(0)
