"""Log-ins: families of refresh tokens that rotate, and end when one is used twice."""

import contextlib
import hashlib
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from services.accounts.logins import devices
from services.accounts.logins.tokens import ACCESS_S, API_PREFIX
from services.accounts.people.person import Me, myself, require_user
from services.errors import CrossSite, Unauthenticated
from services.ids import new_id, now_ms
from services.logs import network, security
from services.operations.context import Context, Cookie
from services.operations.limits import REFRESH_SESSION, place_of
from store.database import Insert, Scalar, Table, Update, Write
from store.errors import Mismatch, Unknown
from store.tables import API_TOKENS, LOGINS, REFRESHES, Login, Refresh, User

if TYPE_CHECKING:
    from services.application import Application

DAY_MS = 86_400_000
IDLE_MS = 14 * DAY_MS
"""A refresh token that is not used ends after 14 days."""
ABSOLUTE_MS = 30 * DAY_MS
"""A log-in ends after 30 days, however often it is refreshed."""
UNREMEMBERED_MS = DAY_MS
"""A log-in that is not to be remembered ends after a day, if the browser does not end it before."""
TRUSTED_MS = DAY_MS // 2
"""A log-in of an admin or moderator ends after twelve hours: what it may do to others is worth the typing."""
AGENT_LENGTH = 200
"""Characters kept of what a program tells of itself."""
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
    refresh_token: str | None = None
    """None where the browser has it in a cookie."""


class Begun(NamedTuple):
    """How a log-in began."""

    methods: tuple[str, ...]
    remember: bool = True
    in_cookie: bool = False


