"""The rules of RFC 6455, each with the answer it gets from a real server whose sessions echo."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from tornado.web import Application

from tests.echo import Sessions, application
from tests.raw import CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, Raw, close, frame, raw, text
from tests.rules import ILLEGAL, LEGAL
from ws.wire import outbox
from ws.wire import socket as ws_socket

GRACE_S = 0.15
"""What tests leave a peer to answer a close, instead of ``outbox.CLOSE_S``,"""

PATIENCE_S = 4.0
"""and where the point is that nothing waits for so long."""


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    sessions = Sessions()
    yield sessions
    sessions.close()


@pytest.fixture
def app(sessions: Sessions) -> Application:
    return application(sessions)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "CLOSE_S", GRACE_S)
    monkeypatch.setattr(ws_socket, "CLOSE_S", GRACE_S)


@pytest.fixture
async def peer(http_server_port: int) -> AsyncIterator[Raw]:
    async with raw(http_server_port) as connection:
        yield connection


async def refused(peer: Raw, code: int) -> None:
    """Expect the close frame with this code and nothing after it, and then the end."""
    answer = await peer.receive()
    assert (answer.opcode, answer.code) == (CLOSE, code), answer
    assert await peer.ended()


# Frames that a client may not send


@pytest.mark.parametrize(("data", "code"), ILLEGAL.values(), ids=ILLEGAL)
async def test_illegal_frame_is_refused_with_its_code(
    peer: Raw, sessions: Sessions, data: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    await peer.send(data)
    await refused(peer, code)
    await asyncio.wait_for(sessions[0].done.wait(), 5)
    assert sessions[0].ended == [code]
    assert not sessions[0].got
    assert not caplog.records


@pytest.mark.parametrize(
    "data", [b"\x81\xff" + (1 << 40).to_bytes(8, "big"), b"\x81\xff\x00\x00\x00\x00\x00\x01\x00\x01"]
)
async def test_message_too_big_is_refused_by_its_declared_length_alone(peer: Raw, data: bytes) -> None:
    await peer.send(data)
    await refused(peer, 1009)


async def test_illegal_frame_is_refused_after_what_came_before_it(peer: Raw, sessions: Sessions) -> None:
    await peer.send(text("one") + frame(PING, b"two") + frame(CONTINUATION))
    await refused(peer, 1002)
    assert sessions[0].got == [b"one"]


async def test_whoever_goes_on_sending_after_an_illegal_frame_is_let_go(peer: Raw, sessions: Sessions) -> None:
    await peer.send(frame(TEXT, declared=1 << 40))
    began = time.monotonic()
    sending = asyncio.create_task(asyncio.get_running_loop().sock_sendall(peer.sock, b"x" * 100_000_000))
    await refused(peer, 1009)
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(sending, 2)
    assert time.monotonic() - began < 3
    assert sessions[0].ended == [1009]


# Frames that a client may send


@pytest.mark.parametrize(("data", "echo"), LEGAL.values(), ids=LEGAL)
async def test_legal_message_is_echoed(peer: Raw, data: bytes, echo: bytes) -> None:
    await peer.send(data)
    assert await peer.receive() == Frame(TEXT, echo)


async def test_messages_keep_their_order(peer: Raw) -> None:
    await peer.send(b"".join(text(str(number)) for number in range(5_000)))
    assert [int((await peer.receive()).payload) for _ in range(5_000)] == list(range(5_000))


async def test_message_may_come_byte_by_byte(peer: Raw) -> None:
    for byte in text("κόσμε" * 30):
        await peer.send(bytes((byte,)))
    assert await peer.receive() == Frame(TEXT, ("κόσμε" * 30).encode())


# Pings


@pytest.mark.parametrize("payload", [b"", b"x", b"\x00\xff\xfe", b"x" * 125])
async def test_ping_is_answered_with_its_payload(peer: Raw, payload: bytes) -> None:
    await peer.send(frame(PING, payload))
    assert await peer.receive() == Frame(PONG, payload)


async def test_ping_inside_a_fragmented_message_is_answered_before_its_end(peer: Raw) -> None:
    await peer.send(frame(TEXT, b"a", fin=False) + frame(PING, b"p"))
    assert await peer.receive() == Frame(PONG, b"p")
    await peer.send(frame(CONTINUATION, b"b"))
    assert await peer.receive() == Frame(TEXT, b"ab")


async def test_only_the_latest_of_many_pings_is_answered(peer: Raw) -> None:
    await peer.send(b"".join(frame(PING, str(number).encode()) for number in range(1_000)) + text("end"))
    answers = [await peer.receive()]
    while answers[-1].opcode != TEXT:
        answers.append(await peer.receive())
    pongs = [int(answer.payload) for answer in answers[:-1]]
    assert pongs == sorted(pongs)
    assert pongs[-1] == 999
    assert len(pongs) < 100


async def test_ping_is_answered_while_a_message_of_the_same_read_waits(peer: Raw, sessions: Sessions) -> None:
    await peer.send(text("wait") + frame(PING, b"p"))
    assert await peer.receive() == Frame(PONG, b"p")
    sessions[0].go.set()
    assert await peer.receive() == Frame(TEXT, b"wait")


# Closing


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 3999, 4000, 4999, None])
async def test_close_is_echoed_and_the_connection_ends(
    peer: Raw, sessions: Sessions, code: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "CLOSE_S", PATIENCE_S)
    await peer.send(close(code))
    began = time.monotonic()
    assert await peer.receive() == Frame(CLOSE, b"" if code is None else code.to_bytes(2, "big"))
    assert await peer.ended()
    assert time.monotonic() - began < PATIENCE_S - 1
    await asyncio.wait_for(sessions[0].done.wait(), 5)
    assert sessions[0].ended == [code]


async def test_close_with_a_reason_is_echoed_without_it(peer: Raw) -> None:
    await peer.send(close(1000, "κόσμε".encode()))
    assert await peer.receive() == Frame(CLOSE, b"\x03\xe8")


async def test_nothing_is_read_after_a_close(peer: Raw, sessions: Sessions) -> None:
    await peer.send(close(1000) + text("late") + frame(PING, b"late") + frame(3))
    assert (await peer.receive()).code == 1000
    assert await peer.ended()
    assert sessions[0].got == []


async def test_close_of_ours_ends_with_the_answer(
    peer: Raw, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "CLOSE_S", PATIENCE_S)
    await peer.send(text("close 4000"))
    assert await peer.receive() == Frame(CLOSE, b"\x0f\xa0told to")
    await peer.send(text("dropped") + close(4000))
    began = time.monotonic()
    assert await peer.ended()
    assert time.monotonic() - began < PATIENCE_S - 1
    await asyncio.wait_for(sessions[0].done.wait(), 5)
    assert sessions[0].ended == [4000]
    assert sessions[0].got == [b"close 4000"]


async def test_close_of_ours_ends_without_an_answer_too(peer: Raw, sessions: Sessions) -> None:
    await peer.send(text("close 4501"))
    began = time.monotonic()
    await refused(peer, 4501)
    assert time.monotonic() - began > GRACE_S * 0.9
    assert sessions[0].ended == [4501]


async def test_closes_that_cross_keep_our_code(peer: Raw, sessions: Sessions) -> None:
    sessions[0].connection.close(4009)
    await peer.send(close(1001))
    await refused(peer, 4009)
    await asyncio.wait_for(sessions[0].done.wait(), 5)
    assert sessions[0].ended == [4009]


async def test_messages_before_a_close_are_received(peer: Raw, sessions: Sessions) -> None:
    await peer.send(text("one") + text("two") + close(1000))
    assert (await peer.receive()).code == 1000
    assert sessions[0].got == [b"one", b"two"]
