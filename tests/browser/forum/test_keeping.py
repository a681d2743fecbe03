"""Those who keep a topic in order, those who report something in it, and addresses that are opened anew."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Come
from tests.browser.forum import steps
from tests.browser.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def join(person: Person, topic: str) -> None:
    """Join a topic, and look at it."""
    await steps.go(person, f"#/t/{topic}")
    await person.page.get_by_role("button", name="Join", exact=True).click()
    await expect(person.page.get_by_role("button", name="Post", exact=True)).to_be_visible()


async def test_a_moderator_may_do_what_was_chosen_and_no_more(come: Come) -> None:
    ana, ben, cem = await come("ana"), await come("ben"), await come("cem")
    topic = await steps.make_topic(ana, "Harbour")
    await join(ben, topic)
    await join(cem, topic)
    post = await steps.post(cem, "A yellow dinghy")
    await steps.go(ana, f"#/t/{topic}/members")
    await steps.act(ana.page.locator(".members li", has_text=ben.name), f"Actions for {ben.name}", "Make moderator")
    dialog = ana.page.get_by_role("dialog")
    await dialog.get_by_label("Change what it is called").uncheck()
    await dialog.get_by_role("button", name="Make moderator").click()
    await expect(ana.page.locator(".members li", has_text=ben.name)).to_contain_text("Moderator")
    await ben.page.reload()
    await steps.is_at(ben, "Harbour")
    await ben.page.get_by_role("button", name="Topic actions").click()
    await expect(ben.page.get_by_role("menuitem", name="Invite…")).to_be_visible()
    await expect(ben.page.get_by_role("menuitem", name="Settings…")).to_have_count(0)
    await ben.page.keyboard.press("Escape")
    await steps.go(ben, f"#/p/{post}")
    await steps.act(ben.page.locator("article.post"), "Post actions", "Delete")
    asking = ben.page.get_by_role("dialog")
    await asking.get_by_role("button", name="Delete").click()
    await expect(asking.get_by_text("Say why.")).to_be_visible()
    await asking.get_by_label("Reason").fill("Not ours")
    await asking.get_by_role("button", name="Delete").click()
    await expect(cem.page.get_by_text("This post was deleted: Not ours")).to_be_visible()


async def test_who_is_banned_sees_a_topic_no_more_from_within(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    topic = await steps.make_topic(ana, "Harbour")
    await join(ben, topic)
    await steps.go(ana, f"#/t/{topic}/members")
    await steps.act(ana.page.locator(".members li", has_text=ben.name), f"Actions for {ben.name}", "Ban from room")
    dialog = ana.page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("Spam")
    await dialog.get_by_label("For how long?").select_option("A week")
    await dialog.get_by_role("button", name="Ban").click()
    await expect(ben.page.get_by_text("You were banned from Harbour.")).to_be_visible()
    await expect(ben.page.get_by_role("button", name="Post", exact=True)).to_have_count(0)
    await expect(ana.page.locator(".members li", has_text=ben.name)).to_have_count(0)


async def test_a_post_is_reported_once(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    topic = await steps.make_topic(ana, "Harbour")
    post = await steps.post(ana, "Buy cheap boats")
    await join(ben, topic)
    await steps.go(ben, f"#/p/{post}")
    dialog = ben.page.get_by_role("dialog", name="Report")
    for turn in range(2):
        await steps.act(ben.page.locator("article.post"), "Post actions", "Report")
        await dialog.get_by_label("What is wrong with it?").select_option("Spam")
        await dialog.get_by_label("In your words").fill("Twice a day")
        await dialog.get_by_role("button", name="Report").click()
        if not turn:
            await expect(ben.page.get_by_text("Thank you. It was reported")).to_be_visible()
    await expect(dialog.get_by_role("alert")).not_to_be_empty()


async def test_every_address_is_opened_anew_as_it_was(come: Come) -> None:
    ana = await come("ana")
    topic = await steps.make_topic(ana, "Harbour")
    post = await steps.post(ana, "A yellow dinghy")
    await steps.say(ana, "Behind the pier")
    for address, title in (
        ("#/feed", "Feed"),
        ("#/topics", "Topics"),
        (f"#/t/{topic}", "Harbour"),
        (f"#/t/{topic}/members", "Harbour"),
        (f"#/p/{post}", "A yellow dinghy"),
        ("#/people", "People"),
        ("#/notifications", "Notifications"),
    ):
        await steps.go(ana, address)
        await ana.page.reload()
        await steps.is_at(ana, title)
        await expect(ana.page.locator(".view").get_by_text("Loading…")).to_have_count(0)
        await expect(ana.page.locator(".view").get_by_text("not connected")).to_have_count(0)
    await steps.go(ana, "#/feed")
    await ana.page.reload()
    await expect(steps.card(ana, "A yellow dinghy")).to_be_visible()
    await steps.go(ana, "#/p/none-such")
    await expect(ana.page.get_by_role("status").filter(has_text="nothing that you may see")).to_be_visible()
