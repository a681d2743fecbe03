"""Requests that two servers in a row could understand differently: each is refused, and its connection ends."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.application import Parley, running

HEAD = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /health/live HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n"
"""What stands behind each of them, and must not be answered."""

REFUSED = {
    "a length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "one length twice": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": HEAD + b"Content-Length: 2, 3\r\n\r\n{}",
    "a list of one length": HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "a length below nothing": HEAD + b"Content-Length: -2\r\n\r\n{}",
    "a hexadecimal length": HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    "a length with an underscore": HEAD + b"Content-Length: 0_2\r\n\r\n{}",
    "a length in other digits": HEAD + "Content-Length: \uff12\r\n\r\n{}".encode(),
    "no length in a length": HEAD + b"Content-Length: \r\n\r\n",
    "a length over 64 bits": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "a space before the colon of a length": HEAD + b"Content-Length : 2\r\n\r\n{}",
    "a space before the colon of chunks": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "another coding": HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
    "another coding before chunks": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "almost chunks": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "no coding": HEAD + b"Transfer-Encoding: identity\r\n\r\n",
    "a vertical tab before chunks": HEAD + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "a hard space before chunks": HEAD + b"Transfer-Encoding:\xa0chunked\r\n\r\n0\r\n\r\n",
    "chunks of HTTP/1.0": CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n",
    "line feeds alone": HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}",
    "one line feed alone": HEAD + b"X: y\nContent-Length: 2\r\n\r\n{}",
    "a line feed alone at the end of the head": HEAD + b"Content-Length: 2\r\n\n{}",
    "a carriage return alone": HEAD + b"X: a\rContent-Length: 2\r\n\r\n{}",
    "a NUL": HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "a folded line": HEAD + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "a folded length": HEAD + b"Content-Length:\r\n 2\r\n\r\n{}",
    "folded chunks": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a fold before all headers": b"GET /health/live HTTP/1.1\r\n Host: x\r\n\r\n",
    "a chunk with an extension": CHUNKED + b"2;a=b\r\n{}\r\n0\r\n\r\n",
    "a chunk with a line feed in its extension": CHUNKED + b"2;a\n\r\n{}\r\n0\r\n\r\n",
    "chunks between line feeds": CHUNKED + b"2\n{}\n0\n\n",
    "a chunk with a sign": CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n",
    "a chunk below nothing": CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n",
    "a chunk with a prefix": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk with an underscore": CHUNKED + b"0_2\r\n{}\r\n0\r\n\r\n",
    "a chunk between spaces": CHUNKED + b" 2 \r\n{}\r\n0\r\n\r\n",
    "a chunk over 64 bits": CHUNKED + b"FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than it says": CHUNKED + b"2\r\n{}xx0\r\n\r\n",
    "a trailer": CHUNKED + b"2\r\n{}\r\n0\r\nX: y\r\n\r\n",
    "no host": b"GET /health/live HTTP/1.1\r\n\r\n",
    "two hosts": GET + b"Host: y\r\n\r\n",
    "a host with a path": b"GET /health/live HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a line that is no header": GET + b"nonsense\r\n\r\n",
    "a header without a name": GET + b": y\r\n\r\n",
    "a space in a name": GET + b"A B: y\r\n\r\n",
    "HTTP/0.9": b"GET /health/live\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two spaces": GET.replace(b"GET ", b"GET  ") + b"\r\n",
    "tabs": GET.replace(b" /health/live ", b"\t/health/live\t") + b"\r\n",
    "a NUL in the address": GET.replace(b"/live", b"\0live") + b"\r\n",
}

CUT = {
    "a head over 16 KiB": GET + b"X: " + b"a" * 17_000 + b"\r\n\r\n",
    "a chunk whose size is long": CHUNKED + b"0" * 5000 + b"2\r\n{}\r\n0\r\n\r\n",
}
"""Not even answered: what would be too long to read is not read."""

TAKEN = {
    "an address of a proxy": (GET.replace(b" /", b" http://evil.example/") + b"\r\n", 404),
    "a tunnel": (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    "a whole server": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "a body that means nothing": (GET + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED, 200),
}
"""Unambiguous, if odd: answered, and what stands behind is a request of its own."""


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley


async def statuses(parley: Parley, request: bytes) -> list[int]:
    """Send bytes; return the statuses of all answers until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", parley.node.port)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            said = await reader.read()
    finally:
        writer.transport.abort()
    return [int(part[:3]) for part in said.split(b"HTTP/1.1 ")[1:]]


async def test_ambiguous_requests_are_refused_and_their_connections_end(parley: Parley) -> None:
    answered = {name: await statuses(parley, request + SMUGGLED) for name, request in REFUSED.items()}
    assert {name: got for name, got in answered.items() if got != [400]} == {}


async def test_what_is_too_long_to_read_is_not_read(parley: Parley) -> None:
    answered = {name: await statuses(parley, request + SMUGGLED) for name, request in CUT.items()}
    assert {name: got for name, got in answered.items() if got != []} == {}


async def test_odd_requests_are_answered_alone(parley: Parley) -> None:
    for name, (request, status) in TAKEN.items():
        assert await statuses(parley, request + SMUGGLED) == [status, 200], name


async def test_refused_requests_are_nothing_to_warn_of(parley: Parley, caplog: pytest.LogCaptureFixture) -> None:
    for request in REFUSED.values():
        await statuses(parley, request + SMUGGLED)
    assert [record for record in caplog.records if record.levelname != "INFO"] == []
