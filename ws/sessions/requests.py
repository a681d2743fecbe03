"""What a session asks, one request after the other, and the answers it is owed."""

import asyncio
import json
import logging
from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from services.errors import Flaw, Invalid, ServiceError, TooMany, Unavailable
from services.ids import new_id
from services.logs import security
from services.loop.turns import FLEETING_PATIENCE_S, PATIENCE_S
from services.operations.context import Context
from services.operations.eager import in_task
from services.operations.limits import SOCKET_ERRORS, SOCKET_OPERATION, SOCKET_REFUSALS
from services.operations.operation import Operation, begin, perform
from services.operations.schemas.schemas import convert
from services.operations.schemas.strict import NotJson, check
from ws.sessions.greeting import ANSWERED, greet, refresh
from ws.wire.codes import CloseCode

if TYPE_CHECKING:
    from ws.door import Door
    from ws.sessions.session import Session

log = logging.getLogger(__name__)

OPEN_LIMIT = 64
"""Operations that a session may have open; the next is read when one is answered."""

STANDING_S = 1.0
"""A request that held up those behind it for longer, and in vain, tells that the store stands still."""

HASTE_S = 0.5
"""Time for which those are told so at once: one after the other they would wait in vain as long."""

_encode = msgspec.json.Encoder().encode


