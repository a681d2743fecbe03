"""The page without eyes, without a mouse, and by the rules of axe."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Come
from tests.browser.person import PASSWORD, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text("utf-8")
SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1440, "height": 900}}


async def findings(page: Page) -> list[str]:
    """Return what axe finds that is serious or critical."""
    # Through the debugger: the policy of the page lets no script of ours in.
    await page.evaluate(f"{AXE}; undefined")
    found: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_axe_finds_nothing_serious(size: str, scheme: str, come: Come) -> None:
    ana = await come(viewport=SIZES[size], color_scheme=scheme)
    ben = await come("ben")
    page = ana.page
    assert await findings(page) == [], "log in"
    await page.get_by_role("button", name="Create an account").click()
    await page.get_by_role("button", name="Create account").click()
    assert await findings(page) == [], "register, with errors"
    await page.reload()
    await ana.register("ana")
    assert await findings(page) == [], "no rooms"
    await page.get_by_role("button", name="Start something new").click()
    assert await findings(page) == [], "a menu"
    await page.keyboard.press("Escape")
    await ana.choose("New room")
    assert await findings(page) == [], "a new room"
    await page.keyboard.press("Escape")

    await ana.create_room("Harbour", description="Boats & more")
    await fill_a_room(ana, ben)
    assert await findings(page) == [], "a conversation"
    await ana.act("See https://example.org", "React…")
    assert await findings(page) == [], "emoji"
    await page.keyboard.press("Escape")
    await ana.act("Nice", "Delete…")
    assert await findings(page) == [], "a question"
    await page.keyboard.press("Escape")
    if size == "phone":
        await page.get_by_role("button", name="Members").click()
        await expect(page.get_by_role("heading", name="Members · 2")).to_be_visible()
        assert await findings(page) == [], "members"
        await page.get_by_role("button", name="Close members").click()
        await page.get_by_role("button", name="Back to all rooms").click()
    await expect(ana.room("Harbour")).to_be_visible()
    assert await findings(page) == [], "rooms"
    await ana.choose("Discover rooms")
    await expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)
    assert await findings(page) == [], "discover"
    await page.keyboard.press("Escape")
    await ana.choose("Message somebody")
    assert await findings(page) == [], "people"


async def fill_a_room(ana: Person, ben: Person) -> None:
    """Have every kind of row drawn."""
    await ben.join("Harbour")
    await ben.say("See https://example.org, it is worth it")
    await ana.act("See https://example.org", "React with thumbs up")
    await ana.act("See https://example.org", "Reply")
    await ana.say("I did. Nice")
    await ben.say("Wrong window")
    await ben.act("Wrong window", "Delete…")
    await ben.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(ana.message("I did.").get_by_text("Sent", exact=True)).to_be_attached()
    await ana.composer.press("ArrowUp")
    await expect(ana.composer).to_have_value("I did. Nice")
    await ana.say("I did. Nice!")
    await expect(ana.message("Nice!")).to_contain_text("edited")
    await expect(ana.message("Message deleted")).to_have_count(1)


async def test_everything_can_be_done_by_keyboard_alone(come: Come) -> None:
    ana = await come()
    page, keys = ana.page, ana.page.keyboard
    await expect(page.get_by_label("Username")).to_be_focused()
    await tab_to(page, page.get_by_role("button", name="Create an account"))
    await keys.press("Enter")
    await keys.type("ana-by-keyboard")
    await keys.press("Tab")
    await keys.type("ana@example.org")
    await keys.press("Tab")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await ana.is_connected()

    # A room
    await tab_to(page, page.get_by_role("button", name="Start something new"))
    await keys.press("Enter")
    await expect(page.get_by_role("menuitem", name="New room")).to_be_focused()
    await keys.press("ArrowDown")
    await keys.press("ArrowUp")
    await keys.press("Enter")
    await keys.type("Harbour")
    await keys.press("Enter")

    # Write, edit
    await expect(ana.composer).to_be_focused()
    await keys.type("Good morning")
    await keys.press("Enter")
    await ana.sees("Good morning")
    await keys.press("ArrowUp")
    await expect(ana.composer).to_have_value("Good morning")
    await keys.type(", all")
    await keys.press("Enter")
    await ana.sees("Good morning, all")

    # React, from the message's own tools
    await keys.press("PageUp")
    await expect(ana.message("Good morning")).to_be_focused()
    await keys.press("Enter")
    await expect(page.get_by_role("button", name="React with thumbs up")).to_be_focused()
    await keys.press("Enter")
    await expect(ana.message("Good morning").get_by_role("button", name="👍, 1, including you")).to_be_visible()
    await tab_to(page, page.get_by_role("button", name="React…"))
    await keys.press("Enter")
    await keys.type("rocket")
    await keys.press("Enter")
    await expect(ana.message("Good morning").get_by_role("button", name="🚀, 1")).to_be_visible()
    await expect(page.get_by_role("button", name="React…")).to_be_focused()
    await keys.press("Escape")
    await expect(ana.message("Good morning")).to_be_focused()
    await keys.press("ArrowUp")
    await keys.press("ArrowDown")
    await keys.press("Escape")
    await expect(ana.composer).to_be_focused()


async def tab_to(page: Page, wanted: Any) -> None:
    """Press Tab until something has the focus; it must not take long."""
    for _ in range(32):
        if await wanted.evaluate("(element) => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not reached by Tab")


async def test_the_first_tab_leads_past_the_list_of_rooms(come: Come) -> None:
    ana = await come("ana")
    await ana.page.reload()
    await ana.is_connected()
    await ana.page.keyboard.press("Tab")
    skip = ana.page.get_by_text("Skip to the conversation")
    await expect(skip).to_be_focused()
    await ana.create_room("Harbour")
    await skip.focus()
    await ana.page.keyboard.press("Enter")
    await expect(ana.composer).to_be_focused()


async def test_focus_comes_back_from_dialogs_and_menus(come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    button = ana.page.get_by_role("button", name="Room actions")
    await button.focus()
    await ana.page.keyboard.press("Enter")
    await ana.page.keyboard.press("Escape")
    await expect(button).to_be_focused()
    await ana.page.keyboard.press("Enter")
    await ana.page.keyboard.press("Enter")
    await expect(ana.page.get_by_role("dialog", name="Room details")).to_be_visible()
    await ana.page.keyboard.press("Escape")
    await expect(ana.page.get_by_role("dialog")).to_have_count(0)
    await expect(button).to_be_focused()


async def test_new_messages_are_announced(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ben.say("Can you hear me?")
    await expect(ana.page.get_by_test_id("announcer")).to_have_text(f"{ben.name}: Can you hear me?")
    await ana.create_room("Elsewhere")
    await ben.say("And now?")
    await expect(ana.page.get_by_test_id("announcer")).to_have_text(f"{ben.name} in Harbour: And now?")


async def test_tabs_reach_one_message_at_a_time(come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    for number in range(4):
        await ana.say(f"See https://example.org/{number}")
    await ana.sees(*(f"See https://example.org/{number}" for number in range(4)))
    reachable = "document.querySelectorAll('ol.messages > li[tabindex=\"0\"]').length"
    assert await ana.page.evaluate(reachable) == 1
    await ana.message("example.org/1").focus()
    assert await ana.page.evaluate(reachable) == 1
    links = "[...document.querySelectorAll('ol.messages a')].filter((link) => link.tabIndex === 0)"
    assert await ana.page.evaluate(f"{links}.map((link) => link.href)") == ["https://example.org/1"]
