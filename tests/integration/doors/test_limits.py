"""Limits of rates, sockets and sizes, as clients meet them; and none of the rates where they are switched off."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.operations.limits import (
    ADDRESS,
    LOGIN_ACCOUNT,
    REFRESH_SESSION,
    SEARCH_USER,
    SEND_ROOM,
    SOCKET_ADDRESS,
    SOCKET_ERRORS,
    SOCKET_OPERATION,
    USER,
    Limits,
)
from tests.application import Parley, running
from tests.client.account import PASSWORD
from tests.client.rest import Refused
from tests.client.wire import Rejected
from tests.clock import Clock
from tests.peers import until
from tests.people import Person
from ws import door


@pytest.fixture
def clock() -> Clock:
    return Clock(0.0)


@pytest.fixture
async def parley(tmp_path: Path, clock: Clock) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        limits: Limits = parley.application.limits
        limits._clock = clock
        yield parley


async def limited(parley: Parley, *names: str) -> list[Person]:
    """Make accounts, then switch the limits on."""
    people = await parley.people(*names)
    parley.application.limits.on = True
    return people


async def codes(person: Person, times: int, op: str, **d: object) -> list[str]:
    return [await person.code(op, **d) for _ in range(times)]


# Rates


async def test_hurried_person_is_told_when_to_come_again(parley: Parley, clock: Clock) -> None:
    (ann,) = await limited(parley, "ann")
    assert await codes(ann, USER.burst, "users.me") == ["ok"] * USER.burst
    answer = await ann.answer("users.me")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "rate_limited", "1")
    clock.now += USER.every_s
    assert await codes(ann, 2, "users.me") == ["ok", "rate_limited"]


async def test_limits_are_each_persons_own(parley: Parley) -> None:
    ann, bob = await limited(parley, "ann", "bob")
    await codes(ann, USER.burst + 1, "users.me")
    assert await bob.code("users.me") == "ok"


async def test_sending_is_limited_by_room_and_person(parley: Parley, clock: Clock) -> None:
    (ann,) = await parley.people("ann")
    rooms = [await ann.create(name) for name in ("one", "two")]
    parley.application.limits.on = True
    sent = [await ann.code("message.send", room=rooms[0], text="x", cid=f"{n}") for n in range(SEND_ROOM.burst + 1)]
    assert sent == ["ok"] * SEND_ROOM.burst + ["rate_limited"]
    assert await ann.code("message.send", room=rooms[1], text="x", cid="x") == "ok"
    clock.now += SEND_ROOM.every_s
    assert await ann.code("message.send", room=rooms[0], text="x", cid="y") == "ok"


async def test_searching_is_limited_by_itself(parley: Parley) -> None:
    (ann,) = await limited(parley, "ann")
    found = await codes(ann, SEARCH_USER.burst + 1, "room.list", scope="public", q="tea")
    assert found == ["ok"] * SEARCH_USER.burst + ["rate_limited"]
    assert await ann.code("room.list", scope="public") == "ok"


async def _log_in(parley: Parley, login: str, password: str = "wrong password") -> str:
    body = {"login": login, "password": password}
    return (await parley.site.rest.request("POST", "/api/auth/login", body)).code or "ok"


async def test_guessing_one_accounts_password_is_limited(parley: Parley, clock: Clock) -> None:
    (ann,) = await limited(parley, "ann")
    name = ann.account.username
    assert [await _log_in(parley, name) for _ in range(LOGIN_ACCOUNT.burst)] == ["bad_credentials"] * 5
    assert await _log_in(parley, name.upper(), PASSWORD) == "rate_limited", "whatever its case, even where it is right"
    assert await _log_in(parley, "another") == "bad_credentials"
    clock.now += LOGIN_ACCOUNT.every_s
    assert await _log_in(parley, name, PASSWORD) == "ok"


async def test_refreshing_one_log_in_is_limited_whatever_its_tokens(parley: Parley, clock: Clock) -> None:
    ann, bob = await limited(parley, "ann", "bob")
    for _ in range(REFRESH_SESSION.burst):
        await ann.account.refresh()
    with pytest.raises(Refused) as refused:
        await ann.account.refresh()
    assert refused.value.code == "rate_limited"
    await bob.account.refresh()
    clock.now += REFRESH_SESSION.every_s
    await ann.account.refresh()


async def test_nobody_in_particular_is_limited_by_address(parley: Parley) -> None:
    await limited(parley)
    answers = [await _log_in(parley, f"user-{number}") for number in range(ADDRESS.burst + 1)]
    assert answers[-1] == "rate_limited"


async def test_websocket_has_the_same_limits(parley: Parley, clock: Clock) -> None:
    (ann,) = await parley.people("ann")
    room = await ann.create()
    live = await ann.connect()
    parley.application.limits.on = True
    for number in range(SEND_ROOM.burst):
        await live.call("message.send", room=room, text="x", cid=f"{number}")
    assert await live.refused("message.send", room=room, text="x", cid="more") == "rate_limited"
    assert await ann.code("message.send", room=room, text="x", cid="more") == "rate_limited"
    clock.now += SEND_ROOM.every_s
    await live.call("message.send", room=room, text="x", cid="more")


async def test_one_session_may_ask_only_so_often(parley: Parley, clock: Clock) -> None:
    (ann,) = await limited(parley, "ann")
    live, other = await ann.connect(), await ann.connect()
    parley.application.limits._full_at.clear()
    for _ in range(SOCKET_OPERATION.burst):
        await live.call("ping")
    assert await live.refused("ping") == "rate_limited"
    parley.application.limits._full_at.pop((USER.name, ann.id))
    assert await other.call("ping") == {}
    clock.now += SOCKET_OPERATION.every_s
    assert await live.call("ping") == {}


async def test_switched_off_they_limit_nothing(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    assert await codes(ann, USER.burst + 20, "users.me") == ["ok"] * (USER.burst + 20)
    lives = await asyncio.gather(*(ann.connect() for _ in range(door.USER_SOCKETS + SOCKET_ADDRESS.burst + 5)))
    for _ in range(SOCKET_ERRORS.burst + 5):
        assert await lives[0].refused("nonsense") == "bad_request"


# Errors and sockets


async def test_too_many_bad_requests_end_the_session(parley: Parley) -> None:
    (ann,) = await limited(parley, "ann")
    live = await ann.connect()
    for _ in range(SOCKET_ERRORS.burst):
        assert await live.refused("nonsense") == "bad_request"
    _unheard = live.socket.start("nonsense", {})
    assert await live.code() == 4505


async def test_bad_requests_of_one_session_are_not_anothers(parley: Parley) -> None:
    (ann,) = await limited(parley, "ann")
    for _ in range(10):
        live = await ann.connect()
        for _ in range(SOCKET_ERRORS.burst):
            assert await live.refused("nonsense") == "bad_request"
        await live.socket.close()
        parley.application.limits._full_at.pop((SOCKET_ADDRESS.name, "127.0.0.1"))


async def test_refusals_that_are_no_mistakes_do_not_end_the_session(parley: Parley) -> None:
    (ann,) = await limited(parley, "ann")
    live = await ann.connect()
    for _ in range(SOCKET_ERRORS.burst + 5):
        assert await live.refused("room.leave", room="nowhere") == "room_not_found"
    assert await live.call("ping") == {}


async def test_person_has_only_so_many_sockets(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    parley.application.limits.on = True
    lives = [await ann.connect() for _ in range(door.USER_SOCKETS)]
    socket = await parley.site.open()
    _unheard = socket.start("hello", {"token": ann.account.token})
    assert (await socket.closed).code == 4506
    await bob.connect()
    await lives[0].socket.close()
    await ann.connect()


async def _refused(parley: Parley) -> tuple[int, str]:
    with pytest.raises(Rejected) as refused:
        await parley.site.open()
    return refused.value.status, refused.value.head


async def test_address_opens_only_so_many_sockets_at_once(parley: Parley, clock: Clock) -> None:
    parley.application.limits.on = True
    for _ in range(SOCKET_ADDRESS.burst):
        await parley.site.open()
    status, head = await _refused(parley)
    assert status == 429
    assert "Retry-After: 5" in head
    clock.now += SOCKET_ADDRESS.every_s
    await parley.site.open()


async def test_address_has_only_so_many_sockets(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "ADDRESS_SOCKETS", 3)
    parley.application.limits.on = True
    sockets = [await parley.site.open() for _ in range(3)]
    assert (await _refused(parley))[0] == 429
    sockets[0].cut()
    await sockets[0].closed
    await until(lambda: parley.door.sockets == 2)
    await parley.site.open()


async def test_node_has_only_so_many_sockets(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "NODE_SOCKETS", 1)
    parley.application.limits.on = True
    await parley.site.open()
    assert (await _refused(parley))[0] == 503
