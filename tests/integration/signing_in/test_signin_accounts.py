"""Signing in elsewhere and the accounts there are: nobody's is taken over, and linking is its person's own doing."""

import asyncio
from pathlib import Path

import pyotp
import pytest

from services.accounts.secrets import ways
from services.ids import now_ms
from store.database import Insert, Update
from store.tables import ACTS, ADDRESSES, IDENTITIES, LOGINS, USERS, Address, User
from tests.application import Parley
from tests.client.account import PASSWORD
from tests.client.checks import Json
from tests.people import Person
from tests.provider import ANN, GitHubLike, OpenIdProvider, say
from tests.signing_in import Browser, signing_in

BOB: Json = {"sub": "bob-2", "email": "bob@provider.example", "email_verified": True, "preferred_username": "bob"}


@pytest.fixture
def parley(abroad: Parley) -> Parley:
    return abroad


async def prove_address(parley: Parley, user: str, address: str) -> None:
    """Take an address as proved by somebody."""
    proved = Insert(ADDRESSES, Address(id=address.lower(), user=user))
    await parley.database.together([Update(USERS, user, {"email": address, "email_verified": True}), proved])


async def user_of(parley: Parley, id_: str) -> User:
    found = await parley.database.get(USERS, id_)
    assert found is not None
    return found


async def logged_in(parley: Parley, name: str = "eve") -> tuple[Browser, Person]:
    """Return somebody with a password, and a browser in which they are logged in."""
    (person,) = await parley.people(name)
    browser = Browser(parley)
    browser.token = person.account.token
    return browser, person


# O-5 and O-6: an address is no identity


async def test_account_that_has_proved_the_address_is_not_entered(browser: Browser, parley: Parley) -> None:
    (owner,) = await parley.people("owner")
    await prove_address(parley, owner.account.id, ANN["email"].upper())
    answer = await browser.sign_in()
    assert (answer.status, answer.code) == (409, "link_first")
    assert "ticket" not in answer.json
    assert await parley.database.find(IDENTITIES, {"user": owner.account.id}) == []


async def test_account_that_only_claims_the_address_keeps_nobody_out(browser: Browser, parley: Parley) -> None:
    body = {"username": "claimer", "email": ANN["email"], "password": PASSWORD}
    claimer = (await parley.site.rest.request("POST", "/api/auth/register", body)).ok()
    tokens = await browser.arrive("ann")
    assert tokens["user"]["id"] != claimer["user"]["id"]
    assert tokens["user"]["email_verified"]
    kept = await parley.database.get(ADDRESSES, ANN["email"])
    assert kept is not None
    assert kept.user == tokens["user"]["id"]


@pytest.mark.parametrize("verified", [None, False, "true", "True", 1, [True], {"$ne": False}])
async def test_address_is_taken_only_where_it_is_plainly_verified(
    browser: Browser, parley: Parley, provider: OpenIdProvider, verified: object
) -> None:
    (owner,) = await parley.people("owner")
    await prove_address(parley, owner.account.id, ANN["email"])
    provider.person["email_verified"] = verified
    tokens = await browser.arrive("ann")
    assert (tokens["user"]["email"], tokens["user"]["email_verified"]) == ("", False)
    assert tokens["user"]["id"] != owner.account.id


@pytest.mark.parametrize("email", ["no address", "a@b\r\nBcc: c@d", "", 7, None, "x" * 250 + "@b.example"])
async def test_what_is_no_address_is_not_taken(browser: Browser, provider: OpenIdProvider, email: object) -> None:
    provider.person["email"] = email
    assert (await browser.arrive("ann"))["user"]["email"] == ""


async def test_address_comes_from_userinfo_where_the_id_token_has_none(
    browser: Browser, provider: OpenIdProvider
) -> None:
    provider.lies.add("bare ID token")
    assert (await browser.arrive("ann"))["user"]["email"] == ANN["email"]


@pytest.mark.parametrize(("told", "fault"), [({"sub": "bob-2"}, ""), ({"sub": None}, ""), ({}, "down"), ({}, "text")])
async def test_userinfo_of_somebody_else_or_none_is_left_alone(
    browser: Browser, provider: OpenIdProvider, told: Json, fault: str
) -> None:
    provider.lies.add("bare ID token")
    provider.told = told
    provider.faults["/userinfo"] = fault
    assert (await browser.arrive("ann"))["user"]["email"] == ""


async def test_request_says_nothing_of_who_somebody_is(browser: Browser) -> None:
    said = await say(await browser.begin())
    body = {"code": said["code"], "state": said["state"], "iss": said["iss"]}
    for more in ({"email_verified": True}, {"email": ANN["email"]}, {"sub": "x"}, {"id_token": "x"}):
        assert (await browser.ask("POST", "providers/here/finish", body | more)).code == "bad_request"


async def test_github_address_is_the_primary_one_where_it_is_verified(browser: Browser, hub: GitHubLike) -> None:
    hub.addresses = [{"email": ANN["email"], "primary": True, "verified": "true"}, BOB | {"verified": True}]
    assert (await browser.arrive("ann", "hub"))["user"]["email"] == ""


