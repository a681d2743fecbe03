"""Bans from the whole installation: nobody comes in by any way, on any node, until it is over."""

import asyncio
from typing import Any

import pytest

from services.accounts.moderation import bans, ending
from services.ids import now_ms, rfc3339
from store.tables import JOBS, LOGINS, USERS
from tests.application import Parley, running
from tests.client.account import PASSWORD
from tests.integration.conftest import Store
from tests.integration.signing_in.trusted import ask, eventually, lines, people_with, prove, refusal, trust
from tests.parts import Redis
from tests.people import Person
from tests.postbox import Postbox
from tests.refusals import claims
from ws.relay.sweeps import Sweeps

SOON_S = 15.0
"""Longest that a test waits for what takes 5 s at most on a machine at leisure."""


def ban_of(person: Person) -> str:
    return f"admin/users/{person.id}/ban"


async def ban(by: Person, person: Person, **more: object) -> None:
    answer = await ask(by, "PUT", ban_of(person), reason="spam", **more)
    assert answer.status == 204, answer


async def enter(parley: Parley, person: Person) -> Any:
    body = {"login": person.account.username, "password": PASSWORD}
    return await parley.site.rest.request("POST", "/api/auth/login", body)


async def api_token(person: Person) -> str:
    body = {"name": "t", "scopes": ["read"], "days": 7}
    answer = await person.account.request("POST", "/api/auth/tokens", body)
    assert answer.status == 201, answer
    return str(answer.json["token"])


