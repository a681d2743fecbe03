import asyncio
import contextlib
import gc
import socket
import time
from collections.abc import AsyncIterator

import pytest
from tornado.iostream import IOStream
from tornado.web import Application

from services.loop import turns
from tests.echo import Sessions, application
from tests.raw import CLOSE, PING, PONG, TEXT, Raw, close, frame, raw, text
from ws.wire import outbox
from ws.wire import socket as ws_socket
from ws.wire.outbox import Outbox
from ws.wire.socket import READ_SIZE, Connection

GRACE_S = 0.15
"""What tests leave a peer to answer a close, instead of ``outbox.CLOSE_S``."""

RESET = b"\1\0\0\0\0\0\0\0"
"""The SO_LINGER with which closing resets the connection."""


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
    """Expect a close frame with this code and nothing after it, and then the end."""
    answer = await peer.receive()
    assert (answer.opcode, answer.code) == (CLOSE, code), answer
    assert await peer.ended()


# Ends


async def test_close_waits_only_so_long_behind_a_message(peer: Raw, sessions: Sessions) -> None:
    await peer.send(text("wait") + text("never") + close(1000))
    await refused(peer, 1000)
    assert sessions[0].ended == [1000]
    sessions[0].go.set()
    await asyncio.sleep(0.01)
    assert sessions[0].got == [b"wait"]


async def test_only_the_first_close_of_ours_counts(peer: Raw, sessions: Sessions) -> None:
    sessions[0].connection.close(4000, "first")
    sessions[0].connection.close(4001, "second")
    await refused(peer, 4000)
    assert sessions[0].ended == [4000]


async def test_close_is_known_by_its_code_though_the_peer_did_not_wait(peer: Raw, sessions: Sessions) -> None:
    await peer.send(text("wait") + text("never") + close(1001))
    peer.close()
    await asyncio.wait_for(sessions[0].done.wait(), 5)
    assert sessions[0].ended == [1001]
    sessions[0].go.set()
    await asyncio.sleep(0.01)
    assert sessions[0].got == [b"wait"]


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("during", [b"wait", b"x"])
async def test_lost_peer_is_noticed(
    peer: Raw, sessions: Sessions, during: bytes, reset: bool, caplog: pytest.LogCaptureFixture
) -> None:
    await peer.send(text(during))
    await sessions[0].begun.wait()
    if reset:
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    peer.close()
    await asyncio.wait_for(sessions[0].done.wait(), 5)
    assert sessions[0].ended == [None]
    assert sessions[0].connection.outbox.closing
    sessions[0].go.set()
    await asyncio.sleep(0.01)
    assert not caplog.records


