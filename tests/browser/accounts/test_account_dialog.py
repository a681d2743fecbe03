"""What somebody decides about their own account."""

import asyncio
import json

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Come
from tests.browser.person import PASSWORD
from tests.browser.records import age
from tests.client.account import Account
from tests.client.site import Site
from tests.postbox import Postbox
from tests.processes import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEW = "another four words entirely"


async def test_a_profile_is_changed_and_kept(come: Come) -> None:
    ana = await come("ana")
    dialog = await ana.account("Profile")
    await dialog.get_by_label("Name", exact=True).fill("Ana of the harbour")
    await dialog.get_by_label("Country").select_option("Portugal")
    await dialog.get_by_label("Links").fill("https://example.org/ana\nhttps://example.com")
    await dialog.get_by_role("button", name="Save profile").click()
    await expect(dialog.get_by_text("Saved.")).to_be_visible()
    await ana.page.reload()
    await ana.is_connected()
    dialog = await ana.account("Profile")
    await expect(dialog.get_by_label("Name", exact=True)).to_have_value("Ana of the harbour")
    await expect(dialog.get_by_label("Country")).to_have_value("PT")
    await expect(dialog.get_by_label("Links")).to_have_value("https://example.org/ana\nhttps://example.com")


async def test_what_the_server_finds_wrong_with_a_profile_is_said_at_its_field(come: Come) -> None:
    ana = await come("ana")
    dialog = await ana.account("Profile")
    await dialog.get_by_label("Picture").fill("javascript:alert(1)")
    await dialog.get_by_role("button", name="Save profile").click()
    await expect(dialog.get_by_label("Picture")).to_have_attribute("aria-invalid", "true")
    await expect(dialog.get_by_label("Picture")).to_be_focused()


