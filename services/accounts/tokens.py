"""Access tokens: short-lived JWTs, checked in one place for every door."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import jwt

from services.errors import Unauthenticated
from services.ids import new_id
from services.operations.operation import Principal
from services.shared import Gathered
from store.database import FIND_LIMIT, Database
from store.tables import LOGINS, Login

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

ISSUER = "parley"
_TYPE = "at+jwt"
_CLAIMS = ["exp", "iat", "sub", "sid", "jti", "iss", "aud", "name"]


class Tokens:
    """Issues and checks access tokens, and knows which log-ins have ended."""

    def __init__(self, key: bytes, database: Database) -> None:
        self._key = key
        self._live_until: dict[str, float] = {}
        self._logins = Gathered(partial(database.get, LOGINS), partial(_logins, database))
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
        return jwt.encode(claims, self._key, algorithm="HS256", headers={"typ": _TYPE})

    async def authenticate(self, token: str) -> Principal:
        """Return whose token this is: the one check of every door.

        Raises:
            Unauthenticated: If it is not ours, not whole, over, or of a log-in that has ended.
        """
        principal = self.read(token)
        await self.require_live(principal)
        return principal

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
        try:
            decoded: dict[str, Any] = jwt.decode_complete(
                token,
                self._key,
                algorithms=["HS256"],
                issuer=ISSUER,
                audience=ISSUER,
                leeway=LEEWAY_S,
                options={"require": _CLAIMS},
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthenticated from error
        claims = decoded["payload"]
        parts = (claims["sub"], claims["name"], claims["sid"])
        if decoded["header"].get("typ") != _TYPE or not all(isinstance(part, str) for part in parts):
            raise Unauthenticated
        return Principal(*parts, time.monotonic() + float(claims["exp"]) - time.time())

    async def require_live(self, principal: Principal) -> None:
        """Make sure that a principal's log-in has not ended.

        Raises:
            Unauthenticated: If it has, or the token is over.
        """
        if _over(principal):
            raise Unauthenticated
        now = time.monotonic()
        until = self._live_until.get(principal.login, 0.0)
        if until > now:
            return
        if until >= 0.0:
            login = await self._logins.read(principal.login)
            if login is not None and login.live:
                # Ended meanwhile: what was read is older than what is known.
                if self._live_until.get(principal.login, 0.0) >= 0.0:
                    self._remember(principal.login, now + LIVE_S)
                    return
            else:
                self._remember(principal.login, -1.0)
        raise Unauthenticated

    def has_ended(self, login: str) -> bool:
        """Tell whether a log-in is known to have ended; nothing is asked."""
        return self._live_until.get(login, 0.0) < 0.0

    def believed(self) -> Iterator[str]:
        """Give the log-ins that are taken to be live without asking, for as long as ``LIVE_S``."""
        now = time.monotonic()
        return (login for login, until in self._live_until.items() if until > now)

    def end(self, login: str) -> None:
        """Take a log-in as ended from now on."""
        self._remember(login, -1.0)

    def _remember(self, login: str, until: float) -> None:
        self._live_until.pop(login, None)
        self._live_until[login] = until
        if len(self._live_until) > KNOWN_LIMIT:
            del self._live_until[next(iter(self._live_until))]


async def _logins(database: Database, ids: list[str]) -> dict[str, Login | None]:
    found: dict[str, Login | None] = dict.fromkeys(ids)
    for start in range(0, len(ids), FIND_LIMIT):
        found.update(await database.get_many(LOGINS, ids[start : start + FIND_LIMIT]))
    return found


def _over(principal: Principal) -> bool:
    return principal.expires_at + LEEWAY_S <= time.monotonic()
