"""Signing in elsewhere: there and back, who comes in, and that nobody else does."""

import asyncio
import base64
import hashlib
import ipaddress
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from services.accounts.secrets.tickets import digest
from services.accounts.signin import flow
from services.ids import now_ms
from store.database import Insert, Update, Write
from store.tables import ADDRESSES, IDENTITIES, TICKETS, USERS, Address
from tests.application import Parley
from tests.client.checks import Json
from tests.provider import ANN, CLIENT_ID, CLIENT_SECRET, GitHubLike, OpenIdProvider, say
from tests.signing_in import URL, Browser, signing_in


@pytest.fixture
def parley(abroad: Parley) -> Parley:
    return abroad


def query_of(address: str) -> Json:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


# The whole way


async def test_providers_are_listed_by_name_and_label_alone(browser: Browser) -> None:
    items = [{"name": "here", "label": "Here"}, {"name": "hub", "label": "Hub"}]
    assert (await browser.ask("GET", "providers")).json == {"items": items}


async def test_somebody_new_chooses_a_username_and_comes_back_as_the_same(browser: Browser, parley: Parley) -> None:
    found = (await browser.sign_in(back="/#/rooms/r")).ok()
    assert found.keys() == {"back", "ticket", "suggestion"}
    assert (found["back"], found["suggestion"]) == ("/#/rooms/r", "Ann")
    answer = await browser.ask("POST", "providers/here/account", {"ticket": found["ticket"], "username": "annie"})
    assert answer.status == 201
    me = answer.json["user"]
    assert (me["username"], me["email"], me["email_verified"]) == ("annie", ANN["email"], True)
    again = (await Browser(parley).sign_in()).ok()
    assert again["user"]["id"] == me["id"]
    assert again["access_token"]
    assert "ticket" not in again


async def test_whoever_is_new_at_github_comes_in_too(browser: Browser, parley: Parley) -> None:
    tokens = await browser.arrive("ann", "hub")
    assert (tokens["user"]["email"], tokens["user"]["email_verified"]) == (ANN["email"], True)
    assert (await Browser(parley).sign_in("hub")).ok()["user"]["id"] == tokens["user"]["id"]


async def test_login_begins_with_the_provider_as_its_proof_and_is_kept_as_asked(browser: Browser) -> None:
    await browser.arrive("ann", cookie=True, remember=False)
    assert re.search("; HttpOnly", browser.set["parley"], re.IGNORECASE)
    assert "Max-Age" not in browser.set["parley"]
    (session,) = (await browser.ask("GET", "sessions")).ok()["items"]
    assert session["methods"] == ["provider"]


async def test_suggestion_is_a_username_that_nobody_has(browser: Browser, parley: Parley) -> None:
    await Browser(parley).ask(
        "POST", "register", {"username": "ANN", "email": "x@y.example", "password": "four words nobody guesses"}
    )
    suggestion = (await browser.sign_in()).json["suggestion"]
    assert re.fullmatch("Ann-[0-9]{4}", suggestion)


async def test_taken_username_is_refused_and_another_may_be_tried(browser: Browser, parley: Parley) -> None:
    (person,) = await parley.people("ann")
    ticket = (await browser.sign_in()).json["ticket"]
    path, body = "providers/here/account", {"ticket": ticket, "username": person.account.username.upper()}
    assert (await browser.ask("POST", path, body)).code == "username_taken"
    assert (await browser.ask("POST", path, body | {"username": "ann-b"})).status == 201
    assert (await browser.ask("POST", path, body | {"username": "ann-c"})).code == "ticket_over"


# O-1, O-2: what is asked of the provider, and what a return is held against


async def test_code_flow_with_pkce_s256_and_no_other(browser: Browser, provider: OpenIdProvider) -> None:
    first, second = query_of(await browser.begin()), query_of(await browser.begin())
    assert (first["response_type"], first["code_challenge_method"]) == ("code", "S256")
    assert first["client_id"] == CLIENT_ID
    assert len(base64.urlsafe_b64decode(first["code_challenge"] + "=")) == 32
    assert CLIENT_SECRET not in str(first)
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]


async def test_code_that_was_stolen_on_the_way_is_worth_nothing_without_the_verifier(
    browser: Browser, parley: Parley
) -> None:
    stolen = await say(await browser.begin())
    thief = Browser(parley)
    own = query_of(await thief.begin())
    answer = await thief.back({"code": stolen["code"], "state": own["state"], "iss": stolen["iss"]})
    assert (answer.status, answer.code) == (401, "sign_in_refused")


