"""What one is told of on the page: it comes by itself, is counted, leads there, and is read."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Come
from tests.browser.forum import steps
from tests.browser.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


def link(person: Person) -> Locator:
    """Return the way to the notifications, which has their number."""
    return person.page.get_by_role("navigation", name="Parts of the page").get_by_role("link", name="Notifications")


def notices(person: Person) -> Locator:
    """Return the notifications that somebody sees."""
    return person.page.locator("ol.notices > li")


async def test_a_comment_is_told_of_counted_and_read_by_opening_it(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    topic = await steps.make_topic(ana, "Harbour")
    id_ = await steps.post(ana, "A yellow dinghy")
    await steps.go(ana, "#/feed")
    await steps.go(ben, f"#/t/{topic}")
    await ben.page.get_by_role("button", name="Join", exact=True).click()
    await steps.go(ben, f"#/p/{id_}")
    await steps.say(ben, "Behind the pier")
    await expect(link(ana)).to_have_accessible_name("Notifications 1 unread")
    await expect(ana.page).to_have_title(re.compile(r"^\(1\) "))
    await link(ana).click()
    told = notices(ana).first
    await expect(told).to_contain_text(f"{ben.name} commented on a post of yours in Harbour")
    await told.get_by_role("link").click()
    await steps.is_at(ana, "A yellow dinghy")
    await expect(steps.comment(ana, "Behind the pier")).to_have_class(re.compile("shown"))
    await expect(link(ana)).to_have_accessible_name("Notifications")
    await ana.page.reload()
    await ana.is_connected()
    await expect(link(ana)).to_have_accessible_name("Notifications")


async def test_all_are_read_at_once_here_and_in_another_tab(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await steps.make_topic(ana, "Harbour")
    tab = await ana.second_tab()
    await steps.go(ben, "#/people")
    await ben.page.get_by_label("Search people by name").fill(ana.name)
    await ben.page.get_by_role("link", name=ana.name).click()
    await ben.page.get_by_role("button", name=f"Follow {ana.name}").click()
    await ben.page.get_by_role("button", name=f"Befriend {ana.name}").click()
    await expect(link(ana)).to_have_accessible_name("Notifications 2 unread")
    await expect(link(tab)).to_have_accessible_name("Notifications 2 unread")
    await link(ana).click()
    await expect(notices(ana)).to_have_count(2)
    await ana.page.get_by_role("button", name="Mark all read").click()
    await expect(link(ana)).to_have_accessible_name("Notifications")
    await expect(link(tab)).to_have_accessible_name("Notifications")
    await notices(ana).first.get_by_role("button", name="Put it away").click()
    await expect(notices(ana)).to_have_count(1)


async def test_an_invitation_is_accepted_where_one_is_told_of_it(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await steps.make_topic(ana, "Secret harbour", open_=False)
    await steps.act(ana.page.locator(".view .head"), "Topic actions", "Invite")
    dialog = ana.page.get_by_role("dialog", name="Invite somebody")
    await dialog.get_by_label("Name or user id").fill(ben.name)
    await dialog.get_by_role("button", name=f"Invite {ben.name}").click()
    await expect(link(ben)).to_have_accessible_name("Notifications 1 unread")
    await link(ben).click()
    await ben.page.get_by_role("button", name="Join Secret harbour").click()
    await steps.is_at(ben, "Secret harbour")
    await expect(ben.page.get_by_role("button", name="Post", exact=True)).to_be_visible()
