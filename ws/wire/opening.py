"""Opening websockets: the road from a request's head to a ``Connection``, past Tornado's handlers."""

import asyncio
import logging
import socket
from collections.abc import Callable
from http import HTTPStatus

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError

from services.logs import network, security
from services.loop.turns import Turns
from ws.wire import handshake
from ws.wire.flusher import Flusher
from ws.wire.socket import Connection, Receiver

log = logging.getLogger(__name__)

ORIGIN_LENGTH = 100
"""Characters of an origin that is refused, in the log."""


class Sockets(HTTPServerConnectionDelegate):
    """Opens websockets and gives each to a ``Connection``; whatever it is asked for is to be one.

    It stands where Tornado parses requests, and takes the socket from there, out of its stream (``detach``, public,
    made for this). Of Tornado's ``WebSocketHandler`` nothing is used: it accepts unmasked frames, closes without the
    codes of RFC 6455, echoes codes that may not be sent, has a future with a traceback for each frame it sends, and
    keeps the request and the handler for as long as the socket lives. A ``RequestHandler`` would be made, and its
    answer built, for a request whose answer is always the same: a tenth of what a connection with its hello costs.
    """

    def __init__(
        self,
        accept: Callable[[Connection], Receiver],
        origins: frozenset[str],
        flusher: Flusher,
        turns: Turns,
        refuse: Callable[[HTTPServerRequest], tuple[int, str] | None],
    ) -> None:
        """Take what every opening needs.

        Args:
            accept: Called for each connection after its handshake; returns who it speaks to.
            origins: Origins in lower case, as browsers write them, of foreign pages that may connect.
            flusher: The node's.
            turns: The node's.
            refuse: Called last before the handshake is answered; returns the status and detail of a refusal.
        """
        self._accept = accept
        self._origins = origins
        self._flusher = flusher
        self._turns = turns
        self._refuse = refuse

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """See ``HTTPServerConnectionDelegate.start_request``."""
        return _Opening(self, server_conn, request_conn)

    def open(self, request: HTTPServerRequest) -> None:
        """Answer a handshake."""
        try:
            refused = (
                (405, "not to be asked so")
                if request.method != "GET"
                else handshake.refusal(request, self._origins) or self._refuse(request)
            )
        except Exception:
            log.exception("a handshake could not be judged")
            refused = 500, "something went wrong on our side"
        if refused is not None:
            origin = request.headers.get("Origin", "")[:ORIGIN_LENGTH]
            where = {"network": network(request.remote_ip or ""), "origin": origin}
            security.info("socket refused", extra={"code": refused[0], "reason": refused[1], **where})
            _answer(request, *refused)
            return
        taken = take(request.connection.detach())  # type: ignore[union-attr]  # of HTTP/1, the only one there is
        if taken is None:
            return
        sock, early = taken
        connection = Connection(sock, self._flusher, self._turns, request)
        connection.outbox.lead(handshake.answer(request.headers))
        if not connection.outbox.closing:
            connection.start(self._accept, early)


def take(stream: IOStream) -> tuple[socket.socket, bytes] | None:
    """Take the socket of a stream that HTTP has let go of; return it with what was read of it behind the request.

    None where the peer has left, or there is no descriptor to be had.
    """
    try:
        # All that the stream holds, or else what one read gives: then nothing is left in it.
        read = asyncio.ensure_future(stream.read_bytes(stream.max_buffer_size, partial=True))
        early = b"" if stream.reading() else read.result()
        # Closing the stream closes its descriptor, and not the connection, which the other one holds.
        return None if stream.writing() else (stream.socket.dup(), early)
    except StreamClosedError:
        return None
    except OSError:
        log.exception("a socket could not be taken")
        return None
    finally:
        stream.close()


class _Opening(HTTPMessageDelegate):
    """One request; a body that it may have means nothing."""

    __slots__ = ("_connection", "_request", "_server_conn", "_sockets")

    def __init__(self, sockets: Sockets, server_conn: object, connection: HTTPConnection) -> None:
        self._sockets = sockets
        self._server_conn = server_conn
        self._connection = connection
        self._request: HTTPServerRequest | None = None

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        assert isinstance(start_line, RequestStartLine)
        self._request = HTTPServerRequest(
            connection=self._connection, server_connection=self._server_conn, start_line=start_line, headers=headers
        )

    def finish(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            self._sockets.open(request)


def _answer(request: HTTPServerRequest, status: int, detail: str) -> None:
    headers, body = handshake.problem(status, detail)
    line = ResponseStartLine("HTTP/1.1", status, HTTPStatus(status).phrase)
    connection = request.connection
    assert connection is not None
    if request.method == "HEAD":
        body = b""
    # Nobody waits for it: whether it arrives is the network's business.
    _sent = connection.write_headers(line, HTTPHeaders(headers | {"Content-Length": str(len(body))}), body)
    connection.finish()
