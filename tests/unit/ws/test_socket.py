import asyncio
import base64
import contextlib
import gc
import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.testing import bind_unused_port
from tornado.web import Application

from tests.echo import Sessions, application
from tests.raw import CLOSE, PING, PONG, TEXT, Frame, Raw, close, frame, raw, text
from ws.wire import outbox
from ws.wire import socket as ws_socket
from ws.wire.outbox import Outbox
from ws.wire.socket import MESSAGES_PER_TURN, Connection

GRACE_S = 0.15
"""What tests leave a peer to answer a close, instead of ``outbox.CLOSE_S``."""

RESET = b"\1\0\0\0\0\0\0\0"
"""The SO_LINGER with which closing resets the connection."""


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.fixture
def app(sessions: Sessions) -> Application:
    return application(sessions)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "CLOSE_S", GRACE_S)
    monkeypatch.setattr(ws_socket, "CLOSE_S", GRACE_S)


@pytest.fixture
async def peer(http_server_port: int) -> AsyncIterator[Raw]:
    async with raw(http_server_port, user_agent="tester/1") as connection:
        yield connection


async def refused(peer: Raw, code: int) -> None:
    """Expect a close frame with this code and nothing after it, and then the end."""
    answer = await peer.receive()
    assert (answer.opcode, answer.code) == (CLOSE, code), answer
    assert await peer.ended()


# Handshake


async def test_handshake_is_answered_as_the_rfc_shows_it(http_server_port: int) -> None:
    peer = await Raw.connect(http_server_port)
    answer = await peer.ask(changes={"sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ=="})
    assert answer.status == 101
    assert answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert answer.headers["upgrade"].lower() == "websocket"
    assert answer.headers["connection"].lower() == "upgrade"
    assert not answer.headers.keys() & {"sec-websocket-protocol", "server", "content-type", "content-length"}
    peer.close()


@pytest.mark.parametrize("offer", ["parley.v1", "other, parley.v1", "parley.v1,other"])
async def test_protocol_is_chosen_where_it_is_offered(http_server_port: int, offer: str) -> None:
    peer = await Raw.connect(http_server_port)
    answer = await peer.ask(changes={"sec_websocket_protocol": offer})
    assert (answer.status, answer.headers["sec-websocket-protocol"]) == (101, "parley.v1")
    peer.close()


async def test_extensions_are_never_negotiated(http_server_port: int) -> None:
    peer = await Raw.connect(http_server_port)
    answer = await peer.ask(changes={"sec_websocket_extensions": "permessage-deflate; client_max_window_bits, x-other"})
    assert answer.status == 101
    assert "sec-websocket-extensions" not in answer.headers
    await peer.send(frame(TEXT, b"\xca\x00\x00", reserved=0x40))
    await refused(peer, 1002)
    peer.close()


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"upgrade": None, "connection": "keep-alive"}, 400, "bad_request"),
        ({"sec_websocket_version": "8"}, 426, "upgrade_required"),
        ({"sec_websocket_key": "short"}, 400, "bad_request"),
        ({"sec_websocket_protocol": "other"}, 400, "bad_request"),
        ({"origin": "https://evil.example"}, 403, "forbidden"),
    ],
)
async def test_refused_handshake_is_answered_with_a_problem(
    http_server_port: int, sessions: Sessions, headers: dict[str, str | None], status: int, code: str
) -> None:
    peer = await Raw.connect(http_server_port)
    answer = await peer.ask(changes=headers)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert (problem["status"], problem["code"]) == (status, code)
    assert ("13" if status == 426 else None) == answer.headers.get("sec-websocket-version")
    assert not sessions
    peer.close()


@pytest.mark.parametrize(("status", "code"), [(503, "unavailable"), (429, "rate_limited")])
async def test_refusal_of_the_node_tells_when_to_come_again(
    http_server_port: int, sessions: Sessions, status: int, code: str
) -> None:
    sessions.refused = status, "not now"
    peer = await Raw.connect(http_server_port)
    answer = await peer.ask()
    assert answer.status == status
    assert int(answer.headers["retry-after"]) > 0
    problem = json.loads(answer.body)
    assert problem == {
        "type": "about:blank", "title": problem["title"], "status": status, "code": code, "detail": "not now",
        "errors": [],
    }  # fmt: skip
    assert not sessions
    sessions.refused = None
    await peer.open()
    peer.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_other_methods_are_answered_with_a_problem(http_server_port: int, method: str) -> None:
    peer = await Raw.connect(http_server_port)
    answer = await peer.ask(method=method, changes={"content_length": "0"})
    assert (answer.status, json.loads(answer.body)["code"]) == (405, "method_not_allowed")
    assert answer.headers["content-type"] == "application/problem+json"
    peer.close()


