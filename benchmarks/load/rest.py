"""A keep-alive HTTP/1.1 client: one request at a time a connection, answers with a Content-Length only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from benchmarks.load.task import Failed

ANSWER_WITHIN_S = 30
"""The longest wait for one answer: beyond it the run is broken, not slow."""


def request(method: str, path: str, token: str = "", body: object = None) -> bytes:
    """Return the bytes of a request."""
    content = b"" if body is None else msgspec.json.encode(body)
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if method != "GET":
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Connection(asyncio.Protocol):
    """One connection to a server."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._received = bytearray()
        self._body_at = 0
        self._end_at = 0
        self.head = b""
        """Of the latest answer, in lower case."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        self._transport = transport  # type: ignore[assignment]  # a stream protocol gets a Transport

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Failed(f"connection lost: {exc}"))

    def data_received(self, data: bytes) -> None:
        """Collect an answer; see ``asyncio.Protocol``."""
        self._received += data
        if not self._end_at and (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end]).lower()
            _, found, length = head.partition(b"content-length:")
            self.head, self._body_at = head, end + 4
            self._end_at = self._body_at + (int(length.split(b"\r\n", 1)[0]) if found else 0)
        if self._end_at and len(self._received) >= self._end_at and self._answer is not None:
            status = int(self._received[9:12])
            self._answer.set_result((status, bytes(self._received[self._body_at : self._end_at])))
            self._received.clear()
            self._end_at = 0

    async def ask(self, wanted: bytes) -> tuple[int, bytes]:
        """Send a request and return the status and body of its answer.

        Raises:
            Failed: If the connection is lost.
            TimeoutError: If no answer comes within ``ANSWER_WITHIN_S``.
        """
        if self._transport is None or self._transport.is_closing():
            raise Failed("the connection is closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(wanted)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await self._answer

    async def call(self, method: str, path: str, token: str = "", body: object = None) -> dict[str, Any]:
        """Ask and return the decoded answer.

        Raises:
            Failed: If the answer is not a success.
        """
        status, content = await self.ask(request(method, path, token, body))
        if not 200 <= status < 300:
            raise Failed(f"{method} {path}: {status} {content[:300]!r}")
        return msgspec.json.decode(content, type=dict[str, Any]) if content else {}

    def close(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()


@asynccontextmanager
async def connections(port: int, count: int) -> AsyncIterator[list[Connection]]:
    """Open ``count`` connections and close them at the end."""
    loop = asyncio.get_running_loop()
    opened: list[Connection] = []
    try:
        for _ in range(count):
            _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
            opened.append(connection)
        yield opened
    finally:
        for connection in opened:
            connection.close()