class Requests:
    """The requests of one session."""

    __slots__ = (
        "_done_all",
        "_door",
        "_ending",
        "_hasty_until",
        "_key",
        "_open",
        "_room",
        "_session",
        "_unavailable_at",
    )

    def __init__(self, door: "Door", session: "Session") -> None:
        self._door = door
        self._session = session
        self._key = new_id()  # of its buckets: an address in memory is soon another session's
        self._open = 0
        self._unavailable_at = 0.0
        self._hasty_until = 0.0
        self._room: asyncio.Future[None] | None = None
        self._ending = False
        self._done_all: asyncio.Future[None] | None = None

    async def finish(self) -> None:
        """Take no more, and return when all that were taken are answered."""
        self._ending = True
        if self._open:
            if self._done_all is None:
                self._done_all = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._done_all)

    async def take(self, payload: bytes) -> None:
        """Take one request; return when the next one may be read."""
        if self._ending:
            return  # It is never answered: whoever asked comes back and asks again.
        try:
            request = check(payload)
        except NotJson:
            self._session.end(CloseCode.BAD_FRAME, "not JSON")
            return
        except Invalid as error:
            self._refuse(_lenient_id(payload), error)
            return
        if not isinstance(request, dict) or not isinstance(request.get("op"), str):
            self._session.end(CloseCode.BAD_FRAME, "no op")
            return
        id_ = request.get("id")
        if id_ is not None and type(id_) is not int:  # which a boolean is too, where asked with isinstance
            self._session.end(CloseCode.BAD_FRAME, "the id is no whole number")
            return
        given = request.get("d", {})
        if len(request) > 1 + ("id" in request) + ("d" in request):
            self._refuse(id_, Invalid(flaws=(Flaw("", "has a field that is not known here"),)))
        elif not isinstance(given, dict):
            self._refuse(id_, Invalid(flaws=(Flaw("/d", "has to be an object"),)))
        else:
            await self._dispatch(request["op"], id_, given)

    async def _dispatch(self, name: str, id_: int | None, given: dict[str, Any]) -> None:
        session = self._session
        if session.principal is None:
            if name != "hello":
                session.end(CloseCode.NOT_AUTHENTICATED, "hello comes first")
                return
            self._door.heard(session)
            await in_task()
            await self._finish(id_, greet(self._door, session, id_, given), name)
            return
        limits = self._door.application.limits
        if limits.on:
            try:
                limits.take(SOCKET_OPERATION, self._key)
            except TooMany as error:
                self._refuse_more(id_, error)
                return
        operation = self._door.operations.get(name)
        if operation is None and name != "auth.refresh":
            why = "hello was answered before" if name == "hello" else "this op is not known"
            self._refuse(id_, Invalid(why))
            return
        while self._open >= OPEN_LIMIT and not session.gone:
            self._room = asyncio.get_running_loop().create_future()
            await self._room
        if not self._ending:
            await self._begin(operation, name, id_, given)

    async def _begin(self, operation: Operation[Any] | None, name: str, id_: int | None, given: dict[str, Any]) -> None:
        """Begin an operation; return when the next one may be read."""
        session = self._session
        self._open += 1
        if operation is None:
            _task = self._start(id_, refresh(self._door, session, given), name)
            return
        application, patience = self._door.application, FLEETING_PATIENCE_S if operation.fleeting else PATIENCE_S
        context = Context(application, session.principal, session.connection.remote_ip or "", origin=session)
        if context.asked_at < self._hasty_until or application.turns.waited_s > patience:
            context.application.metrics.answered(name, Unavailable.code, 0.0)
            self._done(id_, name, None, Unavailable())
            return
        try:
            arguments = convert(operation.input, given)
        except Invalid as error:
            self._done(id_, name, None, error)
            return
        if operation.enter is not None:
            await begin(operation, context, arguments, partial(self._done, id_, name))
        else:
            task = self._start(id_, perform(operation, context, arguments), name)
            if operation.ordered:
                await asyncio.wait((task,))
        if self._unavailable_at > context.asked_at:
            now = asyncio.get_running_loop().time()
            if now - context.asked_at > STANDING_S:
                self._hasty_until = now + HASTE_S

    def _start(self, id_: int | None, work: Awaitable[Any], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(self._run(id_, work, name))
        self._door.keep(task)
        return task

    async def _run(self, id_: int | None, work: Awaitable[Any], name: str) -> None:
        try:
            await self._finish(id_, work, name)
        finally:
            self._leave()

    async def _finish(self, id_: int | None, work: Awaitable[Any], name: str) -> None:
        """Do the work and send its answer, whatever it is."""
        try:
            result = await work
        except Exception as error:  # noqa: BLE001 - told to the client, and logged where it is a mistake of ours
            self._answer(id_, name, None, error)
        else:
            self._answer(id_, name, result, None)

    def _done(self, id_: int | None, name: str, result: Any, error: BaseException | None) -> None:
        try:
            self._answer(id_, name, result, error)
        finally:
            self._leave()

    def _leave(self) -> None:
        self._open -= 1
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)
        if self._done_all is not None and not self._open:
            self._done_all.set_result(None)
            self._done_all = None

    def _answer(self, id_: int | None, name: str, result: Any, error: BaseException | None) -> None:
        if error is None:
            if id_ is not None and result is not ANSWERED:
                self._session.push(b'{"re":%d,"ok":%s}' % (id_, b"{}" if result is None else _encode(result)))
        elif isinstance(error, Invalid):
            self._refuse(id_, error)
        elif isinstance(error, TooMany):
            self._refuse_more(id_, error)
        elif isinstance(error, ServiceError):
            if isinstance(error, Unavailable):
                self._unavailable_at = asyncio.get_running_loop().time()
            self._say_error(id_, error)
        else:
            instance = new_id()
            log.error("an operation failed", exc_info=error, extra={"operation": name, "instance": instance})
            self._say_error(id_, ServiceError(more={"instance": instance}))

    def _refuse(self, id_: int | None, error: Invalid) -> None:
        """Answer a request that cannot be meant so; too many of them end the session."""
        self._say_error(id_, error)
        limits = self._door.application.limits
        if limits.on and limits.wait(SOCKET_ERRORS, self._key) > 0:
            self._send_away("too many bad requests")

    def _refuse_more(self, id_: int | None, error: TooMany) -> None:
        """Answer a request over a rate; whoever goes on asking, and does not wait as told, is sent away."""
        self._say_error(id_, error)
        limits = self._door.application.limits
        if limits.on and limits.wait(SOCKET_REFUSALS, self._key) > 0:
            self._send_away("too many requests over a limit")

    def _send_away(self, reason: str) -> None:
        security.info("sent away", extra=self._session.described() | {"reason": reason})
        self._session.outbox.flush()  # closing drops what waits, and that tells why
        self._session.end(CloseCode.TOO_MANY_ERRORS, reason)

    def _say_error(self, id_: int | None, error: ServiceError) -> None:
        if id_ is None:
            return
        said: dict[str, Any] = {"code": error.name, "detail": error.reason}
        if error.retry_after is not None:
            said["retry_after"] = error.retry_after
        if error.flaws:
            said["errors"] = error.flaws
        said |= error.more
        self._session.push(b'{"re":%d,"err":%s}' % (id_, _encode(said)))


def _lenient_id(payload: bytes) -> int | None:
    """Return the id of a request that is JSON but not strict, so that it can be answered."""
    try:
        id_ = json.loads(payload)["id"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    return id_ if isinstance(id_, int) and not isinstance(id_, bool) else None