async def test_a_username_is_changed(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    dialog = await ana.account("Profile")
    await dialog.get_by_label("Username").fill(ben.name.upper())
    await dialog.get_by_role("button", name="Change username").click()
    await expect(dialog.get_by_label("Username")).to_have_accessible_description("This username is taken.")
    await dialog.get_by_label("Username").fill(f"{ana.name}-x")
    await dialog.get_by_role("button", name="Change username").click()
    await expect(dialog.get_by_text("Changed.")).to_be_visible()
    await ana.page.keyboard.press("Escape")
    await expect(ana.page.get_by_role("button", name=f"Account of {ana.name}-x")).to_be_visible()


async def test_an_address_is_changed_by_a_code_that_comes_to_it(come: Come, postbox: Postbox) -> None:
    ana = await come("ana")
    await ana.prove_email(await postbox.code_to(ana.email))
    dialog = await ana.account("E-mail")
    await dialog.get_by_label("New address").fill(f"new-{ana.email}")
    await dialog.get_by_role("button", name="Send a code").click()
    await dialog.get_by_label("Code").fill(await postbox.code_to(f"new-{ana.email}"))
    await dialog.get_by_role("button", name="Prove it").click()
    await expect(dialog.get_by_text(f"new-{ana.email} · It is proved")).to_be_visible()


async def test_a_password_is_changed_and_ends_other_sessions(come: Come) -> None:
    ana, other = await come("ana"), await come()
    await other.log_in(ana.name)
    dialog = await ana.account("Password")
    await dialog.get_by_label("Present password", exact=True).fill("not this one")
    await dialog.get_by_label("New password", exact=True).fill(NEW)
    await dialog.get_by_role("button", name="Change password").click()
    present = dialog.get_by_label("Present password", exact=True)
    await expect(present).to_have_accessible_description("This is not your password.")
    await present.fill(PASSWORD)
    await dialog.get_by_role("button", name="Change password").click()
    await expect(ana.page.get_by_text("Your new password is saved.")).to_be_visible()
    await expect(other.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await other.log_in(ana.name, NEW)


async def test_whoever_closes_the_question_who_it_is_changes_nothing(come: Come, server: ServerProcess) -> None:
    ana = await come("ana")
    await age(server, ana)
    dialog = await ana.account("E-mail")
    await dialog.get_by_label("New address").fill("elsewhere@example.org")
    await dialog.get_by_role("button", name="Send a code").click()
    asked = ana.page.get_by_role("dialog", name="Confirm that it is you")
    await expect(asked.get_by_label("Your password", exact=True)).to_be_focused()
    await ana.page.keyboard.press("Escape")
    await expect(dialog.get_by_role("alert").filter(has_text="Nothing was changed.")).to_be_visible()
    await dialog.get_by_role("button", name="Send a code").click()
    await asked.get_by_label("Your password", exact=True).fill(PASSWORD)
    await asked.get_by_role("button", name="Confirm").click()
    await expect(dialog.get_by_text("A code is on its way to elsewhere@example.org.")).to_be_visible()


async def test_whoever_has_no_other_proof_confirms_by_mail(come: Come, postbox: Postbox, server: ServerProcess) -> None:
    ana = await come()
    page = ana.page
    await page.get_by_role("button", name="Create an account").click()
    await page.get_by_role("button", name="Sign up without a password").click()
    await page.get_by_label("Username").fill("ana-by-mail")
    await page.get_by_label("E-mail").fill("ana-by-mail@example.org")
    await page.get_by_role("button", name="Send me a code").click()
    await page.get_by_label("Code").fill(await postbox.code_to("ana-by-mail@example.org"))
    await page.get_by_role("button", name="Create account").click()
    await ana.is_connected()
    ana.name = "ana-by-mail"
    await age(server, ana)
    dialog = await ana.account("Password")
    await dialog.get_by_label("New password", exact=True).fill(NEW)
    await dialog.get_by_role("button", name="Set password").click()
    asked = page.get_by_role("dialog", name="Confirm that it is you")
    await asked.get_by_label("Code").fill(await postbox.code_to(ana.email, 2))
    await asked.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_text("Your new password is saved.")).to_be_visible()
    await expect(dialog.get_by_label("Present password", exact=True)).to_be_visible()


async def test_a_token_is_shown_once_works_and_ends(come: Come, site: Site) -> None:
    ana = await come("ana")
    dialog = await ana.account("API tokens")
    await dialog.get_by_label("Name", exact=True).fill("Weather")
    await dialog.get_by_role("button", name="Make a token").click()
    shown = ana.page.get_by_role("dialog", name="Your new token")
    token = await shown.get_by_role("listitem").inner_text()
    await shown.get_by_role("button", name="I have kept it").click()
    await expect(shown).to_have_count(0)
    assert (await site.rest.request("GET", "/api/users/me", token=token)).ok()["username"] == ana.name
    assert token not in await ana.page.content()
    row = dialog.get_by_role("listitem").filter(has_text="Weather")
    await expect(row).to_contain_text("reads")
    await row.get_by_role("button", name="End Weather").click()
    await ana.page.get_by_role("dialog", name="End Weather?").get_by_role("button", name="End it").click()
    await expect(dialog.get_by_text("You have none.")).to_be_visible()
    assert (await site.rest.request("GET", "/api/users/me", token=token)).status == 401


async def test_colours_are_chosen_hold_at_once_and_are_remembered(come: Come) -> None:
    ana = await come("ana", color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await ana.page.evaluate(ground)
    dialog = await ana.account("Preferences")
    async with ana.page.expect_response("**/api/users/me/preferences"):
        await dialog.get_by_label("Colours").select_option("Dark")
    dark = await ana.page.evaluate(ground)
    assert dark != light
    await ana.page.reload()
    await ana.is_connected()
    assert await ana.page.evaluate(ground) == dark
    other = await come(color_scheme="light")
    await other.log_in(ana.name)
    await expect(other.page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_letters_come_in_the_language_that_was_chosen(come: Come, postbox: Postbox) -> None:
    ana = await come("ana")
    await postbox.letter_to(ana.email)
    dialog = await ana.account("Preferences")
    async with ana.page.expect_response("**/api/users/me/preferences"):
        await dialog.get_by_label("Language").select_option("Português")
    dialog = await ana.account("E-mail")
    await dialog.get_by_role("button", name="Send another code").click()
    first, second = [await postbox.letter_to(ana.email, number) for number in (1, 2)]
    assert first.subject != second.subject


async def test_everything_that_is_kept_can_be_taken_along(come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    await ana.say("the boats are in")
    await ana.sees("the boats are in")
    dialog = await ana.account("Your data")
    async with ana.page.expect_download() as kept:
        await dialog.get_by_role("button", name="Download my data").click()
    download = await kept.value
    assert download.suggested_filename == f"parley-{ana.name}.json"
    data = json.loads((await download.path()).read_text("utf-8"))
    assert data["profile"][0]["username"] == ana.name
    assert [message["text"] for message in data["message"]] == ["the boats are in"]


async def test_an_account_is_deleted_by_two_proofs(come: Come, postbox: Postbox, site: Site) -> None:
    ana = await come("ana")
    ben = await come("ben")
    await ana.prove_email(await postbox.code_to(ana.email))
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ana.say("farewell, boats")
    await ben.sees("farewell, boats")
    dialog = await ana.account("Your data")
    await dialog.get_by_role("button", name="Delete it…").click()
    deleting = ana.page.get_by_role("dialog", name="Delete your account")
    await deleting.get_by_label("Code").fill(await postbox.code_to(ana.email, 2))
    await deleting.get_by_label("Your password", exact=True).fill(PASSWORD)
    await deleting.get_by_role("button", name="Delete my account").click()
    await expect(ana.page.get_by_text("Your account is deleted. Farewell!")).to_be_visible()
    assert await ana.context.cookies() == []
    assert (await site.rest.request("POST", "/api/auth/login", {"login": ana.name, "password": PASSWORD})).status == 401
    async with asyncio.timeout(30):
        while await ben.message("farewell, boats").get_by_text("Deleted account").count() == 0:
            await ben.page.reload()
            await ben.sees("farewell, boats")


async def test_blocked_people_are_written_to_no_more_until_they_are_unblocked(come: Come, site: Site) -> None:
    ana = await come("ana")
    room = await ana.create_room("Harbour")
    ben = await site.register("ben")
    await ben.post("rooms", room, "members", body={})
    await ana.page.get_by_role("button", name=f"Actions for {ben.username}").click()
    await ana.page.get_by_role("menuitem", name="Message").click()
    await ana.is_in(ben.username)
    await ana.page.get_by_role("button", name="Room actions").click()
    await ana.page.get_by_role("menuitem", name=f"Block {ben.username}…").click()
    asked = ana.page.get_by_role("dialog", name=f"Block {ben.username}?")
    await asked.get_by_role("button", name="Block", exact=True).click()
    await expect(ana.composer).to_be_hidden()
    await expect(ana.page.get_by_text(f"You have blocked {ben.username}.")).to_be_visible()
    direct = ana.page.url.rpartition("/")[2]
    refused = await ben.request("POST", f"/api/rooms/{direct}/messages", {"text": "hello?", "cid": "b1"})
    assert refused.code == "blocked"
    await ana.page.reload()
    await ana.is_connected()
    await expect(ana.composer).to_be_hidden()
    dialog = await ana.account("Blocked people")
    await dialog.get_by_role("button", name=f"Unblock {ben.username}").click()
    await expect(dialog.get_by_text("You have blocked nobody.")).to_be_visible()
    await ana.page.keyboard.press("Escape")
    await expect(ana.composer).to_be_visible()


async def test_whoever_is_blocked_is_told_so_at_the_message(come: Come, site: Site) -> None:
    ana = await come("ana")
    room = await ana.create_room("Harbour")
    ben = await site.register("ben")
    await ben.post("rooms", room, "members", body={})
    me = await Account.log_in(site.rest, ana.name)
    await ana.page.get_by_role("button", name=f"Actions for {ben.username}").click()
    await ana.page.get_by_role("menuitem", name="Message").click()
    await ana.is_in(ben.username)
    assert (await ben.request("PUT", f"/api/users/me/blocks/{me.id}")).status == 204
    await ana.say("are you there?")
    await expect(ana.page.get_by_text("You cannot reach each other: one of you has blocked the other.")).to_be_visible()
