"""A small HTTP client for the REST half of the protocol: kept-alive connections, any bytes as a body."""

import asyncio
import json
import ssl
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from tests import recorder
from tests.client.checks import Json, check_problem, demand

BALANCERS = frozenset({502, 504})
"""What a load balancer says of a node that died or hangs: no word of the server's, and not in its documents."""

IDLE_S = 5.0
"""Idle time after which a connection is not used again: the server ends its own after 15 s."""


@dataclass(eq=False)
class Refused(Exception):
    """An operation was answered with an error, through either door."""

    code: str
    detail: str
    status: int | None = None
    """The HTTP status; None on the websocket."""
    retry_after: float | None = None
    errors: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of REST."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The code of a problem, or None where there is none."""
        if self.status < 400 or not self.body:
            return None
        return str(self.json["code"])

    def ok(self) -> Any:
        """Return the object that the answer is.

        Raises:
            Refused: If it is a problem.
        """
        if self.status < 400:
            return self.json if self.body else None
        problem = self.json
        after = self.headers.get("retry-after")
        errors = tuple(problem.get("errors", ()))
        raise Refused(problem["code"], problem["detail"], self.status, float(after) if after else None, errors)


def path_of(*parts: str, **query: object) -> str:
    """Return a path of these parts, each one percent-encoded, and of the query that is not None."""
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    given = {key: value for key, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


class _Link:
    """One kept-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._used_at = time.monotonic()

    def usable(self) -> bool:
        """Tell whether it may be used again: one that was idle for long may be closed by the server at any moment."""
        fresh = time.monotonic() - self._used_at < IDLE_S
        return fresh and not (self.reader.at_eof() or self.writer.is_closing() or self.reader.exception())

    async def exchange(self, request: bytes, *, head_only: bool) -> tuple[Answer, bool]:
        """Send a request; return its answer and whether the connection may be used again."""
        try:
            return await self._exchange(request, head_only=head_only)
        finally:
            self._used_at = time.monotonic()

    async def _exchange(self, request: bytes, *, head_only: bool) -> tuple[Answer, bool]:
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        status = int(status_line.split()[1])
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            while size := int((await self.reader.readline()).split(b";")[0], 16):
                body += await self.reader.readexactly(size)
                await self.reader.readline()
            await self.reader.readline()
        elif status != 204 and not head_only:
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(status, headers, body), headers.get("connection", "").lower() != "close"


class Rest:
    """Requests to one server. Many may be open at once; each has a connection to itself."""

    def __init__(self, address: tuple[str, int], tls: ssl.SSLContext | None = None) -> None:
        self.address = address
        self._tls = tls
        self._idle: list[_Link] = []
        self._all: set[_Link] = set()

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request and hold its answer to the protocol. ``raw`` replaces the JSON of ``body``.

        Raises:
            OSError, EOFError: If the server cannot be reached or ends the connection.
        """
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        lines = {"Host": f"{self.address[0]}:{self.address[1]}"}
        if data or method in ("POST", "PUT", "PATCH"):
            lines["Content-Length"] = str(len(data))
        if data:
            lines["Content-Type"] = "application/json"
        if token is not None:
            lines["Authorization"] = f"Bearer {token}"
        lines |= headers or {}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request = (head + "\r\n").encode("latin-1") + data
        answer = await self._exchange(request, head_only=method == "HEAD")
        self._check(method, path, answer)
        return answer

    async def _exchange(self, request: bytes, *, head_only: bool) -> Answer:
        link: _Link | None = None
        while self._idle and link is None:
            link = self._idle.pop()
            if not link.usable():
                await self._drop(link)
                link = None
        if link is None:
            link = _Link(*await asyncio.open_connection(*self.address, limit=4 * 1024 * 1024, ssl=self._tls))
            self._all.add(link)
        try:
            answer, keep = await link.exchange(request, head_only=head_only)
        except BaseException:
            link.writer.transport.abort()
            await self._drop(link)
            raise
        if keep:
            self._idle.append(link)
        else:
            await self._drop(link)
        return answer

    def _check(self, method: str, path: str, answer: Answer) -> None:
        about = f"{method} {path} {answer.status} {answer.body[:300]!r}"
        kind = answer.headers.get("content-type", "").partition(";")[0]
        is_json = kind.endswith("json") and method != "HEAD"
        if path.startswith("/api/"):
            demand(answer.status != 500, "an internal error", about)
            demand(answer.status != 204 or not answer.body, "204 has no body", about)
            if answer.status >= 400 and method != "HEAD":
                demand(kind == "application/problem+json", "a problem", about)
                check_problem(answer.json, answer.status)
                if answer.json["code"] in ("rate_limited", "unavailable"):
                    demand(answer.headers.get("retry-after", "").isdigit(), "Retry-After in whole seconds", about)
            elif answer.body:
                demand(kind == "application/json", "JSON", about)
            if answer.status not in BALANCERS:
                recorder.answer(method, path, answer.status, kind, answer.body.decode() if is_json else "")

    async def _drop(self, link: _Link) -> None:
        self._all.discard(link)
        link.writer.close()
        try:
            await link.writer.wait_closed()
        except OSError:
            return  # it was gone already

    async def close(self) -> None:
        """Close every connection."""
        self._idle.clear()
        for link in tuple(self._all):
            await self._drop(link)
