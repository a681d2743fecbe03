"""Addresses and bodies of requests: bounded before anything of them reaches a handler, whatever the path."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import NamedTuple

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)

from handlers.problems import UnsupportedMediaType, problem
from services.errors import Invalid, TooLarge

BODY_BYTES = 1024 * 1024
"""Longest body of a request."""

ADDRESS_BYTES = 4 * 1024
"""Longest address of a request, its query with it: a hundred ids, and some to spare."""

FORMS = ("application/x-www-form-urlencoded", "multipart/")
"""Kinds of bodies that Tornado would take apart for whoever comes; nothing here is asked so."""

READ_BYTES = 16 * BODY_BYTES
"""Longest body that is read, and thrown away, so that a client that sends before it reads sees why it is refused."""


class _Refusal(NamedTuple):
    status: int
    code: str
    detail: str


_TOO_LARGE = _Refusal(413, TooLarge.code, f"a body has at most {BODY_BYTES} bytes")
_TOO_LONG = _Refusal(400, Invalid.code, f"an address has at most {ADDRESS_BYTES} bytes")
_FORM = _Refusal(415, UnsupportedMediaType.code, UnsupportedMediaType.detail)


class BodyLimit(HTTPServerConnectionDelegate):
    """Hands requests on to ``routes``, but those with a body over ``BODY_BYTES`` or of a form, or too long an address.

    Tornado itself answers large bodies 400 without a word, and for smaller limits of a route reads them into memory.
    """

    def __init__(self, routes: HTTPServerConnectionDelegate) -> None:
        self._routes = routes

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """See ``HTTPServerConnectionDelegate.start_request``."""
        return _Limited(self._routes.start_request(server_conn, request_conn), request_conn)

    def on_close(self, server_conn: object) -> None:
        """See ``HTTPServerConnectionDelegate.on_close``."""
        self._routes.on_close(server_conn)


class _Limited(HTTPMessageDelegate):
    def __init__(self, inner: HTTPMessageDelegate, connection: HTTPConnection) -> None:
        self._inner = inner
        self._connection = connection
        self._size = 0
        self._refusal: _Refusal | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        length = headers.get("Content-Length", "")
        size = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0
        if size > BODY_BYTES:
            self._refusal = _TOO_LARGE
        elif isinstance(start_line, RequestStartLine) and len(start_line.path) > ADDRESS_BYTES:
            self._refusal = _TOO_LONG
        elif (size or "Transfer-Encoding" in headers) and headers.get("Content-Type", "").lower().startswith(FORMS):
            self._refusal = _FORM
        else:
            return self._inner.headers_received(start_line, headers)
        if size > READ_BYTES:
            self._answer({"Connection": "close"})
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._size += len(chunk)
        if self._refusal is None and self._size > BODY_BYTES:
            self._refusal = _TOO_LARGE
            self._inner.on_connection_close()
        return None if self._refusal is not None else self._inner.data_received(chunk)

    def finish(self) -> None:
        if self._refusal is not None:
            self._answer({})
        else:
            self._inner.finish()

    def on_connection_close(self) -> None:
        if self._refusal is None:
            self._inner.on_connection_close()

    def _answer(self, more: dict[str, str]) -> None:
        assert self._refusal is not None
        status, code, detail = self._refusal
        body = problem(status, code, detail)
        headers = HTTPHeaders(
            {
                "Content-Type": "application/problem+json",
                "Content-Length": str(len(body)),
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                **more,
            }
        )
        # Nobody waits for it: whether it arrives is the network's business.
        self._sent = self._connection.write_headers(
            ResponseStartLine("HTTP/1.1", status, HTTPStatus(status).phrase), headers, body
        )
        self._connection.finish()