@pytest.mark.parametrize("fault", ["missing", "list"])
async def test_github_need_not_show_an_address(browser: Browser, hub: GitHubLike, fault: str) -> None:
    hub.faults["/api/v3/user/emails"] = fault
    assert (await browser.arrive("ann", "hub"))["user"]["email"] == ""


async def test_userinfo_is_not_asked_with_what_is_no_token(browser: Browser, provider: OpenIdProvider) -> None:
    provider.lies |= {"bare ID token", "strange token"}
    assert (await browser.arrive("ann"))["user"]["email"] == ""
    assert provider.asked["/userinfo"] == 0


async def test_person_is_the_same_whatever_address_they_have(
    browser: Browser, parley: Parley, provider: OpenIdProvider
) -> None:
    first = await browser.arrive("ann")
    provider.person["email"] = "ann@elsewhere.example"
    again = (await Browser(parley).sign_in()).ok()
    assert again["user"] == first["user"]
    (identity,) = await parley.database.find(IDENTITIES, {"user": first["user"]["id"]})
    assert identity.label == "ann@elsewhere.example"


async def test_somebody_else_with_the_same_address_is_somebody_else(
    browser: Browser, parley: Parley, provider: OpenIdProvider
) -> None:
    await browser.arrive("ann")
    provider.person["sub"] = "ann-2"
    assert (await Browser(parley).sign_in()).code == "link_first"


# O-9: the way in is the one that all come through


async def test_banned_person_does_not_come_in(browser: Browser, parley: Parley) -> None:
    user = (await browser.arrive("ann"))["user"]["id"]
    await parley.database.update(USERS, user, {"banned_at": now_ms(), "ban_reason": "spam"})
    answer = await Browser(parley).sign_in()
    assert (answer.status, answer.code, answer.json["reason"]) == (403, "account_banned", "spam")


async def test_deleted_person_does_not_come_in(browser: Browser, parley: Parley) -> None:
    user = (await browser.arrive("ann"))["user"]["id"]
    await parley.database.update(USERS, user, {"deleted_at": now_ms()})
    assert (await Browser(parley).sign_in()).code == "bad_credentials"
    await parley.database.delete(USERS, user)
    assert (await Browser(parley).sign_in()).code == "bad_credentials"


async def test_second_factor_is_asked_of_whoever_has_one(browser: Browser, parley: Parley) -> None:
    user = (await browser.arrive("ann"))["user"]["id"]
    before = len(await parley.database.find(LOGINS, {"user": user, "live": True}, by="created_at"))
    secret = parley.application.sealer.seal(pyotp.random_base32(), "totp")
    await parley.database.update(USERS, user, {"totp": secret})
    answer = await Browser(parley).sign_in(cookie=True)
    assert (answer.status, answer.code) == (401, "second_factor")
    assert "totp" in answer.json["methods"]
    assert answer.json["ticket"]
    assert len(await parley.database.find(LOGINS, {"user": user, "live": True}, by="created_at")) == before


# Linking


async def test_linked_person_signs_in_to_the_account_that_they_linked(parley: Parley) -> None:
    browser, person = await logged_in(parley)
    answer = await browser.link()
    assert answer.status == 201
    (listed,) = (await browser.ask("GET", "identities")).json["items"]
    assert listed == answer.json
    assert (listed["provider"], listed["label"], listed["used_at"]) == ("here", ANN["email"], None)
    assert (await Browser(parley).sign_in()).ok()["user"]["id"] == person.account.id
    (listed,) = (await browser.ask("GET", "identities")).json["items"]
    assert listed["used_at"]
    acts = await parley.database.find(ACTS, {"actor": person.account.id}, by="id")
    assert [act.action for act in acts if act.action.startswith("identity.")] == ["identity.linked"]


async def test_linking_again_changes_nothing(parley: Parley) -> None:
    browser, _ = await logged_in(parley)
    first = await browser.link()
    again = await browser.link()
    assert (again.status, again.json) == (200, first.json)


async def test_identity_of_another_account_is_not_linked(browser: Browser, parley: Parley) -> None:
    await browser.arrive("ann")
    other, _ = await logged_in(parley)
    answer = await other.link()
    assert (answer.status, answer.code) == (409, "identity_taken")
    assert (await other.ask("GET", "identities")).json == {"items": []}


async def test_nobody_links_without_logging_in(browser: Browser) -> None:
    assert (await browser.ask("POST", "identities/here/begin", {})).status == 401
    said = await say(await browser.begin())
    assert (await browser.back(said, path="identities")).status == 401


async def test_linking_asks_for_a_proof_of_the_last_five_minutes(parley: Parley) -> None:
    browser, person = await logged_in(parley)
    (login,) = await parley.database.find(LOGINS, {"user": person.account.id, "live": True}, by="created_at")
    await parley.database.update(LOGINS, login.id, {"created_at": now_ms() - 301_000, "confirmed_at": None})
    answer = await browser.ask("POST", "identities/here/begin", {})
    assert (answer.status, answer.code) == (403, "confirmation_needed")


