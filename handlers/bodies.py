"""Bodies of requests: bounded before anything of them reaches a handler, whatever the path."""

from collections.abc import Awaitable

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)

from handlers.problems import problem
from services.errors import TooLarge

BODY_BYTES = 1024 * 1024
"""Longest body of a request."""

READ_BYTES = 16 * BODY_BYTES
"""Longest body that is read, and thrown away, so that a client that sends before it reads sees why it is refused."""


class BodyLimit(HTTPServerConnectionDelegate):
    """Hands requests on to ``routes``, those with a body over ``BODY_BYTES`` apart: they are answered 413.

    Tornado itself answers them 400 without a body, and for smaller limits of a route reads them into memory first.
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
        self._refused = False

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        length = headers.get("Content-Length", "")
        size = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0
        if size <= BODY_BYTES:
            return self._inner.headers_received(start_line, headers)
        self._refused = True
        if size > READ_BYTES:
            self._answer({"Connection": "close"})
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._size += len(chunk)
        if not self._refused and self._size > BODY_BYTES:
            self._refused = True
            self._inner.on_connection_close()
        return None if self._refused else self._inner.data_received(chunk)

    def finish(self) -> None:
        if self._refused:
            self._answer({})
        else:
            self._inner.finish()

    def on_connection_close(self) -> None:
        if not self._refused:
            self._inner.on_connection_close()

    def _answer(self, more: dict[str, str]) -> None:
        body = problem(413, TooLarge.code, f"a body has at most {BODY_BYTES} bytes")
        headers = HTTPHeaders(
            {
                "Content-Type": "application/problem+json",
                "Content-Length": str(len(body)),
                "Cache-Control": "no-store",
                **more,
            }
        )
        # Nobody waits for it: whether it arrives is the network's business.
        self._sent = self._connection.write_headers(
            ResponseStartLine("HTTP/1.1", 413, "Content Too Large"), headers, body
        )
        self._connection.finish()
