"""Access tokens: short-lived JWTs, checked in one place for every door."""

import hmac
import time
from collections.abc import Iterator
from enum import Enum, auto
from functools import partial
from typing import Any

import jwt

from services.accounts.logins import api_tokens
from services.accounts.secrets.tickets import digest
from services.errors import AccountBanned, Unauthenticated
from services.ids import new_id
from services.loop.shared import Gathered
from services.operations.context import Principal
from store.database import FIND_LIMIT, Database, Table
from store.tables import API_TOKENS, LOGINS, USERS, ApiToken, Login

ACCESS_S = 600
"""Life of an access token, in seconds: what a stolen one is worth."""

LEEWAY_S = 30.0
"""How far the clocks of nodes may be apart (over it a node says that its own is wrong): a token is good so much before
it was issued and after it has ended."""

LIVE_S = 5.0
"""How long a log-in found live is taken to be so: the longest that another node's log-out can go unnoticed."""

KNOWN_LIMIT = 50_000
"""Log-ins remembered as live or ended."""

READ_LIMIT = 10_000
"""Tokens whose signature was found good, remembered until they end: a check takes 40 µs, a look 0.1."""

BANNED = "banned"
"""The reason of a log-in's end that is told: its person is banned."""

API_PREFIX = api_tokens.NAME_PREFIX

_ENDED, _BANNED = -1.0, -2.0
"""What stands for a time until which a log-in is taken to be live, where it is not."""

ISSUER = "parley"
_ALGORITHM = "HS256"
_TYPE = "at+jwt"
_CLAIMS = ["exp", "iat", "sub", "sid", "jti", "iss", "aud", "name"]

DAY_S = 86_400
"""Time for which tokens are signed with one key."""


def today() -> int:
    """Return the number of this day: the name of its key."""
    return int(time.time()) // DAY_S


