import asyncio
import base64
import json
import os
import socket
import struct
from collections.abc import AsyncIterator

import pytest
from tornado.web import Application

from tests.echo import Sessions, application
from tests.raw import CLOSE, TEXT, Frame, Raw, frame, raw, text


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    sessions = Sessions()
    yield sessions
    sessions.close()


@pytest.fixture
def app(sessions: Sessions) -> Application:
    return application(sessions)


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
    end = await peer.receive()
    assert (end.opcode, end.code) == (CLOSE, 1002)
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


async def test_connection_knows_who_is_there(http_server_port: int, sessions: Sessions) -> None:
    async with raw(http_server_port, user_agent="tester/1") as peer:
        await peer.send(text("x"))
        await peer.receive()
    assert sessions[0].connection.remote_ip == "127.0.0.1"
    assert sessions[0].connection.user_agent == "tester/1"


async def test_peer_that_resets_during_the_handshake_leaves_no_trace(
    http_server_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ["GET /ws HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    request = "\r\n".join([*lines, f"Sec-WebSocket-Key: {key}", "", ""]).encode()
    for _ in range(100):
        peer = socket.create_connection(("127.0.0.1", http_server_port))
        peer.sendall(request)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()  # with a reset, before the server has looked
        await asyncio.sleep(0)
    async with raw(http_server_port) as healthy:
        await healthy.send(text("x"))
        await healthy.receive()
    assert "Traceback" not in caplog.text


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
