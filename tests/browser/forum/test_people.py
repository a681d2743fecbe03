"""People on the page: following, friends, the feed, conversations, and what one is told of less."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.cable import Cable
from tests.browser.conftest import Come
from tests.browser.forum import steps
from tests.browser.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def profile(person: Person, other: Person) -> None:
    """Find somebody by name, and open their profile."""
    page = person.page
    await page.get_by_role("link", name="People", exact=True).click()
    await page.get_by_label("Search people by name").fill(other.name)
    await page.get_by_role("list", name="People found").get_by_role("link", name=other.name).click()
    await steps.is_at(person, other.name)


async def test_whom_one_follows_fills_the_feed_at_once(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await profile(ben, ana)
    await ben.page.get_by_role("button", name=f"Follow {ana.name}", exact=True).click()
    await expect(ben.page.get_by_role("button", name=f"Unfollow {ana.name}")).to_be_visible()
    await expect(ben.page.get_by_role("button", name="1 follower")).to_be_visible()
    await steps.go(ben, "#/feed")
    await expect(ben.page.get_by_text("Nothing here yet.", exact=False)).to_be_visible()
    await steps.go(ana, "#/feed")
    await steps.post(ana, "On my own page")
    await expect(steps.card(ben, "On my own page")).to_be_visible()
    await profile(ben, ana)
    await expect(steps.card(ben, "On my own page")).to_be_visible()
    await ben.page.get_by_role("button", name="1 follower").click()
    await ben.page.get_by_role("dialog", name="Followers").get_by_role("link", name=ben.name).click()
    await steps.is_at(ben, ben.name)


async def test_friends_ask_accept_and_part_and_both_see_it(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await profile(ben, ana)
    await ben.page.get_by_role("button", name=f"Befriend {ana.name}").click()
    await expect(ben.page.get_by_role("button", name=f"Withdraw the request to {ana.name}")).to_be_visible()
    await steps.go(ana, "#/people")
    await ana.page.get_by_role("button", name=f"Accept {ben.name}").click()
    await expect(ana.page.get_by_role("list", name="Friends").get_by_role("link", name=ben.name)).to_be_visible()
    await expect(ben.page.get_by_role("button", name=f"Unfriend {ana.name}")).to_be_visible()
    await ben.page.get_by_role("button", name=f"Unfriend {ana.name}").click()
    await expect(ana.page.get_by_role("list", name="Friends").get_by_role("link", name=ben.name)).to_have_count(0)


async def test_a_message_is_deleted_for_oneself_alone(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ben.say("One")
    await ben.say("Two")
    await ana.sees("One", "Two")
    row = ana.message("One")
    await row.hover()
    await row.get_by_role("button", name="More…").click()
    await ana.page.get_by_role("menuitem", name="Delete for me").click()
    await ana.sees("Two")
    await ben.sees("One", "Two")
    await ana.page.reload()
    await ana.sees("Two")
    await steps.act(ana.page.locator(".head"), "Room actions", "Clear for me")
    await ana.page.get_by_role("dialog").get_by_role("button", name="Clear").click()
    await ana.sees()
    await ben.say("Three")
    await ana.sees("Three")


async def test_what_was_deleted_for_oneself_elsewhere_while_away_is_gone_on_coming_back(
    come: Come, cable: Cable
) -> None:
    ana = await come("ana", through=cable)
    await ana.create_room("Harbour")
    await ana.say("One")
    await ana.say("Two")
    await ana.sees("One", "Two")
    elsewhere = await (await come()).log_in(ana.name)
    await elsewhere.open("Harbour")
    cable.cut()
    await expect(ana.page.locator(".banner")).to_contain_text("econnecting", timeout=20_000)
    await elsewhere.act("One", "More…")
    await elsewhere.page.get_by_role("menuitem", name="Delete for me").click()
    await elsewhere.sees("Two")
    await ana.sees("One", "Two")
    cable.mend()
    await ana.sees("Two", within_ms=40_000)


async def test_the_list_of_rooms_shows_no_message_that_was_deleted_for_oneself(come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    await ana.say("One")
    await ana.say("Two")
    await expect(ana.room("Harbour")).to_contain_text("Two")
    await ana.act("Two", "More…")
    await ana.page.get_by_role("menuitem", name="Delete for me").click()
    await expect(ana.room("Harbour")).to_contain_text("One")
    await ana.page.goto(ana.url)
    await expect(ana.room("Harbour")).to_contain_text("One")
    await expect(ana.page.get_by_text("Two")).to_have_count(0)


async def test_a_muted_room_counts_in_no_total(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await steps.act(ana.page.locator(".head"), "Room actions", "Mute for a week")
    await ana.create_room("Elsewhere")
    await expect(ana.room("Harbour").get_by_text("muted")).to_be_attached()
    await ben.say("Hello")
    await expect(ana.room("Harbour").locator(".badge")).to_contain_text("1")
    await expect(ana.page).to_have_title(re.compile("^Elsewhere"))
    await ana.open("Harbour")
    await steps.act(ana.page.locator(".head"), "Room actions", "Unmute")
    await expect(ana.room("Harbour").get_by_text("muted")).to_have_count(0)


async def test_what_one_wants_to_hear_less_of_is_listed_in_the_account(come: Come) -> None:
    ana = await come("ana")
    await steps.make_topic(ana, "Harbour")
    await steps.act(ana.page.locator(".view .head"), "Topic actions", "Mute for an hour")
    await steps.go(ana, "#/")
    dialog = await ana.account("Silenced and hidden")
    await dialog.get_by_role("button", name="Unmute: Harbour").click()
    await expect(dialog.get_by_text("You have muted nothing.")).to_be_visible()


async def test_a_post_that_is_hidden_is_gone_from_lists_until_it_is_shown_again(come: Come) -> None:
    ana = await come("ana")
    await steps.make_topic(ana, "Harbour")
    await steps.post(ana, "A yellow dinghy")
    await steps.go(ana, "#/feed")
    found = steps.card(ana, "A yellow dinghy")
    await steps.act(found, "Post actions", "Hide from me")
    await expect(found).to_have_count(0)
    await ana.page.reload()
    await expect(ana.page.get_by_text("Nothing here yet.")).to_be_visible()
    await steps.go(ana, "#/")
    dialog = await ana.account("Silenced and hidden")
    await dialog.get_by_role("button", name="Show: A post").click()
    await expect(dialog.get_by_text("You have hidden nothing.")).to_be_visible()
    await ana.page.keyboard.press("Escape")
    await steps.go(ana, "#/feed")
    await expect(found).to_be_visible()


async def test_letters_are_chosen_in_the_account_and_stay_so(come: Come) -> None:
    ana = await come("ana")
    likes, digest = "When somebody votes for what I said", "A summary of what I have not read"
    dialog = await ana.account("Preferences")
    before = await dialog.get_by_label(likes).is_checked()
    for change in (dialog.get_by_label(likes).click(), dialog.get_by_label(digest).select_option("Once a week")):
        async with ana.page.expect_response("**/preferences"):
            await change
    await ana.page.reload()
    await ana.is_connected()
    dialog = await ana.account("Preferences")
    await expect(dialog.get_by_label(likes)).to_be_checked(checked=not before)
    await expect(dialog.get_by_label(digest)).to_have_value("weekly")


async def test_one_speaks_under_another_name_in_a_topic(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    topic = await steps.make_topic(ana, "Harbour")
    await steps.go(ben, f"#/t/{topic}")
    await ben.page.get_by_role("button", name="Join", exact=True).click()
    await ben.page.get_by_role("link", name="Chat", exact=True).click()
    await ben.is_in("Harbour")
    await ana.page.get_by_role("link", name="Chat", exact=True).click()
    await ben.page.get_by_role("button", name="Under another name").click()
    await ben.say("Guess who")
    await expect(ana.message("Guess who")).to_be_visible()
    await expect(ana.message("Guess who")).not_to_contain_text(ben.name)
    await ben.sees("Guess who")
    await expect(ben.message("Guess who")).to_have_class("row mine first")
