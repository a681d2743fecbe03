"""A session: one websocket, whose it is, and what it has open."""

import asyncio
import json
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from services.errors import Flaw, Invalid, ServiceError, TooMany
from services.ids import new_id
from services.limits import SOCKET_ERRORS, SOCKET_OPERATION
from services.operation import Context, Operation, Principal, perform
from services.schemas import convert
from services.strict import NotJson, check
from store.tables import Effect
from ws.catchup import CatchUp
from ws.codes import CloseCode
from ws.frames import ping_frame, text_frame
from ws.greeting import ANSWERED, greet, refresh
from ws.heartbeat import HELLO_S, Heartbeat
from ws.moves import follow
from ws.socket import Connection
from ws.wheel import Slot

if TYPE_CHECKING:
    from ws.door import Door

log = logging.getLogger(__name__)

TOKEN_GRACE_S = 60.0
"""Time between a token's end and the session's: for a refresh that is under way."""

OPEN_LIMIT = 64
"""Operations that a session may have open; the next is read when one is answered."""

_encode = msgspec.json.Encoder().encode


class Session:
    """What the server knows of one socket. It implements ``ws.socket.Receiver``."""

    __slots__ = (
        "_door",
        "_expiry",
        "_gate",
        "_heartbeat",
        "_key",
        "_mover",
        "_open",
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
        self.principal: Principal | None = None
        """Who it is, once a hello was answered."""
        self.admitted = ""
        """The id of whose session it is, from the moment that the hub knows it."""
        self.streams: dict[str, None] = {}
        """The streams it watches or is about to."""
        self.catching: asyncio.Task[None] | None = None
        self.moves: deque[Effect] = deque()
        """Rooms joined and left that it has not been told of yet."""
        self.gone = False
        """Whether the socket has ended: what still runs for it leaves nothing behind."""
        self.closed_code: int | None = None
        self._key = new_id()  # of its buckets: an address in memory is soon another session's
        self._mover: asyncio.Task[None] | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._gate: asyncio.Future[None] | None = None
        self._expiry: Slot = door.wheel.schedule(HELLO_S, self._no_hello)
        self._heartbeat = Heartbeat(door.wheel, self._ask, self._dead)

    @property
    def user(self) -> str:
        """The id of whose session it is; empty before hello."""
        return "" if self.principal is None else self.principal.user

    @property
    def login(self) -> str:
        """The log-in it belongs to; empty before hello."""
        return "" if self.principal is None else self.principal.login

    # What the socket calls: see ``ws.socket.Receiver``.

    def alive(self) -> None:
        """See ``Receiver.alive``."""
        self._heartbeat.heard()

    async def receive(self, payload: bytes) -> None:
        """See ``Receiver.receive``."""
        try:
            request = check(payload)
        except NotJson:
            self.end(CloseCode.BAD_FRAME, "not JSON")
            return
        except Invalid as error:
            await self._refuse(_lenient_id(payload), error)
            return
        if not isinstance(request, dict) or not isinstance(request.get("op"), str):
            self.end(CloseCode.BAD_FRAME, "no op")
            return
        id_ = request.get("id")
        if id_ is not None and (not isinstance(id_, int) or isinstance(id_, bool)):
            self.end(CloseCode.BAD_FRAME, "the id is no whole number")
            return
        unknown = request.keys() - {"op", "id", "d"}
        if unknown:
            await self._refuse(id_, Invalid(flaws=(Flaw("", "has a field that is not known here"),)))
            return
        await self._dispatch(request["op"], id_, request.get("d", {}))

    def closed(self, code: int | None) -> None:
        """See ``Receiver.closed``."""
        self.gone = True
        self.closed_code = code
        self._heartbeat.stop()
        self._expiry.cancel()
        for task in (self.catching, self._mover):
            if task is not None:
                task.cancel()
        if self._gate is not None and not self._gate.done():
            self._gate.set_result(None)
        self._door.left(self)
        if self.principal is not None:
            log.info("session closed", extra={"user": self.user, "code": code})

    # What the hub and the door call.

    def push(self, data: bytes) -> None:
        """Send JSON that has to arrive."""
        self.outbox.push(text_frame(data))

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
        self.principal = principal
        self._expiry.cancel()
        left = principal.expires_at - time.time() + TOKEN_GRACE_S
        self._expiry = self._door.wheel.schedule(left, lambda: self.end(CloseCode.TOKEN_ENDED, "the token has ended"))

    def catch_up(self, behind: list[CatchUp]) -> None:
        """Send what was missed, then say ``live``."""
        self.catching = asyncio.create_task(self._catch_up(behind))
        self.catching.add_done_callback(self._caught_up)

    async def _catch_up(self, behind: list[CatchUp]) -> None:
        self.outbox.pacing = True
        try:
            for one in behind:
                await one.run()
        finally:
            self.outbox.pacing = False
        self.push(b'{"ev":"live"}')

    def _caught_up(self, task: asyncio.Task[None]) -> None:
        self.catching = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("catching up failed", exc_info=error)
            self.end(CloseCode.OVERLOADED, "the store does not answer")

    # Requests.

    async def _dispatch(self, name: str, id_: int | None, given: Any) -> None:
        if not isinstance(given, dict):
            await self._refuse(id_, Invalid(flaws=(Flaw("/d", "has to be an object"),)))
            return
        if self.principal is None:
            if name != "hello":
                self.end(CloseCode.NOT_AUTHENTICATED, "hello comes first")
                return
            await self._answer(id_, greet(self._door, self, id_, given), name)
            return
        limits = self._door.application.limits
        if limits.on:
            try:
                limits.take(SOCKET_OPERATION, self._key)
            except TooMany as error:
                self._say_error(id_, error)
                return
        operation = self._door.operations.get(name)
        if operation is None and name != "auth.refresh":
            why = "hello was answered before" if name == "hello" else "this op is not known"
            await self._refuse(id_, Invalid(why))
            return
        if len(self._open) >= OPEN_LIMIT:
            await asyncio.wait(self._open, return_when=asyncio.FIRST_COMPLETED)
        await self._begin(operation, name, id_, given)

    async def _begin(self, operation: Operation[Any] | None, name: str, id_: int | None, given: Any) -> None:
        """Begin an operation; return when the next one may be read."""
        gate: asyncio.Future[None] | None = None
        if operation is None:
            work = refresh(self._door, self, given)
        else:
            context = Context(self._door.application, self.principal, self.connection.remote_ip or "", origin=self)
            if operation.ordered:
                gate = self._gate = asyncio.get_running_loop().create_future()
                context.entered = lambda: None if gate.done() else gate.set_result(None)
            work = self._perform(operation, context, given)
        task = asyncio.create_task(self._answer(id_, work, name))
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        if gate is not None:
            task.add_done_callback(lambda _: None if gate.done() else gate.set_result(None))
            await gate

    async def _perform(self, operation: Operation[Any], context: Context, given: Any) -> Any:
        return await perform(operation, context, convert(operation.input, given))

    async def _answer(self, id_: int | None, work: Any, name: str) -> None:
        """Do the work and send its answer, whatever it is."""
        try:
            result = await work
        except ServiceError as error:
            if isinstance(error, Invalid):
                await self._refuse(id_, error)
            else:
                self._say_error(id_, error)
        except Exception:
            log.exception("an operation failed", extra={"operation": name})
            self._say_error(id_, ServiceError())
        else:
            if id_ is not None and result is not ANSWERED:
                self.push(b'{"re":%d,"ok":%s}' % (id_, b"{}" if result is None else _encode(result)))

    async def _refuse(self, id_: int | None, error: Invalid) -> None:
        """Answer a request that cannot be meant so; too many of them end the session."""
        self._say_error(id_, error)
        limits = self._door.application.limits
        if limits.on and limits.wait(SOCKET_ERRORS, self._key) > 0:
            self.end(CloseCode.TOO_MANY_ERRORS, "too many bad requests")

    def _say_error(self, id_: int | None, error: ServiceError) -> None:
        if id_ is None:
            return
        said: dict[str, Any] = {"code": error.name, "detail": error.reason}
        if error.retry_after is not None:
            said["retry_after"] = error.retry_after
        if error.flaws:
            said["errors"] = error.flaws
        self.push(b'{"re":%d,"err":%s}' % (id_, _encode(said)))

    def _ask(self) -> None:
        self.outbox.push(ping_frame())

    def _dead(self) -> None:
        self.end(CloseCode.HEARTBEAT, "no sign of life")

    def _no_hello(self) -> None:
        if self.principal is None:
            self.end(CloseCode.NOT_AUTHENTICATED, "no hello in time")


def _lenient_id(payload: bytes) -> int | None:
    """Return the id of a request that is JSON but not strict, so that it can be answered."""
    try:
        id_ = json.loads(payload)["id"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    return id_ if isinstance(id_, int) and not isinstance(id_, bool) else None
