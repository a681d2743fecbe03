"""Register, log in, refresh and log out."""

from typing import Annotated

import msgspec

from services.accounts import logins
from services.accounts.logins import Tokens
from services.errors import BadCredentials, Unauthenticated, UsernameTaken
from services.ids import member_id, new_id, now_ms, self_stream
from services.operations.inputs import Empty, Input
from services.operations.limits import LOGIN_ACCOUNT, LOGIN_ADDRESS, REFRESH_SESSION, REGISTER_ADDRESS
from services.operations.operation import Context, Operation, by_address
from store.database import Insert
from store.errors import Duplicate
from store.tables import MEMBERS, ROOMS, USERS, Member, Room, User

PASSWORD_LENGTH = 1024
"""Longest password, in characters: enough for any sentence, and no work for the hash."""

Username = Annotated[str, msgspec.Meta(min_length=3, max_length=20, pattern="^[A-Za-z0-9_-]+(?![^A-Za-z0-9_-])$")]
Email = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern="^[^@\\s]+@[^@\\s]+(?!\\s)$")]
Password = Annotated[str, msgspec.Meta(min_length=8, max_length=PASSWORD_LENGTH)]


class Register(Input):
    """A new account."""

    username: Username
    email: Email
    password: Password


class LogIn(Input):
    """Username or verified e-mail, and password."""

    login: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=PASSWORD_LENGTH)]


class RefreshTokens(Input):
    """The refresh token of the latest answer."""

    refresh_token: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


async def _register(context: Context, given: Register) -> Tokens:
    """Make an account and log in."""
    application = context.application
    key = given.username.lower()
    if await application.database.find(USERS, {"name_key": key}, limit=1):
        raise UsernameTaken
    now = now_ms()
    user = User(
        id=new_id(),
        name_key=key,
        username=given.username,
        name=given.username,
        email=given.email,
        password=await application.passwords.hash(given.password),
        created_at=now,
    )
    stream = self_stream(user.id)
    own = Room(id=stream, kind="self", owner=user.id, member_count=1, created_at=now)
    seat = Member(
        id=member_id(stream, user.id), room=stream, user=user.id, username=user.username, role="owner", joined_at=now
    )
    try:
        rows = (Insert(USERS, user), Insert(ROOMS, own), Insert(MEMBERS, seat))
        answer = await logins.begin(application, user, *rows)
    except Duplicate as error:
        raise UsernameTaken from error
    context.status = 201
    return answer


async def _log_in(context: Context, given: LogIn) -> Tokens:
    """Log in with a username or a verified e-mail."""
    application = context.application
    found = await application.database.find(USERS, {"name_key": given.login.lower()}, limit=1)
    user = found[0] if found else None
    if not await application.passwords.matches(given.password, user.password if user else None) or user is None:
        raise BadCredentials
    return await logins.begin(application, user)


async def _refresh(context: Context, given: RefreshTokens) -> Tokens:
    """Trade a refresh token for a new pair; the old one is forgiven once within 10 s."""
    return await logins.renew(context.application, given.refresh_token)


async def _log_out(context: Context, _given: Empty) -> None:
    """End this session: its tokens and its sockets, at once."""
    context.status = 204
    await logins.end(context.application, context.caller.login, "logged out")


def _account(_context: Context, given: LogIn) -> str:
    return given.login.lower()


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
    raises=(UsernameTaken,),
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
    raises=(BadCredentials,),
    limits=((LOGIN_ADDRESS, by_address), (LOGIN_ACCOUNT, _account)),
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

OPERATIONS = (REGISTER, LOG_IN, REFRESH, LOG_OUT)
