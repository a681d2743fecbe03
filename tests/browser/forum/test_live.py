"""What one does in a browser is seen in another without a reload: posts, comments, votes."""

import pytest
from playwright.async_api import expect

from tests.browser.cable import Cable
from tests.browser.conftest import Come
from tests.browser.forum import steps

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_new_post_a_vote_and_a_comment_appear_in_another_browser(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    topic = await steps.make_topic(ana, "Harbour")
    # Ben has not joined: he watches.
    await steps.go(ben, f"#/t/{topic}")
    await expect(ben.page.get_by_text("Nothing was posted here yet.")).to_be_visible()
    await ben.page.evaluate("window.here = true")
    await steps.post(ana, "A yellow dinghy", "It went adrift.")
    found = steps.card(ben, "A yellow dinghy")
    await expect(found).to_be_visible()
    await expect(steps.score(found)).to_contain_text("0")
    await ana.page.get_by_role("button", name="Vote for it").first.click()
    await expect(steps.score(found)).to_contain_text("1")
    await found.get_by_role("link", name="A yellow dinghy").click()
    await steps.is_at(ben, "A yellow dinghy")
    await steps.say(ana, "Behind the pier")
    seen = steps.comment(ben, "Behind the pier")
    await expect(seen).to_be_visible()
    await expect(ben.page.get_by_role("heading", name="Comments · 1")).to_be_visible()
    await steps.comment(ana, "Behind the pier").get_by_role("button", name="Vote against it").click()
    await expect(steps.score(seen)).to_contain_text("-1")
    await steps.answer(ana, "Behind the pier", "No, under it")
    await expect(steps.comment(ben, "No, under it")).to_have_attribute("data-depth", "1")
    assert await ben.page.evaluate("window.here"), "it was loaded anew"


async def test_members_are_told_of_posts_where_they_talk_and_where_they_list(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    topic = await steps.make_topic(ana, "Harbour")
    await steps.go(ben, f"#/t/{topic}")
    await ben.page.get_by_role("button", name="Join", exact=True).click()
    await ben.page.get_by_role("link", name="Chat", exact=True).click()
    await ben.is_in("Harbour")
    await steps.post(ana, "A yellow dinghy")
    link = ben.page.get_by_role("link", name="A yellow dinghy", exact=True)
    await expect(link).to_be_visible()
    await link.click()
    await steps.is_at(ben, "A yellow dinghy")
    await steps.go(ben, "#/feed")
    await expect(steps.card(ben, "A yellow dinghy")).to_be_visible()
    await steps.go(ana, f"#/t/{topic}")
    await steps.post(ana, "And a red one")
    await expect(steps.card(ben, "And a red one")).to_be_visible()


async def test_new_posts_wait_while_somebody_reads_further_down(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben", viewport={"width": 800, "height": 500})
    topic = await steps.make_topic(ana, "Harbour")
    for number in range(4):
        await steps.post(ana, f"Boat {number}", "line\n" * 6)
        await steps.go(ana, f"#/t/{topic}")
    await steps.go(ben, f"#/t/{topic}?order=new")
    await expect(steps.posts(ben)).to_have_count(4)
    await ben.page.locator(".view > .scroll").evaluate("(scroller) => { scroller.scrollTop = 400; }")
    await steps.post(ana, "Boat 4")
    news = ben.page.get_by_role("button", name="Show 1 new post")
    await expect(news).to_be_visible()
    await expect(steps.posts(ben)).to_have_count(4)
    await news.click()
    await expect(steps.posts(ben).first.get_by_role("heading")).to_have_text("Boat 4")


async def test_what_was_missed_while_away_is_there_afterwards(come: Come, cable: Cable) -> None:
    ana, ben = await come("ana"), await come("ben", through=cable)
    await steps.make_topic(ana, "Harbour")
    id_ = await steps.post(ana, "A yellow dinghy")
    await steps.go(ben, f"#/p/{id_}")
    await steps.is_at(ben, "A yellow dinghy")
    await expect(ben.page.get_by_role("heading", name="Comments · 0")).to_be_visible()
    cable.cut()
    await expect(ben.page.locator(".banner")).to_be_visible()
    await steps.say(ana, "Behind the pier")
    await ana.page.get_by_role("button", name="Vote for it").first.click()
    cable.mend()
    await expect(steps.comment(ben, "Behind the pier")).to_be_visible(timeout=40_000)
    await expect(steps.score(ben.page.locator("article.post"))).to_contain_text("1")
    await steps.say(ana, "Under it")
    await expect(steps.comment(ben, "Under it")).to_be_visible()


async def test_a_vote_shows_at_once_and_is_taken_back_where_it_is_refused(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await steps.make_topic(ana, "Harbour")
    id_ = await steps.post(ana, "A yellow dinghy")
    shown = steps.score(ana.page.locator("article.post"))
    up = ana.page.get_by_role("button", name="Vote for it")
    await up.evaluate("(button) => button.click()")
    await expect(shown).to_contain_text("1")
    await expect(up).to_have_attribute("aria-pressed", "true")
    await up.click()
    await expect(shown).to_contain_text("0")
    # Only members vote in a topic.
    await steps.go(ben, f"#/p/{id_}")
    await steps.is_at(ben, "A yellow dinghy")
    await ben.page.get_by_role("button", name="Vote for it").click()
    await expect(ben.page.locator(".toast")).to_be_visible()
    await expect(steps.score(ben.page.locator("article.post"))).to_contain_text("0")
    await expect(ben.page.get_by_role("button", name="Vote for it")).to_have_attribute("aria-pressed", "false")
