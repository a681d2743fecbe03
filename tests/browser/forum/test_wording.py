"""What lists of topics, posts, people and notifications say of one thing, of two and of many, and how they look."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Come
from tests.browser.forum import steps
from tests.browser.forum.test_keeping import join
from tests.browser.forum.test_notifications import notices

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_notification_counts_people_and_how_often_apart(come: Come) -> None:
    ana, ben, cem = await come("ana"), await come("ben"), await come("cem")
    topic = await steps.make_topic(ana, "Harbour")
    post = await steps.post(ana, "A yellow dinghy")
    await steps.go(ana, "#/notifications")
    await expect(ana.page.get_by_text("Nothing yet.")).to_be_visible()
    await expect(ana.page.get_by_role("button", name="Mark all read")).to_have_count(0)
    await join(ben, topic)
    await steps.go(ben, f"#/p/{post}")
    told = notices(ana).locator(".what")
    place = "commented on a post of yours in Harbour"
    await steps.say(ben, "Behind the pier")
    await expect(told).to_contain_text(f"{ben.name} {place}")
    await expect(ana.page.get_by_role("button", name="Mark all read")).to_be_visible()
    await steps.say(ben, "Or under it")
    await expect(told).to_contain_text(f"{ben.name} {place}, twice")
    await steps.say(ben, "It is gone")
    await expect(told).to_contain_text(f"{ben.name} {place}, 3 times")
    await join(cem, topic)
    await steps.go(cem, f"#/p/{post}")
    await steps.say(cem, "I have it")
    await expect(told).to_contain_text(f"{cem.name} and {ben.name} {place}, 4 times")


async def test_a_topic_in_the_list_says_how_many_are_in_it_as_plain_text(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    topic = await steps.make_topic(ana, "Harbour")
    await steps.go(ana, "#/topics")
    about = ana.page.locator(".entry .about")
    await expect(about).to_contain_text("1 member · active")
    await expect(about).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    await expect(about).to_have_css("padding-left", "0px")
    await join(ben, topic)
    await ana.page.reload()
    await expect(about).to_contain_text("2 members · active")


async def test_a_profile_says_that_it_counts_the_posts_on_its_own_page(come: Come) -> None:
    ana = await come("ana")
    await steps.make_topic(ana, "Harbour")
    await steps.post(ana, "In a topic")
    await steps.go(ana, "#/u/me")
    counts = ana.page.locator(".counts")
    await expect(counts).to_contain_text("0 posts on this page")
    await steps.post(ana, "On my page")
    await steps.go(ana, "#/u/me")
    await expect(counts).to_contain_text("1 post on this page")


async def test_a_card_shows_words_where_a_text_has_empty_lines(come: Come) -> None:
    ana = await come("ana")
    await steps.make_topic(ana, "Harbour")
    await steps.post(ana, "A yellow dinghy", "It went adrift.\n\n\n\n \n\nTwo oars")
    await expect(ana.page.locator("article.post .text")).to_have_text(
        "It went adrift.\n\n\n\n \n\nTwo oars", use_inner_text=True
    )
    await steps.go(ana, "#/feed")
    await expect(steps.card(ana, "A yellow dinghy").locator(".excerpt")).to_have_text(
        "It went adrift.\nTwo oars", use_inner_text=True
    )


async def test_nobody_chooses_oneself_among_people(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    topic = await steps.make_topic(ana, "Harbour")
    await join(ben, topic)
    await steps.post(ana, "A yellow dinghy")
    await steps.go(ana, f"#/t/{topic}")
    await expect(steps.posts(ana)).to_have_count(1)
    await steps.act(ana.page.locator(".view .head"), "Topic actions", "Invite")
    dialog = ana.page.get_by_role("dialog", name="Invite somebody")
    await expect(dialog.get_by_role("button", name=f"Invite {ben.name}")).to_be_visible()
    await expect(dialog.get_by_role("button", name=f"Invite {ana.name}")).to_have_count(0)
