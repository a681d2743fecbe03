"""Signing in with an account elsewhere, at a provider of the tests' own."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.conftest import Come
from tests.browser.person import Person
from tests.postbox import Postbox
from tests.provider import ANN, OpenIdProvider
from tests.signing_in import entry

ATTACK = '<img src=x onerror="window.__pwned = 1">'

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> AsyncIterator[OpenIdProvider]:
    """A provider of OpenID Connect, which people know as Here."""
    async with OpenIdProvider() as provider:
        yield provider


@pytest.fixture
def settings(settings: dict[str, str], provider: OpenIdProvider, tmp_path: Path) -> dict[str, str]:
    """The settings of ``server``: people may sign in there."""
    provider.return_addresses.add(f"{settings['PARLEY_URL']}/auth/return/here")
    file = tmp_path / "providers.json"
    file.write_text(json.dumps([entry(provider, "here")]))
    file.chmod(0o600)
    return settings | {"PARLEY_PROVIDERS": str(file)}


async def go(page: Page, answer: str = "allow") -> None:
    """Go to the provider, and say yes or no there."""
    await page.get_by_role("button", name="Continue with Here").click()
    await page.locator(f"#{answer}").click()


async def sign_up(person: Person, username: str) -> Person:
    """Come from there for the first time, and choose a username."""
    page = person.page
    await go(page)
    await expect(page.get_by_role("heading", name="Choose a username")).to_be_visible()
    await page.get_by_label("Username").fill(username)
    await page.get_by_role("button", name="Create account").click()
    await person.is_connected()
    person.name = username
    return person


async def test_somebody_new_chooses_a_username_and_signs_in_again_later(come: Come) -> None:
    ana = await come()
    page = ana.page
    await go(page)
    await expect(page.get_by_label("Username")).to_have_value("Ann")
    assert page.url == f"{ana.url}/", "neither code nor state stay in the address"
    await page.get_by_role("button", name="Create account").click()
    await ana.is_connected()
    ana.name = "Ann"
    cookies = {cookie["name"]: cookie for cookie in await ana.context.cookies()}
    assert cookies["parley"]["httpOnly"]
    await ana.log_out()
    await go(page)
    await ana.is_connected()
    await expect(page.get_by_role("button", name="Account of Ann")).to_be_visible()


async def test_whoever_says_no_there_is_told_that_nothing_happened(come: Come) -> None:
    ana = await come()
    await go(ana.page, "deny")
    await expect(ana.page.get_by_role("status")).to_have_text("You said no there, so nothing happened.")
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()


async def test_an_answer_that_was_used_before_lets_nobody_in(come: Come) -> None:
    ana = await come()
    async with ana.page.expect_request("**/auth/return/here?**") as sent:
        await sign_up(ana, "ann-once")
    address = (await sent.value).url
    await ana.log_out()
    await ana.page.goto(address)
    await expect(ana.page.get_by_role("status")).to_contain_text("Please begin again")
    assert ana.page.url == f"{ana.url}/"
    stranger = await come()
    await stranger.page.goto(address)
    await expect(stranger.page.get_by_role("status")).to_contain_text("Please begin again")


async def test_an_address_that_somebody_has_proved_opens_nothing(
    come: Come, provider: OpenIdProvider, postbox: Postbox
) -> None:
    ana = await come("ana")
    await ana.prove_email(await postbox.code_to(ana.email))
    provider.person = ANN | {"email": ana.email}
    other = await come()
    await go(other.page)
    await expect(other.page.get_by_role("status")).to_contain_text("An account here has the same address.")


async def test_an_account_elsewhere_is_linked_opens_this_one_and_is_unlinked(come: Come) -> None:
    ana = await come("ana")
    page = ana.page
    dialog = await ana.account("Sign in with")
    await expect(dialog.get_by_text("None is linked.")).to_be_visible()
    await dialog.get_by_role("button", name="Link Here").click()
    await page.locator("#allow").click()
    await expect(page.get_by_text("It is linked")).to_be_visible()
    await ana.is_connected()
    await ana.log_out()
    await go(page)
    await ana.is_connected()
    await expect(page.get_by_role("button", name=f"Account of {ana.name}")).to_be_visible()
    dialog = await ana.account("Sign in with")
    await dialog.get_by_role("button", name="Unlink").click()
    await page.get_by_role("dialog", name="Unlink Here?").get_by_role("button", name="Unlink").click()
    await expect(dialog.get_by_text("None is linked.")).to_be_visible()


async def test_what_somebody_is_called_there_is_shown_unchanged_and_never_run(
    come: Come, provider: OpenIdProvider
) -> None:
    provider.person = ANN | {"preferred_username": ATTACK, "name": ATTACK, "email": None}
    ana = await sign_up(await come(), "ann-hostile")
    dialog = await ana.account("Sign in with")
    await expect(dialog.get_by_role("listitem")).to_contain_text(ATTACK)


async def test_the_last_way_in_stays(come: Come, provider: OpenIdProvider) -> None:
    provider.person = ANN | {"email_verified": False}
    ana = await sign_up(await come(), "ann-last")
    dialog = await ana.account("Sign in with")
    await dialog.get_by_role("button", name="Unlink").click()
    asked = ana.page.get_by_role("dialog", name="Unlink Here?")
    await asked.get_by_role("button", name="Unlink").click()
    await expect(asked.get_by_role("alert")).to_contain_text("Without it you could not log in any more.")


async def test_a_second_step_is_asked_for_after_a_sign_in_too(come: Come) -> None:
    ana = await sign_up(await come(), "ann-twice")
    app = await ana.set_up_app()
    await ana.log_out()
    await go(ana.page)
    await ana.page.get_by_label("Code").fill(await app.code())
    await ana.page.get_by_role("button", name="Log in").click()
    await ana.is_connected()