async def test_ban_ends_sessions_tokens_and_sockets_and_says_why(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    token, live = await api_token(bob), await bob.connect()
    await ban(ada, bob)
    async with asyncio.timeout(SOON_S):
        assert await live.code() == 4503
    for shown in (bob.account.token, token):
        answer = await one.site.rest.request("GET", "/api/users/me", token=shown)
        assert (answer.status, answer.code) == (403, "account_banned")
    late = await one.site.open()
    _unanswered = late.start("hello", {"token": bob.account.token})
    assert (await late.closed).code == 4503


async def test_banned_person_is_refused_at_every_way_in_with_reason_and_end(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    until_ms = now_ms() + 3_600_000
    await ban(ada, bob, until=rfc3339(until_ms))
    answer = await enter(one, bob)
    assert (answer.status, answer.code) == (403, "account_banned")
    assert (answer.json["reason"], answer.json["until"]) == ("spam", rfc3339(until_ms))
    wrong = {"login": bob.account.username, "password": "another password"}
    assert (await one.site.rest.request("POST", "/api/auth/login", wrong)).code == "bad_credentials"
    answer = await one.site.rest.request("POST", "/api/auth/refresh", {"refresh_token": bob.account.refresh_token})
    assert answer.status in {401, 403}


async def test_unban_restores_the_way_in_and_old_tokens_are_no_more_than_ended(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    token = await api_token(bob)
    await ban(ada, bob)
    assert (await ask(ada, "DELETE", ban_of(bob))).status == 204
    assert (await enter(one, bob)).status == 200
    for shown in (bob.account.token, token):
        answer = await one.site.rest.request("GET", "/api/users/me", token=shown)
        assert (answer.status, answer.code) == (401, "unauthenticated")


async def test_unban_of_somebody_who_is_not_banned_changes_nothing(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    assert (await ask(ada, "DELETE", ban_of(bob))).status == 204
    assert (await ask(bob, "GET", "users/me")).status == 200
    assert await lines(ada, subject=bob.id) == []


async def test_ban_with_an_end_ends_by_itself(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    await ban(ada, bob, until=rfc3339(now_ms() + 1500))
    assert (await enter(one, bob)).status == 403

    async def over() -> bool:
        return (await enter(one, bob)).status == 200 and "user.ban_over" in await lines(ada, subject=bob.id)

    await eventually(over)
    user = await one.database.get(USERS, bob.id)
    assert user is not None
    assert (user.banned_at, user.banned_until, user.ban_reason) == (None, None, None)


async def test_ban_is_over_at_its_end_though_nothing_has_ended_it_yet(one: Parley) -> None:
    (ann,) = await one.people("ann")
    await one.database.update(USERS, ann.id, {"banned_at": now_ms() - 2, "banned_until": now_ms() - 1})
    assert (await enter(one, ann)).status == 200


async def test_end_of_an_earlier_ban_does_not_end_a_later_one(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    await ban(ada, bob)
    earlier = await one.database.get(USERS, bob.id)
    assert earlier is not None
    assert earlier.banned_at is not None
    await bans.ban_over(one.application, {"user": bob.id, "banned_at": earlier.banned_at - 1})
    assert (await enter(one, bob)).status == 403


async def test_log_in_that_was_being_checked_when_the_ban_came_ends_too(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    await ban(ada, bob)
    ended = (await one.database.find(LOGINS, {"user": bob.id}))[0]
    await one.database.update(LOGINS, ended.id, {"live": True, "reason": None})  # as it would have been written
    (job,) = await one.database.find(JOBS, {"state": "waiting", "kind": ending.JOB}, by="due_at")
    await ending.end_late(one.application, job.work)
    again = await one.database.get(LOGINS, ended.id)
    assert again is not None
    assert (again.live, again.reason) == (False, "banned")


async def test_late_end_leaves_alone_who_was_unbanned(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    await ban(ada, bob)
    await ask(ada, "DELETE", ban_of(bob))
    account = await one.site.log_in(bob.account)
    await ending.end_late(one.application, {"user": bob.id, "reason": "banned"})
    assert (await account.request("GET", "/api/users/me")).status == 200


async def test_moderators_reach_users_and_admins_reach_all_others(one: Parley) -> None:
    ada, eve, mod, max_, bob = await people_with(
        one, ada="admin", eve="admin", mod="moderator", max="moderator", bob="user"
    )
    for person in (ada, max_, mod):
        assert await refusal(mod, "PUT", ban_of(person), reason="x") == (403, "forbidden")
        assert await refusal(mod, "DELETE", ban_of(person)) == (403, "forbidden")
    assert await refusal(ada, "PUT", ban_of(ada), reason="x") == (403, "forbidden")
    for by, person in ((mod, bob), (ada, mod), (ada, eve)):
        await ban(by, person)
    assert await refusal(mod, "PUT", ban_of(bob), reason="x") == (403, "account_banned")


async def test_last_admin_cannot_be_banned_even_by_two_who_ban_each_other(one: Parley) -> None:
    ada, eve = await people_with(one, ada="admin", eve="admin")
    answers = await asyncio.gather(
        ask(ada, "PUT", ban_of(eve), reason="x"), ask(eve, "PUT", ban_of(ada), reason="x"), return_exceptions=True
    )
    left = [await one.database.get(USERS, person.id) for person in (ada, eve)]
    assert sum(user is not None and user.banned_at is None for user in left) == 1, answers


async def test_ban_says_what_is_wrong_with_it(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    for until_ in ("yesterday", "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2027-01-01T00:00:00"):
        answer = await ask(ada, "PUT", ban_of(bob), reason="x", until=until_)
        assert (answer.status, answer.code) == (400, "bad_request")
        assert [error["pointer"] for error in answer.json["errors"]] == ["/until"]
    assert await refusal(ada, "PUT", "admin/users/nobody/ban", reason="x") == (404, "user_not_found")
    assert await refusal(ada, "PUT", ban_of(bob), reason="") == (400, "bad_request")


async def test_banned_person_is_told_by_mail_where_it_is_proved(posting: Parley, postbox: Postbox) -> None:
    ada, bob = await people_with(posting, ada="admin", bob="user")
    email = await prove(posting, bob)
    await ban(ada, bob)
    letter = await postbox.letter_to(email, about="banned")
    assert "spam" in letter.text


@pytest.mark.redis
@pytest.mark.parametrize("redis_is_up", [True, False])
async def test_ban_ends_everything_on_the_other_node_too(
    nodes: tuple[Parley, Parley], redis_part: Redis, redis_is_up: bool
) -> None:
    one, two = nodes
    ada, bob = await people_with(one, ada="admin", bob="user")
    token, live = await api_token(bob), await bob.at(two.site).connect()
    for shown in (bob.account.token, token):
        assert (await two.site.rest.request("GET", "/api/users/me", token=shown)).status == 200
    if not redis_is_up:
        redis_part.kill()
    await ban(ada, bob)
    async with asyncio.timeout(SOON_S):
        assert await live.code() == 4503

    async def banned() -> bool:
        shown = (bob.account.token, token)
        answers = [await two.site.rest.request("GET", "/api/users/me", token=one) for one in shown]
        return [(answer.status, answer.code) for answer in answers] == [(403, "account_banned")] * 2

    await eventually(banned)


async def test_sweep_ends_what_is_over_and_no_api_token_that_lives(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    token = await api_token(bob)
    ended: list[tuple[str, str]] = []

    def believed() -> list[str]:
        return [row["id"] for row in tokens] + [claims(person.account.token)["sid"] for person in (ada, bob)]

    tokens = (await ask(bob, "GET", "auth/tokens")).json["items"]
    sweeps = Sweeps(one.database, one.door.hub, believed, lambda login, why: ended.append((login, why)))
    await sweeps.end_logins()
    assert ended == []
    await ban(ada, bob)
    await sweeps.end_logins()
    assert sorted(ended) == sorted(
        (login, "banned") for login in believed() if login != claims(ada.account.token)["sid"]
    )
    assert token


async def test_ban_stands_on_each_store(store: Store) -> None:
    async with running(store.folder, mongo_url=store.mongo) as parley:
        ada, bob = await people_with(parley, ada="admin", bob="user")
        await trust(parley, bob, "admin")
        await ban(ada, bob)
        assert (await enter(parley, bob)).status == 403
        assert await refusal(ada, "PUT", ban_of(ada), reason="x") == (403, "forbidden")
