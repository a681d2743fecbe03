"""A walk through all that the page shows around accounts."""

from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from tests.browser.person import PASSWORD, Person
from tests.postbox import Postbox

Look = Callable[[str], Awaitable[None]]
"""Called at each view, with its name."""

SECTIONS = (
    "Profile",
    "E-mail",
    "Password",
    "Second step",
    "Passkeys",
    "Sign in with",
    "Sessions",
    "API tokens",
    "Blocked people",
    "Preferences",
    "Your data",
    "Administration",
)


async def ways_in(person: Person, look: Look) -> None:
    """Look at every view of the way in that needs no account."""
    page = person.page
    await look("log in")
    await page.get_by_role("button", name="Log in").click()
    await look("log in, with errors")
    await page.get_by_role("button", name="Forgot password?").click()
    await look("forgotten")
    await page.get_by_role("button", name="Go back").click()
    await page.get_by_role("button", name="E-mail me a code instead").click()
    await page.get_by_label("Username or e-mail").fill("nobody-of-this-name")
    await page.get_by_role("button", name="Send me a code").click()
    await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    await look("code by mail")
    await page.get_by_role("button", name="Go back").click()
    await page.get_by_role("button", name="Create an account").click()
    await page.get_by_role("button", name="Create account").click()
    await look("register, with errors")
    await page.get_by_role("button", name="Sign up without a password").click()
    await look("sign up without a password")
    await page.goto(f"{person.url}/#/reset/a-token-that-was-never-given")
    await expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    await look("new password")
    await page.goto(person.url)


async def sections(person: Person, look: Look) -> None:
    """Look at every section of an account that has a little of everything."""
    page = person.page
    await look("reminded of the address")
    await person.choose_own("Your account")
    await look("your account")
    for section in SECTIONS:
        await person.account(section)
        await look(f"account: {section}")
    dialog = await person.account("API tokens")
    await dialog.get_by_label("Name", exact=True).fill("Weather station on the roof")
    await dialog.get_by_role("button", name="Make a token").click()
    await expect(page.get_by_role("dialog", name="Your new token")).to_be_visible()
    await look("a new token")
    await page.get_by_role("button", name="I have kept it").click()
    await look("account: API tokens, with one")
    await page.keyboard.press("Escape")


async def second_steps(person: Person, postbox: Postbox, look: Look) -> None:
    """Look at what setting up and giving a second proof shows; at the end the person is logged in."""
    page = person.page
    await person.prove_email(await postbox.code_to(person.email))
    dialog = await person.account("Second step")
    await dialog.get_by_role("button", name="Set up an app").click()
    await page.get_by_text("It cannot be scanned?").click()
    await look("set up an app")
    await page.keyboard.press("Escape")
    app = await person.set_up_app()
    await person.account("Second step")
    await look("account: Second step, on")
    await dialog.get_by_role("button", name="Make new ones").click()
    await expect(page.get_by_role("dialog", name="Your backup codes")).to_be_visible()
    await look("backup codes")
    await page.get_by_role("button", name="I have kept them").click()
    await page.keyboard.press("Escape")
    await person.log_out()
    await page.get_by_label("Username").fill(person.name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    await look("second step")
    await page.get_by_role("button", name="Recover your account").click()
    await page.get_by_role("button", name="Send me a code").click()
    await expect(page.get_by_label("Code from the letter")).to_be_visible()
    await look("recovery")
    await page.get_by_role("button", name="Begin again").click()
    await page.get_by_role("button", name="Go back").click()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_label("Code").fill(await app.code())
    await page.get_by_role("button", name="Log in").click()
    await person.is_connected()


async def asked_who_it_is(person: Person, look: Look) -> None:
    """Look at the question who it is; the person has proved nothing for a while."""
    dialog = await person.account("E-mail")
    await dialog.get_by_label("New address").fill("elsewhere@example.org")
    await dialog.get_by_role("button", name="Send a code").click()
    await expect(person.page.get_by_role("dialog", name="Confirm that it is you")).to_be_visible()
    await look("confirm")
    await person.page.keyboard.press("Escape")
    await person.page.keyboard.press("Escape")


async def moderation(moderator: Person, other: Person, look: Look) -> None:
    """Look at moderation, and at what the other one sees of it (``look`` looks at the moderator's page)."""
    page = moderator.page
    await moderator.choose_own("Moderation")
    dialog = page.get_by_role("dialog", name="Moderation")
    await dialog.get_by_label("Username").fill(other.name)
    await dialog.get_by_role("button", name="Find").click()
    await expect(dialog.get_by_role("heading", name=other.name)).to_be_visible()
    await dialog.get_by_role("button", name="Warn…").click()
    warning = page.get_by_role("dialog", name=f"Warn {other.name}")
    await warning.get_by_role("textbox", name="Warning").fill("Mind the tone, please: this is a harbour, not a market.")
    await look("warn")
    await warning.get_by_role("button", name="Warn", exact=True).click()
    await expect(dialog.get_by_text("Mind the tone")).to_be_visible()
    await dialog.get_by_role("button", name="Show the log").click()
    await expect(dialog.get_by_text(f"user.warned · {other.name}")).to_be_visible()
    await look("moderation")
    await dialog.get_by_role("button", name="Ban…").click()
    await look("ban")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
