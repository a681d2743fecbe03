"""The refresh token of the page: in a cookie that no script reads, and that no other site's page makes use of."""

from collections.abc import AsyncIterator
from http.cookies import Morsel, SimpleCookie
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.application import Parley, running
from tests.client.account import PASSWORD
from tests.client.rest import Answer

HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path, trusted_proxies=frozenset({ip_network("127.0.0.1")})) as parley:
        yield parley


def origin(parley: Parley, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{parley.node.port}"


async def ask(parley: Parley, what: str, body: object = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await parley.site.rest.request("POST", f"/api/auth/{what}", body, headers=named)


async def register(parley: Parley, **headers: str) -> Answer:
    body = {"username": "ann", "email": "ann@example.org", "password": PASSWORD, "cookie": True}
    return await ask(parley, "register", body, **headers)


def cookie_of(answer: Answer) -> "Morsel[str]":
    """Return the one cookie that an answer sets."""
    ((_, morsel),) = SimpleCookie(answer.headers["set-cookie"]).items()
    return morsel


def sent(morsel: "Morsel[str]") -> dict[str, str]:
    return {"Cookie": f"{morsel.key}={morsel.value}"}


async def test_page_keeps_the_refresh_token_where_no_script_reads_it(parley: Parley) -> None:
    answer = await register(parley, **HERE)
    morsel = cookie_of(answer)
    assert answer.json["refresh_token"] is None
    assert len(morsel.value) >= 43
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]) == (True, "Strict", "/", "")
    assert morsel.value not in answer.body.decode()


async def test_cookie_over_tls_is_of_this_host_alone(parley: Parley) -> None:
    morsel = cookie_of(await register(parley, **HERE, X_Forwarded_Proto="https"))
    assert morsel.key == "__Host-parley"
    assert morsel["secure"] is True
    assert (morsel["path"], morsel["domain"]) == ("/", "")


async def test_cookie_is_short_enough_for_every_browser(parley: Parley) -> None:
    assert len((await register(parley, **HERE)).headers["set-cookie"]) < 4096


async def test_page_refreshes_by_its_cookie(parley: Parley) -> None:
    first = await register(parley, **HERE)
    answer = await ask(parley, "refresh", {}, **HERE, **sent(cookie_of(first)))
    assert answer.status == 200
    assert answer.json["refresh_token"] is None
    assert cookie_of(answer).value != cookie_of(first).value
    token = answer.json["access_token"]
    assert (await parley.site.rest.request("GET", "/api/users/me", token=token)).status == 200


@pytest.mark.parametrize(
    "foreign",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
        {},
    ],
)
async def test_cookie_is_nothing_where_not_our_page_asks(parley: Parley, foreign: dict[str, str]) -> None:
    first = await register(parley, **HERE)
    answer = await ask(parley, "refresh", {}, **foreign, **sent(cookie_of(first)))
    assert answer.status in (401, 403)
    assert "set-cookie" not in answer.headers
    assert (await ask(parley, "refresh", {}, **HERE, **sent(cookie_of(first)))).status == 200


@pytest.mark.parametrize("foreign", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}])
async def test_no_other_page_has_a_cookie_set(parley: Parley, foreign: dict[str, str]) -> None:
    answer = await register(parley, **foreign)
    assert answer.status == 403
    assert "set-cookie" not in answer.headers


async def test_origin_of_our_own_does_for_browsers_that_tell_nothing_else(parley: Parley) -> None:
    assert (await register(parley, Origin=origin(parley))).status == 201


async def test_cookie_alone_opens_nothing(parley: Parley) -> None:
    first = await register(parley, **HERE)
    headers = HERE | sent(cookie_of(first))
    for method, path in (("GET", "/api/users/me"), ("POST", "/api/rooms"), ("POST", "/api/auth/logout")):
        answer = await parley.site.rest.request(method, path, headers=headers)
        assert (answer.status, answer.code) == (401, "unauthenticated")


async def test_log_out_has_the_browser_forget(parley: Parley) -> None:
    first = await register(parley, **HERE)
    rest = parley.site.rest
    answer = await rest.request("POST", "/api/auth/logout", token=first.json["access_token"], headers=HERE)
    morsel = cookie_of(answer)
    assert morsel.value == ""
    assert "1970" in morsel["expires"]
    assert (await ask(parley, "refresh", {}, **HERE, **sent(cookie_of(first)))).status == 401


@pytest.mark.parametrize(("remember", "lives"), [(True, True), (False, False)])
async def test_cookie_outlives_the_browser_where_it_is_to_be_remembered(
    parley: Parley, *, remember: bool, lives: bool
) -> None:
    await register(parley, **HERE)
    body: dict[str, Any] = {"login": "ann", "password": PASSWORD, "cookie": True, "remember": remember}
    first = await ask(parley, "login", body, **HERE)
    second = await ask(parley, "refresh", {}, **HERE, **sent(cookie_of(first)))
    for answer in (first, second):
        assert bool(cookie_of(answer)["max-age"]) is lives


async def test_programs_get_their_refresh_token_in_the_answer_and_no_cookie(parley: Parley) -> None:
    body = {"username": "ann", "email": "ann@example.org", "password": PASSWORD}
    answer = await ask(parley, "register", body)
    assert answer.json["refresh_token"]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("value", ["nonsense", "x" * 600, '""', ""])
async def test_nonsense_in_the_cookie_is_refused(parley: Parley, value: str) -> None:
    answer = await ask(parley, "refresh", {}, **HERE, Cookie=f"parley={value}")
    assert (answer.status, answer.code) == (401, "unauthenticated")
