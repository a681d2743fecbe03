"""Accounts: registering, logging in, tokens that rotate, and log-ins that end at once everywhere."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.accounts.logins import families as logins
from services.accounts.logins.families import DAY_MS, GRACE_MS, LOGINS_LIMIT
from services.accounts.secrets import passwords
from services.ids import now_ms
from store.tables import LOGINS, REFRESHES, USERS
from tests.application import Parley, running
from tests.client.account import PASSWORD, Account
from tests.client.checks import Json
from tests.client.rest import Answer
from tests.peers import until
from tests.people import Person
from tests.unstable import Fault


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley


class Clock:
    """The clock that log-ins go by, moved by hand."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(logins, "now_ms", clock)
    return clock


async def ask(parley: Parley, what: str, **body: str) -> Answer:
    return await parley.site.rest.request("POST", f"/api/auth/{what}", body)


async def refresh(parley: Parley, token: str) -> Answer:
    return await ask(parley, "refresh", refresh_token=token)


async def register(parley: Parley, username: str = "ann", **other: str) -> Answer:
    body = {"username": username, "email": "ann@example.org", "password": PASSWORD} | other
    return await ask(parley, "register", **body)


async def works(parley: Parley, tokens: Json) -> bool:
    """Tell whether an access token is good."""
    return (await parley.site.rest.request("GET", "/api/users/me", token=tokens["access_token"])).status == 200


# Registering


async def test_new_account_is_logged_in(parley: Parley) -> None:
    answer = await register(parley)
    tokens = answer.json
    assert answer.status == 201
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    assert (tokens["user"]["username"], tokens["user"]["name"]) == ("ann", "ann")
    assert (tokens["user"]["email"], tokens["user"]["email_verified"]) == ("ann@example.org", False)
    assert await works(parley, tokens)


async def test_username_is_unique_whatever_its_case_and_kept_as_typed(parley: Parley) -> None:
    assert (await register(parley, "AnnieB")).json["user"]["username"] == "AnnieB"
    for username in ("AnnieB", "annieb", "ANNIEB"):
        answer = await register(parley, username)
        assert (answer.status, answer.code) == (409, "username_taken")
    assert (await ask(parley, "login", login="aNNIEb", password=PASSWORD)).status == 200


async def test_one_of_many_who_want_a_username_at_once_gets_it(parley: Parley) -> None:
    answers = await asyncio.gather(*(register(parley, name) for name in ("same", "Same", "SAME", "sAme")))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert len(await parley.database.find(USERS, {"name_key": "same"})) == 1


async def test_several_accounts_may_claim_an_email(parley: Parley) -> None:
    assert [(await register(parley, name)).status for name in ("ann", "bob")] == [201, 201]


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "ab"},
        {"username": "a" * 21},
        {"username": "with space"},
        {"username": "ünïcode"},
        {"username": "line\n"},
        {"email": "nowhere"},
        {"email": "two words@example.org"},
        {"email": "a@b@c"},
        {"email": "a@example.org\n"},
        {"email": "a" * 250 + "@x.org"},
        {"password": "seven77"},
        {"password": "p" * 1025},
    ],
)
async def test_account_that_cannot_be_is_refused(parley: Parley, wrong: dict[str, str]) -> None:
    answer = await register(parley, **wrong)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert [error["pointer"] for error in answer.json["errors"]] == [f"/{field}" for field in wrong]
    assert not any(value in answer.body.decode() for value in wrong.values())


@pytest.mark.parametrize("length", [8, 72, 73, 1024])
async def test_password_may_be_long_and_all_of_it_counts(parley: Parley, length: int) -> None:
    password = "ä" * (length - 1) + "z"
    assert (await register(parley, password=password)).status == 201
    assert (await ask(parley, "login", login="ann", password=password)).status == 200
    assert (await ask(parley, "login", login="ann", password=password[:-1] + "y")).status == 401


# Logging in


@pytest.mark.parametrize(
    ("login", "password"),
    [("ann", "wrong"), ("nobody", PASSWORD), ("ann@example.org", PASSWORD), ("ann", " " + PASSWORD)],
)
async def test_wrong_credentials_are_all_refused_alike(parley: Parley, login: str, password: str) -> None:
    await register(parley)
    answer = await ask(parley, "login", login=login, password=password)
    assert (answer.status, answer.code) == (401, "bad_credentials")
    assert answer.body == (await ask(parley, "login", login="ann", password="also wrong")).body