def _fresh(login: Login, now: int) -> tuple[str, Refresh]:
    token = secrets.token_urlsafe(32)
    expires = min(now + IDLE_MS, login.expires_at)
    return token, Refresh(id=_hash(token), login=login.id, created_at=now, expires_at=expires)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _answer(context: Context, user: User, login: Login, refresh: str, in_cookie: bool) -> Tokens:
    access = context.application.tokens.issue(user.id, user.username, login.id)
    if not in_cookie:
        return Tokens(user=myself(user), access_token=access, refresh_token=refresh)
    context.set_cookie = Cookie(refresh, (login.expires_at - now_ms()) // 1000 if login.remembered else None)
    return Tokens(user=myself(user), access_token=access)


def _life_ms(user: User, begun: Begun) -> int:
    if user.role != "user":
        return TRUSTED_MS
    return ABSOLUTE_MS if begun.remember else UNREMEMBERED_MS


async def begin(context: Context, user: User, begun: Begun, *also: Write) -> Tokens:
    """Begin a log-in; ``also`` is written in the same transaction. Whether somebody may, ``entering.enter`` decides.

    Raises:
        CrossSite: If a cookie is asked for from another site's page.
        Duplicate: If one of the writes is refused.
        Mismatch: The same.
    """
    if begun.in_cookie and not context.from_page:
        raise CrossSite
    application, now = context.application, now_ms()
    login = Login(
        id=new_id(),
        user=user.id,
        live=True,
        agent=context.agent[:AGENT_LENGTH],
        address=context.address,
        methods=begun.methods,
        remembered=begun.remember,
        created_at=now,
        expires_at=now + _life_ms(user, begun),
    )
    token, refresh = _fresh(login, now)
    device = await devices.noticed(application, user, login)
    await application.database.together([*also, Insert(LOGINS, login), Insert(REFRESHES, refresh), *device])
    application.jobs.wake()
    began = {"user": user.id, "login": login.id, "methods": login.methods, "network": network(context.address)}
    security.info("logged in", extra=began)
    await _end_oldest(application, user.id)
    return _answer(context, user, login, token, begun.in_cookie)


async def bucket_of(application: "Application", user: str, address: str) -> str:
    """Return the key of a limit of what is tried against an account, or sent to its person, from an address.

    Where the person is logged in from the same place there is a bucket of its own for it: nobody elsewhere keeps people
    from their account by trying. ``user`` may be anything that is typed: the question takes as long for nobody.
    """
    place = place_of(address)
    known = any(place_of(login.address) == place for login in await live_of(application, user))
    return f"{user} {place}" if known else user


class Named(Protocol):
    """What asks for something to be sent to whoever logs in so."""

    login: str


def by_place(context: Context, given: Named) -> str:
    """Key of a limit: who is asked for, and where the request comes from. Nobody uses up what others may ask."""
    return f"{given.login.lower()} {place_of(context.address)}"


async def live_of(application: "Application", user: str) -> list[Login]:
    """Return the log-ins of a person that were not ended, the latest first; some may be over by their time."""
    equal: dict[str, Scalar] = {"user": user, "live": True}
    return await application.database.find(LOGINS, equal, by="created_at", falling=True, limit=100)


async def _end_oldest(application: "Application", user: str) -> None:
    for login in (await live_of(application, user))[LOGINS_LIMIT:]:
        await end(application, login.id, "too many sessions")


async def renew(context: Context, token: str, *, in_cookie: bool = False) -> Tokens:
    """Trade a refresh token for a new pair.

    Raises:
        Unauthenticated: If the token is unknown, over, or was used before; used again after its grace it ends the
            whole log-in.
        TooMany: If the log-in was refreshed too often.
    """
    application = context.application
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
            fresh = await _trade(context, used, login, now)
        except Mismatch:
            continue  # used by another request at the same moment: look again
        if fresh is None:
            again = {"user": login.user, "login": login.id, "network": network(context.address)}
            security.warning("a refresh token was used again", extra=again)
            await end(application, login.id, "refresh token used again")
            raise Unauthenticated("this refresh token was used before")
        user = await require_user(database, login.user)
        return _answer(context, user, login, fresh, in_cookie)
    raise Unauthenticated("this refresh token was used before")


async def _trade(context: Context, used: Refresh, login: Login, now: int) -> str | None:
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
    seen = Update(LOGINS, login.id, {"seen_at": now, "address": context.address})
    await context.application.database.together([mark, Insert(REFRESHES, refresh), seen])
    return token


async def end(application: "Application", login: str, reason: str) -> None:
    """End a log-in or an API token: its tokens and its sockets, at once. ``BANNED`` as the reason is told to them.

    Raises:
        StoreError: If the store does not keep it; nothing has ended, and it may be tried again.
    """
    ended: dict[str, Any] = {"live": False, "reason": reason}
    table: Table[Any] = API_TOKENS
    if not login.startswith(API_PREFIX):
        table, ended = LOGINS, ended | {"ended_at": now_ms()}
    for _ in range(UNKNOWN_TRIES):
        with contextlib.suppress(Unknown):  # it may be kept: kept twice it is the same
            await application.database.update(table, login, ended)
            break
    else:
        raise Unknown
    _tell_ended(application, login, reason)


def _tell_ended(application: "Application", login: str, reason: str) -> None:
    security.info("log-in ended", extra={"login": login, "reason": reason})
    application.tokens.end(login, reason)
    application.live.end_login(login, reason)


def lives(context: Context) -> Write:
    """Return a write that is refused (``Mismatch``) where the caller's log-in has ended meanwhile.

    It belongs into every transaction that changes what proves who somebody is: a request of a session that was on its
    way when the session ended changes nothing any more.
    """
    return Update(LOGINS, context.caller.login, {"live": True}, {"live": True})


class Ending(NamedTuple):
    """Log-ins that end with what is written: they end though the node goes down right after it."""

    reason: str
    ids: tuple[str, ...]
    writes: tuple[Write, ...]
    """Belong into the transaction of what ends them."""

    def tell(self, application: "Application") -> None:
        """Have every node know, once it is written."""
        for login in self.ids:
            _tell_ended(application, login, self.reason)


async def ending(application: "Application", user: str, reason: str, *, but: str | None = None) -> Ending:
    """Return what ends the present log-ins of a person, but one. Those that begin meanwhile ``revoke`` ends."""
    now, ended = now_ms(), {"live": False, "reason": reason, "ended_at": now_ms()}
    found = [login.id for login in await live_of(application, user) if login.id != but and login.expires_at > now]
    return Ending(reason, tuple(found), tuple(Update(LOGINS, login, ended) for login in found))


async def revoke(application: "Application", user: str, reason: str, *, but: str | None = None) -> int:
    """End all log-ins of a person, their tokens and their sockets; return how many there were.

    ``but`` is the one that stays: whose person asks for it. API tokens stay (``revoke_tokens``).
    """
    ended = 0
    while logins := [login for login in await live_of(application, user) if login.id != but]:
        for login in logins:
            await end(application, login.id, reason)
            ended += 1
    if but is None:
        application.live.end_user(user, reason)
    return ended


async def revoke_tokens(application: "Application", user: str, reason: str) -> int:
    """End all API tokens of a person, and the sockets that came with them; return how many there were."""
    ended = 0
    equal: dict[str, Scalar] = {"user": user, "live": True}
    while found := await application.database.find(API_TOKENS, equal, by="created_at", limit=100):
        for token in found:
            await end(application, token.id, reason)
            ended += 1
    return ended
