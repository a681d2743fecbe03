import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

import pytest
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream
from tornado.web import Application

from tests.echo import Sessions, application
from tests.peers import Peer, connections, until
from tests.raw import CLOSE, TEXT, Frame, Raw, text
from ws.wire.opening import take

HEAD = b"GET / HTTP/1.1\r\n\r\n"


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    with connections() as connect:
        yield connect()


@pytest.fixture
async def stream(peer: Peer) -> AsyncIterator[IOStream]:
    """What HTTP holds a connection with, of which it has read a request."""
    stream = IOStream(peer.near)
    yield stream
    stream.close()


async def test_all_that_was_read_behind_the_request_is_handed_over(peer: Peer, stream: IOStream) -> None:
    behind = os.urandom(100_000)
    sending = asyncio.create_task(asyncio.get_running_loop().sock_sendall(peer.sock, HEAD + behind))
    assert await stream.read_until(b"\r\n\r\n") == HEAD
    taken = take(stream)
    assert taken is not None
    sock, early = taken
    with sock:
        got = bytearray(early)
        while len(got) < len(behind):
            got += await asyncio.get_running_loop().sock_recv(sock, 65536)
        assert got == behind
    await sending


async def test_socket_is_the_takers_alone(peer: Peer, stream: IOStream) -> None:
    taken = take(stream)
    assert taken is not None
    sock, early = taken
    assert (early, stream.closed(), peer.closed()) == (b"", True, True)
    with sock:
        peer.sock.send(b"in")
        assert await asyncio.get_running_loop().sock_recv(sock, 100) == b"in"
        sock.send(b"out")
        assert await peer.read(3) == b"out"
    assert await peer.rest() == b""


async def test_peer_who_is_lost_leaves_nothing(peer: Peer, stream: IOStream) -> None:
    peer.reset()
    assert take(stream) is None
    assert peer.closed()


async def test_peer_who_is_owed_something_else_is_let_go(peer: Peer, stream: IOStream) -> None:
    _writing = stream.write(b"x" * 3_000_000)
    assert take(stream) is None
    assert peer.closed()


# With the handshake


class Filling(Sessions):
    """Sessions of a node whose kernel has no room for the answer to a handshake."""

    size = 0
    """Bytes that stand before it."""

    def refuse(self, request: HTTPServerRequest) -> tuple[int, str] | None:
        """See ``Sessions.refuse``."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.size += request.connection.stream.socket.send(b"x" * 65_536)  # type: ignore[union-attr]
        return None


@pytest.fixture
async def sessions() -> AsyncIterator[Filling]:
    sessions = Filling()
    yield sessions
    sessions.close()


@pytest.fixture
def app(sessions: Filling) -> Application:
    return application(sessions)


async def opened(peer: Raw, skip: int) -> None:
    """Read the answer to a handshake, behind so many bytes."""
    while len(peer.buffer) < skip or b"\r\n\r\n" not in peer.buffer[skip:]:
        await peer._more()
    assert peer.buffer[skip:].startswith(b"HTTP/1.1 101 ")
    del peer.buffer[: peer.buffer.index(b"\r\n\r\n", skip) + 4]


def request() -> bytes:
    """Return a handshake."""
    lines = ["GET /ws HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    return "\r\n".join([*lines, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]).encode()


async def test_answer_that_the_kernel_takes_late_goes_first(http_server_port: int, sessions: Filling) -> None:
    peer = await Raw.connect(http_server_port, receive_buffer=4096)
    await peer.send(request() + text("early"))
    await until(lambda: sessions and sessions[0].got)
    assert sessions[0].connection.outbox.pipe.busy
    await opened(peer, sessions.size)
    assert await peer.receive() == Frame(TEXT, b"early")
    peer.close()


async def test_fault_in_accepting_is_told_behind_an_answer_that_is_late(
    http_server_port: int, sessions: Filling, caplog: pytest.LogCaptureFixture
) -> None:
    sessions.fault = RuntimeError("told to")
    peer = await Raw.connect(http_server_port, receive_buffer=4096)
    await peer.send(request())
    await until(lambda: caplog.records)
    await opened(peer, sessions.size)
    end = await peer.receive()
    assert (end.opcode, end.code) == (CLOSE, 1011)
    peer.close()


async def test_peer_who_never_takes_the_answer_is_slow(
    http_server_port: int, sessions: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ws.wire.flusher.WATCH_S", 0.02)
    monkeypatch.setattr("ws.wire.outbox.STALL_S", 0.1)
    monkeypatch.setattr("ws.wire.outbox.CLOSE_S", 0.1)
    peer = await Raw.connect(http_server_port, receive_buffer=4096)
    await peer.send(request())
    await until(lambda: sessions and sessions[0].ended)
    assert sessions[0].ended == [4008]
    peer.close()


async def test_much_may_be_sent_with_the_request(http_server_port: int, sessions: Filling) -> None:
    messages = [b"%d" % number + os.urandom(20_000).hex().encode() for number in range(5)]
    peer = await Raw.connect(http_server_port)
    await peer.send(request() + b"".join(map(text, messages)))
    await until(lambda: sessions)
    await opened(peer, sessions.size)
    for message in messages:
        assert (await peer.receive()).payload == message
    peer.close()
