"""Register, log in, refresh and log out."""

from typing import Annotated

import msgspec

from services.accounts.logins import families as logins
from services.accounts.logins.entering import enter
from services.accounts.logins.families import Tokens
from services.accounts.password.fitness import require_fit
from services.accounts.password.proving import prove_later
from services.accounts.people.making import Email, Username, new_user, require_free, rows_of
from services.accounts.people.person import by_login
from services.accounts.secrets.passwords import GivenPassword, Password
from services.content.rules import require_decent
from services.errors import (
    AccountBanned,
    BadCredentials,
    ContentRefused,
    CrossSite,
    SecondFactor,
    Unauthenticated,
    UsernameTaken,
    WeakPassword,
)
from services.operations.context import Context, Cookie
from services.operations.inputs import Empty, Input
from services.operations.limits import LOGIN_ACCOUNT, LOGIN_ADDRESS, REFRESH_SESSION, REGISTER_ADDRESS
from services.operations.operation import Operation, by_address
from store.errors import Duplicate, Mismatch
from store.tables import USERS, User


class Entering(Input, kw_only=True):
    """How a log-in is to be kept."""

    remember: bool = True
    """Whether it outlives the browser; else it ends after a day at most."""
    cookie: bool = False
    """Whether the browser keeps the refresh token in a cookie that no script reads; our own page alone may ask so."""


class Register(Entering, kw_only=True):
    """A new account."""

    username: Username
    email: Email
    password: Password


class LogIn(Entering, kw_only=True):
    """Username or verified e-mail, and password."""

    login: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
    password: GivenPassword


class RefreshTokens(Input):
    """The refresh token of the latest answer; none where the browser has it in a cookie."""

    refresh_token: Annotated[str, msgspec.Meta(min_length=1, max_length=512)] | None = None


async def _register(context: Context, given: Register) -> Tokens:
    """Make an account and log in; a code to prove the e-mail address with is on its way."""
    application = context.application
    require_fit(given.password, given.username, given.email)
    require_decent(application, given.username)
    await require_free(application.database, given.username)
    user = new_user(given.username, given.email, password=await application.passwords.hash(given.password))
    rows = (*rows_of(user), prove_later(user, user.email))
    try:
        answer = await enter(context, user, ("password",), *rows, remember=given.remember, in_cookie=given.cookie)
    except Duplicate as error:
        raise UsernameTaken from error
    application.jobs.wake()
    context.status = 201
    return answer


async def _log_in(context: Context, given: LogIn) -> Tokens:
    """Log in with a username or a proved e-mail address."""
    application = context.application
    user = await by_login(application.database, given.login)
    await _take(context, given.login, user)
    if not await application.passwords.matches(given.password, user.password if user else None) or user is None:
        raise BadCredentials
    user = await _stronger(context, user, given.password)
    return await enter(context, user, ("password",), remember=given.remember, in_cookie=given.cookie)


async def _take(context: Context, login: str, user: User | None) -> None:
    """Count a try against the account, or against what was typed where there is none."""
    key = await logins.bucket_of(context.application, user.id if user else login.lower(), context.address)
    await context.application.limits.take_exactly(LOGIN_ACCOUNT, key)


async def _stronger(context: Context, user: User, password: str) -> User:
    """Return a person whose password's hash took as much work as is asked for now."""
    passwords = context.application.passwords
    if user.password is None or not passwords.is_weak(user.password):
        return user
    hashed = await passwords.hash(password)
    try:
        await context.application.database.update(USERS, user.id, {"password": hashed}, {"password": user.password})
    except Mismatch:
        return user  # it was changed at this moment: nothing is to be made stronger
    return msgspec.structs.replace(user, password=hashed)


async def _refresh(context: Context, given: RefreshTokens) -> Tokens:
    """Trade a refresh token for a new pair; the old one is forgiven once within 10 s."""
    if given.refresh_token is not None:
        return await logins.renew(context, given.refresh_token)
    if context.cookie is None:
        raise Unauthenticated("there is no refresh token")
    return await logins.renew(context, context.cookie, in_cookie=True)


async def _log_out(context: Context, _given: Empty) -> None:
    """End this session: its tokens and its sockets, at once."""
    context.status = 204
    context.set_cookie = Cookie("", 0)
    await logins.end(context.application, context.caller.login, "logged out")


REGISTER = Operation(
    name="auth.register",
    method="POST",
    path="/api/auth/register",
    socket=False,
    public=True,
    statuses=(201,),
    input=Register,
    output=Tokens,
    run=_register,
    raises=(UsernameTaken, ContentRefused, WeakPassword, CrossSite),
    limits=((REGISTER_ADDRESS, by_address),),
)
LOG_IN = Operation(
    name="auth.login",
    method="POST",
    path="/api/auth/login",
    socket=False,
    public=True,
    input=LogIn,
    output=Tokens,
    run=_log_in,
    raises=(BadCredentials, SecondFactor, AccountBanned, CrossSite),
    limits=((LOGIN_ADDRESS, by_address),),
    own_limits=(LOGIN_ACCOUNT,),
)
REFRESH = Operation(
    name="auth.refresh",
    method="POST",
    path="/api/auth/refresh",
    socket=False,
    public=True,
    input=RefreshTokens,
    output=Tokens,
    run=_refresh,
    raises=(Unauthenticated,),
    own_limits=(REFRESH_SESSION,),
)
LOG_OUT = Operation(
    name="auth.logout",
    method="POST",
    path="/api/auth/logout",
    socket=False,
    statuses=(204,),
    input=Empty,
    run=_log_out,
)
