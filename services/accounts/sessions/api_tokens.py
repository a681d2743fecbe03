"""Personal API tokens: made for programs, shown once, ended at any time."""

from typing import Annotated, Literal

import msgspec

from services.accounts.logins import api_tokens
from services.accounts.logins import families as logins
from services.accounts.logins.needs import CONFIRMED
from services.accounts.people.acts import act
from services.accounts.people.notices import notice
from services.accounts.people.person import require_user
from services.accounts.sessions.listing import SessionId
from services.errors import Forbidden, TokenNotFound, TooManyTokens, Unauthenticated
from services.ids import now_ms, rfc3339
from services.operations.context import Context
from services.operations.inputs import Empty, Input
from services.operations.limits import CHANGE_USER
from services.operations.operation import Operation, by_user
from store.database import Insert, Scalar
from store.errors import Mismatch
from store.tables import API_TOKENS, ApiToken

TOKENS_LIMIT = 20
"""Live tokens of one person."""
DAY_MS = 86_400_000

Scope = Literal["read", "write", "service"]
"""What a token is for; ``service``: to ask for anybody, through the doors that are for other systems."""


class NewToken(Input):
    """What a token is for, and for how long."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1, max_length=3)]
    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 90


class OneToken(Input):
    """A token, by its id."""

    token: SessionId


class TokenView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A token as its person sees it."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: str
    expires_at: str
    token: str | msgspec.UnsetType = msgspec.UNSET
    """Itself: in the answer that makes it alone."""


class TokenList(msgspec.Struct, frozen=True):
    """The live tokens of a person, the latest first: never more than twenty."""

    items: list[TokenView]
    next: None = None


def _view(token: ApiToken, text: str | msgspec.UnsetType = msgspec.UNSET) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        scopes=token.scopes,
        created_at=rfc3339(token.created_at),
        expires_at=rfc3339(token.expires_at),
        token=text,
    )


async def _living(context: Context) -> list[ApiToken]:
    equal: dict[str, Scalar] = {"user": context.caller.user, "live": True}
    found = await context.application.database.find(API_TOKENS, equal, by="created_at", falling=True, limit=100)
    now = now_ms()
    return [token for token in found if token.expires_at > now]


async def _list(context: Context, _given: Empty) -> TokenList:
    """List my API tokens; none is shown again."""
    return TokenList([_view(token) for token in await _living(context)])


async def _make(context: Context, given: NewToken) -> TokenView:
    """Make an API token; it is shown this once."""
    application, now = context.application, now_ms()
    if len(await _living(context)) >= TOKENS_LIMIT:
        raise TooManyTokens
    user = await require_user(application.database, context.caller.user)
    if "service" in given.scopes and user.role != "admin":
        raise Forbidden("only admins make tokens that are for a service")
    made = api_tokens.make()
    token = ApiToken(
        id=made.id,
        user=user.id,
        digest=made.digest,
        name=given.name,
        scopes=tuple(sorted(set(given.scopes))),
        created_at=now,
        expires_at=now + given.days * DAY_MS,
    )
    made_known = act(context, "token.made", user.id, token=token.id, scopes=" ".join(token.scopes))
    writes = [logins.lives(context), Insert(API_TOKENS, token), made_known, *notice(user, "token")]
    try:
        await application.database.together(writes)
    except Mismatch as error:
        raise Unauthenticated from error
    application.jobs.wake()
    context.status = 201
    return _view(token, made.text)


async def _end(context: Context, given: OneToken) -> None:
    """End an API token and the sockets that came with it, at once and on every node."""
    database = context.application.database
    token = await database.get(API_TOKENS, given.token)
    if token is None or token.user != context.caller.user or not token.live:
        raise TokenNotFound
    await database.together([act(context, "token.ended", token.user, token=token.id)])
    await logins.end(context.application, token.id, "ended by its person")
    context.status = 204


LIST = Operation(
    name="auth.tokens",
    method="GET",
    path="/api/auth/tokens",
    socket=False,
    scope="account",
    input=Empty,
    output=TokenList,
    run=_list,
)
MAKE = Operation(
    name="auth.tokens.make",
    method="POST",
    path="/api/auth/tokens",
    socket=False,
    scope="account",
    needs=(CONFIRMED,),
    statuses=(201,),
    input=NewToken,
    output=TokenView,
    run=_make,
    raises=(TooManyTokens, Forbidden),
    limits=((CHANGE_USER, by_user),),
)
END = Operation(
    name="auth.tokens.end",
    method="DELETE",
    path="/api/auth/tokens/{token}",
    socket=False,
    scope="account",
    statuses=(204,),
    input=OneToken,
    run=_end,
    raises=(TokenNotFound,),
    limits=((CHANGE_USER, by_user),),
)