async def test_link_is_finished_by_the_session_that_began_it(parley: Parley) -> None:
    browser, person = await logged_in(parley)
    url = (await browser.ask("POST", "identities/here/begin", {})).json["url"]
    said = await say(url)
    own, stranger = browser.token, (await logged_in(parley, "mallory"))[1]
    for other in (stranger.account, await parley.site.log_in(person.account)):
        browser.token = other.token
        answer = await browser.back(said, path="identities")
        assert (answer.status, answer.code) == (403, "other_browser")
    browser.token = own
    assert (await browser.back(said, path="identities")).status == 201


async def test_link_is_finished_in_the_browser_that_began_it(parley: Parley) -> None:
    """A stolen access token, or a planted return, links nobody to the account."""
    browser, _ = await logged_in(parley)
    said = await say((await browser.ask("POST", "identities/here/begin", {})).json["url"])
    elsewhere = Browser(parley)
    elsewhere.token = browser.token
    assert (await elsewhere.back(said, path="identities")).code == "other_browser"


async def test_sign_in_is_no_link_and_a_link_is_no_sign_in(parley: Parley) -> None:
    browser, _ = await logged_in(parley)
    sign_in = await say(await browser.begin())
    link = await say((await browser.ask("POST", "identities/here/begin", {})).json["url"])
    assert (await browser.back(sign_in, path="identities")).code == "ticket_over"
    assert (await browser.back(link)).code == "ticket_over"


async def test_banned_session_finishes_no_link(parley: Parley) -> None:
    browser, person = await logged_in(parley)
    said = await say((await browser.ask("POST", "identities/here/begin", {})).json["url"])
    await person.account.log_out()
    assert (await browser.back(said, path="identities")).status == 401


# Unlinking


async def test_unlinked_person_is_unknown_again(parley: Parley) -> None:
    browser, _ = await logged_in(parley)
    identity = (await browser.link()).json["id"]
    assert (await browser.ask("DELETE", f"identities/{identity}")).status == 204
    assert (await browser.ask("GET", "identities")).json == {"items": []}
    assert "ticket" in (await Browser(parley).sign_in()).json
    assert (await browser.ask("DELETE", f"identities/{identity}")).code == "identity_not_found"


async def test_nobody_unlinks_anothers_identity(browser: Browser, parley: Parley) -> None:
    tokens = await browser.arrive("ann")
    (identity,) = await parley.database.find(IDENTITIES, {"user": tokens["user"]["id"]})
    other, _ = await logged_in(parley)
    answer = await other.ask("DELETE", f"identities/{identity.id}")
    assert (answer.status, answer.code) == (404, "identity_not_found")
    assert await parley.database.get(IDENTITIES, identity.id) is not None


async def test_last_way_in_stays(browser: Browser, parley: Parley, provider: OpenIdProvider) -> None:
    provider.person["email_verified"] = False
    user = (await browser.arrive("ann"))["user"]["id"]
    (identity,) = await parley.database.find(IDENTITIES, {"user": user})
    answer = await browser.ask("DELETE", f"identities/{identity.id}")
    assert (answer.status, answer.code) == (409, "last_way_in")
    found = await ways.ways_in(parley.application, await user_of(parley, user))
    assert found == ways.Ways(password=False, passkeys=0, identities=1, mail=False)
    await prove_address(parley, user, ANN["email"])
    assert (await browser.ask("DELETE", f"identities/{identity.id}")).status == 204


async def test_two_ways_in_that_are_taken_away_at_once_leave_one(
    browser: Browser, parley: Parley, provider: OpenIdProvider, hub: GitHubLike
) -> None:
    provider.person["email_verified"] = False
    user = (await browser.arrive("ann"))["user"]["id"]
    assert (await browser.link("hub")).status == 201
    identities = await parley.database.find(IDENTITIES, {"user": user})
    answers = await asyncio.gather(*(browser.ask("DELETE", f"identities/{one.id}") for one in identities))
    assert sorted(answer.code or "ok" for answer in answers) == ["last_way_in", "ok"]
    assert len(await parley.database.find(IDENTITIES, {"user": user})) == 1


async def test_provider_that_is_not_in_the_settings_any_more_is_no_way_in(
    browser: Browser, parley: Parley, tmp_path: Path, provider: OpenIdProvider, hub: GitHubLike
) -> None:
    provider.person["email_verified"] = False
    user = (await browser.arrive("ann"))["user"]["id"]
    await browser.link("hub")
    async with signing_in(tmp_path, {"here": provider}) as later:
        same = Browser(later)
        same.token = browser.token
        kept = {one.provider: one.id for one in await later.database.find(IDENTITIES, {"user": user})}
        assert (await same.ask("DELETE", f"identities/{kept['here']}")).code == "last_way_in"
        assert (await same.ask("DELETE", f"identities/{kept['hub']}")).status == 204
