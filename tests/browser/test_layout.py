"""The page at the sizes of a phone and of a desk."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Come
from tests.browser.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}

WIDE = (
    "W" * 300,
    "https://example.org/" + "a-very-long-path/" * 20,
    "line\n" * 60,
    "ด้้้้้็็็็็้้้้้็็็็็้้้้้้้้็็็็็้้้้้็็็็็้้้้้้้้็็็็็้้้้้็็็็็้้้้้้้้็็็็็้้้้้็็็็",
    "👩‍👩‍👧‍👦" * 60,
)


async def fits(person: Person, what: str) -> None:
    """Demand that nothing reaches over the side of the window."""
    over = await person.page.evaluate(
        """[document.scrollingElement, ...document.querySelectorAll("main, nav, aside, dialog, .scroller, .scroll")]
          .filter((element) => element.scrollWidth > element.clientWidth && element.clientWidth > 0)
          .map((element) => `${element.className || element.tagName} ${element.scrollWidth}`)"""
    )
    assert over == [], what


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_nothing_reaches_over_the_side(size: dict[str, int], come: Come) -> None:
    ana = await come(viewport=size)
    await fits(ana, "log in")
    await ana.register("ana")
    await fits(ana, "no rooms")
    for choice in ("New room", "Message somebody", "Discover rooms"):
        await ana.choose(choice)
        await fits(ana, choice)
        await ana.page.keyboard.press("Escape")
    await ana.create_room("M" * 100, description="m" * 300)
    for text in WIDE:
        await ana.say(text)
    await expect(ana.texts).to_have_count(len(WIDE))
    await fits(ana, "a conversation")
    await ana.act("W" * 300, "React…")
    await fits(ana, "emoji")
    await ana.page.get_by_label("Search, or type any emoji").fill(":" + "m" * 30 + ":")
    await ana.page.keyboard.press("Enter")
    await expect(ana.page.get_by_role("group", name="Reactions")).to_be_visible()
    await fits(ana, "a long reaction")
    await ana.act("W" * 300, "Reply")
    await fits(ana, "an answer")


async def test_a_phone_shows_one_pane_and_the_way_back(come: Come) -> None:
    ana = await come("ana", viewport=PHONE, has_touch=True)
    rooms = ana.page.get_by_role("navigation", name="Rooms")
    await ana.create_room("Harbour")
    await expect(rooms).to_be_hidden()
    await ana.page.get_by_role("button", name="Members").click()
    await expect(ana.page.get_by_role("heading", name="Members · 1")).to_be_visible()
    await ana.page.keyboard.press("Escape")
    await expect(ana.page.get_by_role("heading", name="Members · 1")).to_be_hidden()
    await ana.page.get_by_role("button", name="Back to all rooms").click()
    await expect(rooms).to_be_visible()
    await expect(ana.composer).to_be_hidden()
    await expect(ana.room("Harbour")).to_be_focused()
    await ana.room("Harbour").click()
    await ana.page.go_back()
    await expect(rooms).to_be_visible()


async def test_a_desk_shows_rooms_conversation_and_members_side_by_side(come: Come) -> None:
    ana = await come("ana", viewport=DESK)
    await ana.create_room("Harbour")
    edge = 0.0
    for found in (
        ana.page.get_by_role("navigation", name="Parts of the page"),
        ana.page.get_by_role("navigation", name="Rooms"),
        ana.page.get_by_role("region", name="Conversation"),
        ana.page.get_by_role("complementary", name="Members"),
    ):
        pane = await found.bounding_box()
        assert pane is not None
        assert pane["x"] == pytest.approx(edge, abs=1)
        assert pane["height"] == DESK["height"]
        edge = pane["x"] + pane["width"]
    assert edge == DESK["width"]
    await ana.page.get_by_role("button", name="Close members").click()
    await expect(ana.page.get_by_role("complementary", name="Members")).to_be_hidden()
