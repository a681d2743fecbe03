"""One's sessions: seen, named and ended."""

from typing import Annotated

import msgspec

from services.accounts.logins import families as logins
from services.accounts.people.acts import act
from services.errors import SessionNotFound
from services.ids import now_ms, rfc3339
from services.operations.context import Context
from services.operations.inputs import Empty, Input
from services.operations.limits import CHANGE_USER
from services.operations.operation import Operation, by_user
from store.tables import LOGINS, Login

SessionId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class OneSession(Input):
    """A session."""

    session: SessionId


class NameSession(OneSession):
    """A session, and what it is to be called."""

    name: Annotated[str, msgspec.Meta(max_length=64)]


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its person sees it."""

    id: str
    name: str | None
    agent: str
    address: str
    methods: tuple[str, ...]
    created_at: str
    seen_at: str
    expires_at: str
    current: bool


class SessionList(msgspec.Struct, frozen=True):
    """All sessions of a person, the latest first: never more than twenty."""

    items: list[SessionView]
    next: None = None


def _view(login: Login, mine: str) -> SessionView:
    return SessionView(
        id=login.id,
        name=login.name,
        agent=login.agent,
        address=login.address,
        methods=login.methods,
        created_at=rfc3339(login.created_at),
        seen_at=rfc3339(login.seen_at or login.created_at),
        expires_at=rfc3339(login.expires_at),
        current=login.id == mine,
    )


async def _list(context: Context, _given: Empty) -> SessionList:
    """List my sessions."""
    found = await logins.live_of(context.application, context.caller.user)
    now = now_ms()
    return SessionList([_view(login, context.caller.login) for login in found if login.expires_at > now])


async def _mine(context: Context, session: str) -> Login:
    login = await context.application.database.get(LOGINS, session)
    if login is None or login.user != context.caller.user or not login.live:
        raise SessionNotFound
    return login


async def _name(context: Context, given: NameSession) -> SessionView:
    """Call a session something."""
    login = await _mine(context, given.session)
    name = given.name or None
    await context.application.database.update(LOGINS, login.id, {"name": name})
    return _view(msgspec.structs.replace(login, name=name), context.caller.login)


async def _end(context: Context, given: OneSession) -> None:
    """End a session: its tokens and its sockets, at once and on every node."""
    login = await _mine(context, given.session)
    ended = act(context, "session.ended", context.caller.user, session=login.id)
    await context.application.database.together([ended])
    await logins.end(context.application, login.id, "ended by its person")
    context.status = 204


async def _end_others(context: Context, _given: Empty) -> None:
    """End all sessions but this one."""
    caller = context.caller
    await context.application.database.together([act(context, "session.others_ended", caller.user)])
    await logins.revoke(context.application, caller.user, "ended by its person", but=caller.login)
    context.status = 204


async def _validate(context: Context, _given: Empty) -> None:
    """Tell whether this token is good: 204 where it is."""
    context.status = 204


LIST = Operation(
    name="auth.sessions",
    method="GET",
    path="/api/auth/sessions",
    socket=False,
    scope="account",
    input=Empty,
    output=SessionList,
    run=_list,
)
NAME = Operation(
    name="auth.sessions.name",
    method="PATCH",
    path="/api/auth/sessions/{session}",
    socket=False,
    scope="account",
    input=NameSession,
    output=SessionView,
    run=_name,
    raises=(SessionNotFound,),
    limits=((CHANGE_USER, by_user),),
)
END = Operation(
    name="auth.sessions.end",
    method="DELETE",
    path="/api/auth/sessions/{session}",
    socket=False,
    scope="account",
    statuses=(204,),
    input=OneSession,
    run=_end,
    raises=(SessionNotFound,),
    limits=((CHANGE_USER, by_user),),
)
END_OTHERS = Operation(
    name="auth.sessions.end_others",
    method="DELETE",
    path="/api/auth/sessions",
    socket=False,
    scope="account",
    statuses=(204,),
    input=Empty,
    run=_end_others,
    limits=((CHANGE_USER, by_user),),
)
VALIDATE = Operation(
    name="auth.validate",
    method="GET",
    path="/api/auth/validate",
    socket=False,
    statuses=(204,),
    input=Empty,
    run=_validate,
)
