"""What time does to a session: tokens end, silence is asked about, and what is told in haste is paced."""

import asyncio
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from services.accounts.logins import tokens
from services.accounts.logins.tokens import ACCESS_S, LEEWAY_S
from services.messages import reading
from services.operations.limits import TYPING_ROOM
from tests.application import Parley
from tests.client.rest import Refused
from tests.people import Person
from tests.raw import PING, PONG, Frame, Raw, frame, raw, text
from tests.unstable import Fault
from ws.sessions import heartbeat
from ws.sessions.heartbeat import QUIET_S, SILENCE_S
from ws.sessions.session import TOKEN_GRACE_S


@pytest.fixture
async def ann(parley: Parley) -> Person:
    (ann,) = await parley.people("ann")
    return ann


def turn(parley: Parley, seconds: float) -> None:
    """Let the wheel believe that so many seconds have passed since now."""
    parley.door.wheel.turn(asyncio.get_running_loop().time() + seconds)


# Tokens


async def test_session_ends_a_minute_after_its_token(parley: Parley, ann: Person) -> None:
    live = await ann.connect()
    turn(parley, ACCESS_S + TOKEN_GRACE_S - 3)
    assert await live.call("ping") == {}
    turn(parley, ACCESS_S + TOKEN_GRACE_S + 2)
    assert await live.code() == 4009


