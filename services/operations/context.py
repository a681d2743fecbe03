"""One request: who asks, from where, and what it waits for."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from services.errors import Unauthenticated
from services.streams.append import Append, Outcome

if TYPE_CHECKING:
    from services.application import Application

DEADLINE_S = 4.5
"""Longest that an answer takes: then it is 503, and what was begun goes on. On a busy machine it leaves within 5 s."""


class Principal(msgspec.Struct, frozen=True):
    """Who is asking, authenticated."""

    user: str
    username: str
    login: str
    expires_at: float
    """When the access token ends, by ``time.monotonic()``: no clock that jumps ends what is under way."""
    scopes: frozenset[str] | None = None
    """What an API token is for; None where a person has logged in, who may do all that theirs is."""


def _now() -> float:
    return asyncio.get_running_loop().time()


class Cookie(NamedTuple):
    """A refresh token for a browser to keep; an empty one is to be forgotten."""

    value: str
    max_age_s: int | None
    """None: until the browser is closed."""


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
    agent: str = ""
    """The program that asks, as it tells of itself."""
    cookie: str | None = None
    """The refresh token that a browser keeps for our page; None where another site's page made it ask."""
    from_page: bool = False
    """Whether our own page asks: a cookie may be set."""
    browser: str | None = None
    """What ties a sign-in elsewhere to the browser that began it, where one has; None as above."""
    set_browser: str | None = None
    """The same, to be kept by the browser from now on."""
    set_cookie: "Cookie | None" = None
    """What the browser is to keep from now on; REST alone has it."""
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
