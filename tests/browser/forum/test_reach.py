"""Topics, posts and people without eyes, without a mouse, on a phone, and with hostile texts."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Come
from tests.browser.forum import steps
from tests.browser.person import Person
from tests.browser.test_accessibility import SIZES, findings, tab_to
from tests.browser.test_layout import PHONE, fits

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = '<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script>'


async def fill(ana: Person, ben: Person) -> str:
    """Have all there is to be drawn: a topic, posts, a thread, people who are told of each other."""
    topic = await steps.make_topic(ana, "Harbour", tags="boats sea")
    post = await steps.post(ana, "A yellow dinghy", "It went adrift, see https://example.org", tags="yellow")
    await steps.go(ben, f"#/t/{topic}")
    await ben.page.get_by_role("button", name="Join", exact=True).click()
    await steps.go(ben, f"#/p/{post}")
    await steps.say(ben, "Behind the pier")
    await steps.answer(ben, "Behind the pier", "No, under it")
    await ben.page.get_by_role("button", name="Vote for it").first.click()
    await expect(steps.comment(ana, "No, under it")).to_be_visible()
    return topic


@pytest.mark.timeout(240)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_axe_finds_nothing_serious_and_nothing_reaches_over_the_side(size: str, scheme: str, come: Come) -> None:
    ana = await come("ana", viewport=SIZES[size], color_scheme=scheme)
    ben = await come("ben")
    topic = await fill(ana, ben)
    page = ana.page
    for what in ("a post", "#/feed", "#/topics", f"#/t/{topic}", f"#/t/{topic}/rooms", f"#/t/{topic}/members"):
        if what.startswith("#"):
            await steps.go(ana, what)
        await expect(page.get_by_text("Loading…")).to_have_count(0)
        assert await findings(page) == [], what
        await fits(ana, what)
    for address in ("#/people", "#/u/me", "#/notifications"):
        await steps.go(ana, address)
        await expect(page.get_by_text("Loading…")).to_have_count(0)
        assert await findings(page) == [], address
        await fits(ana, address)
    await steps.go(ana, "#/topics")
    await page.get_by_role("button", name="New topic").click()
    assert await findings(page) == [], "a new topic"
    await fits(ana, "a new topic")


async def test_posts_are_made_voted_on_and_answered_by_keyboard_alone(come: Come) -> None:
    ana = await come("ana")
    page, keys = ana.page, ana.page.keyboard
    await tab_to(page, page.get_by_role("link", name="Topics"))
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name="Topics", level=1)).to_be_focused()
    await tab_to(page, page.get_by_role("button", name="New topic"))
    await keys.press("Enter")
    await keys.type("Harbour")
    await keys.press("Enter")
    await steps.is_at(ana, "Harbour")
    await tab_to(page, page.get_by_role("button", name="Post", exact=True))
    await keys.press("Enter")
    await keys.type("A yellow dinghy")
    await keys.press("Tab")
    await keys.type("It went adrift")
    await tab_to(page, page.get_by_role("dialog").get_by_role("button", name="Post", exact=True))
    await keys.press("Enter")
    await steps.is_at(ana, "A yellow dinghy")
    up = page.get_by_role("button", name="Vote for it")
    await tab_to(page, up)
    await keys.press("Enter")
    await expect(up).to_have_attribute("aria-pressed", "true")
    await expect(up).to_be_focused()
    await tab_to(page, page.get_by_label("Write a comment"))
    await keys.type("Behind the pier")
    await keys.press("Control+Enter")
    await tab_to(page, steps.comment(ana, "Behind the pier").get_by_role("button", name="Reply"))
    await keys.press("Enter")
    await keys.type("No, under it")
    await keys.press("Control+Enter")
    await expect(steps.comment(ana, "No, under it")).to_be_visible()
    await expect(steps.comment(ana, "Behind the pier")).to_be_focused()


async def test_a_phone_has_the_parts_at_its_foot_but_where_one_writes(come: Come) -> None:
    ana = await come("ana", viewport=PHONE, has_touch=True)
    rail = ana.page.get_by_role("navigation", name="Parts of the page")
    box = await rail.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] == PHONE["height"]
    await ana.page.get_by_role("link", name="Feed").click()
    await expect(ana.page.get_by_role("heading", name="Feed", level=1)).to_be_focused()
    await ana.page.get_by_role("link", name="Chats").click()
    await ana.create_room("Harbour")
    await expect(rail).to_be_hidden()


async def test_texts_of_posts_and_comments_stay_text(come: Come) -> None:
    ana = await come("ana")
    await steps.make_topic(ana, "Harbour <b>bold</b>")
    await steps.post(ana, f"Title {HOSTILE}"[:300], f"{HOSTILE} javascript:alert(1)")
    await steps.say(ana, HOSTILE)
    await expect(steps.comment(ana, "onerror")).to_be_visible()
    assert await ana.page.locator(".view img, .view script, .view b").count() == 0
    await steps.go(ana, "#/feed")
    await expect(steps.posts(ana)).to_have_count(1)


async def test_very_wide_words_and_deep_threads_fit_a_phone(come: Come) -> None:
    ana = await come("ana", viewport=PHONE)
    await steps.make_topic(ana, "W" * 100)
    await steps.post(ana, "W" * 300, "M" * 2000, tags="m" * 30)
    text = "W" * 60
    await steps.say(ana, f"{text}0")
    for level in range(10):
        await steps.answer(ana, f"{text}{level}", f"{text}{level + 1}")
    deepest = steps.comment(ana, f"{text}10")
    await expect(deepest).to_have_attribute("data-depth", "10")
    await expect(deepest.get_by_role("button", name="Reply")).to_have_count(0)
    await fits(ana, "a post")
    await steps.go(ana, "#/feed")
    await expect(steps.posts(ana)).to_have_count(1)
    await fits(ana, "the feed")