async def test_refresh_lets_the_session_go_on(parley: Parley, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    live = await ann.connect()
    monkeypatch.setattr("services.accounts.logins.tokens.ACCESS_S", 2 * ACCESS_S)
    await ann.account.refresh()
    assert await live.call("auth.refresh", token=ann.account.token) == {}
    turn(parley, ACCESS_S + TOKEN_GRACE_S + 2)
    assert await live.call("ping") == {}
    turn(parley, 2 * ACCESS_S + TOKEN_GRACE_S + 2)
    assert await live.code() == 4009


async def test_refresh_with_a_token_of_another_session_of_the_same_person_is_refused(
    parley: Parley, ann: Person
) -> None:
    live = await ann.connect()
    again = await parley.site.log_in(ann.account)
    assert await live.refused("auth.refresh", token=again.token) == "unauthenticated"
    assert await live.call("ping") == {}


@pytest.mark.parametrize("token", ["nonsense", "bob"])
async def test_refresh_with_no_token_of_ones_own_is_refused(parley: Parley, ann: Person, token: str) -> None:
    (bob,) = await parley.people("bob")
    live = await ann.connect()
    given = bob.account.token if token == "bob" else token
    assert await live.refused("auth.refresh", token=given) == "unauthenticated"
    assert await live.refused("auth.refresh") == "bad_request"
    assert await live.call("ping") == {}


async def test_refresh_while_the_store_is_away_is_unavailable(parley: Parley, ann: Person) -> None:
    live = await ann.connect()
    again = await parley.site.log_in(ann.account)
    parley.store.fail(Fault.UNAVAILABLE, "get")
    with pytest.raises(Refused) as refused:
        await live.call("auth.refresh", token=again.token)
    assert (refused.value.code, refused.value.retry_after) == ("unavailable", 1.0)
    assert await live.call("auth.refresh", token=ann.account.token) == {}


async def test_operation_after_the_tokens_end_is_refused_until_it_is_refreshed(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await ann.connect()
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + ACCESS_S + LEEWAY_S + 1)
    with monkeypatch.context() as patch:
        patch.setattr(tokens, "time", later)
        assert await live.refused("ping") == "unauthenticated"
    assert await live.call("ping") == {}


# Silence


class Clock:
    """The clock of heartbeats and of the wheel, moved by hand."""

    def __init__(self, parley: Parley) -> None:
        self._passed = 0.0
        self._wheel = parley.door.wheel
        self._wheel._clock = self.monotonic

    def monotonic(self) -> float:
        """Tell the time."""
        return time.monotonic() + self._passed

    def forward(self, seconds: float) -> None:
        """Let time pass, second by second, as the wheel sees it."""
        for _ in range(int(seconds)):
            self._passed += 1
            self._wheel.turn(self.monotonic())


@pytest.fixture
def clock(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(parley)
    monkeypatch.setattr(heartbeat, "time", clock)
    return clock


@pytest.fixture
async def peer(parley: Parley, ann: Person, clock: Clock) -> AsyncIterator[Raw]:
    """A client that answers no ping by itself, after its hello."""
    async with raw(parley.node.port) as peer:
        await peer.send(text(f'{{"op":"hello","id":1,"d":{{"token":"{ann.account.token}"}}}}'))
        await until(peer, b'{"ev":"live"}')
        yield peer


async def until(peer: Raw, payload: bytes) -> Frame:
    while True:
        got = await peer.receive()
        if got.payload == payload or (not payload and got.opcode == PING):
            return got


async def test_silent_client_is_asked_and_then_gone(peer: Raw, clock: Clock) -> None:
    clock.forward(QUIET_S + 1)
    assert (await peer.receive()).opcode == PING
    clock.forward(SILENCE_S + 1)
    assert (await peer.receive()).code == 4001


@pytest.mark.parametrize(
    "sign", [frame(PONG), frame(PING, b"x"), text('{"op":"ping","id":9}')], ids=["pong", "ping", "text"]
)
async def test_any_sign_of_life_keeps_a_session(peer: Raw, clock: Clock, sign: bytes) -> None:
    for _ in range(3):
        clock.forward(QUIET_S + 1)
        await until(peer, b"")
        await peer.send(sign + text('{"op":"ping","id":50}'))
        await until(peer, b'{"re":50,"ok":{}}')
        clock.forward(SILENCE_S - 2)
    await peer.send(text('{"op":"ping","id":51}'))
    await until(peer, b'{"re":51,"ok":{}}')


async def test_client_that_speaks_is_not_asked(peer: Raw, clock: Clock) -> None:
    for number in range(5):
        clock.forward(QUIET_S - 5)
        await peer.send(text(f'{{"op":"ping","id":{number}}}'))
        assert (await peer.receive()).payload == b'{"re":%d,"ok":{}}' % number


# Typing


async def test_typing_is_told_to_others_once_in_a_while(
    parley: Parley, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(parley.application.limits, "_clock", lambda: now[0])
    bob, eve = await parley.people("bob", "eve")
    room = await ann.create()
    await bob.do("room.join", room=room)
    mine, other, theirs = await ann.connect(), await bob.connect(), await eve.connect()
    for _ in range(3):
        assert await mine.call("room.typing", room=room) == {}
    event = await other.next("typing")
    assert event == {
        "ev": "typing",
        "room": room,
        "d": {"user": {"id": ann.id, "username": ann.account.username}, "for": 6000},
    }
    assert await other.pending() == await mine.pending() == await theirs.pending() == []
    now[0] += TYPING_ROOM.every_s
    await mine.call("room.typing", room=room)
    await other.next("typing")
    assert await theirs.refused("room.typing", room=room) == "not_a_member"


# Reading


async def events(live: Any, name: str) -> list[dict[str, Any]]:
    return [event["d"] for event in await live.pending() if event["ev"] == name]


async def test_reading_is_told_to_the_others_and_ones_other_sessions(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    item = await ann.say(room)
    mine, again, other = await bob.connect(), await bob.connect(), await ann.connect()
    await mine.call("room.read", room=room, seq=item["seq"])
    for live in (again, other):
        assert (await live.next("read")) == {"ev": "read", "room": room, "d": {"user": bob.id, "seq": item["seq"]}}
    assert await events(mine, "read") == []
    await mine.call("room.read", room=room, seq=item["seq"])
    await mine.call("room.read", room=room, seq=1)
    assert await events(other, "read") == [], "nothing moved"


async def test_reading_is_told_at_once_and_then_the_latest_after_a_pause(
    parley: Parley, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parley.application.reads, "_every_s", 0.1)
    (bob,) = await parley.people("bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    seqs = [(await ann.say(room))["seq"] for _ in range(4)]
    mine, other = await bob.connect(), await ann.connect()
    for seq in seqs:
        await mine.call("room.read", room=room, seq=seq)
    assert [(await other.next("read"))["d"]["seq"] for _ in range(2)] == [seqs[0], seqs[-1]]


async def test_reading_in_a_large_room_is_told_to_oneself_alone(
    parley: Parley, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READ_EVENT_MEMBERS", 1)
    (bob,) = await parley.people("bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    item = await ann.say(room)
    mine, again, other = await bob.connect(), await bob.connect(), await ann.connect()
    await mine.call("room.read", room=room, seq=item["seq"])
    assert (await again.next("read"))["d"] == {"user": bob.id, "seq": item["seq"]}
    assert await events(other, "read") == []
