"""Friends: asked for by one, agreed to by the other; both asking are friends at once."""

from collections.abc import Awaitable, Callable
from typing import Literal

from services.accounts.people.person import require_user
from services.accounts.people.tied import Tie
from services.accounts.people.ties import apart, asked, befriended, counted, moved, strangers, tie_id
from services.errors import Blocked, RequestNotFound, UserNotFound
from services.ids import self_stream
from services.news import News, news
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize
from services.operations.operation import Operation, by_user
from services.people.follows import OnePerson, PeoplePage, people_page, require_other, tie_now
from services.people.rates import ANSWER_USER, FRIEND_USER, LOOK_USER
from services.streams.append import Append, Plan, View
from store.database import Write
from store.tables import FRIENDS, USERS, Friend, Person, User


class ListFriends(Input):
    """Which page, the latest first."""

    limit: PageSize = 50
    cursor: Cursor | None = None


class ListRequests(Input):
    """Those who asked one (``in``), or whom one asked (``out``), the latest first."""

    direction: Literal["in", "out"] = "in"
    limit: PageSize = 50
    cursor: Cursor | None = None


Decide = Callable[[View, User, User, Friend | None], Awaitable[list[Write]]]
"""Returns what is written, given two people and what the first is to the second; nothing where nothing changes."""


async def _changed(context: Context, given: OnePerson, decide: Decide) -> Tie:
    """Change what two people are to each other, as it is at that moment, and tell both.

    Raises:
        Invalid: If it is oneself.
        UserNotFound: If there is no such user, or no more.
        ServiceError: Whatever ``decide`` raises.
    """
    require_other(context, given.user)
    application, user = context.application, context.caller.user
    other = (await require_user(application.database, given.user)).id
    wrote = False

    async def plan(view: View) -> Plan:
        nonlocal wrote
        me, they = await view.get(USERS, user), await view.get(USERS, other)
        if me is None or they is None or they.deleted_at is not None:
            raise UserNotFound
        writes = await decide(view, me, they, await view.get(FRIENDS, tie_id(user, other)))
        wrote = bool(writes)
        return Plan(moved(user, other), writes) if writes else Plan()

    await context.append(Append((self_stream(user), self_stream(other)), plan))
    if wrote:
        # Friends may watch each other; who was one may not any more.
        application.live.changed(user)
        application.live.changed(other)
    return await tie_now(context, other, changed=wrote)


def _told(kind: Literal["friend_request", "friend_accepted"], actor: User, to: str) -> Write:
    return news(News(type=kind, actor=actor.id, shown=Person(actor.id, actor.username), to=(to,)))


async def _befriend(view: View, me: User, they: User) -> list[Write]:
    totals = await counted(view, {me.id: {"friends": 1}, they.id: {"friends": 1}})
    return [*befriended(me.id, they.id), _told("friend_accepted", me, they.id), *totals]


async def _request(context: Context, given: OnePerson) -> Tie:
    """Ask somebody to be friends; who was asked by them is friends with them at once."""

    async def decide(view: View, me: User, they: User, tie: Friend | None) -> list[Write]:
        if await apart(view, me.id, they.id):
            raise Blocked
        if tie is None:
            return [*asked(me.id, they.id), _told("friend_request", me, they.id)]
        return await _befriend(view, me, they) if tie.state == "received" else []

    return await _changed(context, given, decide)


async def _accept(context: Context, given: OnePerson) -> Tie:
    """Agree to be friends with somebody who asked."""

    async def decide(view: View, me: User, they: User, tie: Friend | None) -> list[Write]:
        if tie is not None and tie.state == "friends":
            return []
        if tie is None or tie.state != "received":
            raise RequestNotFound
        return await _befriend(view, me, they)

    return await _changed(context, given, decide)


def _dropped(*states: str) -> Decide:
    async def decide(view: View, me: User, they: User, tie: Friend | None) -> list[Write]:
        if tie is None or tie.state not in states:
            return []
        fewer = tie.state == "friends"
        totals = await counted(view, {me.id: {"friends": -1}, they.id: {"friends": -1}}) if fewer else []
        return [*strangers(me.id, they.id), *totals]

    return decide


async def _reject(context: Context, given: OnePerson) -> Tie:
    """Refuse to be friends with somebody who asked; no notification is made of it."""
    return await _changed(context, given, _dropped("received"))


async def _cancel(context: Context, given: OnePerson) -> Tie:
    """Take back that one asked somebody to be friends."""
    return await _changed(context, given, _dropped("sent"))


async def _remove(context: Context, given: OnePerson) -> Tie:
    """Be friends with somebody no more."""
    return await _changed(context, given, _dropped("friends"))


async def _friends(context: Context, given: ListFriends) -> PeoplePage:
    """List one's friends, the latest first."""
    return await _listed(context, "friends", given.limit, given.cursor)


async def _requests(context: Context, given: ListRequests) -> PeoplePage:
    """List who asked one to be friends, or whom one asked, the latest first."""
    return await _listed(context, "received" if given.direction == "in" else "sent", given.limit, given.cursor)


async def _listed(context: Context, state: str, limit: int, cursor: str | None) -> PeoplePage:
    equal = {"user": context.caller.user, "state": state}
    database = context.application.database
    rows = await database.find(FRIENDS, equal, by="since", below=cursor, falling=True, limit=limit + 1)
    return await people_page(context, [(row.other, row.since) for row in rows[:limit]], more=len(rows) > limit)


_REQUESTS = "/api/users/me/friends/requests"


REQUEST = Operation(
    name="friend.request",
    ordered=True,
    method="POST",
    path=_REQUESTS,
    input=OnePerson,
    output=Tie,
    run=_request,
    raises=(UserNotFound, Blocked),
    limits=((FRIEND_USER, by_user),),
)
ACCEPT = Operation(
    name="friend.accept",
    ordered=True,
    method="PUT",
    path=_REQUESTS + "/{user}",
    input=OnePerson,
    output=Tie,
    run=_accept,
    raises=(UserNotFound, RequestNotFound),
    limits=((ANSWER_USER, by_user),),
)
REJECT = Operation(
    name="friend.reject",
    ordered=True,
    method="POST",
    path=_REQUESTS + "/{user}/reject",
    input=OnePerson,
    output=Tie,
    run=_reject,
    raises=(UserNotFound,),
    limits=((ANSWER_USER, by_user),),
)
CANCEL = Operation(
    name="friend.cancel",
    ordered=True,
    method="DELETE",
    path=_REQUESTS + "/{user}",
    input=OnePerson,
    output=Tie,
    run=_cancel,
    raises=(UserNotFound,),
    limits=((ANSWER_USER, by_user),),
)
REMOVE = Operation(
    name="friend.remove",
    ordered=True,
    method="DELETE",
    path="/api/users/me/friends/{user}",
    input=OnePerson,
    output=Tie,
    run=_remove,
    raises=(UserNotFound,),
    limits=((ANSWER_USER, by_user),),
)
LIST = Operation(
    name="friend.list",
    method="GET",
    path="/api/users/me/friends",
    input=ListFriends,
    output=PeoplePage,
    run=_friends,
    limits=((LOOK_USER, by_user),),
)
REQUESTS = Operation(
    name="friend.requests",
    method="GET",
    path=_REQUESTS,
    input=ListRequests,
    output=PeoplePage,
    run=_requests,
    limits=((LOOK_USER, by_user),),
)
