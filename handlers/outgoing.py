"""Questions to other people's servers, with Tornado's own client under a strict guard (``store/web.py``).

Where a name leads is found out once, and what is connected to is that: no second look can answer something else. The
certificate is checked against the name.
"""

import logging
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import HTTPError, HTTPRequest
from tornado.httputil import HTTPInputError
from tornado.iostream import StreamBufferFullError, UnsatisfiableReadError
from tornado.netutil import DefaultLoopResolver, Resolver
from tornado.simple_httpclient import HTTPStreamClosedError, SimpleAsyncHTTPClient, _HTTPConnection

from store.web import ANSWER_BYTES, ANSWER_S, Bounds, Said, Unanswered

log = logging.getLogger(__name__)

AT_ONCE = 20
"""Questions of one node under way at once; who comes then waits, within the same ``ANSWER_S``."""
HEAD_BYTES = 16 * 1024
AGENT = "Parley"
"""What we tell of ourselves: no version, and GitHub answers nobody who says nothing."""


_NO_ANSWER = (HTTPError, OSError, ValueError, HTTPInputError, StreamBufferFullError, UnsatisfiableReadError)
"""Whatever Tornado's client raises where an answer does not come, is too long, or is none of HTTP."""


class _Connection(_HTTPConnection):
    """Tells of a connection that the other side resets in the middle of an answer.

    The class it is derived from raises that where nobody catches it, and lets whoever asked wait for the whole time.
    """

    def on_connection_close(self) -> None:
        if self.final_callback is not None:
            error = self.stream.error or HTTPStreamClosedError("Connection closed")
            self._handle_exception(type(error), error, None)


class _Client(SimpleAsyncHTTPClient):
    def _connection_class(self) -> type:
        return _Connection


class _Guarded(Resolver):
    """Finds addresses, and gives none that the bounds forbid; all of a name's have to be permitted."""

    def initialize(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._resolver = DefaultLoopResolver()

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[tuple[int, Any]]:
        found: list[tuple[int, Any]] = await self._resolver.resolve(host, port, family)
        if not found or not all(self._bounds.permit_peer(str(address[0])) for _, address in found):
            raise OSError("the name leads to an address that may not be asked")
        return found

    def close(self) -> None:
        self._resolver.close()


class Outgoing:
    """Implements ``store.web.Web``."""

    def __init__(self) -> None:
        self._clients: dict[Bounds, _Client] = {}

    async def get(self, url: str, bounds: Bounds, headers: Mapping[str, str]) -> Said:
        """See ``Web.get``."""
        return await self._ask(HTTPRequest(url, headers=dict(headers)), bounds)

    async def post(self, url: str, bounds: Bounds, headers: Mapping[str, str], body: Mapping[str, str] | bytes) -> Said:
        """See ``Web.post``."""
        if isinstance(body, bytes):
            return await self._ask(HTTPRequest(url, "POST", dict(headers), body), bounds)
        more = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._ask(HTTPRequest(url, "POST", {**headers, **more}, urlencode(body)), bounds)

    def close(self) -> None:
        """See ``Web.close``."""
        while self._clients:
            _, client = self._clients.popitem()
            client.close()
            client.resolver.close()

    async def _ask(self, request: HTTPRequest, bounds: Bounds) -> Said:
        if not bounds.permit(request.url):
            raise Unanswered("an address that may not be asked")
        request.connect_timeout = request.request_timeout = ANSWER_S
        request.follow_redirects = False
        # A small answer can be unpacked to a large one: none is asked for, and what comes packed is not read.
        request.decompress_response = False
        request.user_agent = AGENT
        try:
            # Only what has an answer is none of an error: whatever else goes wrong is raised all the same.
            answer = await self._client(bounds).fetch(request, raise_error=False)
        except _NO_ANSWER as error:
            # Told by its kind: what it says may repeat the address, and in that is what nobody else may read.
            log.info("no answer", extra={"host": ",".join(sorted(bounds.hosts)), "cause": type(error).__name__})
            raise Unanswered(type(error).__name__) from error
        return Said(answer.code, answer.body or b"")

    def _client(self, bounds: Bounds) -> _Client:
        client = self._clients.get(bounds)
        if client is None:
            client = self._clients[bounds] = _Client(
                force_instance=True,
                max_clients=AT_ONCE,
                max_buffer_size=ANSWER_BYTES,
                max_body_size=ANSWER_BYTES,
                max_header_size=HEAD_BYTES,
                resolver=_Guarded(bounds=bounds),
            )
        return client
