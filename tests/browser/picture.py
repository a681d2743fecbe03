"""Draw the picture of the page that the README shows: python -m tests.browser.picture [folder]

Starts a server on an empty store, lets people talk, and keeps docs/page.png; with a folder, also how the page looks on
a phone, in the dark and on the way in.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from tests.browser.conftest import FLAGS
from tests.browser.person import PASSWORD, Person
from tests.parts import chromium_program
from tests.processes import ROOT, ServerProcess, running

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}

EARLIER = (
    ("Neighbours", "jonas", "The bike pump is back in the cellar."),
    ("Book club", "sofia", "I finished it on the train. That last chapter!"),
    ("Reading group: distributed systems", "theo", "Slides are up: https://example.org/slides"),
    ("Choir", "lena", "Who has the key on Thursday?"),
)

TALK = (
    ("mira", "Morning! The forecast for Saturday got better: dry until four."),
    ("jonas", "Then we take the long way, over the ridge"),
    ("jonas", "Here is the map: https://example.org/maps/ridge-walk"),
    ("sofia", "How long is it? I have new boots 🥾"),
    ("jonas", "14 km, about five hours with a break at the hut."),
    ("mira", "Perfect. I bring the thermos and something sweet."),
    ("sofia", "I can take two in the car, leaving at 8:15 from the station."),
    ("lena", "Count me in! May I bring the dog?"),
    ("mira", "Of course, he knows the way better than we do"),
)


async def enter(browser: Browser, url: str, name: str, **options: object) -> Person:
    """Open the page as somebody with exactly this name, who is made where there is none."""
    person = await Person.come(browser, url, **options)
    page = person.page
    await page.get_by_role("button", name="Create an account").click()
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("E-mail").fill(f"{name}@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    taken = page.get_by_text("This username is taken.")
    await expect(taken.or_(page.get_by_role("navigation", name="Rooms"))).to_be_visible()
    if await taken.is_visible():
        await page.reload()
        await person.log_in(name)
    await person.is_connected()
    await page.get_by_role("button", name="Later").click()
    person.name = name
    return person


async def talk(people: dict[str, Person]) -> None:
    """Fill the rooms."""
    mira, jonas, sofia = people["mira"], people["jonas"], people["sofia"]
    for room, name, text in EARLIER:
        await people[name].create_room(room)
        await mira.join(room)
        await people[name].say(text)
        await expect(mira.message(text)).to_be_visible()
    await mira.create_room("Hiking on Saturday", description="Ridge walk, all welcome")
    for person in people.values():
        if person is not mira:
            await person.join("Hiking on Saturday")
    for name, text in TALK:
        await people[name].say(text)
        for person in people.values():
            await expect(person.message(text)).to_be_visible()
    await mira.act(TALK[6][1], "React with thumbs up")
    await people["lena"].act(TALK[6][1], "React with thumbs up")
    await sofia.act(TALK[5][1], "React with red heart")
    await jonas.act(TALK[5][1], "React with red heart")
    await sofia.act(TALK[8][1], "Reply")
    await sofia.say("And he carries his own lunch 😄")
    await people["lena"].open("Choir")
    await people["lena"].say("Found it, it was in my coat")
    await people["theo"].open("Reading group")
    await people["theo"].say("Next week: clocks and order")
    await people["theo"].say("Paper three is the short one")
    await expect(mira.room("Reading group")).to_contain_text("Paper three")
    await mira.act(TALK[3][1], "Reply")
    await mira.say("Wear two pairs of socks!")
    await expect(sofia.message("two pairs of socks")).to_be_visible()
    await jonas.composer.press_sequentially("I'll book")
    await expect(mira.page.get_by_text("is typing…")).to_be_visible()


async def shoot(person: Person, path: Path) -> None:
    """Keep what somebody sees."""
    await person.page.mouse.move(1, 1)
    await person.page.evaluate("document.activeElement.blur()")
    await person.page.screenshot(path=path)


async def more(browser: Browser, url: str, folder: Path) -> None:
    """Keep the other sights too."""
    for scheme in ("light", "dark"):
        for size, viewport in (("desk", DESK), ("phone", PHONE)):
            stranger = await Person.come(browser, url, viewport=viewport, color_scheme=scheme)
            await shoot(stranger, folder / f"enter-{size}-{scheme}.png")
            person = await enter(browser, url, "mira", viewport=viewport, color_scheme=scheme)
            await expect(person.room("Choir")).to_contain_text("coat")
            await shoot(person, folder / f"rooms-{size}-{scheme}.png")
            await person.open("Hiking on Saturday")
            await expect(person.texts.last).to_be_visible()
            await shoot(person, folder / f"room-{size}-{scheme}.png")
            await person.act(TALK[3][1], "React…")
            await person.page.screenshot(path=folder / f"emoji-{size}-{scheme}.png")
            await person.page.keyboard.press("Escape")
            await person.message(TALK[8][1]).focus()
            await person.page.screenshot(path=folder / f"tools-{size}-{scheme}.png")
            if size == "phone":
                await person.page.get_by_role("button", name="Members").click()
                await person.page.screenshot(path=folder / f"members-{size}-{scheme}.png")
                await person.page.get_by_role("button", name="Close members").click()
                await person.page.get_by_role("button", name="Back to all rooms").click()
            await person.choose("New room")
            await person.page.screenshot(path=folder / f"new-{size}-{scheme}.png")
            await person.page.keyboard.press("Escape")
            await person.choose("Discover rooms")
            await expect(person.page.get_by_role("dialog").get_by_role("listitem")).not_to_have_count(0)
            await person.page.screenshot(path=folder / f"discover-{size}-{scheme}.png")
            await person.context.close()
            await stranger.context.close()


async def main(folder: Path | None) -> None:
    """Draw."""
    with tempfile.TemporaryDirectory() as data:
        async with running(ServerProcess(Path(data))) as server, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_program(), args=FLAGS)
            url = f"http://127.0.0.1:{server.port}"
            names = ("jonas", "sofia", "lena", "theo")
            mira = await enter(browser, url, "mira", viewport=DESK, color_scheme="light")
            people = {"mira": mira} | {name: await enter(browser, url, name) for name in names}
            await talk(people)
            await shoot(mira, ROOT / "docs" / "page.png")
            if folder is not None:
                await more(browser, url, folder)
            for person in people.values():
                await person.check()
            await browser.close()


if __name__ == "__main__":
    wanted = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(wanted))
