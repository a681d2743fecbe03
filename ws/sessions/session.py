"""A session: one websocket, whose it is, and what it has open."""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from services.logs import network, security
from services.operations.context import Principal
from store.tables import Effect
from ws.sessions.catchup import CatchUp
from ws.sessions.heartbeat import HELLO_S, Heartbeat
from ws.sessions.moves import follow
from ws.sessions.requests import Requests
from ws.wheel import Slot
from ws.wire.codes import CloseCode
from ws.wire.frames import ping_frame, text_frame
from ws.wire.socket import Connection
from ws.wire.throttle import Throttle

if TYPE_CHECKING:
    from ws.door import Door

log = logging.getLogger(__name__)

TOKEN_GRACE_S = 60.0
"""Time between a token's end and the session's: for a refresh that is under way."""

SEND_S = 1.0
"""Longest that a client is waited for to take its last answers, before a node that ends closes its socket."""

OVERLOADED_AFTER_MS = 500
OVERLOADED_SPREAD_MS = 4500
"""When those come back for whom the store had no time: with the first of them, most find that it still has none."""


class Session:
    """What the server knows of one socket. It implements ``ws.wire.socket.Receiver``."""

    __slots__ = (
        "_door",
        "_expiry",
        "_heartbeat",
        "_mover",
        "_requests",
        "admitted",
        "catching",
        "closed_code",
        "connection",
        "gone",
        "moves",
        "outbox",
        "principal",
        "streams",
    )

    def __init__(self, door: "Door", connection: Connection) -> None:
        self._door = door
        self.connection = connection
        self.outbox = connection.outbox
        connection.throttle = Throttle() if door.application.limits.on else None
        self.principal: Principal | None = None
        """Who it is, once a hello was answered."""
        self.admitted = ""
        """The id of whose session it is, from the moment that the hub knows it."""
        self.streams: dict[str, None] = {}
        """The streams it watches or is about to."""
        self.catching: asyncio.Task[None] | None = None
        self.moves: list[Effect] = []
        """Rooms joined and left that it has not been told of yet."""
        self.gone = False
        """Whether the socket has ended: what still runs for it leaves nothing behind."""
        self.closed_code: int | None = None
        self._mover: asyncio.Task[None] | None = None
        self._requests = Requests(door, self)
        self._expiry: Slot = door.wheel.schedule(HELLO_S, self._no_hello)
        self._heartbeat = Heartbeat(door.wheel, self.ask, self._dead)

    @property
    def user(self) -> str:
        """The id of whose session it is; empty before hello."""
        return "" if self.principal is None else self.principal.user

    @property
    def login(self) -> str:
        """The log-in it belongs to; empty before hello."""
        return "" if self.principal is None else self.principal.login

    # What the socket calls: see ``ws.wire.socket.Receiver``.

    def alive(self) -> None:
        """See ``Receiver.alive``."""
        self._heartbeat.heard()

    async def receive(self, payload: bytes) -> None:
        """See ``Receiver.receive``."""
        await self._requests.take(payload)

    def closed(self, code: int | None) -> None:
        """See ``Receiver.closed``."""
        self.gone = True
        self.closed_code = code
        self._heartbeat.stop()
        self._expiry.cancel()
        for task in (self.catching, self._mover):
            if task is not None:
                task.cancel()
        self._door.left(self)
        security.info("socket closed", extra=self.described() | {"code": code})

    def described(self) -> dict[str, object]:
        """Return whose it is and where it comes from, for the log."""
        who: dict[str, object] = {} if self.principal is None else {"user": self.user, "login": self.login}
        return who | {"network": network(self.connection.remote_ip), "origin": self.connection.origin}

    # What the hub and the door call.

    def push(self, data: bytes) -> None:
        """Send JSON that has to arrive."""
        self.outbox.push(text_frame(data))

    def go_away(self, spread_ms: int, after_ms: int = 0) -> None:
        """Ask the client to come back after a while and a random part of the spread; the close follows later."""
        self.push(b'{"ev":"goaway","d":{"after":%d,"spread":%d}}' % (after_ms, spread_ms))
        self.outbox.flush()  # Closing drops what waits, and may come in this very tick.

    async def leave(self, code: CloseCode, reason: str) -> None:
        """Close when all that was asked is answered, and the client has had ``SEND_S`` to read the answers."""
        await self._requests.finish()
        try:
            async with asyncio.timeout(SEND_S):
                await self.outbox.drained(1)
        except TimeoutError:
            log.info("a client reads no answers", extra={"user": self.user})
        self.end(code, reason)

    @property
    def silent_s(self) -> float:
        """How long nothing was heard of the client."""
        return self._heartbeat.silent_s

    def ask(self) -> None:
        """Ask for a sign of life."""
        self.outbox.push(ping_frame())

    def end(self, code: CloseCode, reason: str) -> None:
        """Close with a code; what was not sent yet is not sent."""
        self.connection.close(code, reason)

    def moved(self, effect: Effect) -> None:
        """Note that the person joined or left a room, or has another role there."""
        self.moves.append(effect)
        if self.principal is not None and self._mover is None:
            self.start_moving()

    def start_moving(self) -> None:
        """Tell of rooms joined and left, one after the other."""
        if self.moves:
            self._mover = asyncio.create_task(follow(self._door, self))
            self._mover.add_done_callback(self._moved_all)

    def _moved_all(self, task: asyncio.Task[None]) -> None:
        self._mover = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("telling of a room failed", exc_info=error)
            self.end(CloseCode.INTERNAL_ERROR, "")
        elif not self.gone:
            self.start_moving()  # a move noted between the task's last look and its end

    def welcome(self, principal: Principal) -> None:
        """Take a principal, from a hello or a refresh; the session ends soon after the token."""
        came, self.principal = self.principal is None, principal
        if came:
            security.info("socket opened", extra=self.described())
        self._expiry.cancel()
        left = principal.expires_at - time.monotonic() + TOKEN_GRACE_S
        self._expiry = self._door.wheel.schedule(left, lambda: self.end(CloseCode.TOKEN_ENDED, "the token has ended"))

    def catch_up(self, behind: list[CatchUp]) -> None:
        """Send what was missed, then say ``live``; all of it now, where nothing was missed."""
        if all(one.done for one in behind):
            self._live(behind)
            return
        self.catching = asyncio.create_task(self._catch_up(behind))
        self.catching.add_done_callback(self._caught_up)

    async def _catch_up(self, behind: list[CatchUp]) -> None:
        self.outbox.pacing = True
        try:
            for one in behind:
                await one.run(attach=False)
        finally:
            self.outbox.pacing = False
        # Only now live events come, in all streams at once, and with them the rule for slow readers.
        for one in behind:
            await one.run(attach=True)
        self._live(())

    def _live(self, there: Iterable[CatchUp]) -> None:
        for one in there:
            one.attach()
        self.push(b'{"ev":"live"}')

    def _caught_up(self, task: asyncio.Task[None]) -> None:
        self.catching = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("catching up failed", exc_info=error)
            self.go_away(OVERLOADED_SPREAD_MS, OVERLOADED_AFTER_MS)
            self.end(CloseCode.OVERLOADED, "the store does not answer")

    def _dead(self) -> None:
        self.end(CloseCode.HEARTBEAT, "no sign of life")

    def _no_hello(self) -> None:
        if self.principal is None:
            self.end(CloseCode.NOT_AUTHENTICATED, "no hello in time")