async def test_full_pool_is_unavailable(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHERS", 0)
    monkeypatch.setattr(passwords, "WAITING_LIMIT", 0)
    answer = await ask(parley, "login", login="ann", password=PASSWORD)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"


async def test_only_so_many_log_ins_live_at_once(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    live = await ann.connect()
    first = {"access_token": ann.account.token}
    others = [await parley.site.log_in(ann.account) for _ in range(LOGINS_LIMIT - 1)]
    assert await works(parley, first)
    last = await parley.site.log_in(ann.account)
    assert not await works(parley, first)
    assert await live.code() == 4504
    for account in (*others, last):
        assert await works(parley, {"access_token": account.token})


# Refreshing


async def test_refresh_answers_a_new_pair_of_the_same_session(parley: Parley) -> None:
    first = (await register(parley)).json
    answer = await refresh(parley, first["refresh_token"])
    second = answer.json
    assert answer.status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert second["user"] == first["user"]
    assert await works(parley, first)
    assert await works(parley, second)
    sessions = {(await parley.application.tokens.authenticate(pair["access_token"])).login for pair in (first, second)}
    assert len(sessions) == 1


async def test_refresh_goes_on_and_on(parley: Parley) -> None:
    tokens = (await register(parley)).json
    for _ in range(5):
        tokens = (await refresh(parley, tokens["refresh_token"])).json
    assert await works(parley, tokens)


async def test_second_use_is_forgiven_once_and_leaves_both_pairs_valid(parley: Parley) -> None:
    first = (await register(parley)).json
    second = (await refresh(parley, first["refresh_token"])).json
    forgiven = await refresh(parley, first["refresh_token"])
    assert forgiven.status == 200
    third = forgiven.json
    for pair in (first, second, third):
        assert await works(parley, pair)
    for pair in (second, third):
        assert (await refresh(parley, pair["refresh_token"])).status == 200


async def test_two_tabs_may_refresh_at_the_same_moment(parley: Parley) -> None:
    first = (await register(parley)).json
    answers = await asyncio.gather(*(refresh(parley, first["refresh_token"]) for _ in range(2)))
    assert [answer.status for answer in answers] == [200, 200]


async def test_third_use_ends_the_family(parley: Parley) -> None:
    first = (await register(parley)).json
    account = Account(parley.site.rest, "ann", PASSWORD, first)
    socket = await parley.site.connect(account)
    pairs = [(await refresh(parley, first["refresh_token"])).json for _ in range(2)]
    answer = await refresh(parley, first["refresh_token"])
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert (await socket.closed).code == 4504
    for pair in pairs:
        assert not await works(parley, pair)
        assert (await refresh(parley, pair["refresh_token"])).status == 401


async def test_late_second_use_ends_the_family(parley: Parley, clock: Clock) -> None:
    first = (await register(parley)).json
    second = (await refresh(parley, first["refresh_token"])).json
    clock.ahead_ms = GRACE_MS + 1000
    assert (await refresh(parley, first["refresh_token"])).status == 401
    assert not await works(parley, second)


async def test_end_of_a_family_leaves_other_log_ins(parley: Parley, clock: Clock) -> None:
    first = (await register(parley)).json
    other = (await ask(parley, "login", login="ann", password=PASSWORD)).json
    await refresh(parley, first["refresh_token"])
    clock.ahead_ms = GRACE_MS + 1000
    await refresh(parley, first["refresh_token"])
    assert await works(parley, other)
    assert (await refresh(parley, other["refresh_token"])).status == 200


@pytest.mark.parametrize(("days", "status"), [(13, 200), (15, 401)])
async def test_refresh_token_that_is_not_used_ends(parley: Parley, clock: Clock, days: int, status: int) -> None:
    first = (await register(parley)).json
    clock.ahead_ms = days * DAY_MS
    assert (await refresh(parley, first["refresh_token"])).status == status


async def test_log_in_ends_however_often_it_is_refreshed(parley: Parley, clock: Clock) -> None:
    tokens = (await register(parley)).json
    for days in (10, 20, 29):
        clock.ahead_ms = days * DAY_MS
        tokens = (await refresh(parley, tokens["refresh_token"])).json
    clock.ahead_ms = 31 * DAY_MS
    assert (await refresh(parley, tokens["refresh_token"])).status == 401


@pytest.mark.parametrize("token", ["nonsense", "", "x" * 513])
async def test_refresh_with_nonsense_is_refused(parley: Parley, token: str) -> None:
    assert (await refresh(parley, token)).status in (400, 401)


async def test_tokens_of_one_sort_do_not_do_for_the_other(parley: Parley) -> None:
    tokens = (await register(parley)).json
    assert (await refresh(parley, tokens["access_token"])).status == 401
    assert not await works(parley, {"access_token": tokens["refresh_token"]})


async def test_refresh_tokens_are_not_in_the_store(parley: Parley) -> None:
    tokens = (await register(parley)).json
    assert await parley.database.get(REFRESHES, tokens["refresh_token"]) is None
    (login,) = await parley.database.find(LOGINS, {"user": tokens["user"]["id"], "live": True}, by="created_at")
    (kept,) = await parley.database.find(REFRESHES, {"login": login.id})
    assert tokens["refresh_token"] not in repr(kept)


async def test_trade_that_fails_may_be_tried_again(parley: Parley) -> None:
    tokens = (await register(parley)).json
    await parley.without_jobs()
    parley.store.fail(Fault.UNAVAILABLE, "together")
    assert (await refresh(parley, tokens["refresh_token"])).status == 503
    assert (await refresh(parley, tokens["refresh_token"])).status == 200


async def test_trade_whose_answer_is_lost_may_be_tried_again(parley: Parley) -> None:
    tokens = (await register(parley)).json
    await parley.without_jobs()
    parley.store.fail(Fault.LOST, "together")
    assert (await refresh(parley, tokens["refresh_token"])).status == 503
    assert (await refresh(parley, tokens["refresh_token"])).status == 200


async def test_one_of_many_who_trade_a_token_at_once_ends_nobodys_session_in_haste(parley: Parley) -> None:
    """Each looks, then marks; whoever comes second looks again, and sees what the others did."""
    tokens = (await register(parley)).json
    await parley.without_jobs()
    gate = parley.store.hold("together", times=3)
    trading = [asyncio.create_task(refresh(parley, tokens["refresh_token"])) for _ in range(3)]
    await until(lambda: gate.waiting == 3)
    gate.release()
    statuses = sorted([(await trade).status for trade in trading])
    assert statuses == [200, 200, 401]


# Ending


async def test_log_out_ends_tokens_and_sockets_of_this_session_at_once(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    other = Person(parley.site, await parley.site.log_in(ann.account))
    mine, another, theirs = await ann.connect(), await ann.connect(), await other.connect()
    await ann.account.log_out()
    assert (await mine.code(), await another.code()) == (4504, 4504)
    assert (await ann.answer("users.me")).status == 401
    assert (await refresh(parley, ann.account.refresh_token)).status == 401
    assert await theirs.call("ping") == {}
    assert (await other.answer("users.me")).status == 200
    socket = await parley.site.open()
    with pytest.raises(Exception, match="4501"):
        await socket.hello(ann.account.token)


async def test_log_out_twice_is_unauthenticated(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    assert (await ann.answer("auth.logout")).status == 204
    assert (await ann.answer("auth.logout")).status == 401


@pytest.mark.parametrize("fault", [Fault.UNANSWERED, Fault.LOST])
async def test_log_out_is_asked_again_where_the_store_gives_no_answer(parley: Parley, fault: Fault) -> None:
    (ann,) = await parley.people("ann")
    live = await ann.connect()
    await parley.without_jobs()
    parley.store.fail(fault, "update", times=2)
    assert (await ann.answer("auth.logout")).status == 204
    assert await live.code() == 4504
    assert (await refresh(parley, ann.account.refresh_token)).status == 401


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.UNANSWERED])
async def test_log_out_that_is_not_kept_ends_nothing(parley: Parley, fault: Fault) -> None:
    (ann,) = await parley.people("ann")
    live = await ann.connect()
    await parley.without_jobs()
    parley.store.fail(fault, "update", times=3)
    assert (await ann.answer("auth.logout")).status == 503
    assert await live.call("ping") == {}
    parley.store.heal()
    assert (await ann.answer("auth.logout")).status == 204
    assert await live.code() == 4504


async def test_revoking_ends_everything_of_a_person(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    again = Person(parley.site, await parley.site.log_in(ann.account))
    sockets = [await ann.connect(), await again.connect()]
    unharmed = await bob.connect()
    assert await logins.revoke(parley.application, ann.id, "told so") == 2
    assert [(await live.socket.closed).code for live in sockets] == [4504, 4504]
    assert [(await live.socket.closed).reason for live in sockets] == ["told so", "told so"]
    for person in (ann, again):
        assert (await person.answer("users.me")).status == 401
        assert (await refresh(parley, person.account.refresh_token)).status == 401
    assert await unharmed.call("ping") == {}
    assert await logins.revoke(parley.application, ann.id, "again") == 0
    assert (await ask(parley, "login", login=ann.account.username, password=PASSWORD)).status == 200


async def test_log_out_on_one_node_ends_the_session_on_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.accounts.logins import tokens

    monkeypatch.setattr(tokens, "LIVE_S", 0.0)
    async with running(tmp_path) as one, running(tmp_path) as two:
        (ann,) = await one.people("ann")
        (await two.site.rest.request("GET", "/api/users/me", token=ann.account.token)).ok()
        await ann.account.log_out()
        assert (await two.site.rest.request("GET", "/api/users/me", token=ann.account.token)).status == 401