async def test_nothing_of_a_sign_in_is_stored_that_could_be_used(browser: Browser, parley: Parley) -> None:
    query = query_of(await browser.begin())
    assert len(base64.urlsafe_b64decode(query["state"] + "=")) == 32
    ticket = await parley.database.get(TICKETS, digest(query["state"]))
    assert ticket is not None
    kept = repr(ticket)
    assert 0 < ticket.expires_at - now_ms() <= 600_000
    assert query["state"] not in kept
    assert query["nonce"] not in kept
    assert browser.cookies["parley-browser"] not in kept
    assert ticket.bound == digest(browser.cookies["parley-browser"])


async def test_state_is_good_once(browser: Browser, provider: OpenIdProvider) -> None:
    provider.lies.add("replay")
    said = await say(await browser.begin())
    assert (await browser.back(said)).status == 200
    answer = await browser.back(said)
    assert (answer.status, answer.code) == (401, "ticket_over")


async def test_state_is_good_for_ten_minutes(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "STATE_S", -1.0)
    said = await say(await browser.begin())
    assert (await browser.back(said)).code == "ticket_over"


@pytest.mark.parametrize("state", ["x", "A" * 43])
async def test_state_that_was_never_given_is_refused(browser: Browser, state: str) -> None:
    await browser.begin()
    assert (await browser.back({"code": "c", "state": state})).code == "ticket_over"


async def test_state_of_another_browser_is_refused_and_stays_good_for_its_own(browser: Browser, parley: Parley) -> None:
    said, other = await say(await browser.begin()), Browser(parley)
    await other.begin()
    for stranger in (other, Browser(parley)):
        answer = await stranger.back(said)
        assert (answer.status, answer.code) == (403, "other_browser")
    assert (await browser.back(said)).status == 200


async def test_victim_is_not_signed_in_as_the_attacker(browser: Browser, parley: Parley) -> None:
    """Login CSRF: the attacker has a link of their own opened by somebody who is signing in."""
    attacker = Browser(parley)
    await attacker.arrive("mallory")
    planted = await say(await attacker.begin())
    await browser.begin()
    answer = await browser.back(planted)
    assert answer.code == "other_browser"
    assert "parley" not in browser.cookies


async def test_other_pages_neither_begin_nor_finish_a_sign_in(browser: Browser) -> None:
    said = await say(await browser.begin())
    body = {"code": said["code"], "state": said["state"], "iss": said["iss"]}
    for foreign in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "none"}):
        assert (await browser.ask("POST", "providers/here", {}, **foreign)).code == "cross_site"
        finished = await browser.ask("POST", "providers/here/finish", body, **foreign)
        assert (finished.status, finished.code in ("cross_site", "other_browser")) == (403, True)


async def test_cookie_of_a_sign_in_is_for_no_script_and_no_other_site(browser: Browser) -> None:
    await browser.begin()
    line = browser.set["parley-browser"].lower()
    assert all(part in line for part in ("httponly", "samesite=strict", "path=/", "max-age=600"))
    before = browser.cookies["parley-browser"]
    await browser.begin()
    assert browser.cookies["parley-browser"] == before, "two tabs may sign in at once"


async def test_state_of_another_provider_is_refused_before_that_one_is_asked(browser: Browser) -> None:
    """Though the other one tells no issuer that could be compared, and would not take the code either."""
    said = await say(await browser.begin("here"))
    answer = await browser.back({"code": said["code"], "state": said["state"]}, "hub")
    assert (answer.status, answer.code) == (401, "wrong_issuer")


async def test_cookie_of_a_sign_in_is_the_hosts_own_over_tls(tmp_path: Path, provider: OpenIdProvider) -> None:
    proxy = frozenset({ipaddress.ip_network("127.0.0.0/8")})
    async with signing_in(tmp_path, {"here": provider}, trusted_proxies=proxy) as parley:
        browser = Browser(parley)
        browser.own |= {"X-Forwarded-Proto": "https", "Origin": browser.own["Origin"].replace("http:", "https:")}
        said = await say(await browser.begin())
        line = browser.set["__Host-parley-browser"].lower()
        assert "secure" in line
        assert "domain" not in line
        assert (await browser.back(said)).status == 200


async def test_ticket_of_somebody_new_is_bound_to_browser_and_provider(browser: Browser, parley: Parley) -> None:
    body = {"ticket": (await browser.sign_in()).json["ticket"], "username": "annie"}
    assert (await Browser(parley).ask("POST", "providers/here/account", body)).code == "other_browser"
    assert (await browser.ask("POST", "providers/hub/account", body)).code == "wrong_issuer"
    assert (await browser.ask("POST", "providers/none/account", body)).code == "provider_not_found"
    assert (await browser.ask("POST", "providers/here/account", body)).status == 201


async def test_unknown_provider_is_not_found(browser: Browser) -> None:
    for path in ("providers/none", "providers/none/finish"):
        answer = await browser.ask("POST", path, {"code": "c", "state": "s"} if path.endswith("finish") else {})
        assert (answer.status, answer.code) == (404, "provider_not_found")


