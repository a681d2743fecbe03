"""What somebody wrote is kept until the server has it, and arrives once."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.cable import Cable
from tests.browser.conftest import Come
from tests.browser.frames import Frames, Json

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_messages_on_their_way_survive_the_closing_of_the_page(come: Come, cable: Cable) -> None:
    ana, ben = await come("ana", through=cable), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    cable.cut()
    for text in ("one", "two", "three"):
        await ana.say(text)
    await expect(ana.page.locator("ol.messages .pending")).to_have_count(3)
    address = ana.page.url
    await ana.page.close()
    cable.mend()
    ana.page = await ana.context.new_page()
    ana.listen(ana.page)
    await ana.page.goto(address)
    await ana.sees("one", "two", "three")
    await ben.sees("one", "two", "three")


async def test_a_message_whose_answer_was_lost_is_there_once(come: Come, cable: Cable) -> None:
    ana, ben = await come("ana", through=cable), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    cable.lose_answers()
    await ana.say("only once")
    await ben.sees("only once")
    await expect(ana.page.locator("ol.messages .pending")).to_have_count(1)
    cable.cut()
    cable.mend()
    await ana.page.reload()
    await ana.sees("only once")
    await ana.say("and another")
    await ben.sees("only once", "and another")


async def test_reloads_in_the_middle_of_sending_lose_and_double_nothing(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    wanted = []
    for turn in range(4):
        for number in range(3):
            text = f"{turn}.{number}"
            await ana.say(text)
            wanted.append(text)
        await expect(ana.message(wanted[-1])).to_be_visible()
        await ana.page.reload()
        await expect(ana.composer).to_be_visible()
    await ana.sees(*wanted)
    await ben.sees(*wanted)


async def test_two_tabs_with_one_outbox_send_each_text_once(come: Come, cable: Cable) -> None:
    ana, ben = await come("ana", through=cable), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    other = await ana.second_tab()
    await other.is_connected()
    cable.cut()
    wanted = []
    for number in range(4):
        for tab, name in ((ana, "left"), (other, "right")):
            wanted.append(f"{name} {number}")
            await tab.say(wanted[-1])
            # Both tabs show what either wrote.
            for shown in (ana, other):
                await expect(shown.page.locator("ol.messages .pending")).to_have_count(len(wanted))
    cable.mend()
    await ben.sees(*wanted, within_ms=40_000)
    await ana.sees(*wanted, within_ms=40_000)
    await other.sees(*wanted, within_ms=40_000)
    await asyncio.gather(ana.say("left at last"), other.say("right at last"))
    await expect(ben.texts).to_have_count(len(wanted) + 2)
    await expect(ben.message("left at last")).to_have_count(1)
    await expect(ben.message("right at last")).to_have_count(1)


async def test_a_tab_sends_what_another_one_left_behind(come: Come, cable: Cable) -> None:
    ana, ben = await come("ana", through=cable), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    other = await ana.second_tab()
    await other.is_connected()
    cable.cut()
    await ana.say("left behind")
    await expect(other.page.locator("ol.messages .pending")).to_have_count(1)
    await ana.page.close()
    cable.mend()
    await ben.sees("left behind", within_ms=40_000)
    await other.sees("left behind")


async def test_a_refused_message_can_be_tried_again_or_discarded(come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    frames = await Frames(ana.page).attach()
    await ana.page.reload()
    await ana.is_connected()

    def refuse(given: Json) -> Json | None:
        return {"err": {"code": "forbidden", "detail": "not in this mood"}} if "rude" in given["text"] else None

    frames.answer("message.send", refuse)
    for text in ("rude one", "kind", "rude two"):
        await ana.say(text)
    await expect(ana.page.get_by_text("Not sent: not in this mood")).to_have_count(2)
    await expect(ana.texts).to_have_text(["kind", "rude one", "rude two"])
    await ana.page.reload()
    await expect(ana.page.get_by_text("Not sent: not in this mood")).to_have_count(2)
    await ana.message("rude one").get_by_role("button", name="Discard").click()
    frames.answer("message.send", lambda _: None)
    await ana.message("rude two").get_by_role("button", name="Try again").click()
    await ana.sees("kind", "rude two")


async def test_a_message_that_came_too_fast_is_sent_again_in_its_order(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    frames = await Frames(ana.page).attach()
    await ana.page.reload()
    await ana.is_connected()
    refusals = iter(range(3))

    def slow_down(_given: Json) -> Json | None:
        slow: Json = {"err": {"code": "rate_limited", "detail": "too fast", "retry_after": 0.1}}
        return slow if next(refusals, None) is not None else None

    frames.answer("message.send", slow_down)
    for text in ("one", "two", "three"):
        await ana.say(text)
    await ben.sees("one", "two", "three")


async def test_messages_to_a_room_that_is_no_longer_mine_do_not_stay(come: Come, cable: Cable) -> None:
    ana, ben = await come("ana"), await come("ben", through=cable)
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    cable.cut()
    await ben.say("too late")
    await expect(ben.page.locator("ol.messages .pending")).to_have_count(1)
    members = ana.page.get_by_role("complementary", name="Members")
    await members.get_by_role("button", name=f"Actions for {ben.name}").click()
    await ana.page.get_by_role("menuitem", name="Remove from room…").click()
    await ana.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(members.get_by_role("listitem")).to_have_count(1)
    cable.mend()
    await expect(ben.room("Harbour")).to_have_count(0, timeout=40_000)
    await ben.is_connected()
    # Nothing is left that would ask before logging out.
    await ben.page.get_by_role("button", name=f"Account of {ben.name}").click()
    await ben.page.get_by_role("menuitem", name="Log out").click()
    await expect(ben.page.get_by_role("heading", name="Welcome back")).to_be_visible()


async def test_logging_out_with_messages_on_their_way_asks_first(come: Come, cable: Cable) -> None:
    ana = await come("ana", through=cable)
    await ana.create_room("Harbour")
    cable.cut()
    await ana.say("not sent")
    await expect(ana.page.locator("ol.messages .pending")).to_have_count(1)
    await ana.page.get_by_role("button", name=f"Account of {ana.name}").click()
    await ana.page.get_by_role("menuitem", name="Log out").click()
    dialog = ana.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("A message is not sent yet")
    await dialog.get_by_role("button", name="Log out").click()
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()