async def test_connection_knows_who_is_there(peer: Raw, sessions: Sessions) -> None:
    await peer.send(text("x"))
    await peer.receive()
    assert sessions[0].connection.remote_ip == "127.0.0.1"
    assert sessions[0].connection.user_agent == "tester/1"


async def test_message_sent_with_the_handshake_is_read(http_server_port: int) -> None:
    peer = await Raw.connect(http_server_port)
    lines = [
        "GET /ws HTTP/1.1",
        "Host: x",
        "Upgrade: websocket",
        "Connection: keep-alive, Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        "\r\n",
    ]
    await peer.send("\r\n".join(lines).encode() + text("early"))
    while b"\r\n\r\n" not in peer.buffer:
        await peer._more()
    del peer.buffer[: peer.buffer.index(b"\r\n\r\n") + 4]
    assert await peer.receive() == Frame(TEXT, b"early")
    peer.close()


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
    await asyncio.wait_for(sessions[0].done.wait(), 1)
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
    await asyncio.wait_for(sessions[0].done.wait(), 1)
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
        await asyncio.wait_for(sessions[0].done.wait(), GRACE_S + 1)
        assert sessions[0].ended == [4008]
    assert not caplog.records


async def test_ended_connection_is_free_without_the_collector(http_server_port: int, sessions: Sessions) -> None:
    gc.collect()
    gc.disable()
    try:
        async with raw(http_server_port) as peer:
            await peer.send(text("x") + frame(PING, b"p") + close(1000))
            await peer.ended()
            await sessions[0].done.wait()
            sessions.clear()
            await asyncio.sleep(GRACE_S)
            assert not [one for one in gc.get_objects() if isinstance(one, (Connection, Outbox, IOStream))]
    finally:
        gc.enable()


# Backpressure and time


async def test_nothing_more_is_read_while_a_message_waits(peer: Raw, sessions: Sessions) -> None:
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    await peer.send(text("wait"))
    await sessions[0].begun.wait()
    sent = 0
    with contextlib.suppress(BlockingIOError):
        for _ in range(1_000):
            sent += peer.sock.send(text(b"x" * 1_000))
            await asyncio.sleep(0.001)
    assert sent < 500_000
    assert sessions[0].reads == 1
    sessions[0].go.set()
    assert (await peer.receive()).payload == b"wait"
    for _ in range(sent // 1_008):
        assert (await peer.receive()).payload == b"x" * 1_000


@pytest.mark.parametrize("data", [b"\x81", frame(TEXT, b"x", fin=False), text(b"x" * 100)[:50]])
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


async def test_flooder_does_not_have_the_loop_alone(peer: Raw, sessions: Sessions) -> None:
    flood = asyncio.create_task(asyncio.get_running_loop().sock_sendall(peer.sock, text("x") * 50_000))
    most = 0
    async with asyncio.timeout(20):
        while len(sessions[0].got) < 50_000:
            before = len(sessions[0].got)
            await asyncio.sleep(0)
            most = max(most, len(sessions[0].got) - before)
            with contextlib.suppress(BlockingIOError):
                peer.sock.recv(1_000_000)
    await flood
    assert 0 < most <= MESSAGES_PER_TURN


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


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "pair.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make += ["-subj", "/CN=localhost", "-keyout", str(path), "-out", f"{path}.crt", "-days", "1"]
    try:
        subprocess.run(make, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl")
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


async def test_what_is_sent_over_tls_arrives_whole(app: Application, sessions: Sessions, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = HTTPServer(app, ssl_options=context)
    listening, port = bind_unused_port()
    server.add_socket(listening)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    box = sessions[0].connection.outbox
    pieces = [os.urandom(size) for size in (300, 70_000, 1, 200_000, 65_536, 300, 300)]
    for piece in pieces:
        box.push(piece)
    assert await box.drained(1)
    assert await reader.readexactly(sum(map(len, pieces))) == b"".join(pieces)
    writer.write(close(1000))
    assert await reader.read() == b"\x88\x02\x03\xe8"
    assert sessions[0].ended == [1000]
    writer.close()
    server.stop()
    await server.close_all_connections()
