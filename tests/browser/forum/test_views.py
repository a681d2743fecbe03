"""Topics, posts, threads and people: what one does with them on the page."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Come
from tests.browser.forum import steps

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_topics_are_found_by_words_and_tags_and_joined(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await steps.make_topic(ana, "Harbour of boats", tags="boats sea")
    await steps.make_topic(ana, "Forest", tags="trees")
    page = ben.page
    await page.get_by_role("link", name="Topics").click()
    rows = page.get_by_role("list", name="Topics").get_by_role("heading")
    await expect(rows).to_have_text(["Forest", "Harbour of boats"])
    await page.get_by_label("Search topics").fill("harb")
    await expect(rows).to_have_text(["Harbour of boats"])
    await page.get_by_label("Search topics").fill("#trees")
    await expect(rows).to_have_text(["Forest"])
    await page.get_by_role("button", name="Join Forest").click()
    await expect(page.get_by_text("Joined", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Mine").click()
    await expect(rows).to_have_text(["Forest"])
    await page.get_by_role("link", name="Forest").click()
    await steps.is_at(ben, "Forest")
    await expect(page.get_by_role("button", name="Post", exact=True)).to_be_visible()
    await steps.act(page.locator(".view .head"), "Topic actions", "Leave")
    await page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    await expect(page.get_by_role("button", name="Join", exact=True)).to_be_visible()


async def test_a_topic_is_changed_and_has_rooms_in_it(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    topic = await steps.make_topic(ana, "Harbour")
    await steps.go(ben, f"#/t/{topic}")
    await steps.is_at(ben, "Harbour")
    await expect(ben.page.get_by_role("link", name="Members", exact=True)).to_have_count(0)
    await steps.act(ana.page.locator(".view .head"), "Topic actions", "Settings")
    dialog = ana.page.get_by_role("dialog", name="Topic settings")
    await dialog.get_by_label("Title").fill("Old harbour")
    await dialog.get_by_label("Description").fill("What floats")
    await dialog.get_by_role("button", name="Save").click()
    await steps.is_at(ana, "Old harbour")
    await steps.is_at(ben, "Old harbour")
    await expect(ben.page.get_by_text("What floats")).to_be_visible()
    await ana.page.get_by_role("link", name="Rooms", exact=True).click()
    await ana.page.get_by_role("button", name="New room").click()
    making = ana.page.get_by_role("dialog", name="New room in this topic")
    await making.get_by_label("Name").fill("Pier")
    await making.get_by_role("button", name="Create room").click()
    await ana.is_in("Pier")
    await ben.page.get_by_role("link", name="Rooms", exact=True).click()
    await ben.page.get_by_role("button", name="Join Pier").click()
    await ben.is_in("Pier")
    await ben.say("Hello")
    await expect(ana.message("Hello")).to_be_visible()
    await ben.page.get_by_role("link", name="The topic of this room").click()
    await steps.is_at(ben, "Old harbour")


async def test_a_thread_is_answered_folded_edited_deleted_and_restored(come: Come) -> None:
    ana = await come("ana")
    await steps.make_topic(ana, "Harbour")
    await steps.post(ana, "A yellow dinghy")
    await steps.say(ana, "Behind the pier")
    await steps.answer(ana, "Behind the pier", "No, under it")
    await steps.answer(ana, "No, under it", "It sank?")
    deepest = steps.comment(ana, "It sank?")
    await expect(deepest).to_have_attribute("data-depth", "2")
    first = steps.comment(ana, "Behind the pier")
    await first.get_by_role("button", name="Fold what is below").click()
    await expect(deepest).to_have_count(0)
    await first.get_by_role("button", name="Show 2 below").first.click()
    await expect(deepest).to_be_visible()
    await steps.act(deepest, "Comment actions", "Edit")
    form = ana.page.locator("li.answering")
    await form.get_by_role("textbox").fill("It swims")
    await form.get_by_role("button", name="Save").click()
    await expect(steps.comment(ana, "It swims")).to_contain_text("edited")
    await steps.act(first, "Comment actions", "Delete")
    dialog = ana.page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("I was wrong")
    await dialog.get_by_role("button", name="Delete").click()
    gone = ana.page.locator("li.comment", has_text="This comment was deleted: I was wrong")
    await expect(gone).to_be_visible()
    await expect(steps.comment(ana, "It swims")).to_be_visible()
    await steps.act(gone, "Comment actions", "Restore")
    await expect(first).to_be_visible()


async def test_a_post_is_edited_closed_opened_deleted_and_restored(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await steps.make_topic(ana, "Harbour")
    id_ = await steps.post(ana, "A yellow dinghy", tags="boats, yellow")
    await steps.go(ben, f"#/p/{id_}")
    await steps.is_at(ben, "A yellow dinghy")
    article = ana.page.locator("article.post")
    await expect(article.get_by_role("list", name="Tags").get_by_role("listitem")).to_have_text(["boats", "yellow"])
    await steps.act(article, "Post actions", "Edit")
    dialog = ana.page.get_by_role("dialog")
    await dialog.get_by_label("Title").fill("A green dinghy")
    await dialog.get_by_role("button", name="Save").click()
    await steps.is_at(ben, "A green dinghy")
    await steps.act(article, "Post actions", "Close")
    await dialog.get_by_role("button", name="Close post").click()
    await expect(dialog.get_by_text("Say why.")).to_be_visible()
    await dialog.get_by_label("Reason").fill("It was found")
    await dialog.get_by_role("button", name="Close post").click()
    await expect(ben.page.get_by_text("It is closed: It was found")).to_be_visible()
    await expect(ana.page.get_by_label("Write a comment")).to_be_hidden()
    await steps.act(article, "Post actions", "Open again")
    await expect(ana.page.get_by_label("Write a comment")).to_be_visible()
    await steps.act(article, "Post actions", "Delete")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(ben.page.get_by_text("This post was deleted.")).to_be_visible()
    await steps.act(article, "Post actions", "Restore")
    await steps.is_at(ben, "A green dinghy")


async def test_another_name_leads_nowhere(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await steps.make_topic(ana, "Harbour")
    id_ = await steps.post(ana, "A secret", hidden=True)
    await steps.go(ben, f"#/p/{id_}")
    await steps.is_at(ben, "A secret")
    article = ben.page.locator("article.post")
    await expect(article.get_by_text("(another name)")).to_be_attached()
    await expect(article).not_to_contain_text(ana.name)
    await expect(article.locator("a.by")).to_have_count(0)
    await expect(ana.page.locator("article.post").get_by_role("button", name="Post actions")).to_be_visible()
    await ana.page.locator("article.post").get_by_role("button", name="Post actions").click()
    await expect(ana.page.get_by_role("menuitem", name="Edit…")).to_be_visible()


async def test_who_comes_back_from_a_post_finds_the_list_as_it_was(come: Come) -> None:
    ana = await come("ana", viewport={"width": 800, "height": 500})
    topic = await steps.make_topic(ana, "Harbour")
    for number in range(5):
        await steps.post(ana, f"Boat {number}", "line\n" * 6)
        await steps.go(ana, f"#/t/{topic}")
    await expect(steps.posts(ana)).to_have_count(5)
    last = steps.posts(ana).last.get_by_role("link").last
    await last.scroll_into_view_if_needed()
    scroller = ana.page.locator(".view > .scroll")
    top = await scroller.evaluate("(scroller) => scroller.scrollTop")
    assert top > 0
    await last.click()
    await expect(ana.page.locator("article.post")).to_be_visible()
    await ana.page.get_by_role("button", name="Back").click()
    await expect(steps.posts(ana)).to_have_count(5)
    assert await scroller.evaluate("(scroller) => scroller.scrollTop") == top
