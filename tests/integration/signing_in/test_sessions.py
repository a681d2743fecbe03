"""One's sessions: seen, named, ended, and told of when one begins on a new device."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.accounts.logins import families as logins
from services.accounts.logins.families import DAY_MS, TRUSTED_MS, UNREMEMBERED_MS
from services.ids import now_ms, rfc3339
from store.tables import ACTS, LOGINS, USERS
from tests.application import Parley, running
from tests.client.account import PASSWORD, Account
from tests.client.checks import Json
from tests.people import Person


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley


async def another(parley: Parley, person: Person) -> Person:
    """Return the same person with a session of its own."""
    return Person(parley.site, await parley.site.log_in(person.account))


async def listed(person: Person) -> list[Json]:
    sessions: list[Json] = (await person.do("auth.sessions"))["items"]
    return sessions


async def mine(person: Person) -> str:
    """Return the id of the session that asks."""
    (found,) = [session["id"] for session in await listed(person) if session["current"]]
    return str(found)


async def test_sessions_are_listed_the_latest_first_and_the_asking_one_is_marked(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    await another(parley, ann)
    sessions = await listed(ann)
    assert [session["current"] for session in sessions] == [False, True]
    assert all(session["methods"] == ["password"] for session in sessions)
    assert all(session["address"] == "127.0.0.1" for session in sessions)


async def test_sessions_of_others_are_not_listed(parley: Parley) -> None:
    ann, _ = await parley.people("ann", "bob")
    assert len(await listed(ann)) == 1


async def test_session_is_called_as_its_person_says(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    session = await mine(ann)
    assert (await ann.do("auth.sessions.name", session=session, name="Kitchen"))["name"] == "Kitchen"
    assert (await listed(ann))[0]["name"] == "Kitchen"
    assert (await ann.do("auth.sessions.name", session=session, name=""))["name"] is None


async def test_ended_session_has_neither_tokens_nor_sockets(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    lost = await another(parley, ann)
    live = await lost.connect()
    await ann.do("auth.sessions.end", session=await mine(lost))
    assert await live.code() == 4504
    assert (await lost.answer("users.me")).status == 401
    refreshed = await parley.site.rest.request(
        "POST", "/api/auth/refresh", {"refresh_token": lost.account.refresh_token}
    )
    assert refreshed.status == 401
    assert len(await listed(ann)) == 1


async def test_all_other_sessions_end_and_this_one_stays(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    others = [await another(parley, ann) for _ in range(3)]
    here, there = await ann.connect(), await others[0].connect()
    await ann.do("auth.sessions.end_others")
    assert await there.code() == 4504
    assert [(await other.answer("users.me")).status for other in others] == [401] * 3
    assert await here.call("ping") == {}
    assert [session["current"] for session in await listed(ann)] == [True]


async def test_session_tells_when_and_from_where_it_was_used_last(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ann,) = await parley.people("ann")
    session = await mine(ann)
    await parley.database.update(LOGINS, session, {"address": "192.0.2.1"})
    (before,) = await listed(ann)
    assert before["seen_at"] == before["created_at"]
    monkeypatch.setattr(logins, "now_ms", lambda: now_ms() + 2 * DAY_MS)
    await parley.site.rest.request("POST", "/api/auth/refresh", {"refresh_token": ann.account.refresh_token})
    (after,) = await listed(ann)
    assert (after["created_at"], after["address"]) == (before["created_at"], "127.0.0.1")
    assert after["seen_at"] >= rfc3339(now_ms() + DAY_MS)


@pytest.mark.parametrize("op", ["auth.sessions.end", "auth.sessions.name"])
async def test_session_that_never_was_does_not_exist(parley: Parley, op: str) -> None:
    (ann,) = await parley.people("ann")
    more = {"name": "mine now"} if op.endswith("name") else {}
    assert await ann.code(op, session="never", **more) == "session_not_found"


@pytest.mark.parametrize("op", ["auth.sessions.end", "auth.sessions.name"])
async def test_session_of_somebody_else_does_not_exist(parley: Parley, op: str) -> None:
    ann, bob = await parley.people("ann", "bob")
    session = await mine(bob)
    more = {"name": "mine now"} if op.endswith("name") else {}
    assert await ann.code(op, session=session, **more) == "session_not_found"
    assert (await listed(bob))[0]["name"] is None


async def test_ending_sessions_is_written_down(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    session = await mine(await another(parley, ann))
    await ann.do("auth.sessions.end", session=session)
    await ann.do("auth.sessions.end_others")
    acts = await parley.database.find(ACTS, {"subject": ann.id}, by="id")
    told = {act.action: act.details for act in acts if act.action.startswith("session.")}
    assert told == {"session.ended": {"session": session}, "session.others_ended": {}}


async def test_what_ends_sessions_is_answered_with_nothing(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    one = await ann.answer("auth.sessions.end", session=await mine(await another(parley, ann)))
    others = await ann.answer("auth.sessions.end_others")
    assert [(answer.status, answer.body) for answer in (one, others)] == [(204, b"")] * 2


async def test_session_that_was_ended_is_not_ended_again(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    session = await mine(await another(parley, ann))
    await ann.do("auth.sessions.end", session=session)
    assert await ann.code("auth.sessions.end", session=session) == "session_not_found"


async def test_token_of_a_live_session_is_valid(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    assert (await ann.answer("auth.validate")).status == 204
    await ann.account.log_out()
    assert (await ann.answer("auth.validate")).status == 401


async def test_session_that_is_not_to_be_remembered_ends_after_a_day(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ann,) = await parley.people("ann")
    body = {"login": ann.account.username, "password": PASSWORD, "remember": False}
    tokens = (await parley.site.rest.request("POST", "/api/auth/login", body)).ok()
    monkeypatch.setattr(logins, "now_ms", lambda: now_ms() + UNREMEMBERED_MS + 1000)
    for refresh_token, status in ((tokens["refresh_token"], 401), (ann.account.refresh_token, 200)):
        answer = await parley.site.rest.request("POST", "/api/auth/refresh", {"refresh_token": refresh_token})
        assert answer.status == status


@pytest.mark.parametrize("role", ["admin", "moderator"])
async def test_session_of_somebody_with_power_ends_after_half_a_day(parley: Parley, role: str) -> None:
    (ann,) = await parley.people("ann")
    await parley.database.update(USERS, ann.id, {"role": role})
    login = await parley.database.get(LOGINS, await mine(await another(parley, ann)))
    assert login is not None
    assert login.expires_at - login.created_at == TRUSTED_MS == DAY_MS / 2


async def test_log_in_begins_a_session_of_its_own(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    assert await mine(ann) != await mine(await another(parley, ann))


async def test_session_says_which_program_logged_in(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    body = {"login": ann.account.username, "password": PASSWORD}
    answer = await parley.site.rest.request("POST", "/api/auth/login", body, headers={"User-Agent": "x" * 500})
    person = Person(parley.site, Account(parley.site.rest, ann.account.username, PASSWORD, answer.ok()))
    assert (await listed(person))[0]["agent"] == "x" * logins.AGENT_LENGTH