# O-7: where people come back to


async def test_provider_sends_back_to_the_one_address_of_the_settings(
    browser: Browser, provider: OpenIdProvider
) -> None:
    answer = await browser.ask("POST", "providers/here", {}, X_Forwarded_Host="evil.example", Forwarded="host=evil")
    assert query_of(answer.json["url"])["redirect_uri"] == f"{URL}/auth/return/here"
    assert (await say(answer.json["url"]))["at"] == f"{URL}/auth/return/here"


PLACES = ["//evil", "/\\evil", "\\\\evil", "/%2fevil", "/%2Fevil", "/%5cevil", "https://evil", "javascript:alert(1)"]
PLACES += [
    "",
    "evil",
    "/a\r\nSet-Cookie: a=b",
    "/a\n",
    "/\n",
    "/a//evil",
    "/\t/evil",
    "/ /evil",
    "/a%0d%0ab",
    "/é",
    "/@evil\\",
]


@pytest.mark.parametrize("place", PLACES)
async def test_place_to_come_back_to_is_our_own(browser: Browser, place: str) -> None:
    answer = await browser.ask("POST", "providers/here", {"back": place})
    assert (answer.status, answer.code) == (400, "bad_request")
    assert answer.json["errors"][0]["pointer"] == "/back"


async def test_page_of_the_return_is_ours_and_tells_nobody_its_address(parley: Parley) -> None:
    answer = await parley.site.rest.request("GET", "/auth/return/here?code=c&state=s")
    assert answer.status == 200
    assert b"<title>Parley" in answer.body
    assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert (await parley.site.rest.request("GET", "/auth/return/a/b")).status == 404


# Several at once


async def test_one_identity_that_comes_twice_at_once_has_one_account(browser: Browser, parley: Parley) -> None:
    browsers = [browser, Browser(parley), Browser(parley)]
    tickets = [(await one.sign_in()).json["ticket"] for one in browsers]
    answers = await asyncio.gather(
        *(
            one.ask("POST", "providers/here/account", {"ticket": ticket, "username": f"annie-{number}"})
            for number, (one, ticket) in enumerate(zip(browsers, tickets, strict=True))
        )
    )
    assert sorted(answer.status for answer in answers) == [200, 200, 201]
    assert len({answer.json["user"]["id"] for answer in answers}) == 1


async def test_one_return_that_comes_twice_at_once_is_taken_once(browser: Browser) -> None:
    said = await say(await browser.begin())
    answers = await asyncio.gather(*(browser.back(said) for _ in range(4)))
    assert sorted(answer.code or "ok" for answer in answers) == ["ok", "ticket_over", "ticket_over", "ticket_over"]


async def test_what_is_taken_between_the_look_and_the_writing_is_refused_all_the_same(
    browser: Browser, parley: Parley
) -> None:
    (person,) = await parley.people("bob")
    body = {"ticket": (await browser.sign_in()).json["ticket"], "username": "annie"}
    meanwhile: dict[str, Write] = {
        "link_first": Insert(ADDRESSES, Address(id=ANN["email"], user=person.account.id)),
        "username_taken": Update(USERS, person.account.id, {"name_key": "annie"}),
        "ticket_over": Update(TICKETS, digest(body["ticket"]), {"used_at": now_ms()}),
    }
    for code, write in meanwhile.items():
        gate = parley.store.hold("together")
        asked = asyncio.create_task(browser.ask("POST", "providers/here/account", body))
        await gate.reached.wait()
        await parley.database.together([write])
        gate.release()
        assert (await asked).code == code
        await parley.database.delete(ADDRESSES, ANN["email"])
        await parley.database.update(USERS, person.account.id, {"name_key": "bob"})


async def test_address_that_somebody_proves_meanwhile_is_not_taken(browser: Browser, parley: Parley) -> None:
    ticket = (await browser.sign_in()).json["ticket"]
    (person,) = await parley.people("bob")
    await parley.database.insert(ADDRESSES, Address(id=ANN["email"], user=person.account.id))
    answer = await browser.ask("POST", "providers/here/account", {"ticket": ticket, "username": "annie"})
    assert (answer.status, answer.code) == (409, "link_first")
    assert await parley.database.find(USERS, {"name_key": "annie"}) == []


async def test_identity_is_kept_under_issuer_and_subject(browser: Browser, parley: Parley, hub: GitHubLike) -> None:
    tokens = await browser.arrive("ann", "hub")
    (kept,) = await parley.database.find(IDENTITIES, {"user": tokens["user"]["id"]})
    assert (kept.issuer, kept.subject, kept.label) == (hub.issuer, "4711", "Ann-Hub")
    assert kept.id == hashlib.sha256(f"{hub.issuer}\n4711".encode()).hexdigest()