async def test_fault_of_a_session_is_logged_once_and_closes(
    peer: Raw, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    await peer.send(text("fail") + text("never"))
    await refused(peer, 1011)
    assert sessions[0].ended == [1011]
    assert sessions[0].got == [b"fail"]
    assert [record.getMessage() for record in caplog.records] == ["a receiver failed"]


@pytest.mark.parametrize("method", ["alive", "closed"])
async def test_fault_elsewhere_in_a_session_is_logged_once_and_ends(
    peer: Raw, sessions: Sessions, method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("told to")

    monkeypatch.setattr(sessions[0], method, fail)
    await peer.send(close(1000))
    await peer.ended()
    await asyncio.sleep(0.01)
    assert len(caplog.records) == 1


async def test_fault_in_accepting_is_logged_once_and_closes(
    http_server_port: int, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    sessions.fault = RuntimeError("told to")
    async with raw(http_server_port) as peer:
        await peer.send(text("never") + frame(PING, b"p"))
        await refused(peer, 1011)
    assert [record.getMessage() for record in caplog.records] == ["a connection was not accepted"]


async def test_reader_that_has_stopped_is_closed_as_slow(
    http_server_port: int, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw(http_server_port, receive_buffer=4096):
        sessions[0].connection.outbox.push(b"x" * 3_000_000)
        await asyncio.wait_for(sessions[0].done.wait(), 5)
        assert sessions[0].ended == [4008]
    assert not caplog.records


def connected() -> list[object]:
    """Return all that lives of connections."""
    return [one for one in gc.get_objects() if isinstance(one, (Connection, Outbox, IOStream))]


async def test_ended_connection_is_free_without_the_collector(http_server_port: int, sessions: Sessions) -> None:
    gc.collect()
    # A test that failed before, in the same process, keeps its own.
    before = {id(one) for one in connected()}
    gc.disable()
    try:
        async with raw(http_server_port) as peer:
            await peer.send(text("x") + frame(PING, b"p") + close(1000))
            await peer.ended()
            await sessions[0].done.wait()
            sessions.clear()
            await asyncio.sleep(GRACE_S)
            assert not [one for one in connected() if id(one) not in before]
    finally:
        gc.enable()


# Backpressure and time


async def test_nothing_more_is_read_while_a_message_waits(peer: Raw, sessions: Sessions) -> None:
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    await peer.send(text("wait"))
    await sessions[0].begun.wait()
    data, sent = text(b"x" * 1_000) * 1_000, 0
    for _ in range(100):
        with contextlib.suppress(BlockingIOError):
            sent += peer.sock.send(data[sent:])
        await asyncio.sleep(0.001)
    assert sent < 500_000
    assert sessions[0].reads == 1
    sessions[0].go.set()
    sending = asyncio.create_task(asyncio.get_running_loop().sock_sendall(peer.sock, data[sent:]))
    assert (await peer.receive()).payload == b"wait"
    for _ in range(1_000):
        assert (await peer.receive()).payload == b"x" * 1_000
    await sending


async def test_buffer_of_the_kernel_does_not_grow_with_a_flood(peer: Raw, sessions: Sessions) -> None:
    data = frame(PONG, b"x" * 100) * 20_000
    for _ in range(5):
        await asyncio.wait_for(asyncio.get_running_loop().sock_sendall(peer.sock, data), 20)
    sock = sessions[0].connection._pipe._socket
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * READ_SIZE  # as set: Linux doubles it


@pytest.mark.parametrize(
    "data",
    [b"\x81", frame(TEXT, b"x", fin=False), text(b"x" * 100)[:50]],
    ids=["header", "fragment", "frame"],
)
async def test_message_that_is_not_finished_in_time_is_refused(
    peer: Raw, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws_socket, "UNFINISHED_S", 0.2)
    began = time.monotonic()
    await peer.send(data)
    await asyncio.sleep(0.1)
    if data[0] == TEXT:
        await peer.send(frame(PING, b"p"))
        assert (await peer.receive()).opcode == PONG
    await refused(peer, 1008)
    assert time.monotonic() - began >= 0.2


async def test_messages_finished_in_time_may_follow_without_a_gap(peer: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws_socket, "UNFINISHED_S", 0.2)
    message = text("x")
    await peer.send(message[:3])
    for _ in range(8):
        await asyncio.sleep(0.05)
        await peer.send(message[3:] + message[:3])
        assert (await peer.receive()).payload == b"x"


async def test_time_in_which_nothing_is_read_is_not_the_peers(
    peer: Raw, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws_socket, "UNFINISHED_S", 0.2)
    later = text("later")
    await peer.send(later[:3])
    await asyncio.sleep(0.05)
    await peer.send(later[3:] + text("wait") + later[:3])
    assert (await peer.receive()).payload == b"later"
    await asyncio.sleep(0.4)
    sessions[0].go.set()
    assert (await peer.receive()).payload == b"wait"
    await peer.send(later[3:])
    assert (await peer.receive()).payload == b"later"


async def test_flooder_does_not_have_the_loop_alone(
    peer: Raw, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SLICE_S", 0.0)
    flood = asyncio.create_task(asyncio.get_running_loop().sock_sendall(peer.sock, text("x") * 20_000))
    most = 0
    async with asyncio.timeout(20):
        while len(sessions[0].got) < 20_000:
            before = len(sessions[0].got)
            await asyncio.sleep(0)
            most = max(most, len(sessions[0].got) - before)
            with contextlib.suppress(BlockingIOError):
                peer.sock.recv(1_000_000)
    await flood
    assert most == 1


async def test_reads_of_a_flooder_leave_the_loop_its_turns(peer: Raw, sessions: Sessions) -> None:
    """Control frames are not messages, and reading them alone must pause as well."""
    data = frame(PONG, b"x" * 100) * 10_000 + text("end")
    flood = asyncio.create_task(asyncio.get_running_loop().sock_sendall(peer.sock, data))
    most = 0
    async with asyncio.timeout(20):
        while not sessions[0].got:
            before = sessions[0].reads
            await asyncio.sleep(0)
            most = max(most, sessions[0].reads - before)
    await flood
    assert 0 < most <= 2


async def test_flood_of_pings_of_a_peer_that_does_not_read_is_bounded(
    http_server_port: int, sessions: Sessions
) -> None:
    async with raw(http_server_port, receive_buffer=4096) as peer:
        sessions[0].connection.outbox.push(b"x" * 900_000)
        most = 0
        for number in range(200):
            await peer.send(b"".join(frame(PING, b"%d" % number + b"x" * 100) for _ in range(50)))
            await asyncio.sleep(0)
            most = max(most, sessions[0].connection.outbox.queued)
        assert most <= 900_000 + 127
