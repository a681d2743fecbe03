"""Rate limits: token buckets by what is done and by whom, one table for the whole application."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from services.errors import TooMany

BUCKETS_KEPT = 100_000
"""Buckets remembered on a node; beyond it those that were idle longest go. About 200 bytes each."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket's size and how fast it fills: ``burst`` at once, then one more each ``every_s`` seconds."""

    name: str
    burst: int
    every_s: float


LOGIN_ACCOUNT = Limit("login_account", 5, 360)
LOGIN_ADDRESS = Limit("login_address", 20, 30)
REGISTER_ADDRESS = Limit("register_address", 5, 1200)
REFRESH_SESSION = Limit("refresh_session", 10, 30)
USER = Limit("user", 60, 0.2)
ADDRESS = Limit("address", 30, 1)
SEND_ROOM = Limit("send_room", 10, 1)
SEND_USER = Limit("send_user", 30, 1 / 3)
CHANGE_USER = Limit("change_user", 20, 0.5)
READ_USER = Limit("read_user", 30, 0.2)
CREATE_ROOM = Limit("create_room", 10, 60)
JOIN_USER = Limit("join_user", 30, 2)
LOOKUP_USER = Limit("lookup_user", 60, 1)
SEARCH_USER = Limit("search_user", 10, 3)
SOCKET_OPERATION = Limit("socket_operation", 60, 0.1)
SOCKET_ADDRESS = Limit("socket_address", 20, 1)
SOCKET_ERRORS = Limit("socket_errors", 5, 10)
PRESENCE_SET = Limit("presence_set", 5, 10)
PRESENCE_WATCH = Limit("presence_watch", 20, 2)
PRESENCE_COUNT = Limit("presence_count", 20, 1)
TYPING_ROOM = Limit("typing_room", 1, 3)


class Limits:
    """The buckets of this node. Fails open: without a bucket for a key everything is allowed."""

    def __init__(self, *, on: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.on = on
        self._clock = clock
        self._full_at: dict[tuple[str, str], float] = {}

    def take(self, limit: Limit, key: str) -> None:
        """Take one token.

        Raises:
            TooMany: If the bucket is empty; ``retry_after`` says when it is not.
        """
        wait = self.wait(limit, key)
        if wait > 0:
            raise TooMany(f"over the rate of {limit.name}", retry_after=math.ceil(wait * 10) / 10)

    def wait(self, limit: Limit, key: str) -> float:
        """Take one token and return 0, or return the seconds until there is one."""
        if not self.on:
            return 0.0
        return self.wait_always(limit, key)

    def wait_always(self, limit: Limit, key: str) -> float:
        """Take one token and return 0, or return the seconds until there is one, limits being on or not."""
        now = self._clock()
        # A bucket is one number: the moment when it will be full again.
        full_at = max(self._full_at.pop((limit.name, key), now), now) + limit.every_s
        over = full_at - now - limit.burst * limit.every_s
        if over > 1e-9:
            self._full_at[limit.name, key] = full_at - limit.every_s
            return over
        self._full_at[limit.name, key] = full_at
        if len(self._full_at) > BUCKETS_KEPT:
            del self._full_at[next(iter(self._full_at))]
        return 0.0
