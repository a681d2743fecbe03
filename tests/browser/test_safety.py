"""Texts and names of people are shown as they are, and never run."""

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import Error, expect

from tests.browser.conftest import Come
from tests.browser.scrolling import read_all
from tests.client.account import Account
from tests.client.rest import Refused
from tests.client.site import Site
from tests.client.socket import Socket

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAUGHTY: list[str] = json.loads((Path(__file__).parent.parent / "data" / "naughty-strings.json").read_text("utf-8"))

ATTACKS = (
    "<script>window.__pwned = 1</script>",
    '<img src=x onerror="window.__pwned = 1">',
    "<svg onload=window.__pwned=1>",
    '"><iframe srcdoc="<script>parent.__pwned = 1</script>"></iframe>',
    "javascript:window.__pwned=1",
    'https://example.org/"onmouseover="window.__pwned=1',
    "{{constructor.constructor('window.__pwned=1')()}} ${window.__pwned=1}",
    "data:text/html,<script>window.__pwned=1</script> vbscript:x",
)


LINKS = "[...document.querySelectorAll('ol.messages a')].map((link) => [link.href, link.rel])"


async def post(socket: Socket, room: str, texts: list[str]) -> list[str]:
    """Send every text, and return those that the server took."""
    answers = []
    for start in range(0, len(texts), 50):
        sends = [
            socket.call("message.send", {"room": room, "text": text, "cid": f"n{start + number}"})
            for number, text in enumerate(texts[start : start + 50])
        ]
        answers += await asyncio.gather(*sends, return_exceptions=True)
    assert all(isinstance(answer, dict | Refused) for answer in answers), answers
    return [answer["text"] for answer in answers if isinstance(answer, dict)]


@pytest.mark.timeout(240)
async def test_texts_are_shown_unchanged_and_never_run(come: Come, site: Site) -> None:
    ana = await come("ana")
    room = await ana.create_room("Harbour")
    ben = await site.register("ben")
    await ben.post("rooms", room, "members", body={})
    sent = await post(await site.connect(ben), room, [*ATTACKS, *NAUGHTY])
    assert len(sent) > 500
    await expect(ana.page.locator("ol.messages > li").last).to_contain_text(sent[-1].split()[0])
    assert await read_all(ana) == sent
    hrefs = await ana.page.evaluate(LINKS)
    assert all(href.startswith(("http://", "https://")) and rel == "noopener noreferrer" for href, rel in hrefs)


async def test_names_of_rooms_are_shown_unchanged_and_never_run(come: Come, site: Site) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    ben = await site.register("ben")
    names = [*ATTACKS, *NAUGHTY[::13]]
    created = [name for name in names if await create(ben, name)]
    assert 40 < len(created) < 50, "they fit on one page of the list"

    await ana.choose("Discover rooms")
    found = ana.page.get_by_role("dialog").get_by_role("listitem")
    await expect(found).to_have_count(len(created) + 1)
    await ana.page.keyboard.press("Escape")
    for name in ATTACKS[:3]:
        await ana.choose("Discover rooms")
        await found.filter(has_text=name).first.get_by_role("button").click()
        await expect(ana.page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()
        await expect(ana.room(name)).to_be_visible()


async def test_names_around_accounts_are_shown_unchanged_and_never_run(come: Come, site: Site) -> None:
    ana = await come("ana")
    account = await Account.log_in(site.rest, ana.name)
    (own,) = [one["id"] for one in (await account.get("auth", "sessions"))["items"] if one["current"]]
    for text in ATTACKS[:3]:
        named = await account.request("PATCH", f"/api/auth/sessions/{own}", {"name": text})
        assert named.status == 200, named
        await account.post("auth", "tokens", body={"name": text, "scopes": ["read"]})
        assert (await account.request("PATCH", "/api/users/me", {"name": text})).status == 200
        dialog = await ana.account("Sessions")
        await expect(dialog.get_by_text(text)).to_be_visible()
        dialog = await ana.account("API tokens")
        await expect(dialog.get_by_text(text, exact=True)).to_be_visible()


async def create(account: Account, name: str) -> bool:
    """Make a public room; tell whether the server took the name."""
    answer = await account.request("POST", "/api/rooms", {"name": name, "kind": "public", "description": name[:200]})
    assert answer.status in {201, 400}, answer
    return answer.status == 201


async def test_attacks_that_are_typed_do_nothing_either(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour", description=ATTACKS[1])
    await ben.join("Harbour")
    for text in ATTACKS:
        await ana.say(text)
    await ben.sees(*ATTACKS)
    await ben.act(ATTACKS[1], "Reply")
    await ben.say(ATTACKS[2] + " indeed")
    await expect(ana.message("indeed").locator(".quote")).to_contain_text(ATTACKS[1])
    await ben.act(ATTACKS[0], "React…")
    await ben.page.get_by_label("Search, or type any emoji").fill(":script:")
    await ben.page.keyboard.press("Enter")
    await expect(ana.page.get_by_role("button", name=":script:, 1")).to_be_visible()


async def test_the_policy_lets_no_foreign_code_in(come: Come) -> None:
    ana = await come()
    response = await ana.page.reload()
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    with pytest.raises(Error, match="TrustedScript"):
        await ana.page.evaluate("document.createElement('script').textContent = 'window.__pwned = 1'")
    with pytest.raises(Error, match="TrustedHTML"):
        await ana.page.evaluate("document.body.innerHTML = '<b>x</b>'")
    # What this test provoked is not a complaint.
    await ana.page.evaluate("window.__violations = []")
    ana.complaints.clear()
