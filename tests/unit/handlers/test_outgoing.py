"""Questions to other servers: within bounds, short, and never sent on."""

import asyncio
import contextlib
import json
import socket
import struct
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tornado.netutil import DefaultLoopResolver
from tornado.web import Application, RequestHandler

from handlers import outgoing
from handlers.outgoing import Outgoing
from store.web import ANSWER_BYTES, Bounds, Unanswered


class Echo(RequestHandler):
    """Answers what it was asked; or so many bytes, or a redirect, or nothing."""

    async def get(self) -> None:
        if size := self.get_query_argument("size", ""):
            self.write(b"x" * int(size))
        elif self.get_query_argument("away", ""):
            self.set_header("Set-Cookie", "a=b")
            self.redirect("/elsewhere")
        elif self.get_query_argument("silent", ""):
            self.detach()
        else:
            self.write({"headers": dict(self.request.headers), "body": self.request.body.decode()})

    post = get


@pytest.fixture
def app() -> Application:
    return Application([("/.*", Echo)])


@pytest.fixture
async def web() -> AsyncIterator[Outgoing]:
    web = Outgoing()
    yield web
    web.close()


@pytest.fixture
def local(http_server_port: int) -> Bounds:
    return Bounds(frozenset({f"127.0.0.1:{http_server_port}", f"localhost:{http_server_port}"}), local=True)


@pytest.fixture
def at(http_server_port: int) -> str:
    return f"http://127.0.0.1:{http_server_port}"


async def test_question_tells_no_more_than_it_is_given(web: Outgoing, local: Bounds, at: str) -> None:
    said = await web.post(at, local, {"Accept": "application/json"}, {"code": "a b&c", "state": "é"})
    asked: Any = json.loads(said.body)
    assert (said.status, asked["body"]) == (200, "code=a+b%26c&state=%C3%A9")
    assert asked["headers"].keys() == {
        "Accept",
        "Connection",
        "Content-Length",
        "Content-Type",
        "Host",
        "User-Agent",
    }
    assert asked["headers"]["User-Agent"] == "Parley"


async def test_redirect_is_not_followed_and_cookies_are_not_kept(web: Outgoing, local: Bounds, at: str) -> None:
    assert (await web.get(f"{at}/?away=1", local, {})).status == 302
    assert "Cookie" not in json.loads((await web.get(at, local, {})).body)["headers"]


async def test_answer_is_read_up_to_its_bound(web: Outgoing, local: Bounds, at: str) -> None:
    assert len((await web.get(f"{at}/?size={ANSWER_BYTES - 1}", local, {})).body) == ANSWER_BYTES - 1
    with pytest.raises(Unanswered):
        await web.get(f"{at}/?size={ANSWER_BYTES + 1}", local, {})


async def test_silence_is_given_up(web: Outgoing, local: Bounds, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "ANSWER_S", 0.2)
    start = time.monotonic()
    with pytest.raises(Unanswered, match="Timeout"):
        await web.get(f"{at}/?silent=1", local, {})
    assert time.monotonic() - start < 5


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
BROKEN = {
    "nothing": b"",
    "nonsense": b"nonsense\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "half an answer": HEAD + b"Content-Length: 100\r\n\r\nabc",
    "long head": HEAD + b"X: y\r\n" * 10_000 + b"\r\n",
    "long pieces": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK * 20,
    "strange pieces": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
async def test_answer_that_is_none_is_given_up_at_once_and_breaks_nothing(
    web: Outgoing, caplog: pytest.LogCaptureFixture, answer: bytes, reset: bool
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        if reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        start = time.monotonic()
        with pytest.raises(Unanswered):
            await web.get(f"http://127.0.0.1:{port}/", Bounds(frozenset({f"127.0.0.1:{port}"}), local=True), {})
    assert time.monotonic() - start < 2
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "http://127.0.0.2:{port}/", "ftp://127.0.0.1:{port}/"])
async def test_host_out_of_bounds_is_not_asked(
    web: Outgoing, local: Bounds, http_server_port: int, address: str
) -> None:
    with pytest.raises(Unanswered, match="may not be asked"):
        await web.get(address.format(port=http_server_port), local, {})


async def test_name_that_leads_to_this_machine_is_not_asked(web: Outgoing, http_server_port: int) -> None:
    """A name of somebody's may be made to lead anywhere: what is looked up is what is judged, and what is asked."""
    bounds = Bounds(frozenset({f"localhost:{http_server_port}"}))
    with pytest.raises(Unanswered, match="OSError"):
        await web.get(f"https://localhost:{http_server_port}/", bounds, {})


async def test_name_that_leads_anywhere_inside_too_is_not_asked(
    web: Outgoing, http_server_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = Bounds(frozenset({f"id.example:{http_server_port}"}))
    asked: list[str] = []

    async def found(_self: object, host: str, port: int, _family: int = 0) -> list[tuple[int, Any]]:
        asked.append(host)
        return [(socket.AF_INET, ("93.184.215.14", port)), (socket.AF_INET, ("127.0.0.1", port))]

    monkeypatch.setattr(DefaultLoopResolver, "resolve", found)
    with pytest.raises(Unanswered, match="OSError"):
        await web.get(f"https://id.example:{http_server_port}/", bounds, {})
    assert asked == ["id.example"], "it is looked up once"


async def test_server_without_a_certificate_of_its_name_is_not_asked(
    web: Outgoing, local: Bounds, http_server_port: int
) -> None:
    with pytest.raises(Unanswered):
        await web.get(f"https://localhost:{http_server_port}/", local, {})


async def test_bytes_are_sent_as_they_are(web: Outgoing, local: Bounds, http_server_port: int) -> None:
    at = f"http://127.0.0.1:{http_server_port}/"
    said = await web.post(at, local, {"Content-Type": "application/json"}, b'{"room": "a&b"}')
    echo = json.loads(said.body)
    assert (echo["body"], echo["headers"]["Content-Type"]) == ('{"room": "a&b"}', "application/json")


async def test_nobody_there_is_no_answer(web: Outgoing) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Unanswered, match="ConnectionRefusedError"):
        await web.get(f"http://127.0.0.1:{port}/", Bounds(frozenset({f"127.0.0.1:{port}"}), local=True), {})
