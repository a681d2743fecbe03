"""What a provider has to prove: answers that lie, keys that change, and providers that are not there."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.accounts.signin import known
from services.accounts.signin.openid import OpenId
from store.tables import LOGINS, TICKETS, USERS
from tests.application import Parley
from tests.client.checks import Json
from tests.client.rest import Answer
from tests.provider import ANN, CLIENT_ID, GitHubLike, Key, OpenIdProvider, Provider, private_key, say
from tests.signing_in import Browser, signing_in


@pytest.fixture
async def other() -> AsyncIterator[OpenIdProvider]:
    async with OpenIdProvider("ES256") as provider:
        yield provider


@pytest.fixture
async def parley(
    tmp_path: Path, provider: OpenIdProvider, other: OpenIdProvider, hub: GitHubLike
) -> AsyncIterator[Parley]:
    async with signing_in(tmp_path, {"here": provider, "there": other, "hub": hub}) as parley:
        yield parley


@pytest.fixture
def browser(parley: Parley) -> Browser:
    return Browser(parley)


async def nobody_came_in(parley: Parley) -> bool:
    """Tell whether no account, and no ticket for one, was made."""
    newcomers = await parley.database.find(TICKETS, {"kind": "newcomer"}, limit=1)
    return not newcomers and not await parley.database.find(USERS, {"role": "user"}, limit=1)


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.code) == (status, code)
    assert "set-cookie" not in answer.headers


# O-3: who answers


@pytest.mark.parametrize("lie", ["says another issuer", "says no issuer"])
async def test_return_names_the_issuer_that_was_asked(
    browser: Browser, parley: Parley, provider: OpenIdProvider, lie: str
) -> None:
    provider.lies.add(lie)
    refused(await browser.sign_in(), 401, "wrong_issuer")
    assert provider.asked["/token"] == 0, "the code is told to nobody"
    assert await nobody_came_in(parley)


async def test_issuer_may_be_left_out_where_the_provider_never_names_it(
    browser: Browser, parley: Parley, provider: OpenIdProvider
) -> None:
    provider.document = {"authorization_response_iss_parameter_supported": False}
    provider.lies.add("says no issuer")
    assert (await browser.sign_in()).status == 200
    assert not await nobody_came_in(parley)


async def test_github_names_itself_rightly_or_not_at_all(browser: Browser, hub: GitHubLike) -> None:
    said = await say(await browser.begin("hub"))
    refused(await browser.back(said | {"iss": "https://github.example"}, "hub"), 401, "wrong_issuer")
    said = await say(await browser.begin("hub"))
    assert (await browser.back(said | {"iss": f"{hub.issuer}/login/oauth"}, "hub")).status == 200


async def test_two_issuers_are_not_mixed_up(
    browser: Browser, parley: Parley, provider: OpenIdProvider, other: OpenIdProvider
) -> None:
    """The page of a dishonest provider sends people on to an honest one, to be told the code that they get there."""
    begun = await browser.begin("here")
    # What "here" was asked, its page asks of "there", with the same state: then it comes back with there's code.
    other.return_addresses |= provider.return_addresses
    said = await say(begun.replace(provider.issuer, other.issuer))
    refused(await browser.back(said, "here"), 401, "wrong_issuer")
    assert provider.asked["/token"] == 0, "the dishonest one is not told the code of the honest one"


async def test_state_of_one_provider_is_none_of_another(browser: Browser, provider: OpenIdProvider) -> None:
    said = await say(await browser.begin("here"))
    refused(await browser.back(said, "there"), 401, "wrong_issuer")
    refused(await browser.back(said, "here"), 401, "ticket_over")
    assert provider.asked["/token"] == 0


async def test_state_of_one_provider_is_none_of_another_where_neither_names_itself(
    browser: Browser, provider: OpenIdProvider, other: OpenIdProvider
) -> None:
    for one in (provider, other):
        one.document = {"authorization_response_iss_parameter_supported": False}
        one.lies.add("says no issuer")
    said = await say(await browser.begin("here"))
    refused(await browser.back(said, "there"), 401, "wrong_issuer")
    assert other.asked["/token"] == 0, "the other one is not told the code"


# O-4: the ID token

LONG_AGO = int(time.time()) - 7200
LONG_FROM_NOW = int(time.time()) + 7 * 86_400
"""As seen from a test that comes hours after this was read, too."""
CLAIMS: dict[str, Json] = {
    "another issuer": {"iss": "https://accounts.google.com"},
    "issuer with a slash": {"iss": "$issuer/"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "another-client"},
    "no audience": {"aud": None},
    "others too": {"aud": [CLIENT_ID, "another-client"]},
    "another party": {"azp": "another-client"},
    "no subject": {"sub": None},
    "empty subject": {"sub": ""},
    "subject that is a number": {"sub": 4711},
    "long subject": {"sub": "x" * 256},
    "strange subject": {"sub": "ann\n1"},
    "ended": {"exp": LONG_AGO},
    "no end": {"exp": None},
    "end that never comes": {"exp": float("inf")},
    "end that is no number": {"exp": float("nan")},
    "end in words": {"exp": "tomorrow"},
    "issued before the sign-in": {"iat": LONG_AGO},
    "issued in time to come": {"iat": LONG_FROM_NOW},
    "no time of issue": {"iat": None},
    "issued never": {"iat": float("-inf")},
    "issued at no number": {"iat": float("nan")},
    "issued at true": {"iat": True},
    "audience that is an object": {"aud": {CLIENT_ID: True}},
    "not valid yet": {"nbf": LONG_FROM_NOW},
    "another nonce": {"nonce": "x" * 64},
    "no nonce": {"nonce": None},
    "nonce that is no text": {"nonce": 1},
}
"""What an ID token says that is not so."""


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS.keys())
async def test_id_token_with_a_wrong_claim_proves_nothing(
    browser: Browser, parley: Parley, provider: OpenIdProvider, claims: Json
) -> None:
    right = {"$issuer/": f"{provider.issuer}/"}
    provider.claims = {name: right.get(str(value), value) for name, value in claims.items()}
    refused(await browser.sign_in(), 401, "identity_unproved")
    assert await nobody_came_in(parley)


@pytest.mark.parametrize("lie", ["alg none", "signed with the public key", "another key", "unknown key", "no ID token"])
async def test_id_token_that_is_not_signed_rightly_proves_nothing(
    browser: Browser, parley: Parley, provider: OpenIdProvider, lie: str
) -> None:
    provider.lies.add(lie)
    refused(await browser.sign_in(), 401, "identity_unproved")
    assert await nobody_came_in(parley)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_id_tokens_of_these_algorithms_are_taken(
    browser: Browser, provider: OpenIdProvider, algorithm: str
) -> None:
    provider.rotate(algorithm)
    provider.claims = {"azp": CLIENT_ID, "aud": [CLIENT_ID]}
    assert (await browser.sign_in()).status == 200


async def test_key_is_for_its_own_algorithm_alone(browser: Browser, provider: OpenIdProvider) -> None:
    provider.keys[-1].public["alg"] = "PS256"
    refused(await browser.sign_in(), 401, "identity_unproved")


async def test_key_that_is_for_sealing_signs_nothing(browser: Browser, provider: OpenIdProvider) -> None:
    provider.keys[-1].public["use"] = "enc"
    refused(await browser.sign_in(), 401, "identity_unproved")


@pytest.mark.parametrize(
    "public", [{"n": "!"}, {"n": 7}, {"e": None}, {"kty": "EC"}, {"d": "AQAB"}, {"kid": 7}, {"kid": None}]
)
async def test_key_that_is_none_signs_nothing(browser: Browser, provider: OpenIdProvider, public: Json) -> None:
    provider.keys[-1].public |= public
    refused(await browser.sign_in(), 401, "identity_unproved")


async def test_key_without_a_name_is_taken_where_it_is_the_only_one(browser: Browser, provider: OpenIdProvider) -> None:
    provider.lies.add("no name of a key")
    assert (await browser.sign_in()).status == 200


async def test_secret_is_sent_as_the_provider_takes_it(browser: Browser, provider: OpenIdProvider) -> None:
    provider.document = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    provider.lies.add("secret in a form alone")
    assert (await browser.sign_in()).status == 200


async def test_short_key_signs_nothing(browser: Browser, provider: OpenIdProvider) -> None:
    provider.rotate(number=-1)
    with pytest.warns(Warning, match="1024 bits"):
        answer = await browser.sign_in()
    refused(answer, 401, "identity_unproved")
    assert private_key("RS256", -1).key_size == 1024


async def test_code_is_good_once_at_the_provider(browser: Browser) -> None:
    said = await say(await browser.begin())
    assert (await browser.back(said)).status == 200
    again = await say(await browser.begin())
    refused(await browser.back(again | {"code": said["code"]}), 401, "sign_in_refused")


async def test_wrong_code_at_github_is_refused(browser: Browser) -> None:
    said = await say(await browser.begin("hub"))
    refused(await browser.back(said | {"code": "x"}, "hub"), 401, "sign_in_refused")


async def test_token_of_github_that_is_none_is_shown_to_nobody(browser: Browser, hub: GitHubLike) -> None:
    hub.lies.add("strange token")
    refused(await browser.sign_in("hub"), 401, "identity_unproved")
    assert hub.asked["/api/v3/user"] == 0


async def test_nobody_is_proved_where_github_shows_no_person(browser: Browser, hub: GitHubLike) -> None:
    hub.faults["/api/v3/user"] = "missing"
    refused(await browser.sign_in("hub"), 401, "identity_unproved")


@pytest.mark.parametrize("id_", [None, "4711", True, 4.5])
async def test_github_tells_a_number_for_a_person(browser: Browser, hub: GitHubLike, id_: object) -> None:
    hub.person["id"] = id_
    refused(await browser.sign_in("hub"), 401, "identity_unproved")


# O-8: what is asked, and how often


async def test_key_that_is_new_is_looked_for_once(browser: Browser, provider: OpenIdProvider) -> None:
    await browser.sign_in()
    provider.rotate()
    assert (await browser.sign_in()).status == 200
    assert (provider.asked["/keys"], provider.asked["/.well-known/openid-configuration"]) == (2, 1)


async def test_all_who_come_when_a_key_is_new_wait_for_one_look(parley: Parley, provider: OpenIdProvider) -> None:
    browsers = [Browser(parley) for _ in range(5)]
    await browsers[0].sign_in()
    said = [await say(await browser.begin()) for browser in browsers]
    provider.rotate()
    answers = await asyncio.gather(*(one.back(told) for one, told in zip(browsers, said, strict=True)))
    assert [answer.status for answer in answers] == [200] * 5
    assert provider.asked["/keys"] == 2


async def test_key_that_a_provider_takes_back_is_believed_for_an_hour_and_no_longer(
    browser: Browser, parley: Parley, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.sign_in()
    old = provider.keys[-1]
    provider.rotate()
    provider.keys[-1] = Key(old.name, old.algorithm, old.private, provider.keys[-1].public)
    assert (await browser.sign_in()).status == 200
    assert provider.asked["/keys"] == 1
    road = parley.application.sign_ins.require("here").road
    assert isinstance(road, OpenId)
    monkeypatch.setattr(road._known, "_clock", lambda: time.monotonic() + 3601)
    refused(await browser.sign_in(), 401, "identity_unproved")
    assert provider.asked["/keys"] == 3


async def test_flood_of_unknown_keys_asks_once_a_minute(browser: Browser, provider: OpenIdProvider) -> None:
    provider.lies.add("unknown key")
    for _ in range(5):
        refused(await browser.sign_in(), 401, "identity_unproved")
    assert provider.asked["/keys"] == 2
    provider.lies.clear()
    assert (await browser.sign_in()).status == 200


@pytest.mark.parametrize("fault", ["redirect", "huge", "down", "missing", "text", "list"])
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
async def test_provider_that_answers_badly_is_unavailable(
    browser: Browser, parley: Parley, provider: OpenIdProvider, path: str, fault: str
) -> None:
    provider.faults[path] = fault
    begun = await browser.ask("POST", "providers/here", {})
    answer = begun if begun.status != 200 else await browser.back(await say(begun.json["url"]))
    refused(answer, 503, "provider_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert provider.asked["/elsewhere"] == 0, "nobody is sent on"
    assert await nobody_came_in(parley)


@pytest.mark.parametrize("fault", ["redirect", "huge", "down", "text"])
@pytest.mark.parametrize("path", ["/api/v3/user", "/api/v3/user/emails", "/login/oauth/access_token"])
async def test_github_that_answers_badly_is_unavailable(
    browser: Browser, hub: GitHubLike, path: str, fault: str
) -> None:
    hub.faults[path] = fault
    refused(await browser.sign_in("hub"), 503, "provider_unavailable")


async def test_provider_that_is_not_there_is_unavailable_and_is_left_alone_for_a_while(
    browser: Browser, provider: OpenIdProvider
) -> None:
    await provider.close()
    refused(await browser.ask("POST", "providers/here", {}), 503, "provider_unavailable")
    await provider.open()
    refused(await browser.ask("POST", "providers/here", {}), 503, "provider_unavailable")
    assert provider.asked.total() == 0


async def test_provider_that_was_not_there_is_asked_again_later(
    browser: Browser, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "BEGIN_AGAIN_S", 0.0)
    await provider.close()
    refused(await browser.ask("POST", "providers/here", {}), 503, "provider_unavailable")
    await provider.open()
    assert (await browser.sign_in()).status == 200


@pytest.mark.slow
async def test_provider_that_takes_long_is_given_up(browser: Browser, provider: OpenIdProvider) -> None:
    said = await say(await browser.begin())
    provider.faults["/token"] = "slow"
    start = time.monotonic()
    answer = await browser.back(said)
    refused(answer, 503, "provider_unavailable")
    assert 3.0 < time.monotonic() - start < 5.0
    assert answer.headers["retry-after"]


PLACES: list[Json] = [
    {"issuer": "https://accounts.google.com"},
    {"issuer": "$issuer/"},
    {"jwks_uri": "https://evil.example/keys"},
    {"jwks_uri": "http://169.254.169.254/latest"},
    {"jwks_uri": "file:///etc/passwd"},
    {"token_endpoint": "http://127.0.0.1:1/token"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"authorization_endpoint": "https://evil.example/"},
    {"userinfo_endpoint": "http://user@127.0.0.1/"},
    {"token_endpoint": None},
]


@pytest.mark.parametrize("document", PLACES, ids=str)
async def test_document_that_names_another_issuer_or_host_is_not_believed(
    browser: Browser, provider: OpenIdProvider, document: Json
) -> None:
    right = {"$issuer/": f"{provider.issuer}/"}
    provider.document = {name: right.get(str(value), value) for name, value in document.items()}
    refused(await browser.ask("POST", "providers/here", {}), 503, "provider_unavailable")


# O-10


@pytest.mark.parametrize("name", ["here", "hub"])
async def test_tokens_of_a_provider_are_kept_nowhere(
    browser: Browser, parley: Parley, tmp_path: Path, provider: Provider, hub: Provider, name: str
) -> None:
    tokens = await browser.arrive("annie", name)
    (login,) = await parley.database.find(LOGINS, {"user": tokens["user"]["id"], "live": True}, by="created_at")
    assert login.methods == ("provider",)
    asked = hub if name == "hub" else provider
    assert asked.tokens
    files = [path.read_bytes() for path in (tmp_path / "data").iterdir()]
    assert any(ANN["email"].encode() in text for text in files), "what is kept is seen"
    for secret in (*asked.tokens, *asked.grants):
        assert not any(secret.encode() in text for text in files)
