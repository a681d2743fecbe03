"""The page that tries which ways calls can take, with a real coturn: what it says when all is well, and when not."""

from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.browser.conftest import Come
from tests.browser.person import Person
from tests.browser.test_accessibility import findings
from tests.parts import free_port
from tests.postbox import Postbox
from tests.turn_part import Turn

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATE_MS = 60_000
"""A silent server is waited for by the browser, and a relay that carries nothing by the page."""


@pytest.fixture
def calls() -> Path | None:
    """The file for ``--calls``; tests say which."""
    return None


@pytest.fixture
def settings(postbox: Postbox, calls: Path | None) -> dict[str, str]:
    """The settings of ``server``."""
    own = {"PARLEY_SMTP_URL": postbox.url, "PARLEY_URL": f"http://localhost:{free_port()}"}
    return own if calls is None else own | {"PARLEY_CALLS": str(calls)}


@pytest_asyncio.fixture(loop_scope="session")
async def ana(come: Come) -> Person:
    """Somebody who is logged in."""
    return await come("ana")


async def opened(person: Person, verdict: str) -> Locator:
    """Open the test and wait for what it comes to; return the dialog."""
    await person.page.evaluate("location.hash = '#/call-test'")
    dialog = person.page.get_by_role("dialog", name="Test calls")
    await expect(dialog.get_by_role("status")).to_contain_text(verdict, timeout=LATE_MS)
    return dialog


async def line(dialog: Locator, name: str) -> str:
    """Return what is said of a way."""
    return await dialog.get_by_role("listitem").filter(has_text=name).inner_text()


async def works(dialog: Locator, name: str) -> bool:
    """Tell whether a way is said to work, in words as by its mark."""
    mark = await dialog.get_by_role("listitem").filter(has_text=name).get_attribute("data-works")
    assert ("does not work." in await line(dialog, name)) is (mark == "no")
    return mark == "yes"


class TestWell:
    """A TURN server that is as it should be."""

    @pytest.fixture
    def calls(self, open_turn: Turn) -> Path:
        """Its file."""
        return open_turn.calls_file()

    async def test_every_way_works(self, ana: Person, open_turn: Turn) -> None:
        dialog = await opened(ana, "Calls work from here")
        for name in ("This device", "STUN at", "Relay by UDP", "Relay by TCP", "Through relays alone"):
            assert await works(dialog, name), name
        assert "comes back" in await line(dialog, "Through relays alone")
        assert f"{open_turn.address}:{open_turn.port}" in await line(dialog, "Relay by UDP")

    async def test_it_is_found_in_the_account_and_tries_again(self, ana: Person) -> None:
        dialog = await ana.account("Preferences")
        await dialog.get_by_role("link", name="Test calls").click()
        test = ana.page.get_by_role("dialog", name="Test calls")
        await expect(test.get_by_role("status")).to_contain_text("Calls work from here", timeout=LATE_MS)
        assert "call-test" not in ana.page.url
        await test.get_by_role("button", name="Test again").click()
        await expect(test.get_by_role("status")).to_contain_text("Trying every way")
        await expect(test.get_by_role("status")).to_contain_text("Calls work from here", timeout=LATE_MS)


class TestShut:
    """A TURN server that is closed to itself, as the shipped file has it where its address is a private one."""

    @pytest.fixture
    def calls(self, turn: Turn) -> Path:
        """Its file."""
        return turn.calls_file()

    async def test_relays_that_carry_nothing_are_told_of(self, ana: Person) -> None:
        dialog = await opened(ana, "A relay begins, but carries nothing")
        assert await works(dialog, "Relay by UDP")
        assert "refuses to relay to its own address" in await line(dialog, "Through relays alone")


class TestWrongSecret:
    """A TURN server with another secret."""

    @pytest.fixture
    def calls(self, turn: Turn) -> Path:
        """Its file."""
        return turn.calls_file(turn={"urls": turn.urls, "secret": "0123456789abcdef" * 4})

    async def test_a_wrong_secret_is_told_of(self, ana: Person) -> None:
        dialog = await opened(ana, "No relay works")
        for transport in ("UDP", "TCP"):
            assert "its secret is another one" in await line(dialog, f"Relay by {transport}")
        assert await works(dialog, "STUN at")


class TestDeadPort:
    """A port where nobody listens."""

    @pytest.fixture
    def calls(self, turn: Turn) -> Path:
        """A file that names it."""
        place = f"{turn.address}:{free_port()}"
        urls = [f"turn:{place}?transport={transport}" for transport in ("udp", "tcp")]
        return turn.calls_file(stun=[f"stun:{place}"], turn={"urls": urls, "secret": turn.secret})

    async def test_a_dead_port_is_told_of(self, ana: Person) -> None:
        dialog = await opened(ana, "No relay works")
        assert "(mDNS)" in await dialog.get_by_role("status").inner_text()
        for name in ("STUN at", "Relay by UDP", "Relay by TCP"):
            assert "Nothing answers there" in await line(dialog, name), name


async def test_without_a_turn_server_it_is_said_what_that_means(ana: Person) -> None:
    dialog = await opened(ana, "there is no relay")
    assert "knows no TURN server" in await line(dialog, "Relay")
    assert "hides its addresses" in await line(dialog, "This device")
    assert await findings(ana.page) == []


async def test_it_opens_by_its_address_after_the_log_in(come: Come) -> None:
    ben = await come()
    await ben.page.evaluate("location.hash = '#/call-test'")
    await ben.register("ben")
    await expect(ben.page.get_by_role("dialog", name="Test calls")).to_be_visible()


async def test_who_hides_from_everybody_stays_so(ana: Person) -> None:
    dialog = await ana.account("Preferences")
    await dialog.get_by_label("Hide where I am").select_option("From everybody")
    await ana.page.reload()
    await ana.is_connected()
    dialog = await ana.account("Preferences")
    await expect(dialog.get_by_label("Hide where I am")).to_have_value("always")
