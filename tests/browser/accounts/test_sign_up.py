"""Making an account, proving its address, and coming back when the password is forgotten."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Come
from tests.browser.person import PASSWORD
from tests.client.site import Site
from tests.postbox import Postbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEW = "another four words entirely"


async def test_a_new_account_is_reminded_of_its_address_until_that_is_proved(come: Come, postbox: Postbox) -> None:
    ana = await come("ana")
    reminder = ana.page.get_by_text("Prove your e-mail address")
    await expect(reminder).to_be_visible()
    await ana.page.get_by_role("button", name="Enter the code").click()
    dialog = ana.page.get_by_role("dialog", name="Your account")
    await expect(dialog.get_by_label("Code")).to_have_attribute("autocomplete", "one-time-code")
    await dialog.get_by_label("Code").fill("000000")
    await dialog.get_by_role("button", name="Prove it").click()
    await expect(dialog.get_by_label("Code")).to_have_accessible_description(
        "This code is not right, or was used before."
    )
    code = await postbox.code_to(ana.email)
    await dialog.get_by_label("Code").fill(f" {code[:3]} {code[3:]} ")
    await dialog.get_by_role("button", name="Prove it").click()
    await expect(dialog.get_by_text("It is proved to be yours.")).to_be_visible()
    await ana.page.keyboard.press("Escape")
    await expect(reminder).to_be_hidden()


async def test_a_reminder_can_be_put_off(come: Come) -> None:
    ana = await come("ana")
    await ana.page.get_by_role("button", name="Later").click()
    await expect(ana.page.get_by_text("Prove your e-mail address")).to_be_hidden()


async def test_somebody_signs_up_without_a_password(come: Come, postbox: Postbox) -> None:
    ana = await come()
    page = ana.page
    await page.get_by_role("button", name="Create an account").click()
    await page.get_by_role("button", name="Sign up without a password").click()
    await page.get_by_label("Username").fill("no-password")
    await page.get_by_label("E-mail").fill("no-password@example.org")
    await page.get_by_role("button", name="Send me a code").click()
    await page.get_by_label("Code").fill(await postbox.code_to("no-password@example.org"))
    await page.get_by_role("button", name="Create account").click()
    await ana.is_connected()
    ana.name = "no-password"
    await ana.log_out()

    await page.get_by_role("button", name="E-mail me a code instead").click()
    await page.get_by_label("Username or e-mail").fill("no-password")
    await page.get_by_role("button", name="Send me a code").click()
    await page.get_by_label("Code").fill(await postbox.code_to("no-password@example.org", 2))
    await page.get_by_role("button", name="Log in").click()
    await ana.is_connected()


async def test_a_common_password_is_refused_at_its_field(come: Come) -> None:
    ana = await come()
    page = ana.page
    await page.get_by_role("button", name="Create an account").click()
    await page.get_by_label("Username").fill("ana-common")
    await page.get_by_label("E-mail").fill("ana-common@example.org")
    password = page.get_by_label("Password", exact=True)
    await password.fill("password123")
    await page.get_by_role("button", name="Create account").click()
    await expect(password).to_have_attribute("aria-invalid", "true")
    await expect(password).to_be_focused()


async def test_a_taken_username_is_told_before_the_form_is_sent(come: Come, site: Site) -> None:
    account = await site.register("ana")
    somebody = await come()
    await somebody.page.get_by_role("button", name="Create an account").click()
    username = somebody.page.get_by_label("Username")
    await username.fill(account.username.upper())
    await somebody.page.get_by_label("E-mail").focus()
    await expect(username).to_have_accessible_description("This username is taken.")


async def test_a_password_can_be_looked_at_while_it_is_typed(come: Come) -> None:
    ana = await come()
    password = ana.page.get_by_label("Password", exact=True)
    await password.fill("secret")
    show = ana.page.get_by_role("button", name="Show password")
    await show.click()
    await expect(password).to_have_attribute("type", "text")
    await expect(show).to_have_attribute("aria-pressed", "true")
    await show.click()
    await expect(password).to_have_attribute("type", "password")
    await expect(password).to_have_attribute("autocomplete", "current-password")


async def test_a_forgotten_password_is_set_anew_by_a_letter(come: Come, postbox: Postbox) -> None:
    ana = await come("ana")
    await ana.prove_email(await postbox.code_to(ana.email))
    page = ana.page
    await ana.log_out()
    await page.get_by_role("button", name="Forgot password?").click()
    await page.get_by_label("Username or e-mail").fill(ana.email)
    await page.get_by_role("button", name="Send the link").click()
    await expect(page.get_by_role("status")).to_contain_text("a letter is on its way")

    link = await postbox.link_to(ana.email)
    assert link.startswith(f"{ana.url}/#/reset/")
    await page.goto(link)
    await expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    assert page.url == f"{ana.url}/", "the token leaves the address at once"
    assert await page.evaluate("history.length") <= 3
    await page.get_by_label("New password", exact=True).fill(NEW)
    await page.get_by_role("button", name="Save password").click()
    await expect(page.get_by_role("status")).to_contain_text("Your new password is saved")
    await ana.log_in(ana.name, NEW)
    await ana.log_out()

    await page.goto(link)
    await page.get_by_label("New password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Save password").click()
    await expect(page.get_by_role("status")).to_contain_text("used before")
    await expect(page.get_by_role("heading", name="Forgot your password?")).to_be_visible()


async def test_a_letters_link_works_in_a_page_that_is_open(come: Come, postbox: Postbox) -> None:
    ana = await come("ana")
    await ana.prove_email(await postbox.code_to(ana.email))
    other = await come()
    await other.page.get_by_role("button", name="Forgot password?").click()
    await other.page.get_by_label("Username or e-mail").fill(ana.name)
    await other.page.get_by_role("button", name="Send the link").click()
    link = await postbox.link_to(ana.email)
    await other.page.evaluate("(link) => { location.href = link; }", link)
    await expect(other.page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    await other.page.get_by_label("New password", exact=True).fill(NEW)
    await other.page.get_by_role("button", name="Save password").click()
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await expect(ana.page.get_by_text("Your session is over")).to_be_visible()
