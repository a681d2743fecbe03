"""Two tabs of a browser refresh at the same moment, with the one token that both have: nobody is logged out by it."""

import asyncio
import http.cookies

import pytest

from services.accounts.logins.families import GRACE_MS
from store.tables import LOGINS
from tests.application import Parley
from tests.client.account import PASSWORD
from tests.client.rest import Answer
from tests.people import Person
from tests.refusals import claims

ROUNDS = 1000
PAGE = {"Sec-Fetch-Site": "same-origin"}


def kept(answer: Answer) -> str:
    """Return the refresh token that the browser keeps from now on."""
    return http.cookies.SimpleCookie(answer.headers["set-cookie"])["parley"].value


async def begin(parley: Parley, person: Person) -> str:
    """Log in as our page does; return the cookie."""
    body = {"login": person.account.username, "password": PASSWORD, "cookie": True}
    return kept(await parley.site.rest.request("POST", "/api/auth/login", body, headers=PAGE))


async def refresh(parley: Parley, cookie: str) -> Answer:
    headers = PAGE | {"Cookie": f"parley={cookie}"}
    return await parley.site.rest.request("POST", "/api/auth/refresh", {}, headers=headers)


async def works(parley: Parley, answer: Answer) -> bool:
    token = answer.json["access_token"]
    return (await parley.site.rest.request("GET", "/api/auth/validate", token=token)).status == 204


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("apart", [False, True], ids=["one node", "a node each"])
async def test_two_tabs_that_refresh_at_once_are_never_logged_out(one: Parley, two: Parley, apart: bool) -> None:
    (ann,) = await one.people("ann")
    cookie, other, logins = await begin(one, ann), two if apart else one, set()
    for number in range(ROUNDS):
        answers = await asyncio.gather(refresh(one, cookie), refresh(other, cookie))
        assert [answer.status for answer in answers] == [200, 200], number
        # A browser has one place for it: what came last stands there, and either may come last.
        cookie = kept(answers[number % 2])
        logins |= {claims(answer.json["access_token"])["sid"] for answer in answers}
        assert len({kept(answer) for answer in answers}) == 2, "each has one of its own"
        if number % 100 == 0:
            assert [await works(one, answers[0]), await works(other, answers[1])] == [True, True]
    (login,) = logins
    found = await one.database.get(LOGINS, login)
    assert found is not None
    assert found.live


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_third_use_ends_the_family(one: Parley, at_once: bool) -> None:
    (ann,) = await one.people("ann")
    cookie = await begin(one, ann)
    if at_once:
        answers = await asyncio.gather(*(refresh(one, cookie) for _ in range(3)))
    else:
        answers = [await refresh(one, cookie) for _ in range(3)]
    assert sorted(answer.status for answer in answers) == [200, 200, 401]
    good = [answer for answer in answers if answer.status == 200]
    assert [await works(one, answer) for answer in good] == [False, False]
    assert [(await refresh(one, kept(answer))).status for answer in good] == [401, 401]


async def test_a_use_after_the_grace_ends_the_family(one: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    (ann,) = await one.people("ann")
    cookie = await begin(one, ann)
    first = await refresh(one, cookie)
    monkeypatch.setattr("services.accounts.logins.families.GRACE_MS", -1)
    assert GRACE_MS == 10_000
    assert (await refresh(one, cookie)).status == 401
    assert (await refresh(one, kept(first))).status == 401
