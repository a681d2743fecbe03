"""Who is there, as the page shows it: by shape, by colour, and in words."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser.cable import Cable
from tests.browser.conftest import Come
from tests.browser.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def talk(ana: Person, ben: Person) -> None:
    """Let two people be in one room, and open the direct conversation between them."""
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ben.say("Here I am")
    await ana.message("Here I am").get_by_role("button", name=ben.name).click()
    await ana.is_in(ben.name)
    await ana.say("Just between us")


def about(person: Person) -> Locator:
    """What is said of the open room under its name."""
    return person.page.locator(".head .title p")


async def test_peer_of_a_direct_conversation_is_shown(come: Come, cable: Cable) -> None:
    ana, ben = await come("ana"), await come("ben", through=cable)
    await talk(ana, ben)
    dot = ana.room(ben.name).locator(".dot")
    await expect(about(ana)).to_have_text("Online")
    await expect(dot).to_have_class("dot online")
    await expect(ana.room(ben.name)).to_contain_text("Online")

    await ben.page.get_by_role("button", name="Account of").click()
    await ben.page.get_by_role("menuitem", name="Show me as busy").click()
    await expect(about(ana)).to_have_text("Busy")
    await expect(dot).to_have_class("dot busy")
    await expect(ben.page.get_by_role("button", name="Account of")).to_contain_text("Busy")

    cable.cut()
    await expect(about(ana)).to_have_text(re.compile(r"^Last seen today at \d"))
    await expect(dot).to_have_count(0)
    cable.mend()
    await expect(about(ana)).to_have_text("Busy", timeout=40_000)


async def test_members_of_a_small_room_are_shown(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    panel = ana.page.get_by_role("complementary", name="Members")
    if not await panel.is_visible():
        await ana.page.get_by_role("button", name="Members").click()
    row = panel.get_by_role("listitem").filter(has_text=ben.name)
    await expect(row).to_contain_text("Online")
    await ben.page.get_by_role("button", name="Account of").click()
    await ben.page.get_by_role("menuitem", name="Show me as away").click()
    await expect(row).to_contain_text("Away")
    await expect(row.locator(".dot")).to_have_class("dot away")
    await ben.page.close()
    await expect(row).to_contain_text("Last seen today")


async def test_tabs_of_one_browser_agree(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await talk(ana, ben)
    tab = await ben.second_tab()
    await tab.is_connected()
    for who, status in ((ben, "busy"), (tab, "away"), (ben, "online")):
        await who.page.bring_to_front()
        await who.page.get_by_role("button", name="Account of").click()
        await who.page.get_by_role("menuitem", name=f"Show me as {status}").click()
        await expect(about(ana)).to_have_text(status.title())
