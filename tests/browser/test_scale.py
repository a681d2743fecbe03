"""Many rooms, long messages and long conversations: all are there, and nothing moves what somebody reads."""

import pytest
from playwright.async_api import expect

from tests.browser.cable import Cable
from tests.browser.conftest import Come
from tests.browser.scrolling import STILL, to_newest
from tests.browser.test_reconnect import say_many
from tests.client.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST_VISIBLE = """
() => {
  const { top } = document.querySelector(".scroller").getBoundingClientRect();
  const texts = [...document.querySelectorAll("ol.messages .text")];
  const first = texts.find((text) => text.getBoundingClientRect().top > top);
  return [first.textContent, first.getBoundingClientRect().top];
}
"""
WHERE = """
(wanted) => {
  const texts = [...document.querySelectorAll("ol.messages .text")];
  return texts.find((text) => text.textContent === wanted)?.getBoundingClientRect().top;
}
"""


async def test_rooms_beyond_the_first_200_are_listed_and_stay(come: Come, cable: Cable, site: Site) -> None:
    account = await site.register("ana")
    socket = await site.connect(account, deaf=True)
    for number in range(230):
        await socket.call("room.create", {"name": f"Room {number}", "kind": "private"})
    ana = await come(through=cable)
    await ana.log_in(account.username)
    rooms = ana.page.locator(".rooms a")
    await expect(rooms).to_have_count(230)
    await expect(rooms.first).to_contain_text("Room 229")
    cable.cut()
    await expect(ana.page.locator(".banner")).to_be_visible()
    cable.mend()
    await ana.is_connected()
    await expect(rooms).to_have_count(230)
    await ana.page.get_by_label("Filter rooms").fill("room 1")
    await ana.page.keyboard.press("Enter")
    await ana.say("found")
    await ana.sees("found")


async def test_a_long_message_is_folded_until_somebody_wants_it(come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Archive")
    text = "\n".join(f"line {number}" for number in range(60))
    await ana.say(text)
    row = ana.message("line 59")
    folded = await row.evaluate("(row) => row.clientHeight")
    await row.get_by_role("button", name="Show all").click()
    await expect(row.get_by_role("button", name="Show less")).to_be_visible()
    assert await row.evaluate("(row) => row.clientHeight") > 2 * folded


async def test_loading_older_messages_keeps_what_is_seen_in_its_place(come: Come, site: Site) -> None:
    ana = await come("ana")
    room = await ana.create_room("Archive")
    ben = await site.register("ben")
    await ben.post("rooms", room, "members", body={})
    await say_many(site, ben, room, 400)
    await ana.page.reload()
    await to_newest(ana, "text 399")
    scroller = ana.page.locator(".scroller")
    for _ in range(12):
        first, before = await ana.page.evaluate(FIRST_VISIBLE)
        await scroller.evaluate("(element) => { element.scrollTop -= 120; }")
        await ana.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        after = await ana.page.evaluate(WHERE, first)
        assert after == pytest.approx(before + 120, abs=2)


async def test_who_leaves_the_end_while_something_is_drawn_is_not_taken_back(come: Come, site: Site) -> None:
    ana = await come("ana")
    room = await ana.create_room("Archive")
    ben = await site.register("ben")
    await ben.post("rooms", room, "members", body={})
    await say_many(site, ben, room, 60)
    await ben.post("rooms", room, "messages", body={"cid": "long", "text": "\n".join(map(str, range(60)))})
    unfold = ana.page.get_by_role("button", name="Show all")
    await expect(unfold).to_be_visible()
    await ana.page.evaluate(STILL)
    first, before = await ana.page.evaluate(FIRST_VISIBLE)
    # Drawn before anything that the page itself does once a frame about having been scrolled.
    await unfold.evaluate(
        """(button) => {
          requestAnimationFrame(() => button.click());
          document.querySelector(".scroller").scrollTop -= 120;
        }"""
    )
    await expect(ana.page.get_by_role("button", name="Show less")).to_be_attached()
    await ana.page.evaluate(STILL)
    assert await ana.page.evaluate(WHERE, first) == pytest.approx(before + 120, abs=2)


async def test_new_messages_do_not_move_what_somebody_reads_further_up(come: Come, site: Site) -> None:
    ana = await come("ana")
    room = await ana.create_room("Archive")
    ben = await site.register("ben")
    await ben.post("rooms", room, "members", body={})
    await say_many(site, ben, room, 150)
    await ana.page.reload()
    await to_newest(ana, "text 149")
    await ana.page.locator(".scroller").evaluate("(element) => { element.scrollTop -= 900; }")
    newest = ana.page.locator("button.newest")
    await expect(newest).to_be_visible()
    top = "document.querySelector('.scroller').scrollTop"
    before = await ana.page.evaluate(top)
    await say_many(site, ben, room, 30, 150)
    await expect(newest).to_have_text("30 new")
    assert await ana.page.evaluate(top) == before
    await newest.click()
    await expect(ana.texts.last).to_have_text("text 179")
    await expect(newest).to_be_hidden()


async def test_an_answer_leads_to_the_message_it_answers_however_old(come: Come, site: Site) -> None:
    ana = await come("ana")
    room = await ana.create_room("Archive")
    await ana.say("the very first")
    await ana.sees("the very first")
    ben = await site.register("ben")
    await ben.post("rooms", room, "members", body={})
    await say_many(site, ben, room, 600)
    items = (await ben.get("rooms", room, "messages", after=0))["items"]
    first = next(item for item in items if item["kind"] == "text")
    answer = {"text": "you said it", "cid": "answer", "reply_to": first["id"]}
    await ben.post("rooms", room, "messages", body=answer)
    await ana.page.reload()
    await to_newest(ana, "you said it")
    await ana.message("you said it").locator(".quote").click()
    await expect(ana.message("the very first").first).to_be_focused()
    await expect(ana.message("the very first").first).to_be_in_viewport()
    await to_newest(ana, "you said it")
