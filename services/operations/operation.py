"""Operations: written once, reached by both doors."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import msgspec

from services.errors import ServiceError, TooMany, Unauthenticated, Unavailable
from services.operations.eager import Waits, in_task, rest, step
from services.operations.inputs import Input
from services.operations.limits import ADDRESS, USER, Limit, Reach
from services.streams.append import Append, Outcome
from store.errors import StoreError

if TYPE_CHECKING:
    from services.application import Application

log = logging.getLogger(__name__)

DEADLINE_S = 4.5
"""Longest that an answer takes: then it is 503, and what was begun goes on. On a busy machine it leaves within 5 s."""

SLOW_S = 1.0
"""An operation that took longer is worth a line in the log."""


class Principal(msgspec.Struct, frozen=True):
    """Who is asking, authenticated."""

    user: str
    username: str
    login: str
    expires_at: float
    """When the access token ends, by ``time.monotonic()``: no clock that jumps ends what is under way."""


def _now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(slots=True)
class Context:
    """One request: who asks, from where, and of which application."""

    application: "Application"
    principal: Principal | None
    address: str
    status: int = 200
    """Set by the operation where success is another than 200."""
    origin: object | None = None
    """The session that asked, which need not be told what it did; None over REST."""
    asked_at: float = field(default_factory=_now)
    """When it came, by the clock of the loop: finding out who asks takes of its time too."""

    @property
    def until(self) -> float:
        """When its deadline is, by the same clock."""
        return self.asked_at + DEADLINE_S

    def enter(self, append: Append, answer: Callable[[Outcome], Any]) -> "Entered":
        """Queue an append in its lanes at once.

        Raises:
            Unavailable: If the node takes no more; nothing was written.
        """
        _future = self.application.lanes.append(append)
        return Entered(append, answer)

    async def append(self, append: Append) -> Outcome:
        """Queue an append in its lanes at once, and return when it is durable.

        Raises:
            Unavailable: If the node takes no more; nothing was written.
            ServiceError: Whatever the append's plan raises.
        """
        return await self.application.lanes.append(append)

    @property
    def caller(self) -> Principal:
        """Who is asking.

        Raises:
            Unauthenticated: If nobody is.
        """
        if self.principal is None:
            raise Unauthenticated
        return self.principal


class Entered(NamedTuple):
    """A request that has its place in a lane: what it waits for, and what its answer is then."""

    append: Append
    answer: Callable[[Outcome], Any]


In = TypeVar("In", bound=Input)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[In]):
    """A verb that a client may ask for: all that adapters and documents know of it."""

    name: str
    method: str | None = None
    path: str | None = None
    """With ``{names}`` of input fields; None where it has no REST door."""
    socket: bool = True
    input: type[In]
    output: Any = None
    """The type of the answer; None where there is nothing to say."""
    run: Callable[[Context, In], Awaitable[Any]]
    raises: tuple[type[ServiceError], ...] = ()
    statuses: tuple[int, ...] = (200,)
    ordered: bool = False
    """Whether a session's next request is read only when this one is done, or has its place in a lane."""
    enter: Callable[[Context, In], Awaitable[Entered]] | None = None
    """The first half of ``run``, up to the place in a lane, where it can be told apart from the rest."""
    fleeting: bool = False
    """Whether nothing of it is kept: the first to be refused where a node is asked for more than it can do."""
    public: bool = False
    """Whether it may be asked by nobody in particular."""
    limits: tuple[tuple[Limit, Callable[[Context, In], str]], ...] = ()
    own_limits: tuple[Limit, ...] = ()
    """What it takes from by itself, since only it finds out whose."""

    @property
    def counts_against(self) -> list[Limit]:
        """All limits of its own."""
        return [*(limit for limit, _ in self.limits), *self.own_limits]

    @property
    def summary(self) -> str:
        """The first line of what its function says of itself."""
        return (self.run.__doc__ or "").strip().partition("\n")[0]


def by_user(context: Context, _given: Any) -> str:
    """Key of a limit: whoever asks."""
    return context.caller.user


def by_address(context: Context, _given: Any) -> str:
    """Key of a limit: where the request comes from."""
    return context.address


