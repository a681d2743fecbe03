"""Operations: written once, reached by both doors."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from services.errors import ServiceError, TooMany, Unauthenticated, Unavailable
from services.inputs import Input
from services.limits import ADDRESS, USER, Limit
from services.streams.append import Append, Outcome
from store.errors import StoreError

if TYPE_CHECKING:
    from services.application import Application

log = logging.getLogger(__name__)

DEADLINE_S = 5.0
"""Longest that a caller waits for an answer: then it is 503, and what was begun goes on."""

SLOW_S = 1.0
"""An operation that took longer is worth a line in the log."""


class Principal(msgspec.Struct, frozen=True):
    """Who is asking, authenticated."""

    user: str
    username: str
    login: str
    expires_at: float
    """When the access token ends, in seconds since 1970."""


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
    entered: Callable[[], None] | None = None
    """Called when the request has its place in a lane: the next one may be read."""

    async def append(self, append: Append) -> Outcome:
        """Queue an append in its lanes at once, and return when it is durable.

        Raises:
            Unavailable: If the node takes no more; nothing was written.
            ServiceError: Whatever the append's plan raises.
        """
        future = self.application.lanes.append(append)
        if self.entered is not None:
            self.entered()
        return await future

    @property
    def caller(self) -> Principal:
        """Who is asking.

        Raises:
            Unauthenticated: If nobody is.
        """
        if self.principal is None:
            raise Unauthenticated
        return self.principal


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
    """Whether a session's next request is read only when this one has its place in a lane."""
    public: bool = False
    """Whether it may be asked by nobody in particular."""
    limits: tuple[tuple[Limit, Callable[[Context, In], str]], ...] = ()

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


async def perform(operation: Operation[In], context: Context, given: In) -> Any:
    """Answer one request: permission to ask at all, limits, deadline, metrics and log line, once for both doors.

    Raises:
        ServiceError: Whatever the answer is other than success; store failures become ``Unavailable``.
    """
    start = time.perf_counter()
    code = "ok"
    try:
        if not operation.public:
            await context.application.tokens.require_live(context.caller)
        take(operation, context, given)
        async with asyncio.timeout(DEADLINE_S):
            return await operation.run(context, given)
    except ServiceError as error:
        code = error.name
        raise
    except (TimeoutError, StoreError) as error:
        code = Unavailable.code
        log.warning("unavailable", extra={"operation": operation.name, "cause": type(error).__name__})
        raise Unavailable from error
    except asyncio.CancelledError:
        code = "cancelled"
        raise
    except Exception:
        code = "internal"
        raise
    finally:
        took = time.perf_counter() - start
        context.application.metrics.answered(operation.name, code, took)
        if took > SLOW_S:
            log.info("slow operation", extra={"operation": operation.name, "seconds": round(took, 3), "code": code})


def take(operation: Operation[In], context: Context, given: In) -> None:
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
            limits.take(limit, key(context, given))
    except TooMany:
        log.info("limited", extra={"operation": operation.name})
        raise
