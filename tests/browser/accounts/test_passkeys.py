"""Passkeys, with the browser's own virtual authenticator."""

import pytest
from playwright.async_api import CDPSession, expect

from tests.browser.conftest import Come
from tests.browser.person import Person
from tests.browser.records import age
from tests.postbox import Postbox
from tests.processes import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

INSIDE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
"""An authenticator in the device itself, whose person is there and says yes."""


async def authenticator(person: Person, **other: object) -> CDPSession:
    """Give somebody's browser an authenticator; return the session in which it lives."""
    session = await person.context.new_cdp_session(person.page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": INSIDE | other})
    return session


async def add(person: Person, name: str) -> None:
    """Make a passkey."""
    dialog = await person.account("Passkeys")
    await dialog.get_by_label("Name", exact=True).fill(name)
    await dialog.get_by_role("button", name="Add a passkey").click()
    await expect(dialog.get_by_role("listitem").filter(has_text=name)).to_be_visible()
    await person.page.keyboard.press("Escape")


async def test_a_passkey_logs_in_by_itself(come: Come) -> None:
    ana = await come("ana")
    await authenticator(ana)
    await add(ana, "Laptop")
    await ana.log_out()
    await ana.page.get_by_role("button", name="Use a passkey").click()
    await ana.is_connected()
    await expect(ana.page.get_by_role("button", name=f"Account of {ana.name}")).to_be_visible()
    dialog = await ana.account("Passkeys")
    await expect(dialog.get_by_role("listitem")).to_contain_text("Used today")


async def test_passkeys_are_named_and_removed(come: Come) -> None:
    ana = await come("ana")
    await authenticator(ana)
    await add(ana, "Laptop")
    dialog = await ana.account("Passkeys")
    await dialog.get_by_role("button", name="Rename Laptop").click()
    naming = ana.page.get_by_role("dialog", name="Name of the passkey")
    await naming.get_by_label("Name").fill("Kitchen")
    await naming.get_by_role("button", name="Save").click()
    await dialog.get_by_role("button", name="Remove Kitchen").click()
    await ana.page.get_by_role("dialog", name="Remove Kitchen?").get_by_role("button", name="Remove").click()
    await expect(dialog.get_by_text("You have none yet.")).to_be_visible()


async def test_a_device_that_has_one_makes_no_second(come: Come) -> None:
    ana = await come("ana")
    await authenticator(ana)
    await add(ana, "Laptop")
    dialog = await ana.account("Passkeys")
    await dialog.get_by_label("Name", exact=True).fill("Again")
    await dialog.get_by_role("button", name="Add a passkey").click()
    await expect(dialog.get_by_role("alert")).to_have_text("This device has a passkey for this account already.")


async def test_a_passkey_confirms_who_it_is(come: Come, server: ServerProcess) -> None:
    ana = await come("ana")
    await authenticator(ana)
    await add(ana, "Laptop")
    await age(server, ana)
    dialog = await ana.account("API tokens")
    await dialog.get_by_label("Name", exact=True).fill("Weather")
    await dialog.get_by_role("button", name="Make a token").click()
    asked = ana.page.get_by_role("dialog", name="Confirm that it is you")
    await asked.get_by_role("button", name="Use a passkey").click()
    await asked.get_by_role("button", name="Confirm").click()
    await expect(ana.page.get_by_role("dialog", name="Your new token").get_by_role("listitem")).to_contain_text(
        "parley_"
    )


async def test_a_passkey_is_the_second_step_after_a_code_by_mail(come: Come, postbox: Postbox) -> None:
    ana = await come("ana")
    await authenticator(ana)
    await ana.prove_email(await postbox.code_to(ana.email))
    await add(ana, "Laptop")
    await ana.log_out()
    page = ana.page
    await page.get_by_role("button", name="E-mail me a code instead").click()
    await page.get_by_label("Username or e-mail").fill(ana.name)
    await page.get_by_role("button", name="Send me a code").click()
    await page.get_by_label("Code").fill(await postbox.code_to(ana.email, 2))
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    await page.get_by_role("button", name="Use a passkey").click()
    await ana.is_connected()


async def test_nobody_who_says_no_is_let_in(come: Come) -> None:
    ana = await come("ana")
    session = await authenticator(ana)
    await add(ana, "Laptop")
    await ana.log_out()
    await session.send("WebAuthn.disable")
    await authenticator(ana, isUserVerified=False)
    await ana.page.get_by_role("button", name="Use a passkey").click()
    await expect(ana.page.get_by_role("alert")).to_contain_text("No passkey was used.")