def waiting(enter: Callable[[Context, In], Awaitable[Entered]]) -> Callable[[Context, In], Awaitable[Any]]:
    """Return the whole of an operation of which ``enter`` is the first half."""

    async def run(context: Context, given: In) -> Any:
        entered = await enter(context, given)
        return entered.answer(await entered.append.future)

    run.__doc__ = enter.__doc__
    return run


async def perform(operation: Operation[In], context: Context, given: In) -> Any:
    """Answer one request: permission to ask at all, limits, deadline, metrics and log line, once for both doors.

    Raises:
        ServiceError: Whatever the answer is other than success; store failures become ``Unavailable``.
    """
    start = time.perf_counter()
    underway = context.application.underway
    underway.begun()
    try:
        async with asyncio.timeout_at(context.until):
            await _admit(operation, context, given)
            result = await operation.run(context, given)
    except BaseException as error:
        raise _failed(operation, context, start, error) from error
    finally:
        underway.ended()
    _answered(operation, context, start, "ok")
    return result


async def begin(
    operation: Operation[In], context: Context, given: In, done: Callable[[Any, BaseException | None], None]
) -> None:
    """Begin an operation that has an ``enter``; return when it has its place in a lane.

    ``done`` is called once, later or before this returns, with the answer or with what ``perform`` would raise. It
    takes no task and no timer of its own: they would be half of what a message costs.

    Raises:
        TypeError: If it has none.
    """
    if operation.enter is None:
        raise TypeError(f"{operation.name} cannot be begun")
    start = time.perf_counter()
    application = context.application
    application.underway.begun()
    try:
        try:
            entered = step(_enter(operation, operation.enter, context, given))
        except Waits as waits:
            await in_task()
            async with asyncio.timeout_at(context.until):
                entered = await rest(waits)
    except Exception as error:  # noqa: BLE001 - told to whoever waits for the answer
        application.underway.ended()
        done(None, _failed(operation, context, start, error))
        return
    except BaseException:
        application.underway.ended()
        raise
    append = entered.append

    def decided(future: asyncio.Future[Outcome]) -> None:
        application.deadlines.forget(append)
        application.underway.ended()
        try:
            result = entered.answer(future.result())
        except BaseException as error:  # noqa: BLE001 - the same
            done(None, _failed(operation, context, start, error))
        else:
            _answered(operation, context, start, "ok")
            done(result, None)

    append.then = decided
    application.deadlines.watch(append, context.until)


async def _enter(
    operation: Operation[In], enter: Callable[[Context, In], Awaitable[Entered]], context: Context, given: In
) -> Entered:
    await _admit(operation, context, given)
    return await enter(context, given)


async def _admit(operation: Operation[In], context: Context, given: In) -> None:
    if not operation.public:
        await context.application.tokens.require_live(context.caller)
    await take(operation, context, given)


def _failed(operation: Operation[Any], context: Context, start: float, error: BaseException) -> BaseException:
    """Count an operation that failed; return what its caller is told."""
    told = error
    code = "internal"
    if isinstance(error, TimeoutError | StoreError):
        told = Unavailable()
        log.warning("unavailable", extra={"operation": operation.name, "cause": type(error).__name__})
    if isinstance(told, ServiceError):
        code = told.name
    elif isinstance(error, asyncio.CancelledError):
        code = "cancelled"
    _answered(operation, context, start, code)
    return told


def _answered(operation: Operation[Any], context: Context, start: float, code: str) -> None:
    took = time.perf_counter() - start
    context.application.metrics.answered(operation.name, code, took)
    if took > SLOW_S:
        log.info("slow operation", extra={"operation": operation.name, "seconds": round(took, 3), "code": code})


async def take(operation: Operation[In], context: Context, given: In) -> None:
    """Take a token of each bucket that the request counts against.

    Raises:
        TooMany: If one of them is empty.
    """
    limits = context.application.limits
    if not limits.on:
        return
    try:
        if context.principal is None:
            limits.take(ADDRESS, context.address)
        else:
            limits.take(USER, context.principal.user)
        for limit, key in operation.limits:
            if limit.reach is Reach.EXACT:
                await limits.take_exactly(limit, key(context, given))
            else:
                limits.take(limit, key(context, given))
    except TooMany:
        log.info("limited", extra={"operation": operation.name})
        raise
