"""Somebody who uses the page: what they do, what they see, and what went wrong under their hands."""

import asyncio
import itertools
import re
import time
from typing import Any

import pyotp
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Locator, Page, expect
from playwright.async_api import TimeoutError as Late

PASSWORD = "four words nobody guesses"
_numbers = itertools.count(1)

PWNED = "window.__pwned === undefined"
"""Holds as long as no text was run as a program."""

WATCH = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""

# A browser says so itself when a request of the page fails; the page is tested without a network on purpose.
_NETWORK = re.compile(r"net::ERR_|Failed to load resource|WebSocket connection to")


TYPING_S = 10
"""A code is good for as long as it may take until it has been typed and sent."""


class App:
    """An authenticator app. A code works once: ``code`` gives the next one that does, and waits for it if it must."""

    def __init__(self, secret: str) -> None:
        self.backup_codes: list[str] = []
        self._totp = pyotp.TOTP(secret)
        self._used = 0

    async def code(self) -> str:
        """Return a code that was not used: of the last step, this one, or the next, as far as clocks may differ."""
        while True:
            now = time.time()
            # The earliest that stays good: then there is one left for whoever asks again at once.
            step = max(self._step(now + TYPING_S) - 1, self._used + 1)
            if step <= self._step(now) + 1:
                self._used = step
                return self._totp.generate_otp(step)
            await asyncio.sleep(1)

    def _step(self, at: float) -> int:
        return int(at) // self._totp.interval


