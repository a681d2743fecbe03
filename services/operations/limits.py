"""Rate limits: token buckets by what is done and by whom, one table for the whole application.

A node decides by its own buckets, which know what other nodes have taken as of the last time they settled
(``settling.py``). Limits of credentials are asked about first.
"""

import functools
import heapq
import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from services.errors import TooMany
from services.errors import Unavailable as NotNow
from store.buckets import Buckets
from store.errors import Unavailable

BUCKETS_KEPT = 100_000
"""Buckets remembered on a node; beyond it those that were idle longest go. About 200 bytes each."""

UNSETTLED_KEPT = 20_000
"""Buckets of which others have still to be told; beyond it those that were taken from first are left out."""

SETTLED_AT_ONCE = 2_000
"""Buckets settled at once, the emptiest first: a few milliseconds of work here and in Redis."""

AWAY_S = 1.0
"""Time for which Redis is not asked again after it did not answer: a log-in does not wait for it each time."""


PLACES_KEPT = 10_000
"""Addresses of which a node remembers the place."""


@functools.lru_cache(PLACES_KEPT)
def place_of(address: str) -> str:
    """Return what counts as one place: an address of version 4, or the 64 bits of one of version 6.

    Of the other 64 bits whoever has a network has all, and takes another for each try (RFC 4291, 2.5.4).
    """
    try:
        whole = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    if whole.ipv4_mapped is not None:
        return str(whole.ipv4_mapped)
    return f"{ipaddress.IPv6Address(int(whole) >> 64 << 64)}/64"


class Reach(Enum):
    """Whose takings a limit counts."""

    NODE = auto()
    """This node's alone."""
    NODES = auto()
    """All nodes' in the long run: a node may give a whole bucket before it learns that others have given it too."""
    EXACT = auto()
    """All nodes', always, while they reach each other; else as ``NODE``. The taking is awaited."""


_NODE = Reach.NODE


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket's size and how fast it fills: ``burst`` at once, then one more each ``every_s`` seconds."""

    name: str
    burst: int
    every_s: float
    reach: Reach = Reach.NODES
    closed: bool = False
    """Whether nobody passes while the other nodes cannot be asked: of what is guessed at. Else each node decides by its
    own. It concerns ``EXACT`` alone."""

    @property
    def apart(self) -> str:
        """What holds while the nodes do not reach each other, in words."""
        if self.reach is Reach.EXACT:
            return "refused with 503" if self.closed else "each node its own"
        return "it is a node's anyway" if self.reach is Reach.NODE else "each node its own, settled later"

    @property
    def size_s(self) -> float:
        """Seconds in which an empty bucket fills."""
        return self.burst * self.every_s


LOGIN_ACCOUNT = Limit("login_account", 5, 360, Reach.EXACT, closed=True)
LOGIN_ADDRESS = Limit("login_address", 20, 30, Reach.EXACT, closed=True)
PROOF_ACCOUNT = Limit("proof_account", 5, 360, Reach.EXACT, closed=True)
MAIL_ACCOUNT = Limit("mail_account", 2, 1800, Reach.EXACT, closed=True)
MAIL_ACCOUNT_DAY = Limit("mail_account_day", 5, 17_280, Reach.EXACT, closed=True)
MAIL_ADDRESS = Limit("mail_address", 10, 360, Reach.EXACT, closed=True)
CODE_ACCOUNT = Limit("code_account", 5, 360, Reach.EXACT, closed=True)
PASSKEY_ADDRESS = Limit("passkey_address", 30, 5)
REGISTER_ADDRESS = Limit("register_address", 5, 1200, Reach.EXACT)
SIGN_IN_ADDRESS = Limit("sign_in_address", 20, 10, Reach.EXACT)
LINK_USER = Limit("link_user", 10, 60, Reach.EXACT)
REFRESH_SESSION = Limit("refresh_session", 10, 30, Reach.EXACT)
ADMIN_USER = Limit("admin_user", 30, 1)
INVITE_USER = Limit("invite_user", 50, 30, Reach.EXACT, closed=True)
PROFILE_USER = Limit("profile_user", 10, 360)
AVAILABLE_ADDRESS = Limit("available_address", 20, 3)
EXPORT_USER = Limit("export_user", 60, 1)
DELETION_USER = Limit("deletion_user", 3, 600, Reach.EXACT)
BLOCK_USER = Limit("block_user", 20, 10)
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
SOCKET_OPERATION = Limit("socket_operation", 60, 0.1, Reach.NODE)
SOCKET_ADDRESS = Limit("socket_address", 20, 1)
SOCKET_ERRORS = Limit("socket_errors", 5, 10, Reach.NODE)
SOCKET_REFUSALS = Limit("socket_refusals", 60, 2, Reach.NODE)
PRESENCE_SET = Limit("presence_set", 10, 10)
PRESENCE_WATCH = Limit("presence_watch", 20, 2)
PRESENCE_COUNT = Limit("presence_count", 20, 1)
ICE_USER = Limit("ice_user", 10, 60)
TYPING_ROOM = Limit("typing_room", 1, 3, Reach.NODE)
CALL_START = Limit("call_start", 10, 6)
CALL_PAIR = Limit("call_pair", 3, 20, Reach.EXACT)
CALL_RING = Limit("call_ring", 60, 3)
CALL_STEP = Limit("call_step", 30, 1)
CALL_SIGNAL = Limit("call_signal", 50, 0.2, Reach.NODE)
CALL_DESCRIPTION = Limit("call_description", 10, 1, Reach.NODE)
CALL_SET = Limit("call_set", 20, 0.25, Reach.NODE)


