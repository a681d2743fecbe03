"""The second step of a log-in: an authenticator app, backup codes, a code by mail; and when it is lost."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Come
from tests.browser.person import PASSWORD, Person
from tests.browser.records import age
from tests.postbox import Postbox
from tests.processes import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

RECOVERY = "seven green boats in a row"


async def first_step(person: Person) -> Page:
    """Log out, and give name and password."""
    page = person.page
    await person.log_out()
    await page.get_by_label("Username").fill(person.name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    return page


async def test_an_app_is_set_up_and_asked_for(come: Come) -> None:
    ana = await come("ana")
    app = await ana.set_up_app()
    assert len(set(app.backup_codes)) == 10
    page = await first_step(ana)
    code = page.get_by_label("Code")
    await expect(code).to_be_focused()
    await expect(code).to_have_attribute("autocomplete", "one-time-code")
    await code.fill("000 000")
    await page.get_by_role("button", name="Log in").click()
    await expect(code).to_have_accessible_description("This code is not right, or was used before.")
    fresh = await app.code()
    await code.fill(f"{fresh[:3]} {fresh[3:]}")
    await page.get_by_role("button", name="Log in").click()
    await ana.is_connected()


async def test_backup_codes_stand_in_once_and_can_be_made_anew(come: Come) -> None:
    ana = await come("ana")
    app = await ana.set_up_app()
    page = await first_step(ana)
    await page.get_by_role("button", name="Use a backup code").click()
    await page.get_by_label("Backup code").fill(app.backup_codes[0])
    await page.get_by_role("button", name="Log in").click()
    await ana.is_connected()
    dialog = await ana.account("Second step")
    await expect(dialog.get_by_text("9 are left.")).to_be_visible()
    async with page.expect_download() as kept:
        await dialog.get_by_role("button", name="Make new ones").click()
        shown = page.get_by_role("dialog", name="Your backup codes")
        await expect(shown.get_by_role("listitem")).to_have_count(10)
        codes = await shown.get_by_role("listitem").all_inner_texts()
        await shown.get_by_role("button", name="Download").click()
    assert not set(codes) & set(app.backup_codes)
    path = await (await kept.value).path()
    assert path.read_text().split("\n") == codes


async def test_a_code_by_mail_is_a_second_step_with_a_pause_between_letters(come: Come, postbox: Postbox) -> None:
    ana = await come("ana")
    await ana.prove_email(await postbox.code_to(ana.email))
    dialog = await ana.account("Second step")
    await dialog.get_by_label("Ask for a code by e-mail").check()
    await ana.page.keyboard.press("Escape")
    page = await first_step(ana)
    again = page.get_by_role("button", name="Send another code")
    await expect(again).to_be_disabled()
    await expect(again).to_have_text(re.compile(r"\((60|5\d) s\)"))
    await page.get_by_label("Code").fill(await postbox.code_to(ana.email, 2))
    await page.get_by_role("button", name="Log in").click()
    await ana.is_connected()


async def test_turning_the_app_off_asks_who_it_is(come: Come, server: ServerProcess) -> None:
    ana = await come("ana")
    app = await ana.set_up_app()
    await age(server, ana)
    dialog = await ana.account("Second step")
    await dialog.get_by_role("button", name="Turn off…").click()
    await ana.page.get_by_role("dialog", name="Turn the app off?").get_by_role("button", name="Turn off").click()
    asked = ana.page.get_by_role("dialog", name="Confirm that it is you")
    password = asked.get_by_label("Your password", exact=True)
    await password.fill("not this one")
    await asked.get_by_role("button", name="Confirm").click()
    await expect(password).to_have_accessible_description("This is not your password.")
    await asked.get_by_role("button", name="Use the authenticator app").click()
    await asked.get_by_label("Code").fill(await app.code())
    await asked.get_by_role("button", name="Confirm").click()
    await expect(dialog.get_by_role("button", name="Set up an app")).to_be_visible()


async def test_a_lost_second_step_is_taken_off_by_mail_and_a_recovery_code(come: Come, postbox: Postbox) -> None:
    ana = await come("ana")
    await ana.prove_email(await postbox.code_to(ana.email))
    await ana.set_up_app()
    dialog = await ana.account("Second step")
    await dialog.get_by_label("Recovery code").fill(RECOVERY)
    await dialog.get_by_role("button", name="Save recovery code").click()
    await expect(dialog.get_by_text("You have set one.")).to_be_visible()
    await ana.page.keyboard.press("Escape")
    page = await first_step(ana)
    await page.get_by_role("button", name="Recover your account").click()
    await expect(page.get_by_label("Username or e-mail")).to_have_value(ana.name)
    postbox.clear()
    await page.get_by_role("button", name="Send me a code").click()
    code = await postbox.code_to(ana.email)
    await page.get_by_label("Code from the letter").fill(code)
    await page.get_by_label("The proof").fill("not what it was")
    await page.get_by_role("button", name="Recover", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("One of the two is not right, or was used before.")
    await page.get_by_label("The proof").fill(RECOVERY)
    await page.get_by_role("button", name="Recover", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("Your second step is off")
    await ana.log_in(ana.name)
