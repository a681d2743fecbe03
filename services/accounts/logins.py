"""Log-ins: families of refresh tokens that rotate, and end when one is used twice."""

import contextlib
import hashlib
import logging
import secrets
from typing import TYPE_CHECKING

import msgspec

from services.accounts.people import Me, myself, require_user
from services.accounts.tokens import ACCESS_S
from services.errors import Unauthenticated
from services.ids import new_id, now_ms
from services.operations.limits import REFRESH_SESSION
from store.database import Database, Insert, Scalar, Update, Write
from store.errors import Mismatch, Unknown
from store.tables import LOGINS, REFRESHES, Login, Refresh, User

if TYPE_CHECKING:
    from services.application import Application

log = logging.getLogger(__name__)

DAY_MS = 86_400_000
IDLE_MS = 14 * DAY_MS
"""A refresh token that is not used ends after 14 days."""
ABSOLUTE_MS = 30 * DAY_MS
"""A log-in ends after 30 days, however often it is refreshed."""
GRACE_MS = 10_000
"""A used refresh token is forgiven once within 10 s: two tabs may refresh at once."""
UNKNOWN_TRIES = 3
"""Tries to end a log-in where the store gives no answer: one that is half ended could not be ended again."""
LOGINS_LIMIT = 20
"""Log-ins of one person at once; the oldest ends."""


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """A log-in's tokens, and whose they are."""

    user: Me
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = ACCESS_S
    refresh_token: str


def _fresh(login: Login, now: int) -> tuple[str, Refresh]:
    token = secrets.token_urlsafe(32)
    expires = min(now + IDLE_MS, login.expires_at)
    return token, Refresh(id=_hash(token), login=login.id, created_at=now, expires_at=expires)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _answer(application: "Application", user: User, login: str, refresh: str) -> Tokens:
    access = application.tokens.issue(user.id, user.username, login)
    return Tokens(user=myself(user), access_token=access, refresh_token=refresh)


async def begin(application: "Application", user: User, *also: Write) -> Tokens:
    """Begin a log-in; ``also`` is written in the same transaction.

    Raises:
        Duplicate: If one of the writes is refused.
    """
    now = now_ms()
    login = Login(id=new_id(), user=user.id, live=True, created_at=now, expires_at=now + ABSOLUTE_MS)
    token, refresh = _fresh(login, now)
    await application.database.together([*also, Insert(LOGINS, login), Insert(REFRESHES, refresh)])
    await _end_oldest(application, user.id)
    return _answer(application, user, login.id, token)


async def _live(application: "Application", user: str) -> list[Login]:
    equal: dict[str, Scalar] = {"user": user, "live": True}
    return await application.database.find(LOGINS, equal, by="created_at", falling=True, limit=100)


async def _end_oldest(application: "Application", user: str) -> None:
    for login in (await _live(application, user))[LOGINS_LIMIT:]:
        await end(application, login.id, "too many sessions")


async def renew(application: "Application", token: str) -> Tokens:
    """Trade a refresh token for a new pair.

    Raises:
        Unauthenticated: If the token is unknown, over, or was used before; used again after its grace it ends the
            whole log-in.
        TooMany: If the log-in was refreshed too often.
    """
    database = application.database
    for attempt in range(3):
        used = await database.get(REFRESHES, _hash(token))
        login = None if used is None else await database.get(LOGINS, used.login)
        now = now_ms()
        if used is None or login is None or not login.live or min(used.expires_at, login.expires_at) <= now:
            raise Unauthenticated("this refresh token is not valid")
        if attempt == 0:
            await application.limits.take_exactly(REFRESH_SESSION, login.id)
        try:
            fresh = await _trade(database, used, login, now)
        except Mismatch:
            continue  # used by another request at the same moment: look again
        if fresh is None:
            log.warning("a refresh token was used again", extra={"user": login.user, "login": login.id})
            await end(application, login.id, "refresh token used again")
            raise Unauthenticated("this refresh token was used before")
        user = await require_user(database, login.user)
        return _answer(application, user, login.id, fresh)
    raise Unauthenticated("this refresh token was used before")


async def _trade(database: Database, used: Refresh, login: Login, now: int) -> str | None:
    """Return a new token for a used one, or None where it was used before and may not be forgiven.

    Raises:
        Mismatch: If somebody else traded it in between.
    """
    if used.used_at is None:
        mark = Update(REFRESHES, used.id, {"used_at": now}, {"used_at": None})
    elif now - used.used_at <= GRACE_MS and not used.forgiven:
        mark = Update(REFRESHES, used.id, {"forgiven": True}, {"forgiven": False})
    else:
        return None
    token, refresh = _fresh(login, now)
    await database.together([mark, Insert(REFRESHES, refresh)])
    return token


async def end(application: "Application", login: str, reason: str) -> None:
    """End a log-in: its tokens and its sockets, at once.

    Raises:
        StoreError: If the store does not keep it; nothing has ended, and it may be tried again.
    """
    ended = {"live": False, "ended_at": now_ms(), "reason": reason}
    for _ in range(UNKNOWN_TRIES):
        with contextlib.suppress(Unknown):  # it may be kept: kept twice it is the same
            await application.database.update(LOGINS, login, ended)
            break
    else:
        raise Unknown
    application.tokens.end(login)
    application.live.end_login(login, reason)


async def revoke(application: "Application", user: str, reason: str) -> int:
    """End all log-ins of a person, their tokens and their sockets; return how many there were."""
    ended = 0
    while logins := await _live(application, user):
        for login in logins:
            await end(application, login.id, reason)
            ended += 1
    application.live.end_user(user, reason)
    return ended
