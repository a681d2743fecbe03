"""Calls of two: what is clicked on one page is heard and seen on the other one, and outlasts reloads and cut cables."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, WebSocketRoute, async_playwright, expect

from tests.browser.cable import Cable
from tests.browser.calls.calling import Caller, Standstill, flows
from tests.browser.conftest import FLAGS
from tests.browser.person import Person
from tests.callers import direct, group
from tests.client.account import Account
from tests.client.site import Site
from tests.processes import ServerProcess
from tests.working import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

CUT_S = 10.0
GHOST_S = 30.0
"""Nobody who is gone is shown for longer."""

SENT = """
() => window.__connections.filter((one) => one.connectionState === "connected").flatMap((one) =>
  one.getSenders().map(({ track }) => track && track.label))
"""
"""The names of the devices whose tracks are sent, in the order of their places."""


@dataclass
class Pair:
    """Two people with the page open, and their room."""

    ana: Caller
    ben: Caller
    room: str
    site: Site

    async def call(self) -> None:
        """Bring both into a video call."""
        await self.ana.start(self.room)
        await self.ben.accept()
        await flows((self.ana, self.ben))

    async def drop_in(self) -> None:
        """Bring both into the call of a room that others may join."""
        room = await group(self.ana.account, self.ben.account)
        await self.ana.start(room)
        await self.ben.join(room)
        await flows((self.ana, self.ben))


@pytest_asyncio.fixture(loop_scope="session")
async def callers() -> AsyncIterator[list[Caller]]:
    """Those who have come; at the end nothing may have gone wrong under their hands."""
    callers: list[Caller] = []
    yield callers
    try:
        for caller in callers:
            await caller.person.check()
    finally:
        for caller in callers:
            await caller.person.context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def pair(phone_browser: Browser, url: str, site: Site, cable: Cable, callers: list[Caller]) -> Pair:
    """Ana, whose page comes through a cable, and Ben."""
    ana, ben = await site.register("ana"), await site.register("ben")
    room = await direct(ana, ben)
    await ana.post("rooms", room, "messages", body={"cid": "hello", "text": "Hello"})
    callers += [await Caller.come(phone_browser, cable.url, ana), await Caller.come(phone_browser, url, ben)]
    return Pair(callers[0], callers[1], room, site)


async def state(account: Account, call: str) -> str:
    """Return how a call is, as the server says."""
    return str((await account.get("calls", call))["state"])


async def sent(page: Page) -> list[str | None]:
    """Return whose tracks a page sends: of its microphone, its camera and its screen."""
    return list(await page.evaluate(SENT))


async def test_two_see_and_hear_each_other_until_one_hangs_up(pair: Pair) -> None:
    await pair.call()
    [call] = await pair.ana.calls()
    assert call["state"] == "active"
    # The microphones here beep.
    await expect(pair.ana.call.locator(".speaking")).not_to_have_count(0)
    await pair.ben.hang_up()
    await expect(pair.ana.call).to_have_count(0)
    assert await state(pair.ana.account, call["id"]) == "ended"
    # Microphone and camera are let go of, and so is every connection.
    for caller in (pair.ana, pair.ben):
        assert await caller.person.page.evaluate("window.__connections.every((one) => one.signalingState === 'closed')")


async def test_an_answer_in_one_window_ends_the_ringing_in_all(
    phone_browser: Browser, url: str, pair: Pair, callers: list[Caller]
) -> None:
    tab = await pair.ben.person.second_tab()
    callers.append(await Caller.come(phone_browser, url, pair.ben.account))
    device = callers[-1]
    ring = tab.page.get_by_role("alertdialog", name="Incoming call")
    await pair.ana.start(pair.room)
    for other in (pair.ben.ring, ring, device.ring):
        await expect(other).to_be_visible()
    await device.accept()
    for other in (pair.ben.ring, ring, device.ring):
        await expect(other).to_have_count(0)
    await flows((pair.ana, device))


async def test_a_reload_comes_back_into_the_call_by_itself(pair: Pair) -> None:
    await pair.call()
    tab = await pair.ben.person.second_tab()
    await pair.ben.call.get_by_role("button", name="Mute", exact=True).click()
    gone = (await pair.ben.look()).own
    await pair.ben.person.page.reload()
    await expect(pair.ben.call.get_by_role("button", name="Unmute")).to_be_visible()
    await pair.ben.call.get_by_role("button", name="Unmute").click()
    await flows((pair.ana, pair.ben), gone=gone)
    # A tab beside it, of the same log-in, has been offered the call, and did not take it.
    await expect(tab.page.get_by_role("region", name="Call", exact=True)).to_have_count(0)


async def test_media_goes_on_while_the_websocket_is_away(pair: Pair, cable: Cable) -> None:
    await pair.call()
    own = (await pair.ana.look()).own
    async with Standstill((pair.ana, pair.ben)) as standstill:
        cable.cut()
        await expect(pair.ana.call).to_contain_text("Reconnecting")
        await asyncio.sleep(CUT_S)
        cable.mend()
        await expect(pair.ana.call).not_to_contain_text("Reconnecting", timeout=40_000)
    assert standstill.longest_s < CUT_S / 2
    assert (await pair.ana.look()).own == own


async def test_a_device_that_was_away_for_too_long_comes_in_anew(pair: Pair, cable: Cable) -> None:
    await pair.drop_in()
    gone = (await pair.ana.look()).own
    cable.cut()
    await expect(pair.ben.person.page.locator(f"[data-leg='{gone}']")).to_have_count(0, timeout=40_000)
    cable.mend()
    await flows((pair.ana, pair.ben), gone=gone)


async def greeted_without_calls(page: Page) -> asyncio.Event:
    """Stand between a page and the server from the next load on; once the event is set, hello tells of no calls."""
    now = asyncio.Event()

    async def stand(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        async def pass_on(message: str | bytes) -> None:
            frame = json.loads(message)
            if now.is_set() and "calls" in frame.get("ok", ()):
                frame["ok"]["calls"] = []
            route.send(json.dumps(frame))

        server.on_message(pass_on)

    await page.route_web_socket("**/ws", stand)
    return now


async def test_a_call_that_a_node_does_not_know_yet_is_asked_after(pair: Pair, cable: Cable) -> None:
    unknown = await greeted_without_calls(pair.ana.person.page)
    await pair.ana.person.page.reload()
    await pair.ana.person.is_connected()
    await pair.call()
    own = (await pair.ana.look()).own
    unknown.set()
    cable.cut()
    await expect(pair.ana.title).to_contain_text("Reconnecting")
    cable.mend()
    await expect(pair.ana.title).to_contain_text("2 people")
    await flows((pair.ana, pair.ben))
    assert (await pair.ana.look()).own == own


async def test_what_one_turns_on_and_off_is_seen_by_the_other(pair: Pair) -> None:
    await pair.call()
    tile = pair.ben.call.locator("[data-leg]:not([data-own])")
    mine = pair.ana.call
    await mine.get_by_role("button", name="Mute", exact=True).click()
    await expect(tile.get_by_text("muted")).to_have_count(1)
    await mine.get_by_role("button", name="Turn camera off").click()
    await expect(tile.locator("video")).to_be_hidden()
    assert (await sent(pair.ana.person.page))[1] is None
    await mine.get_by_role("button", name="Share screen").click()
    await expect(pair.ben.call.locator("video:visible")).to_have_count(2)
    await mine.get_by_role("button", name="Stop sharing").click()
    await mine.get_by_role("button", name="Raise hand").click()
    await expect(tile.get_by_text("Hand raised")).to_have_count(1)
    await mine.get_by_role("button", name="Turn camera on").click()
    await mine.get_by_role("button", name="Unmute").click()
    await flows((pair.ana, pair.ben))


async def test_another_device_is_taken_in_the_middle_of_a_call(pair: Pair) -> None:
    await pair.call()
    page = pair.ana.person.page
    assert (await sent(page))[0] == "Fake Default Audio Input"
    await pair.ana.call.get_by_role("button", name="Devices").click()
    await page.get_by_label("Microphone").select_option(label="Fake Audio Input 2")
    await page.keyboard.press("Escape")

    async def changed() -> bool | None:
        return (await sent(page))[0] == "Fake Audio Input 2" or None

    await eventually(changed)
    await flows((pair.ana, pair.ben))


async def test_a_call_that_another_tab_takes_is_gone_here(pair: Pair) -> None:
    await pair.call()
    tab = await pair.ben.person.second_tab()
    other = Caller(pair.ben.account, tab)
    gone = (await pair.ben.look()).own
    await other.join(pair.room)
    await expect(pair.ben.call).to_have_count(0)
    await flows((pair.ana, other), gone=gone)


async def test_a_host_mutes_somebody_and_takes_them_out(pair: Pair) -> None:
    await pair.drop_in()
    name = pair.ben.account.username
    await pair.ana.call.get_by_role("button", name="People in this call").click()
    people = pair.ana.person.page.get_by_role("dialog")
    await people.get_by_role("button", name=f"Mute {name}").click()
    await pair.ben.call.get_by_role("button", name="Unmute").click()
    await expect(people.get_by_role("button", name=f"Mute {name}")).to_be_enabled()
    await people.get_by_role("button", name=f"Remove {name} from the call").click()
    await expect(pair.ben.call).to_have_count(0)


async def test_nobody_waits_for_a_tab_that_was_closed(pair: Pair) -> None:
    await pair.call()
    tab = await pair.ben.person.second_tab()
    await tab.is_connected()
    await pair.ben.person.page.close()
    await expect(pair.ana.call).to_have_count(0, timeout=GHOST_S * 1000)


@pytest.mark.parametrize(
    ("flags", "host", "words"),
    [
        (["--deny-permission-prompts"], "localhost", "This page may not use your microphone"),
        (["--use-fake-ui-for-media-stream"], "parley.test", "over https alone"),
    ],
    ids=["denied", "insecure"],
)
async def test_who_has_no_microphone_listens(
    chromium: str, server: ServerProcess, pair: Pair, callers: list[Caller], flags: list[str], host: str, words: str
) -> None:
    cat = await pair.site.register("cat")
    room = await direct(cat, pair.ben.account)
    named = "--host-resolver-rules=MAP parley.test 127.0.0.1"
    async with async_playwright() as playwright:
        args = [*FLAGS, named, "--use-fake-device-for-media-stream", *flags]
        browser = await playwright.chromium.launch(executable_path=chromium, args=args)
        person = await Person.come(browser, f"http://{host}:{server.port}")
        listener = Caller(cat, await person.log_in(cat.username, cat.password))
        await listener.start(room)
        await pair.ben.accept()
        await expect(listener.call).to_contain_text(words)
        await expect(listener.call.get_by_role("button", name="Unmute")).to_be_visible()
        await expect(listener.call.locator("video:visible")).to_have_count(1)
        await listener.hang_up()
        # Of an http origin a browser says by itself what it does without.
        person.complaints = [text for text in person.complaints if "Cross-Origin-Opener-Policy" not in text]
        await person.check()
        await browser.close()
