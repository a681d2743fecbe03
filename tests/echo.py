"""Sessions that answer each message with itself, for the tests of what is below a session."""

import asyncio

from tornado.httputil import HTTPServerRequest
from tornado.web import Application

from services.loop.turns import Turns
from ws.wire.flusher import Flusher
from ws.wire.frames import text_frame
from ws.wire.opening import Sockets
from ws.wire.socket import Connection

ORIGINS = frozenset({"https://app.example.org", "http://localhost:3000"})
"""Foreign pages that may connect."""


class Echo:
    """A session. It waits, fails or closes when a message says so."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.got: list[bytes] = []
        self.ended: list[int | None] = []
        """The codes it was told, of which there should be one."""
        self.reads = 0
        self.begun = asyncio.Event()
        """Whether a message has come."""
        self.done = asyncio.Event()
        """Whether the connection has ended."""
        self.go = asyncio.Event()
        """Whether a message may go on that was told to wait."""

    async def receive(self, payload: bytes) -> None:
        """See ``Receiver.receive``."""
        assert not self.ended
        self.got.append(payload)
        self.begun.set()
        if payload == b"wait":
            await self.go.wait()
        elif payload == b"fail":
            raise RuntimeError("told to")
        elif payload.startswith(b"close "):
            self.connection.close(int(payload[6:]), "told to")
        self.connection.outbox.push(text_frame(payload))

    def alive(self) -> None:
        """See ``Receiver.alive``."""
        assert not self.ended
        self.reads += 1

    def closed(self, code: int | None) -> None:
        """See ``Receiver.closed``."""
        self.ended.append(code)
        self.done.set()


class Sessions(list[Echo]):
    """Every session that was accepted, and what is to be refused."""

    refused: tuple[int, str] | None = None
    fault: Exception | None = None

    def accept(self, connection: Connection) -> Echo:
        """Return a session for a connection."""
        if self.fault is not None:
            raise self.fault
        self.append(Echo(connection))
        return self[-1]

    def close(self) -> None:
        """Close every socket that is still open."""
        for session in self:
            session.connection.outbox.abort()

    def refuse(self, _request: HTTPServerRequest) -> tuple[int, str] | None:
        """Refuse a request, where told to."""
        return self.refused


def application(sessions: Sessions) -> Application:
    """Return an application with nothing but a websocket."""
    return Application([("/ws", Sockets(sessions.accept, ORIGINS, Flusher(), Turns(), sessions.refuse))])
