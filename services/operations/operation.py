"""Operations: written once, reached by both doors."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from services.errors import Forbidden, ScopeMissing, ServiceError, TooMany, Unauthenticated, Unavailable
from services.logs import network, security
from services.operations.context import Context, Entered
from services.operations.eager import Waits, in_task, rest, step
from services.operations.inputs import Input
from services.operations.limits import ADDRESS, USER, Limit, Reach, place_of
from services.streams.append import Outcome
from store.errors import StoreError

log = logging.getLogger(__name__)

SLOW_S = 1.0
"""An operation that took longer is worth a line in the log."""


In = TypeVar("In", bound=Input)


@dataclass(frozen=True, slots=True)
class Need:
    """What somebody has to be, or to have done, to ask for an operation at all; ``check`` raises what is told else."""

    name: str
    check: Callable[[Context], Awaitable[None]]
    raises: tuple[type[ServiceError], ...]


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
    needs: tuple[Need, ...] = ()
    """What else is asked of the caller, in this order."""
    scope: Literal["", "read", "write", "account"] = ""
    """What an API token has to be for; empty: ``read`` for GET, else ``write``. No token is for ``account``."""
    limits: tuple[tuple[Limit, Callable[[Context, In], str]], ...] = ()
    own_limits: tuple[Limit, ...] = ()
    """What it takes from by itself, since only it finds out whose."""

    @property
    def needed_scope(self) -> str:
        """What an API token has to be for."""
        return self.scope or ("read" if self.method == "GET" else "write")

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
    return place_of(context.address)


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
        caller = context.caller
        await context.application.tokens.require_live(caller)
        if caller.scopes is not None and operation.needed_scope not in caller.scopes:
            raise ScopeMissing
    await take(operation, context, given)
    for need in operation.needs:
        await need.check(context)


def _failed(operation: Operation[Any], context: Context, start: float, error: BaseException) -> BaseException:
    """Count an operation that failed; return what its caller is told."""
    told = error
    code = "internal"
    if isinstance(error, TimeoutError | StoreError):
        told = Unavailable()
        log.warning("unavailable", extra={"operation": operation.name, "cause": type(error).__name__})
    if isinstance(told, ServiceError):
        code = told.name
        if isinstance(told, Forbidden | Unauthenticated | TooMany):
            tell_refused(operation.name, context, code)
    elif isinstance(error, asyncio.CancelledError):
        code = "cancelled"
    _answered(operation, context, start, code)
    return told


def tell_refused(operation: str, context: Context, code: str) -> None:
    """Log that somebody may not do what they asked for."""
    who = context.principal
    asked_by = {} if who is None else {"user": who.user, "login": who.login}
    security.info(
        "refused", extra={"operation": operation, "code": code, **asked_by, "network": network(context.address)}
    )


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
    if context.principal is None:
        limits.take(ADDRESS, place_of(context.address))
    else:
        limits.take(USER, context.principal.user)
    for limit, key in operation.limits:
        if limit.reach is Reach.EXACT:
            await limits.take_exactly(limit, key(context, given))
        else:
            limits.take(limit, key(context, given))
