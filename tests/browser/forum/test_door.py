"""Who is invited to a place and who is banned from it, for those who may invite and ban."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Come
from tests.browser.forum import steps
from tests.browser.forum.test_keeping import join
from tests.browser.person import Person
from tests.browser.test_accessibility import SIZES, findings, tab_to
from tests.browser.test_layout import fits

pytestmark = pytest.mark.asyncio(loop_scope="session")

WHY = "Sold the same boats each day"


def door(person: Person) -> Locator:
    """Return the dialog with the lists, by whichever name it has for them."""
    return person.page.locator("dialog.door")


def listed(person: Person, title: str) -> Locator:
    """Return those who are in one of the lists."""
    return door(person).get_by_role("list", name=title).get_by_role("listitem")


async def ban(person: Person, other: Person, *, reason: str = "", length: str = "For ever") -> None:
    """Ban somebody, from the list of members."""
    row = person.page.locator(".members li", has_text=other.name)
    await steps.act(row, f"Actions for {other.name}", "Ban from room")
    asking = person.page.get_by_role("dialog", name=f"Ban {other.name}?")
    await asking.get_by_label("Reason").fill(reason)
    await asking.get_by_label("For how long?").select_option(length)
    await asking.get_by_role("button", name="Ban").click()
    await expect(row).to_have_count(0)


async def invite(person: Person, other: Person) -> None:
    """Invite somebody, from the dialog."""
    await door(person).get_by_role("button", name="Invite somebody").click()
    asking = person.page.get_by_role("dialog", name="Invite somebody")
    await asking.get_by_label("Name or user id").fill(other.name)
    await asking.get_by_role("button", name=f"Invite {other.name}").click()
    await expect(asking).to_have_count(0)


async def make_moderator(person: Person, other: Person, *without: str) -> None:
    """Make somebody a moderator who may do all but this."""
    row = person.page.locator(".members li", has_text=other.name)
    await steps.act(row, f"Actions for {other.name}", "Make moderator")
    asking = person.page.get_by_role("dialog")
    for words in without:
        await asking.get_by_label(words).uncheck()
    await asking.get_by_role("button", name="Make moderator").click()
    await expect(row).to_contain_text("Moderator")


async def test_who_is_banned_is_listed_with_reason_and_end_and_let_in_again(come: Come) -> None:
    ana, ben, cem = await come("ana"), await come("ben"), await come("cem")
    topic = await steps.make_topic(ana, "Harbour")
    await join(ben, topic)
    await join(cem, topic)
    await steps.go(ana, f"#/t/{topic}/members")
    await ban(ana, ben, reason=WHY, length="A week")
    await ban(ana, cem)
    await expect(ana.page.get_by_role("heading", name="Members · 1")).to_be_visible()
    await expect(ana.page.locator(".view .head .title p")).to_have_text("1 member")
    await ana.page.get_by_role("button", name="Invitations and bans").click()
    await expect(listed(ana, "Bans")).to_have_count(2)
    first, second = listed(ana, "Bans").filter(has_text=ben.name), listed(ana, "Bans").filter(has_text=cem.name)
    await expect(first).to_contain_text(WHY)
    await expect(first).to_contain_text("Until ")
    await expect(second).to_contain_text("For ever")
    await first.get_by_role("button", name=f"Unban {ben.name}").click()
    await expect(listed(ana, "Bans")).to_have_count(1)
    await expect(door(ana).get_by_text(f"{ben.name} is banned no more.")).to_be_visible()
    await join(ben, topic)
    await steps.go(cem, f"#/t/{topic}")
    await cem.page.get_by_role("button", name="Join", exact=True).click()
    await expect(cem.page.locator(".toast.error")).to_be_visible()


async def test_an_invitation_waits_in_the_list_until_it_is_answered_or_withdrawn(come: Come) -> None:
    ana, ben, cem = await come("ana"), await come("ben"), await come("cem")
    await steps.make_topic(ana, "Secret harbour", open_=False)
    await steps.act(ana.page.locator(".view .head"), "Topic actions", "Invitations and bans")
    await expect(door(ana).get_by_text("Nobody is invited")).to_be_visible()
    await invite(ana, ben)
    await invite(ana, cem)
    await expect(listed(ana, "Invitations")).to_have_count(2)
    for person in (ben, cem):
        await steps.go(person, "#/notifications")
        await expect(person.page.get_by_role("button", name="Join Secret harbour")).to_be_visible()
    # Live: whoever comes in is invited no more.
    await ben.page.get_by_role("button", name="Join Secret harbour").click()
    await expect(listed(ana, "Invitations")).to_have_count(1)
    await door(ana).get_by_role("button", name=f"Withdraw the invitation of {cem.name}").click()
    await expect(listed(ana, "Invitations")).to_have_count(0)
    await cem.page.get_by_role("button", name="Join Secret harbour").click()
    await expect(cem.page.locator(".toast.error")).to_be_visible()


async def test_each_list_is_for_those_who_may(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    topic = await steps.make_topic(ana, "Harbour")
    await join(ben, topic)
    await steps.go(ben, f"#/t/{topic}/members")
    await expect(ben.page.locator(".members li")).to_have_count(2)
    buttons = ben.page.get_by_role("button", name="bans")
    await expect(buttons).to_have_count(0)
    await steps.go(ana, f"#/t/{topic}/members")
    await make_moderator(ana, ben, "Invite people")
    # Without a reload: what one may do is told as it changes.
    await ben.page.get_by_role("button", name="Bans", exact=True).click()
    await expect(door(ben).get_by_role("heading", name="Bans", level=3)).to_be_visible()
    await expect(door(ben).get_by_role("heading", name="Invitations")).to_have_count(0)
    row = ana.page.locator(".members li", has_text=ben.name)
    await steps.act(row, f"Actions for {ben.name}", "Permissions")
    asking = ana.page.get_by_role("dialog", name=f"What {ben.name} may do")
    await expect(asking.get_by_label("Invite people")).not_to_be_checked()
    await asking.get_by_label("Invite people").check()
    await asking.get_by_label("Remove and ban people").uncheck()
    await asking.get_by_role("button", name="Save").click()
    await expect(door(ben).get_by_role("heading", name="Invitations", level=3)).to_be_visible()
    await expect(door(ben).get_by_role("heading", name="Bans")).to_have_count(0)
    await steps.act(row, f"Actions for {ben.name}", "Make member")
    await expect(door(ben).get_by_text("neither invite nor ban here any more")).to_be_visible()
    await ben.page.keyboard.press("Escape")
    await expect(buttons).to_have_count(0)


async def test_bans_of_a_room_are_listed_and_lifted_by_keyboard_alone(come: Come) -> None:
    ana, ben, cem = await come("ana"), await come("ben"), await come("cem")
    await ana.create_room("Quay")
    await ben.join("Quay")
    await cem.join("Quay")
    page, keys = ana.page, ana.page.keyboard
    await expect(page.locator(".members li")).to_have_count(3)
    await ban(ana, ben, reason=WHY)
    await ban(ana, cem)
    await tab_to(page, page.get_by_role("button", name="Invitations and bans"))
    await keys.press("Enter")
    for left, name in ((1, ben.name), (0, cem.name)):
        await expect(listed(ana, "Bans")).to_have_count(left + 1)
        await tab_to(page, door(ana).get_by_role("button", name=f"Unban {name}"))
        await keys.press("Enter")
        await expect(listed(ana, "Bans")).to_have_count(left)
        # The focus stays where one can go on.
        await expect(door(ana).locator(":focus")).to_have_count(1)
    await expect(door(ana).get_by_role("heading", name="Bans", level=3)).to_be_focused()
    await keys.press("Escape")
    await expect(page.get_by_role("button", name="Invitations and bans")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_axe_finds_nothing_serious_in_the_lists_and_they_fit(size: str, scheme: str, come: Come) -> None:
    ana = await come("ana", viewport=SIZES[size], color_scheme=scheme)
    ben, cem = await come("ben"), await come("cem")
    topic = await steps.make_topic(ana, "Harbour")
    await join(ben, topic)
    await steps.go(ana, f"#/t/{topic}/members")
    await ban(ana, ben, reason="W" * 200, length="A year")
    await ana.page.get_by_role("button", name="Invitations and bans").click()
    await invite(ana, cem)
    await expect(listed(ana, "Invitations")).to_have_count(1)
    await expect(listed(ana, "Bans")).to_have_count(1)
    assert await findings(ana.page) == []
    await fits(ana, "invitations and bans")
