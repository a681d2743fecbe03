"""What the page shows of calls: what rings, and all views by the rules of axe and within the window."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.readers import Reader, friend, pair, sit_down
from tests.browser.test_accessibility import findings
from tests.browser.test_layout import fits
from tests.browser.views import Look
from tests.callers import Device, group
from tests.client.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 800}}


# What rings


async def test_a_ring_lets_whoever_types_go_on_and_a_key_leads_to_it(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await pair(ben.account, ana.account)
    await ana.open(room)
    await ana.person.composer.press_sequentially("Not n")
    call = await ben.start(room, "video")
    await expect(ana.ring).to_contain_text("Video call")
    await expect(ana.page).to_have_title(re.compile(f"^{ben.account.username} is calling"))
    said = ana.page.locator("[aria-live=assertive]", has_text="Incoming video call from")
    await expect(said).to_contain_text(ben.account.username)
    await ana.page.keyboard.type("ow")
    await expect(ana.person.composer).to_have_value("Not now")
    await ana.page.keyboard.press("Alt+c")
    await expect(ana.ring).to_be_focused()
    for name in ("Stop ringing here", "Accept", "Accept with video", "Decline"):
        await ana.page.keyboard.press("Tab")
        await expect(ana.ring.get_by_role("button", name=name, exact=True)).to_be_focused()
    await ana.page.keyboard.press("Enter")
    await expect(ana.ring).to_have_count(0)
    await expect(ana.person.composer).to_be_focused()
    await expect(ana.page).not_to_have_title(re.compile("is calling"))
    assert (await ben.sees(call["id"], "ended"))["reason"] == "declined"


async def test_a_ring_takes_the_focus_of_whoever_does_nothing(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await pair(ben.account, ana.account)
    await ana.page.evaluate("document.activeElement.blur()")
    call = await ben.start(room)
    await expect(ana.ring).to_be_focused()
    await ben.do("cancel", call["id"])
    await expect(ana.ring).to_have_count(0)


async def test_a_ring_that_was_answered_elsewhere_stops_and_says_so(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await pair(ben.account, ana.account)
    elsewhere = await Device(await site.log_in(ana.account)).connect(site)
    call = await ben.start(room)
    await expect(ana.ring).to_be_visible()
    await elsewhere.do("accept", call["id"])
    await expect(ana.ring).to_have_count(0)
    await expect(ana.page.get_by_text("You have answered on another device.")).to_be_visible()


async def test_what_rings_can_be_answered_while_a_dialog_is_open(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await pair(ben.account, ana.account)
    await ana.person.choose("New room")
    name = ana.page.get_by_role("dialog").get_by_label("Name")
    await name.fill("Harb")
    call = await ben.start(room)
    await expect(ana.ring).to_be_visible()
    await expect(name).to_be_focused()
    await ana.ring.get_by_role("button", name="Decline").click()
    await ben.sees(call["id"], "ended")
    await expect(ana.ring).to_have_count(0)
    await ana.page.keyboard.press("Escape")


async def test_a_call_that_was_missed_is_told_marked_and_can_be_answered(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await pair(ben.account, ana.account)
    call = await ben.start(room)
    await expect(ana.ring).to_be_visible()
    await ben.do("cancel", call["id"])
    await expect(ana.page.get_by_text(f"Missed call from {ben.account.username}.")).to_be_visible()
    listed = ana.person.room(ben.account.username)
    await expect(listed).to_contain_text("missed call")
    await listed.click()
    await expect(ana.person.composer).to_be_visible()
    await expect(listed.get_by_text("missed call", exact=True)).to_have_count(0)
    await expect(ana.page.locator(".called")).to_contain_text(f"Missed call from {ben.account.username}")
    await ana.button("Call back").click()
    await expect(ana.call.get_by_role("heading")).to_have_text(f"Calling {ben.account.username}…")
    (again,) = [one for one in ben.calls.values() if one["state"] == "ringing"]
    await ben.do("ringing", again["id"])
    await expect(ana.call.get_by_role("heading")).to_have_text(f"Ringing {ben.account.username}…")
    await ben.do("decline", again["id"])
    await expect(ana.page.get_by_text(f"{ben.account.username} declined.")).to_be_visible()
    await expect(ana.call).to_have_count(0)
    await expect(ana.button("Call again").first).to_be_visible()


# The rules of axe


async def rung_in_vain(ana: Reader, ben: Device, room: str, look: Look) -> None:
    """Look at a call that rings, and at what is left of it."""
    call = (await ben.start(room))["id"]
    await expect(ana.ring).to_be_visible()
    await look("a ring")
    await ben.do("cancel", call)
    await expect(ana.page.locator(".toast")).to_contain_text("Missed call from")
    await look("a missed call")


async def begun(ana: Reader, look: Look) -> None:
    """Look at how a call begins in a room of several."""
    await look("the head of a room")
    await ana.button("Call").click()
    await expect(ana.page.get_by_role("checkbox")).to_have_count(2)
    await look("whom to ring")
    await ana.button("Start without ringing").click()
    await expect(ana.call).to_be_visible()
    await look("alone in a call")


async def together(ana: Reader, call: str, others: list[Device], look: Look) -> None:
    """Look at a call of several, and at what opens over it."""
    for device in others:
        await device.do("connected", call)
        await device.do("set", call, muted=True, hand=True)
    await expect(ana.call.get_by_role("listitem")).to_have_count(1 + len(others))
    await look("three in a call")
    for name in ("Devices", "People in this call"):
        await ana.button(name).click()
        await look(name)
        await ana.page.keyboard.press("Escape")
    await others[0].do("set", call, screen=True)
    await expect(ana.call.get_by_role("list", name="Shared screen")).to_be_visible()
    await look("a shared screen")
    await ana.page.get_by_role("button", name=re.compile("^(Show|Hide) messages$")).click()
    await look("the other size")


async def elsewhere(ana: Reader, look: Look) -> None:
    """Look at a call that is not looked at, and at what is left where one has hung up."""
    await ana.button("Make the call small").click()
    await expect(ana.bar).to_be_visible()
    await look("the bar, and the line of a call that goes on")
    await ana.bar.get_by_role("button", name="Hang up").click()
    await expect(ana.bar).to_be_hidden()
    await expect(ana.button("Join call (2)")).to_be_visible()
    await look("a call to be joined")
    await ana.button("Room actions").click()
    await ana.page.get_by_role("menuitem", name="Calls in this room").click()
    await expect(ana.page.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)
    await look("the calls of a room")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_views_of_calls_are_accessible_and_fit(
    size: str, scheme: str, phone_browser: Browser, url: str, site: Site, readers: list[Reader]
) -> None:
    account = await site.register("ana")
    ana = await sit_down(phone_browser, url, account, readers, viewport=SIZES[size], color_scheme=scheme)
    ben, cleo = await friend(site, "ben"), await friend(site, "cleo-with-a-long-name")

    async def look(view: str) -> None:
        assert await findings(ana.page) == [], view
        await fits(ana.person, view)

    room, beside = await group(account, ben.account, cleo.account), await pair(ben.account, account)
    await ana.open(room)
    await rung_in_vain(ana, ben, beside, look)
    await begun(ana, look)
    call = (await ben.start(room))["id"]
    await cleo.start(room)
    await together(ana, call, [ben, cleo], look)
    await elsewhere(ana, look)


async def test_calls_can_be_seen_in_forced_colours(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await group(ana.account, ben.account)
    await ana.page.emulate_media(forced_colors="active")
    await ana.open(room)
    await ana.drop_in()
    for button in await ana.call.get_by_role("group", name="My part").get_by_role("button").all():
        if await button.is_visible():
            style = await button.evaluate("(button) => getComputedStyle(button).borderStyle")
            assert style == "solid", await button.get_attribute("aria-label")
    await ana.button("Hang up").click()
