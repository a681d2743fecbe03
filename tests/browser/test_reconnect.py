"""Away and back: everything is there, in order, nothing twice."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.cable import Cable
from tests.browser.conftest import Come
from tests.browser.frames import Frames
from tests.browser.person import Person
from tests.browser.scrolling import read_all
from tests.client.account import Account
from tests.client.site import Site
from tests.processes import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def lose(how: str, ana: Person, cable: Cable) -> None:
    """Take Ana's network away, in one of the ways that networks go."""
    if how == "offline":
        await ana.context.set_offline(True)
        cable.cut()
    elif how == "cut":
        cable.cut()
    else:
        cable.block()
        # The page learns of a lid that opens, and asks whether anybody is there.
        await ana.page.evaluate("dispatchEvent(new Event('online'))")


@pytest.mark.parametrize("how", ["offline", "cut", "blocked"])
async def test_who_was_away_has_everything_in_order_and_nothing_twice(how: str, come: Come, cable: Cable) -> None:
    ana, ben = await come("ana", through=cable), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    for text in ("first", "second", "third"):
        await ben.say(text)
    await ana.sees("first", "second", "third")

    await lose(how, ana, cable)
    banner = ana.page.locator(".banner")
    await expect(banner).to_contain_text("offline" if how == "offline" else "econnecting", timeout=20_000)
    await ben.say("while you were away")
    await ben.act("second", "Edit")
    await ben.say("second, mended")
    await ben.act("first", "Delete…")
    await ben.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await ana.say("written without a network")
    await expect(ana.page.locator("ol.messages .pending")).to_have_count(1)
    if how != "blocked":
        await expect(banner).to_contain_text("kept")

    cable.mend()
    await ana.context.set_offline(False)
    await ana.page.evaluate("dispatchEvent(new Event('online'))")
    everything = ["Message deleted", "second, mended", "third", "while you were away", "written without a network"]
    await ana.sees(*everything, within_ms=40_000)
    await ben.sees(*everything)
    await expect(banner).to_be_hidden()


async def test_the_page_comes_back_after_the_server_was_restarted(come: Come, server: ServerProcess) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ana.say("before")
    await ben.sees("before")
    await asyncio.to_thread(server.stop)
    await ana.say("meanwhile")
    await asyncio.to_thread(server.start)
    await ben.sees("before", "meanwhile", within_ms=40_000)
    await ben.say("after")
    await ana.sees("before", "meanwhile", "after")


async def test_who_was_away_for_long_pages_what_was_missed(come: Come, cable: Cable, site: Site) -> None:
    ana = await come("ana", through=cable)
    room = await ana.create_room("Harbour")
    ben = await site.register("ben")
    await ben.post("rooms", room, "members", body={})
    await ana.say("the last that was seen")
    await ana.sees("the last that was seen")
    cable.cut()
    await expect(ana.page.locator(".banner")).to_be_visible()
    await say_many(site, ben, room, 620)
    cable.mend()
    await ana.is_connected()
    await expect(ana.texts.last).to_have_text("text 619", timeout=30_000)
    seen = await read_all(ana)
    assert seen == ["the last that was seen", *(f"text {number}" for number in range(620))]


@pytest.mark.parametrize(("event", "op"), [("reset", "message.list"), ("behind", "room.changes")])
async def test_an_open_room_is_fetched_anew_when_the_server_says_so(event: str, op: str, come: Come) -> None:
    ana = await come("ana")
    room = await ana.create_room("Harbour")
    await ana.say("one")
    await ana.say("two")
    await ana.sees("one", "two")
    frames = await Frames(ana.page).attach()
    await ana.page.reload()
    await ana.sees("one", "two")
    before = len(frames.sent)
    frames.tell({"ev": event, "room": room, "d": {"head": 3}})
    await frames.asked(op, before)
    await ana.sees("one", "two")
    await ana.say("three")
    await ana.sees("one", "two", "three")


async def test_a_token_that_ended_is_renewed_before_the_page_comes_back(come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    frames = await Frames(ana.page).attach()
    await ana.page.reload()
    await ana.is_connected()
    old = (await frames.asked("hello"))["token"]
    before = len(frames.sent)
    await frames.close(4009)
    assert (await frames.asked("hello", before))["token"] != old
    await ana.say("still here")
    await ana.sees("still here")


async def test_a_live_session_is_extended_before_its_token_ends(come: Come) -> None:
    ana = await come("ana")
    frames = await Frames(ana.page).attach()
    await ana.page.clock.install()
    await ana.page.reload()
    await ana.is_connected()
    old = (await frames.asked("hello"))["token"]
    await ana.page.clock.fast_forward(8 * 60_000 + 30_000)
    await frames.asked("ping")
    assert (await frames.asked("auth.refresh"))["token"] != old
    assert frames.opened == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [(4504, "Your session is over. Please log in again."), (4503, "This account is banned from this server.")],
)
async def test_a_session_that_ended_elsewhere_leads_to_the_way_in(code: int, words: str, come: Come) -> None:
    ana = await come("ana")
    frames = await Frames(ana.page).attach()
    await ana.page.reload()
    await ana.is_connected()
    await frames.close(code)
    await expect(ana.page.get_by_text(words)).to_be_visible()
    await ana.log_in(ana.name)


@pytest.mark.parametrize(("code", "words"), [(4506, "too many tabs"), (4505, "too many errors")])
async def test_a_close_that_asks_for_a_remedy_is_not_followed_by_tries(code: int, words: str, come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    frames = await Frames(ana.page).attach()
    await ana.page.reload()
    await ana.is_connected()
    await frames.close(code)
    await expect(ana.page.locator(".banner")).to_contain_text(words)
    assert frames.opened == 1
    await ana.page.get_by_role("button", name="Connect again").click()
    await ana.is_connected()
    assert frames.opened == 2


async def test_after_a_goaway_the_page_waits_as_long_as_it_was_told(come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    frames = await Frames(ana.page).attach()
    await ana.page.reload()
    await ana.is_connected()
    frames.tell({"ev": "goaway", "d": {"after": 1500, "spread": 0}})
    began = asyncio.get_running_loop().time()
    before = len(frames.sent)
    await frames.close(4000)
    await frames.asked("hello", before)
    assert asyncio.get_running_loop().time() - began >= 1.4
    await ana.say("back")
    await ana.sees("back")


async def test_the_page_leaves_a_node_that_goes_away_before_it_closes(come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    frames = await Frames(ana.page).attach()
    await ana.page.reload()
    await ana.is_connected()
    frames.tell({"ev": "goaway", "d": {"after": 200, "spread": 100}})
    await frames.asked("hello", len(frames.sent))
    assert frames.opened == 2
    await ana.is_connected()
    await ana.say("from here")
    await ana.sees("from here")


async def say_many(site: Site, account: Account, room: str, count: int, first: int = 0) -> None:
    """Send ``text 0``, ``text 1`` and so on (from ``first``), as fast as one session may."""
    socket = await site.connect(account, deaf=True)
    for start in range(first, first + count, 50):
        numbers = range(start, min(start + 50, first + count))
        sends = [socket.call("message.send", {"room": room, "text": f"text {n}", "cid": f"n{n}"}) for n in numbers]
        await asyncio.gather(*sends)