class _Keys:
    """The keys of the days, each derived from one: who learns a day's key signs for three days at most.

    Every node makes the same. A token is read with the key of today, of yesterday (it may be from before midnight) or
    of tomorrow (another node's clock may be ahead).
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._day = -1
        self._by_header: dict[str, bytes] = {}

    def signing(self) -> tuple[dict[str, str], bytes]:
        """Return the header of a token that is issued now, but for its algorithm, and the key."""
        day = today()
        return {"typ": _TYPE, "kid": str(day)}, self._of(day)

    def reading(self, header: str) -> bytes | None:
        """Return the key of a token by its header, as it is encoded; None where it is none of ours.

        It is compared whole with the three that there are: what else a header could ask for (another algorithm or type,
        a key from somewhere, extensions) is never read, and an unknown key costs a look into a dict.
        """
        day = today()
        if day != self._day:
            self._by_header = {self._header(near): self._of(near) for near in (day - 1, day, day + 1)}
            self._day = day
        return self._by_header.get(header)

    def _of(self, day: int) -> bytes:
        return hmac.digest(self._key, b"day %d" % day, "sha256")

    def _header(self, day: int) -> str:
        made = jwt.encode({}, self._of(day), algorithm=_ALGORITHM, headers={"typ": _TYPE, "kid": str(day)})
        return made.partition(".")[0]


class State(Enum):
    """What the store says of a log-in or an API token."""

    LIVE = auto()
    ENDED = auto()
    BANNED = auto()


class Tokens:
    """Issues and checks access tokens, and knows which log-ins have ended."""

    def __init__(self, key: bytes, database: Database) -> None:
        self._keys = _Keys(key)
        self._database = database
        self._live_until: dict[str, float] = {}
        self._states = Gathered(partial(_state, database), partial(states_of, database))
        self._read: dict[str, Principal] = {}

    def issue(self, user: str, username: str, login: str) -> str:
        """Return an access token for ``ACCESS_S`` seconds."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": ISSUER,
            "sub": user,
            "name": username,
            "sid": login,
            "jti": new_id(),
            "iat": now,
            "exp": now + ACCESS_S,
        }
        header, key = self._keys.signing()
        return jwt.encode(claims, key, algorithm=_ALGORITHM, headers=header)

    async def authenticate(self, token: str) -> Principal:
        """Return whose token this is: the one check of every door.

        Raises:
            Unauthenticated: If it is not ours, not whole, over, or of a log-in that has ended.
        """
        if token.startswith(api_tokens.PREFIX):
            principal = await self._holder(token)
        else:
            principal = self.read(token)
        await self.require_live(principal)
        return principal

    async def authenticate_reader(self, token: str) -> Principal:
        """Do as ``authenticate``, for a session, which is told all that its person is.

        Raises:
            Unauthenticated: As there; or if it is an API token that is not for reading.
        """
        principal = await self.authenticate(token)
        if principal.scopes is not None and "read" not in principal.scopes:
            raise Unauthenticated
        return principal

    async def _holder(self, token: str) -> Principal:
        """Return whose API token this is."""
        id_ = api_tokens.id_of(token)
        found = None if id_ is None else await self._database.get(API_TOKENS, id_)
        if found is None or not hmac.compare_digest(found.digest, digest(token)):
            raise Unauthenticated
        user = await self._database.get(USERS, found.user)
        if user is None:
            raise Unauthenticated
        ends_at = time.monotonic() + found.expires_at / 1000 - time.time() - LEEWAY_S
        return Principal(found.user, user.username, found.id, ends_at, frozenset(found.scopes))

    def read(self, token: str) -> Principal:
        """Return what a token says, its log-in not asked about.

        Raises:
            Unauthenticated: If it is not ours, not whole, or over.
        """
        principal = self._read.get(token)
        if principal is None:
            principal = self._verify(token)
            self._read[token] = principal
            if len(self._read) > READ_LIMIT:
                del self._read[next(iter(self._read))]
        elif _over(principal):
            del self._read[token]
            raise Unauthenticated
        return principal

    def _verify(self, token: str) -> Principal:
        key = self._keys.reading(token.partition(".")[0])
        if key is None:
            raise Unauthenticated
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                issuer=ISSUER,
                audience=ISSUER,
                leeway=LEEWAY_S,
                options={"require": _CLAIMS},
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthenticated from error
        parts = (claims["sub"], claims["name"], claims["sid"])
        if not all(isinstance(part, str) for part in parts):
            raise Unauthenticated
        return Principal(*parts, time.monotonic() + float(claims["exp"]) - time.time())

    async def require_live(self, principal: Principal) -> None:
        """Make sure that a principal's log-in has not ended.

        Raises:
            Unauthenticated: If it has, or the token is over.
            AccountBanned: If it has because its person is banned.
        """
        if _over(principal):
            raise Unauthenticated
        now = time.monotonic()
        until = self._live_until.get(principal.login, 0.0)
        if until > now:
            return
        if until >= 0.0:
            state = await self._states.read(principal.login)
            # Ended meanwhile: what was read is older than what is known.
            if self._live_until.get(principal.login, 0.0) >= 0.0:
                if state is State.LIVE:
                    self._remember(principal.login, now + LIVE_S)
                    return
                self._remember(principal.login, _BANNED if state is State.BANNED else _ENDED)
        raise AccountBanned if self._live_until.get(principal.login) == _BANNED else Unauthenticated

    def has_ended(self, login: str) -> bool:
        """Tell whether a log-in is known to have ended; nothing is asked."""
        return self._live_until.get(login, 0.0) < 0.0

    def is_banned(self, login: str) -> bool:
        """Tell whether a log-in is known to have ended because its person is banned; nothing is asked."""
        return self._live_until.get(login, 0.0) == _BANNED

    def believed(self) -> Iterator[str]:
        """Give the log-ins that are taken to be live without asking, for as long as ``LIVE_S``."""
        now = time.monotonic()
        return (login for login, until in self._live_until.items() if until > now)

    def end(self, login: str, reason: str = "") -> None:
        """Take a log-in as ended from now on."""
        self._remember(login, _BANNED if reason == BANNED else _ENDED)

    def _remember(self, login: str, until: float) -> None:
        self._live_until.pop(login, None)
        self._live_until[login] = until
        if len(self._live_until) > KNOWN_LIMIT:
            del self._live_until[next(iter(self._live_until))]


async def _state(database: Database, id_: str) -> State:
    table: Table[Any] = API_TOKENS if id_.startswith(API_PREFIX) else LOGINS
    return _said(await database.get(table, id_))


async def states_of(database: Database, ids: list[str]) -> dict[str, State]:
    """Return what the store says of log-ins and API tokens, by id; one that it does not have has ended.

    Raises:
        StoreError: If it does not answer.
    """
    found: dict[str, Login | ApiToken] = {}
    tables: tuple[tuple[Table[Any], bool], ...] = ((LOGINS, False), (API_TOKENS, True))
    for table, of_tokens in tables:
        asked = [id_ for id_ in ids if id_.startswith(API_PREFIX) is of_tokens]
        for start in range(0, len(asked), FIND_LIMIT):
            found |= await database.get_many(table, asked[start : start + FIND_LIMIT])
    return {id_: _said(found.get(id_)) for id_ in ids}


def _said(found: Login | ApiToken | None) -> State:
    if found is not None and found.live:
        return State.LIVE
    return State.BANNED if found is not None and found.reason == BANNED else State.ENDED


def _over(principal: Principal) -> bool:
    return principal.expires_at + LEEWAY_S <= time.monotonic()
