"""Where HTTP comes in: what a connection may take, who asks on it, and what is being answered when the node ends."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from tornado.http1connection import HTTP1Connection, HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.netutil import bind_sockets

from handlers.entrance.bodies import READ_BYTES, BodyLimit
from handlers.entrance.forwarded import Proxies
from handlers.entrance.waiting import Waiting

HEADER_BYTES = 16 * 1024
"""Longest head of a request."""
HEADER_S = 15.0
"""Longest that a connection may take for a request's head, or be idle between two."""
BODY_S = 30.0
"""Longest that a body may take."""
BACKLOG = 4096
"""Connections that may wait to be accepted: as many come at once when another node has ended."""


class Entrance(HTTPServerConnectionDelegate):
    """Listens, and hands each request to ``routes`` as if its client had asked it without a proxy."""

    def __init__(
        self,
        routes: HTTPServerConnectionDelegate,
        doors: Mapping[str, HTTPServerConnectionDelegate],
        proxies: Proxies,
        port: int,
        address: str,
    ) -> None:
        """Listen; what is asked for at the paths of ``doors`` is theirs, and takes no way through the routes.

        Raises:
            OSError: If the port cannot be had.
        """
        self._routes = BodyLimit(routes)
        self._doors = {path: BodyLimit(door) for path, door in doors.items()}
        self._proxies = proxies
        self._busy: set[object] = set()
        """Connections with a request of which not all is read, or not all of the answer is sent."""
        self._quiet = asyncio.Event()
        self._server = _Server(
            self,
            max_body_size=READ_BYTES,
            max_header_size=HEADER_BYTES,
            decompress_request=False,
        )
        self._server.conn_params.header_timeout = None  # of those that wait we know ourselves
        self._heads = Waiting[HTTP1ServerConnection](HEADER_S, _cut)
        self._bodies = Waiting[HTTP1ServerConnection](BODY_S, _cut)
        self._server.left = self.on_close
        sockets = bind_sockets(port, address, backlog=BACKLOG)
        self._server.add_sockets(sockets)
        self.port: int = sockets[0].getsockname()[1]
        """Where it listens."""

    def last_requests(self) -> None:
        """Let each connection end with its next answer, which says so: who asks on asks another node."""
        self._server.conn_params.no_keep_alive = True

    def shut(self) -> None:
        """Take no new connection; requests on the present ones are answered still."""
        self._server.stop()

    async def answered(self) -> None:
        """Return when no request is being read or answered."""
        while self._busy:
            self._quiet.clear()
            await self._quiet.wait()

    async def close(self) -> None:
        """Take nothing more, and cut off whoever is still there."""
        self.shut()
        self._heads.close()
        self._bodies.close()
        await self._server.close_all_connections()

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """See ``HTTPServerConnectionDelegate.start_request``: the next request may come, the last one is done with."""
        assert isinstance(server_conn, HTTP1ServerConnection)
        # There is no other place where the head is seen as it came.
        request_conn._parse_headers = _parse_head  # type: ignore[attr-defined]  # noqa: SLF001
        self._free(server_conn)
        self._bodies.end(server_conn)  # not all of it was read, where the answer came before
        self._heads.begin(server_conn)
        return _Entering(self, server_conn, request_conn)

    def inside(self, path: str) -> HTTPServerConnectionDelegate:
        """Return what serves an address, given with its query."""
        return self._doors.get(path.partition("?")[0], self._routes)

    def on_close(self, server_conn: object) -> None:
        """See ``HTTPServerConnectionDelegate.on_close``. A websocket, too, is no connection of HTTP any more."""
        assert isinstance(server_conn, HTTP1ServerConnection)
        self._free(server_conn)
        self._heads.end(server_conn)
        self._bodies.end(server_conn)

    def enter(self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection, headers: HTTPHeaders) -> None:
        """Note that a request has begun, and whose it is.

        Raises:
            HTTPInputError: If it tells more than one length, be they equal.
        """
        if "," in headers.get("Content-Length", ""):
            raise HTTPInputError("several lengths")
        self._busy.add(server_conn)
        self._heads.end(server_conn)
        if "Content-Length" in headers or "Transfer-Encoding" in headers:
            self._bodies.begin(server_conn)
        # Of the connection's context, which is made anew for each request from these two.
        context = request_conn.context  # type: ignore[attr-defined]  # of HTTP/1, the only one there is
        context.remote_ip, scheme = self._proxies.source(context.address[0], headers)
        context.protocol = scheme or "http"

    def entered(self, server_conn: HTTP1ServerConnection) -> None:
        """Note that all of a request is read."""
        self._bodies.end(server_conn)

    def _free(self, server_conn: object) -> None:
        self._busy.discard(server_conn)
        if not self._busy:
            self._quiet.set()


def _cut(connection: HTTP1ServerConnection) -> None:
    """End a connection whose client takes too long."""
    connection.stream.close()


def _parse_head(data: bytes) -> tuple[str, HTTPHeaders]:
    """Return the first line and the headers of a head whose lines all end with CR and LF.

    Tornado takes a line feed alone for an end too. A proxy in front that does not would see other requests than we do.

    Raises:
        HTTPInputError: If one ends otherwise: answered 400, and the connection is closed.
    """
    if data.count(b"\n") != data.count(b"\r\n"):
        raise HTTPInputError("a line feed by itself")
    # It makes no use of the connection.
    parsed: tuple[str, HTTPHeaders] = HTTP1Connection._parse_headers(None, data)  # type: ignore[arg-type]  # noqa: SLF001
    return parsed


class _Server(HTTPServer):
    """Tells of connections that end: the one it is derived from keeps that to itself."""

    left: Callable[[object], None]

    def on_close(self, server_conn: object) -> None:
        super().on_close(server_conn)
        self.left(server_conn)


class _Entering(HTTPMessageDelegate):
    __slots__ = ("_connection", "_entrance", "_inner", "_server_conn")

    def __init__(self, entrance: Entrance, server_conn: HTTP1ServerConnection, connection: HTTPConnection) -> None:
        self._entrance = entrance
        self._server_conn = server_conn
        self._connection = connection
        self._inner = HTTPMessageDelegate()

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        self._entrance.enter(self._server_conn, self._connection, headers)
        assert isinstance(start_line, RequestStartLine)
        self._inner = self._entrance.inside(start_line.path).start_request(self._server_conn, self._connection)
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        self._entrance.entered(self._server_conn)
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()
