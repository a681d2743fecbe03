"""Being in a call: by keyboard alone, without eyes, as a host, while reading elsewhere."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.frames import WAIT_S, Frames
from tests.browser.readers import Reader, friend, pair
from tests.browser.test_accessibility import tab_to
from tests.callers import Device, group
from tests.client.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


# In a call


async def test_a_call_is_led_by_keyboard_alone(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await group(ana.account, ben.account)
    other = await group(ana.account, ben.account)
    await ana.open(room)
    page, keys = ana.page, ana.page.keyboard

    await tab_to(page, ana.button("Call"))
    await keys.press("Enter")
    await expect(page.get_by_role("dialog").get_by_label(ben.account.username)).to_be_attached()
    await tab_to(page, page.get_by_role("dialog").get_by_label(ben.account.username))
    await keys.press("Space")
    await tab_to(page, ana.button("Ring 1 and start"))
    await keys.press("Enter")
    await expect(ana.call.get_by_role("heading")).to_be_focused()

    await tab_to(page, ana.button("Mute"))
    await keys.press("Enter")
    await expect(ana.button("Unmute")).to_be_focused()
    await keys.press("Control+d")
    await expect(ana.button("Mute")).to_be_focused()
    await tab_to(page, ana.button("Turn camera on"))
    await keys.press("Enter")
    await expect(ana.button("Turn camera off")).to_be_focused()
    await keys.press("Control+e")
    await expect(ana.button("Turn camera on")).to_be_focused()
    await tab_to(page, ana.button("Raise hand"))
    await keys.press("Enter")
    await expect(ana.button("Lower hand")).to_be_focused()
    await tab_to(page, ana.button("Devices"))
    await keys.press("Enter")
    await expect(page.get_by_role("dialog", name="Devices").get_by_label("Microphone")).to_be_focused()
    await keys.press("Escape")
    await expect(ana.button("Devices")).to_be_focused()

    await keys.press("Shift+Tab")
    await tab_to(page, ana.button("Make the call small"))
    await keys.press("Enter")
    await expect(ana.bar.get_by_role("button", name="Back to the call")).to_be_focused()
    await expect(ana.page.locator(".called")).to_contain_text("Back to the call")
    await ana.open(other)
    await expect(ana.bar).to_be_visible()
    await keys.press("Control+d")
    await expect(ana.bar.get_by_role("button", name="Unmute")).to_be_visible()
    await keys.press("Alt+c")
    await expect(ana.button("Unmute")).to_be_focused()
    await expect(ana.call).to_be_visible()
    await tab_to(page, ana.call.get_by_role("button", name="hang up"))
    await keys.press("Enter")
    await expect(ana.call).to_have_count(0)
    await expect(ana.person.composer).to_be_focused()


async def test_what_happens_in_a_call_is_said(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await group(ana.account, ben.account)
    name = ben.account.username
    await ana.open(room)
    await ana.drop_in()
    await expect(ana.call.get_by_role("heading")).to_have_text("Nobody else is here yet")
    call = (await ben.start(room))["id"]
    await ben.do("connected", call)
    await expect(ana.news).to_contain_text(f"{name} joined the call")
    tile = ana.call.locator("[data-leg]").filter(has_text=name)
    await ben.do("set", call, muted=True, hand=True)
    await expect(ana.news).to_contain_text(f"{name} raised their hand")
    await expect(tile).to_contain_text(re.compile(f"Hand raised: {name}, muted"))
    await ben.do("set", call, screen=True)
    await expect(ana.news).to_contain_text(f"{name} shares their screen")
    await expect(ana.call.get_by_role("list", name="Shared screen")).to_contain_text(re.compile(f"{name}.s screen"))
    await ben.do("set", call, muted=False)
    await ben.do("set", call, speaking=True)
    await expect(tile).to_have_class(re.compile("speaking"))
    await ben.do("leave", call)
    await expect(ana.news).to_contain_text(f"{name} left the call")
    await expect(ana.call.get_by_role("listitem")).to_have_count(1)


async def test_hosts_mute_and_remove_others_and_end_the_call(ana: Reader, site: Site) -> None:
    ben, cleo = await friend(site, "ben"), await friend(site, "cleo")
    room = await group(ana.account, ben.account, cleo.account)
    await ana.open(room)
    await ana.drop_in()
    call = (await ben.start(room))["id"]
    await cleo.start(room)
    await ben.do("connected", call)
    await cleo.do("connected", call)
    await ana.button("People in this call").click()
    people = ana.page.get_by_role("dialog", name="In this call")
    await people.get_by_role("button", name=f"Mute {ben.account.username}").click()
    row = people.get_by_role("listitem").filter(has_text=ben.account.username)
    await expect(row).to_contain_text("muted")
    await expect(row.get_by_role("button", name="Mute")).to_be_disabled()
    await people.get_by_role("button", name=f"Remove {cleo.account.username}").click()
    await expect(people.get_by_role("listitem")).to_have_count(2)
    await people.get_by_role("button", name="End for all…").click()
    await ana.button("End the call").click()
    assert (await ben.sees(call, "ended"))["reason"] == "completed"
    await expect(ana.call).to_have_count(0)


async def test_a_member_is_told_that_the_host_has_muted_them(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await group(ben.account, ana.account)
    call = (await ben.start(room))["id"]
    await ana.open(room)
    await ana.page.get_by_role("button", name="Join call (1)").click()
    await expect(ana.button("Mute")).to_be_visible()
    await ben.sees_leg(call, "connecting", leg=await ana.call.locator("[data-own]").get_attribute("data-leg"))
    await ben.do("mute", call)
    await expect(ana.page.get_by_text("The host has muted you.")).to_be_visible()
    await expect(ana.button("Unmute")).to_be_visible()
    await ana.button("People in this call").click()
    people = ana.page.get_by_role("dialog", name="In this call")
    await expect(people.get_by_role("listitem")).to_have_count(2)
    await expect(people.get_by_role("button", name=re.compile("Mute|Remove|End"))).to_have_count(0)
    await ana.page.keyboard.press("Escape")
    await ana.button("Hang up").click()


async def test_the_host_mutes_somebody_whose_page_is_telling_something_else(ana: Reader, site: Site) -> None:
    ben, frames, call = await joined(ana, site)
    frames.hold("call.set")
    await ana.button("Raise hand").click()
    await telling(frames, "hand")
    await ben.do("mute", call)
    await expect(ana.page.get_by_text("The host has muted you.")).to_be_visible()
    await expect(ana.button("Unmute")).to_be_visible()
    frames.release("call.set")
    await expect(ana.button("Lower hand")).to_be_visible()
    await ben.sees_attributes(call, muted=True, hand=True)


async def test_the_host_mutes_somebody_again_and_again_who_was_away(ana: Reader, site: Site) -> None:
    ben, frames, call = await joined(ana, site)
    before = len(frames.sent)
    await frames.close(1012)
    await telling(frames, "muted", before)
    for _ in range(2):
        await ben.do("mute", call)
        await expect(ana.button("Unmute")).to_be_visible()
        await ana.button("Unmute").click()
        await ben.sees_attributes(call, muted=False)


async def test_what_somebody_told_themselves_mutes_nobody_when_it_is_heard_back(ana: Reader, site: Site) -> None:
    ben, frames, call = await joined(ana, site)
    frames.hold("call.set")
    await ana.button("Mute").click()
    await telling(frames, "muted")
    await ana.button("Unmute").click()
    frames.release("call.set")
    await ana.button("Raise hand").click()
    await ben.sees_attributes(call, muted=False, hand=True)
    await expect(ana.button("Mute")).to_be_visible()


async def test_a_page_tells_only_what_has_changed_and_takes_back_nothing_that_a_host_did(
    ana: Reader, site: Site
) -> None:
    ben, frames, call = await joined(ana, site)
    await ana.button("Raise hand").click()
    await ben.sees_attributes(call, hand=True)
    told = [frame["d"] for frame in frames.sent if frame["op"] == "call.set" and "speaking" not in frame["d"]]
    assert told == [{"call": call, "hand": True}]


async def telling(frames: Frames, name: str, since: int = 0) -> None:
    """Wait until the page tells of an attribute of its leg; that it speaks it tells at any time."""
    async with asyncio.timeout(WAIT_S):
        while name not in await frames.asked("call.set", since):
            since += 1


async def joined(ana: Reader, site: Site) -> tuple[Device, Frames, str]:
    """Have somebody join a call on the page, alone with its host; return the host, the frames and the call."""
    ben = await friend(site, "ben")
    room = await group(ben.account, ana.account)
    call = (await ben.start(room))["id"]
    frames = await Frames(ana.page).attach()
    await ana.page.reload()
    await ana.open(room)
    await ana.page.get_by_role("button", name="Join call (1)").click()
    await expect(ana.button("Mute")).to_be_visible()
    return ben, frames, call


# Where calls begin


async def test_nobody_calls_where_calls_are_off_or_in_their_own_notes(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await group(ana.account, ben.account)
    await ana.open(room)
    await expect(ana.button("Call")).to_be_visible()
    await ana.button("Room actions").click()
    await ana.page.get_by_role("menuitem", name="Room details").click()
    await ana.page.get_by_label("Calls: members may call each other here").uncheck()
    await ana.button("Save").click()
    await expect(ana.page.get_by_role("dialog")).to_have_count(0)
    await expect(ana.button("Call")).to_have_count(0)
    await expect(ana.button("Video call")).to_have_count(0)
    await ana.open(await pair(ana.account, ana.account))
    await expect(ana.page.get_by_role("heading", name="Notes to myself")).to_be_visible()
    await expect(ana.button("Call")).to_have_count(0)


async def test_the_calls_of_a_room_are_listed(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await pair(ben.account, ana.account)
    call = (await ben.start(room))["id"]
    await ben.do("cancel", call)
    await ana.open(room)
    await ana.button("Room actions").click()
    await ana.page.get_by_role("menuitem", name="Calls in this room").click()
    listed = ana.page.get_by_role("dialog", name="Calls in this room").get_by_role("listitem")
    await expect(listed).to_have_count(1)
    await expect(listed).to_contain_text(f"Missed call from {ben.account.username}")


async def test_a_call_that_goes_on_can_be_joined_after_a_reload(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await group(ben.account, ana.account)
    call = (await ben.start(room))["id"]
    await ana.open(room)
    await expect(ana.button("Join call (1)")).to_be_visible()
    await ana.page.reload()
    await expect(ana.button("Join call (1)")).to_be_visible()
    await expect(ana.page.locator(".called")).to_contain_text("Call in progress")
    await ana.page.locator(".called").get_by_role("button", name="Join").click()
    await expect(ana.call).to_be_visible()
    await ben.do("end", call)
    await expect(ana.call).to_have_count(0)
    await expect(ana.page.get_by_text("The call ended.")).to_be_visible()
    await expect(ana.button("Call")).to_be_visible()


async def test_whoever_is_in_a_call_is_asked_before_they_come_into_another(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room, other = await group(ana.account, ben.account), await group(ben.account, ana.account)
    await ana.open(room)
    await ana.drop_in()
    call = (await ben.start(other))["id"]
    await ana.open(other)
    await ana.button("Join call (1)").click()
    question = ana.page.get_by_role("dialog", name="Leave the call that you are in?")
    await question.get_by_role("button", name="Cancel").click()
    await expect(ana.bar).to_be_visible()
    await ana.button("Join call (1)").click()
    await question.get_by_role("button", name="Leave it").click()
    await expect(ana.call).to_be_visible()
    await expect(ana.bar).to_be_hidden()
    assert len(ben.legs(call, "connected", "connecting")) == 2
    await ana.button("Hang up").click()


async def test_the_picture_of_a_call_can_float_over_all_else(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room = await group(ana.account, ben.account)
    await ana.open(room)
    await ana.button("Video call").click()
    await ana.button("Start without ringing").click()
    await ana.call.get_by_role("button", name="Picture in picture").click()
    floats = "() => document.pictureInPictureElement !== null"
    await ana.page.wait_for_function(floats)
    await ana.button("Make the call small").click()
    await expect(ana.bar).to_be_visible()
    await ana.page.wait_for_function(floats)
    await ana.bar.get_by_role("button", name="Hang up").click()
    await ana.page.wait_for_function("() => document.pictureInPictureElement === null")


async def test_whoever_reloads_stays_where_they_read(ana: Reader, site: Site) -> None:
    ben = await friend(site, "ben")
    room, other = await group(ana.account, ben.account), await group(ana.account, ben.account)
    await ana.open(room)
    await ana.drop_in()
    await ana.open(other)
    await expect(ana.bar).to_be_visible()
    await ana.page.reload()
    await expect(ana.bar).to_be_visible()
    assert ana.page.url.endswith(other)
    await ana.bar.get_by_role("button", name="Back to the call").click()
    await expect(ana.call).to_be_visible()
    assert ana.page.url.endswith(room)
    await ana.button("Hang up").click()
