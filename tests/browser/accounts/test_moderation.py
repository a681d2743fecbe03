"""What moderators and admins do on the page, and what becomes of those whom it concerns."""

import asyncio
import subprocess
import sys

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Come
from tests.browser.person import PASSWORD, Person
from tests.browser.records import give_role
from tests.processes import ROOT, ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def with_role(come: Come, server: ServerProcess, role: str) -> Person:
    """Somebody who has a role, and logged in with two proofs."""
    person = await come("eve")
    app = await person.set_up_app()
    await give_role(server, person, role)
    await person.log_out()
    page = person.page
    await page.get_by_label("Username").fill(person.name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_label("Code").fill(await app.code())
    await page.get_by_role("button", name="Log in").click()
    await person.is_connected()
    return person


async def find(moderator: Person, name: str) -> Locator:
    """Find somebody by their username, and return the dialog."""
    dialog = moderator.page.get_by_role("dialog", name="Moderation")
    if not await dialog.is_visible():
        await moderator.choose_own("Moderation")
    await dialog.get_by_label("Username").fill(name)
    await dialog.get_by_role("button", name="Find").click()
    await expect(dialog.get_by_role("heading", name=name)).to_be_visible()
    return dialog


async def test_a_warning_is_seen_at_once_and_dismissed(come: Come, server: ServerProcess) -> None:
    eve, ana = await with_role(come, server, "moderator"), await come("ana")
    dialog = await find(eve, ana.name)
    await dialog.get_by_role("button", name="Warn…").click()
    warning = eve.page.get_by_role("dialog", name=f"Warn {ana.name}")
    await warning.get_by_role("textbox", name="Warning").fill("<b>Mind</b> the tone, please")
    await warning.get_by_role("button", name="Warn", exact=True).click()
    told = ana.page.get_by_role("alert").filter(has_text="<b>Mind</b> the tone, please")
    await expect(told).to_be_visible()
    await expect(dialog.get_by_text("<b>Mind</b> the tone, please")).to_be_visible()
    await told.get_by_role("button", name="I have read it").click()
    await expect(told).to_have_count(0)
    await ana.page.reload()
    await ana.is_connected()
    await expect(told).to_have_count(0)


async def test_a_banned_person_is_out_at_once_and_told_why(come: Come, server: ServerProcess) -> None:
    eve, ana = await with_role(come, server, "moderator"), await come("ana")
    dialog = await find(eve, ana.name)
    await dialog.get_by_role("button", name="Ban…").click()
    banning = eve.page.get_by_role("dialog", name=f"Ban {ana.name}")
    await banning.get_by_label("Reason").fill("Spam in every room")
    await banning.get_by_role("button", name="Ban", exact=True).click()
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await expect(ana.page.get_by_text("This account is banned")).to_be_visible()
    await ana.page.get_by_label("Username").fill(ana.name)
    await ana.page.get_by_label("Password", exact=True).fill(PASSWORD)
    await ana.page.get_by_role("button", name="Log in").click()
    await expect(ana.page.get_by_role("alert")).to_contain_text("The reason: Spam in every room")
    await expect(dialog.get_by_text("Spam in every room")).to_be_visible()
    await dialog.get_by_role("button", name="Unban").click()
    await expect(dialog.get_by_role("button", name="Ban…")).to_be_visible()
    await ana.log_in(ana.name)


async def test_an_admin_ends_sessions_gives_roles_and_reads_the_log(come: Come, server: ServerProcess) -> None:
    eve, ana = await with_role(come, server, "admin"), await come("ana")
    dialog = await find(eve, ana.name)
    await dialog.get_by_role("button", name="End sessions…").click()
    ending = eve.page.get_by_role("dialog", name=f"End the sessions of {ana.name}?")
    await ending.get_by_role("button", name="End them").click()
    await expect(ana.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await dialog.get_by_role("button", name="Role…").click()
    role = eve.page.get_by_role("dialog", name=f"Role of {ana.name}")
    await role.get_by_label("Role").select_option("Moderator")
    await role.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_text("Moderator, here since")).to_be_visible()
    await dialog.get_by_role("button", name="Show the log").click()
    await expect(dialog.get_by_role("listitem").filter(has_text=f"role.given · {ana.name}")).to_have_count(1)


async def test_a_moderator_without_a_second_step_is_told_what_is_missing(come: Come, server: ServerProcess) -> None:
    ana = await come("ana")
    await give_role(server, ana, "moderator")
    await ana.page.reload()
    await ana.is_connected()
    await ana.choose_own("Moderation")
    dialog = ana.page.get_by_role("dialog", name="Moderation")
    await dialog.get_by_label("Username").fill(ana.name)
    await dialog.get_by_role("button", name="Find").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Log in with a second step to do this")


async def test_whoever_runs_the_server_becomes_its_admin_by_a_token(come: Come, server: ServerProcess) -> None:
    ana = await come("ana")
    command = [sys.executable, str(ROOT / "server.py"), "admin", "--data-dir", str(server.data)]
    printed = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True, cwd=ROOT)
    dialog = await ana.account("Administration")
    await dialog.get_by_label("One-time token").fill("not this one")
    await dialog.get_by_role("button", name="Become the admin").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Please begin again.")
    await dialog.get_by_label("One-time token").fill(printed.stdout.split()[-1])
    await dialog.get_by_role("button", name="Become the admin").click()
    await expect(dialog.get_by_text("You are an admin of this server.")).to_be_visible()
