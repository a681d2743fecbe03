"""The door for websockets: who may come in, and what every session needs."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from tornado.httputil import HTTPServerRequest

from services import OPERATIONS
from services.application import Application
from services.operations.limits import SOCKET_ADDRESS, place_of
from services.operations.operation import Operation
from ws.calls.desk import Desk as CallDesk
from ws.hub.hub import Hub
from ws.hub.recent import Recall
from ws.presence.desk import Desk
from ws.sessions.session import Session
from ws.visits import Visits
from ws.wheel import Wheel
from ws.wire.codes import CloseCode
from ws.wire.flusher import Flusher
from ws.wire.socket import Connection

NODE_SOCKETS = 10_000
"""Sockets of a node: what its memory is planned for, and half the files it may open."""

ADDRESS_SOCKETS = 50
"""Sockets of one address: a household or a small office."""

USER_SOCKETS = 10
"""Sockets of one person: devices and tabs."""

SILENT_SOCKETS = 200
"""Sockets that may take ``HELLO_S`` for their hello; where there are more, those that have waited longest go."""

SILENT_S = 2.0
"""Time for a hello that everybody has: a whole node's people may come back at once, and each says hello at once."""


@dataclass(slots=True)
class Door:
    """What the sessions of a node share."""

    application: Application
    hub: Hub
    flusher: Flusher
    wheel: Wheel
    desk: Desk
    calls: CallDesk
    visits: Visits
    operations: dict[str, Operation[Any]] = field(
        default_factory=lambda: {operation.name: operation for operation in OPERATIONS if operation.socket}
    )
    recall: Recall = field(init=False)
    draining: bool = False
    """Whether the node is about to end: then nobody new comes in."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    """Requests that are being answered."""
    empty: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while there are no sockets."""
    _sessions: dict[Session, None] = field(default_factory=dict)
    _addresses: dict[str, int] = field(default_factory=dict)
    _silent: dict[Session, float] = field(default_factory=dict)
    """Those that have said nothing yet, and since when, in the order in which they came."""

    def __post_init__(self) -> None:
        """Take what follows from the parts."""
        self.recall = Recall(self.application.database)

    def refuse(self, request: HTTPServerRequest) -> tuple[int, str] | None:
        """Return status and reason where a request for a websocket is to be refused."""
        self._send_silent_away()
        if self.draining:
            return 503, "this node is going away"
        if not self.application.limits.on:
            return None
        address = place_of(request.remote_ip or "")
        if len(self._sessions) >= NODE_SOCKETS:
            return 503, "this node has as many sockets as it may"
        if self._addresses.get(address, 0) >= ADDRESS_SOCKETS:
            return 429, "too many sockets from this address"
        if self.application.limits.wait(SOCKET_ADDRESS, address) > 0:
            return 429, "too many new sockets from this address"
        return None

    def accept(self, connection: Connection) -> Session:
        """Return the session of a new socket."""
        session = Session(self, connection)
        address = place_of(connection.remote_ip or "")
        self._sessions[session] = None
        self._silent[session] = time.monotonic()
        self.empty.clear()
        self._addresses[address] = self._addresses.get(address, 0) + 1
        return session

    def heard(self, session: Session) -> None:
        """Note that a socket has said hello, whatever becomes of it."""
        self._silent.pop(session, None)

    def _send_silent_away(self) -> None:
        """Close those that have waited longest for their hello, where too many do, in favour of whoever comes."""
        if not self.application.limits.on:
            return
        before = time.monotonic() - SILENT_S
        while len(self._silent) >= SILENT_SOCKETS:
            session, since = next(iter(self._silent.items()))
            if since > before:
                return
            del self._silent[session]
            session.end(CloseCode.NOT_AUTHENTICATED, "no hello, and many are waiting")

    def is_full(self, user: str) -> bool:
        """Tell whether a person has as many sockets as they may."""
        return self.application.limits.on and len(self.hub.sessions(user)) >= USER_SOCKETS

    def left(self, session: Session) -> None:
        """Forget a session whose socket has ended."""
        if self._sessions.pop(session, session) is session:
            return
        self._silent.pop(session, None)
        if not self._sessions:
            self.empty.set()
        address = place_of(session.connection.remote_ip or "")
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]
        self.hub.remove(session, session.admitted, session.streams)
        self.desk.leave(session)
        self.calls.leave(session)
        self.visits.leave(session)
        self.application.metrics.closed.labels(str(session.closed_code or 1006)).inc()

    def keep(self, task: asyncio.Task[None]) -> None:
        """Own a task of a session's request: it goes on though the socket ends, until it is done or the node ends."""
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def close_all(self) -> None:
        """Close all sockets at once, to come back."""
        for session in list(self._sessions):
            session.end(CloseCode.GOING_AWAY, "this node is going away")

    @property
    def sessions(self) -> list[Session]:
        """Every session, the oldest first."""
        return list(self._sessions)

    @property
    def sockets(self) -> int:
        """How many sockets there are."""
        return len(self._sessions)


def node_name(given: str) -> str:
    """Return the name of this run of a node: the given one and something that no other run has."""
    return f"{given}-{int(time.time()):x}{secrets.token_hex(2)}"
