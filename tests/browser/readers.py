"""People with the page open whose calls are looked at, and programs that call them."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.person import Person
from tests.callers import Device, direct
from tests.client.account import Account
from tests.client.site import Site


@dataclass
class Reader:
    """Somebody with the page open, whose calls are looked at."""

    account: Account
    person: Person

    @property
    def page(self) -> Page:
        """Their tab."""
        return self.person.page

    @property
    def ring(self) -> Locator:
        """The card of a call that rings."""
        return self.page.get_by_role("alertdialog", name="Incoming call")

    @property
    def call(self) -> Locator:
        """The call that they are in, with all its tiles."""
        return self.page.get_by_role("region", name="Call", exact=True)

    @property
    def bar(self) -> Locator:
        """The call that they are in, while they do not look at it."""
        return self.page.get_by_role("region", name="Ongoing call")

    @property
    def news(self) -> Locator:
        """What a screen reader is told of calls."""
        return self.page.get_by_test_id("call-announcer")

    def button(self, name: str) -> Locator:
        """A button of exactly this name."""
        return self.page.get_by_role("button", name=name, exact=True)

    async def open(self, room: str) -> None:
        """Open a room by its address, once the page knows it."""
        await expect(self.page.locator(f".rooms [href='#/r/{room}']")).to_be_attached()
        await self.page.evaluate("(room) => { location.hash = `#/r/${room}` }", room)
        await expect(self.person.composer).to_be_visible()

    async def drop_in(self) -> None:
        """Begin a call in the room that is open, which has several members, and ring nobody."""
        await self.button("Call").click()
        await self.button("Start without ringing").click()
        await expect(self.call).to_be_visible()


async def sit_down(browser: Browser, url: str, account: Account, readers: list[Reader], **options: Any) -> Reader:
    """Open the page as somebody who has an account; they are put to ``readers``."""
    person = await Person.come(browser, url, **options)
    readers.append(Reader(account, person))
    await person.log_in(account.username, account.password)
    return readers[-1]


async def friend(site: Site, name: str) -> Device:
    """A program that speaks the protocol as somebody."""
    return await Device(await site.register(name)).connect(site)


async def pair(one: Account, other: Account) -> str:
    """Return the room of two people who have talked before."""
    room = await direct(one, other)
    await one.post("rooms", room, "messages", body={"cid": "hello", "text": "Hello"})
    return room