class Limits:
    """The buckets of this node; with ``buckets`` they are in step with those of other nodes. One not known is full.

    Without the other nodes each node has its own: people may do as much on each. What is guessed at (passwords, codes)
    waits until they are there again: nodes that each allowed a share would allow it as often as there are nodes.
    """

    def __init__(
        self, *, on: bool, buckets: Buckets | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.on = on
        self._buckets = None if buckets is None or buckets.alone else buckets
        self._clock = clock
        self._full_at: dict[tuple[str, str], float] = {}
        self._unsettled: dict[tuple[str, str], tuple[Limit, float]] = {}
        """What the others have not been told of: the limit, and seconds of filling."""
        self._away_until = -math.inf

    @property
    def alone(self) -> bool:
        """Whether there is nobody to settle with."""
        return self._buckets is None

    def take(self, limit: Limit, key: str) -> None:
        """Take one token.

        Raises:
            TooMany: If the bucket is empty; ``retry_after`` says when it is not.
        """
        _refuse(limit, self.wait(limit, key))

    async def take_exactly(self, limit: Limit, key: str) -> None:
        """Take one token, of what all nodes have together.

        Raises:
            TooMany: If the bucket is empty; ``retry_after`` says when it is not.
            Unavailable: If it is a ``closed`` one, and the other nodes cannot be asked.
        """
        if not self.on:
            return
        now = self._clock()
        if limit.reach is not Reach.EXACT or self._buckets is None:
            self.take(limit, key)
            return
        if now < self._away_until:
            self._take_alone(limit, key)
            return
        # What this node knows is the least that was taken.
        _refuse(limit, self._level(limit, key, now) + limit.every_s - limit.size_s)
        try:
            taken = await self._buckets.take(f"{limit.name}:{key}", limit.every_s, limit.size_s)
        except Unavailable:
            self._away_until = self._clock() + AWAY_S
            self._take_alone(limit, key)
            return
        self._learn((limit.name, key), taken.full_in_s)
        _refuse(limit, taken.wait_s)

    async def allow(self, key: str, *limits: Limit) -> bool:
        """Take one token of each of these limits; tell whether all had one.

        Raises:
            Unavailable: As ``take_exactly``.
        """
        try:
            for limit in limits:
                await self.take_exactly(limit, key)
        except TooMany:
            return False
        return True

    def _take_alone(self, limit: Limit, key: str) -> None:
        if limit.closed:
            raise NotNow(retry_after=AWAY_S)
        self.take(limit, key)

    def wait(self, limit: Limit, key: str) -> float:
        """Take one token and return 0, or return the seconds until there is one."""
        if not self.on:
            return 0.0
        return self.wait_always(limit, key)

    def wait_always(self, limit: Limit, key: str, amount: float = 1.0) -> float:
        """Take so many tokens and return 0, or return the seconds until there are, limits being on or not."""
        # On the road of every request, so without calls of its own. A bucket is one number: when it will be full again.
        now, at = self._clock(), (limit.name, key)
        cost = limit.every_s * amount
        full_at = self._full_at.pop(at, now)
        level = (full_at - now if full_at > now else 0.0) + cost
        over = level - limit.burst * limit.every_s
        self._full_at[at] = full_at if over > 1e-9 else now + level  # the last one touched stands last
        if len(self._full_at) > BUCKETS_KEPT:
            del self._full_at[next(iter(self._full_at))]
        if over > 1e-9:
            return over
        if self._buckets is not None and limit.reach is not _NODE:
            self._owe(at, limit, cost)
        return 0.0

    async def settle(self) -> int:
        """Tell the other nodes what was taken here, and learn what they took of the same; return of how many buckets.

        Raises:
            Unavailable: If they cannot be told now; it is told later, as far as it still matters then.
        """
        now = self._clock()
        told: dict[tuple[str, str], tuple[Limit, float]] = {}
        for at in heapq.nlargest(SETTLED_AT_ONCE, self._unsettled, key=self._urgency):
            limit, owed = self._unsettled.pop(at)
            # What has filled again since is no more owed.
            if (owed := min(owed, self._level(limit, at[1], now))) > 0:
                told[at] = limit, owed
        if not told or self._buckets is None:
            return 0
        try:
            levels = await self._buckets.spend({":".join(at): owed for at, (_, owed) in told.items()})
        except Unavailable:
            for at, (limit, owed) in told.items():
                self._owe(at, limit, owed)
            raise
        for at in told:
            _, owed = self._unsettled.get(at, (None, 0.0))  # taken since it was told
            self._learn(at, levels[":".join(at)] + owed)
        return len(told)

    def _urgency(self, at: tuple[str, str]) -> float:
        limit, owed = self._unsettled[at]
        return owed / limit.size_s

    def _owe(self, at: tuple[str, str], limit: Limit, seconds: float) -> None:
        owed = self._unsettled.get(at)
        if owed is not None:
            seconds += owed[1]
        elif len(self._unsettled) >= UNSETTLED_KEPT:
            del self._unsettled[next(iter(self._unsettled))]
        self._unsettled[at] = limit, seconds

    def _level(self, limit: Limit, key: str, now: float) -> float:
        """Return the seconds until a bucket is full."""
        return max(self._full_at.get((limit.name, key), now) - now, 0.0)

    def _learn(self, at: tuple[str, str], level: float) -> None:
        full_at = self._clock() + level
        if full_at > self._full_at.get(at, 0.0):
            self._keep(at, full_at)

    def _keep(self, at: tuple[str, str], full_at: float) -> None:
        self._full_at.pop(at, None)
        self._full_at[at] = full_at
        if len(self._full_at) > BUCKETS_KEPT:
            del self._full_at[next(iter(self._full_at))]


def _refuse(limit: Limit, wait: float) -> None:
    if wait > 1e-9:
        raise TooMany(f"over the rate of {limit.name}", retry_after=math.ceil(wait * 10) / 10)