class Person:
    """One person in one browser context. ``page`` is the tab in front."""

    def __init__(self, context: BrowserContext, page: Page, url: str) -> None:
        self.context = context
        self.page = page
        self.url = url
        self.name = ""
        self.complaints: list[str] = []
        """Errors on the console, exceptions, dialogs: there must be none."""

    @classmethod
    async def come(cls, browser: Browser, url: str, **options: Any) -> "Person":
        """Open the page in a context of its own; options: as of a context."""
        options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"} | options
        context = await browser.new_context(**options)
        context.set_default_timeout(15_000)
        await context.add_init_script(WATCH)
        person = cls(context, await context.new_page(), url)
        person.listen(person.page)
        await person.page.goto(url)
        return person

    def listen(self, page: Page) -> None:
        """Note what goes wrong in a tab."""
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        page.on("dialog", self._refuse)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _NETWORK.search(message.text):
            self.complaints.append(f"console {message.type}: {message.text}")

    async def _refuse(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    async def second_tab(self) -> "Person":
        """Open the page again in the same browser; the account is the same."""
        tab = Person(self.context, await self.context.new_page(), self.url)
        tab.name, tab.complaints = self.name, self.complaints
        tab.listen(tab.page)
        await tab.page.goto(self.page.url)
        return tab

    async def check(self) -> None:
        """Demand that nothing went wrong under their hands."""
        for page in self.context.pages:
            self.complaints += [f"policy: {text}" for text in await page.evaluate("window.__violations ?? []")]
            if not await page.evaluate(PWNED):
                self.complaints.append("a text was run as a program")
        assert not self.complaints, self.complaints

    async def register(self, name: str = "person") -> "Person":
        """Make an account with a username nobody has, and wait for the empty list of rooms."""
        self.name = f"{name}-{next(_numbers)}"
        page = self.page
        await page.get_by_role("button", name="Create an account").click()
        await page.get_by_label("Username").fill(self.name)
        await page.get_by_label("E-mail").fill(f"{self.name}@example.org")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Create account").click()
        await self.is_connected()
        return self

    async def log_in(self, name: str, password: str = PASSWORD) -> "Person":
        """Log in to an account that exists."""
        self.name = name
        await self.page.get_by_label("Username").fill(name)
        await self.page.get_by_label("Password", exact=True).fill(password)
        await self.page.get_by_role("button", name="Log in").click()
        await self.is_connected()
        return self

    async def is_connected(self) -> None:
        """Wait until the rooms are there and nothing says that the connection is not."""
        await expect(self.page.locator("nav.side")).to_be_attached()
        await expect(self.page.get_by_text("Loading your rooms…")).to_have_count(0)
        await expect(self.page.locator(".banner")).to_be_hidden(timeout=40_000)

    # The account

    @property
    def email(self) -> str:
        """The address that they registered with."""
        return f"{self.name}@example.org"

    async def choose_own(self, what: str) -> None:
        """Choose from their own menu."""
        await self.page.get_by_role("button", name=f"Account of {self.name}").click()
        await self.page.get_by_role("menuitem", name=what).click()

    async def log_out(self) -> None:
        """Log out, and wait for the way in."""
        await self.choose_own("Log out")
        await expect(self.page.get_by_role("heading", name="Welcome back")).to_be_visible()

    async def account(self, section: str) -> Locator:
        """Open a section of their account, and return the dialog."""
        dialog = self.page.get_by_role("dialog", name="Your account")
        if not await dialog.is_visible():
            await self.choose_own("Your account")
        back = dialog.get_by_role("button", name="Back to all sections")
        if await back.is_visible():
            await back.click()
        await dialog.get_by_role("button", name=section, exact=True).click()
        await expect(dialog.get_by_role("region", name=section, exact=True)).to_be_visible()
        await expect(dialog.get_by_text("Loading…")).to_have_count(0)
        return dialog

    async def prove_email(self, code: str) -> None:
        """Prove that the address is theirs."""
        dialog = await self.account("E-mail")
        await dialog.get_by_label("Code").fill(code)
        await dialog.get_by_role("button", name="Prove it").click()
        await expect(dialog.get_by_text("It is proved to be yours.")).to_be_visible()
        await self.page.keyboard.press("Escape")

    async def set_up_app(self) -> "App":
        """Take an authenticator app into use, and return it; its backup codes are kept in it."""
        dialog = await self.account("Second step")
        await dialog.get_by_role("button", name="Set up an app").click()
        setting = self.page.get_by_role("dialog", name="Set up an app")
        await expect(setting.get_by_role("img", name="QR code")).to_be_visible()
        await setting.get_by_text("It cannot be scanned?").click()
        app = App(re.sub(r"\s", "", await setting.locator(".secret").inner_text()))
        await setting.get_by_label("Code").fill(await app.code())
        await setting.get_by_role("button", name="Turn on").click()
        kept = self.page.get_by_role("dialog", name="Your backup codes")
        await expect(kept.get_by_role("listitem")).to_have_count(10)
        app.backup_codes = await kept.get_by_role("listitem").all_inner_texts()
        await kept.get_by_role("button", name="I have kept them").click()
        await expect(dialog.get_by_text("It is on")).to_be_visible()
        await self.page.keyboard.press("Escape")
        return app

    # Rooms

    async def choose(self, what: str) -> None:
        """Choose from the menu of new things."""
        await self.page.get_by_role("button", name="Start something new").click()
        await self.page.get_by_role("menuitem", name=what).click()

    async def create_room(self, name: str, *, kind: str = "Public", description: str = "") -> str:
        """Make a room, and return its id."""
        await self.choose("New room")
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_label("Name").fill(name)
        await dialog.get_by_label("Description").fill(description)
        await dialog.get_by_label(kind, exact=False).first.check()
        await dialog.get_by_role("button", name="Create room").click()
        await self.is_in(name)
        return self.page.url.rpartition("/")[2]

    async def is_in(self, name: str) -> None:
        """Wait until a room is open."""
        await expect(self.page.locator(".head h1")).to_contain_text(name)
        await expect(self.composer).to_be_visible()

    async def join(self, name: str) -> None:
        """Find a public room and join it."""
        await self.choose("Discover rooms")
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_label("Search public rooms").fill(name)
        await dialog.get_by_role("button", name=f"Join {name}").first.click()
        await self.is_in(name)

    def room(self, name: str) -> Locator:
        """A room in the list."""
        return self.page.locator(".rooms a").filter(has=self.page.locator(".name", has_text=name))

    async def open(self, name: str) -> None:
        """Open a room from the list."""
        await self.room(name).click()
        await self.is_in(name)

    # Messages

    @property
    def composer(self) -> Locator:
        """Where one writes."""
        return self.page.get_by_test_id("composer")

    async def say(self, text: str) -> None:
        """Write a message and send it off; it need not have arrived."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    @property
    def texts(self) -> Locator:
        """The texts of the messages that are drawn."""
        return self.page.locator("ol.messages .text")

    def message(self, text: str) -> Locator:
        """The row of a message, by its text."""
        return self.page.locator("ol.messages > li").filter(has=self.page.locator(".text", has_text=text))

    async def act(self, text: str, action: str) -> None:
        """Use one of the tools of a message. Where the row moves away under the mouse, it is pointed at again."""
        row = self.message(text).last
        for patience_ms in (1500, 1500, 1500, 15_000):
            await row.hover()
            try:
                await row.get_by_role("toolbar").get_by_role("button", name=action).click(timeout=patience_ms)
            except Late:
                await self.page.mouse.move(1, 1)
            else:
                return
        raise AssertionError(f"{action} of {text!r} is not to be had")

    async def sees(self, *texts: str, within_ms: float = 15_000) -> None:
        """Wait until exactly these texts are drawn, in this order, and none of them is on its way."""
        await expect(self.texts).to_have_text(list(texts), timeout=within_ms)
        await expect(self.page.locator("ol.messages .pending")).to_have_count(0, timeout=within_ms)
