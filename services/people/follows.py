"""Following people: what they post comes into one's feed."""

import msgspec

from services import feeding
from services.accounts.people.person import Person, require_user
from services.accounts.people.tied import Tie, tell_ties, ties_between
from services.accounts.people.ties import apart, counted, ended, following, follows, moved
from services.errors import Blocked, Flaw, Invalid, UserNotFound
from services.ids import rfc3339, self_stream
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize, UserId
from services.operations.operation import Operation, by_user
from services.people.rates import FOLLOW_USER, LOOK_USER
from services.streams.append import Append, Plan, View
from store.database import Put
from store.tables import FOLLOWS, USERS


class OnePerson(Input):
    """Somebody else."""

    user: UserId


class ListPeople(Input):
    """Whose people, and which page of them, the latest first; ``me`` is oneself."""

    user: UserId
    limit: PageSize = 50
    cursor: Cursor | None = None


class Acquainted(msgspec.Struct, frozen=True):
    """Somebody in a list, and since when they are in it."""

    user: Person
    created_at: str


class PeoplePage(msgspec.Struct, frozen=True):
    """People, the latest first; ``next`` is the cursor of those that follow."""

    items: list[Acquainted]
    next: str | None


def require_other(context: Context, user: str) -> None:
    """Let everybody pass but oneself.

    Raises:
        Invalid: For oneself.
    """
    if user in {"me", context.caller.user}:
        raise Invalid(flaws=(Flaw("/user", "is oneself"),))


async def _follow(context: Context, given: OnePerson) -> Tie:
    """Follow somebody; again it changes nothing."""
    require_other(context, given.user)
    application, user = context.application, context.caller.user
    other = await require_user(application.database, given.user)
    done = False

    async def plan(view: View) -> Plan:
        nonlocal done
        me, they = await view.get(USERS, user), await view.get(USERS, other.id)
        if me is None or they is None or they.deleted_at is not None:
            raise UserNotFound
        if await apart(view, user, other.id):
            raise Blocked
        done = await follows(view, user, other.id) is None
        return Plan(moved(user, other.id), await following(view, me, other.id)) if done else Plan()

    await context.append(Append((self_stream(user), self_stream(other.id)), plan))
    return await tie_now(context, other.id, changed=done)


async def _unfollow(context: Context, given: OnePerson) -> Tie:
    """Follow somebody no more; who is not followed is not."""
    require_other(context, given.user)
    application, user, other = context.application, context.caller.user, given.user
    await require_user(application.database, other)
    done = False

    async def plan(view: View) -> Plan:
        nonlocal done
        row = await follows(view, user, other)
        done = row is not None
        if row is None:
            return Plan()
        totals = await counted(view, {user: {"following": -1}, other: {"followers": -1}})
        return Plan(moved(user, other), [Put(FOLLOWS, ended(row)), feeding.clear(user, author=other), *totals])

    await context.append(Append((self_stream(user), self_stream(other)), plan))
    return await tie_now(context, other, changed=done)


async def tie_now(context: Context, other: str, *, changed: bool) -> Tie:
    """Return what somebody is to the caller by now; where that has changed both are told, and the jobs of it begin."""
    application, user = context.application, context.caller.user
    if not changed:
        return (await ties_between(application.database, user, other))[0].tie
    application.jobs.wake()
    return (await tell_ties(application, user, other)).tie


async def _followers(context: Context, given: ListPeople) -> PeoplePage:
    """List who follows somebody, the latest first."""
    return await _listed(context, given, "other", "user")


async def _following(context: Context, given: ListPeople) -> PeoplePage:
    """List whom somebody follows, the latest first."""
    return await _listed(context, given, "user", "other")


async def _listed(context: Context, given: ListPeople, whose: str, who: str) -> PeoplePage:
    user = context.caller.user if given.user == "me" else given.user
    await context.application.directory.require(user)
    # From above nothing on: what was taken back has no place in the order.
    rows = await context.application.database.find(
        FOLLOWS, {whose: user}, by="since", above="", below=given.cursor, falling=True, limit=given.limit + 1
    )
    page = rows[: given.limit]
    shown = [(str(getattr(row, who)), row.since or "") for row in page]
    return await people_page(context, shown, more=len(rows) > given.limit)


async def people_page(context: Context, shown: list[tuple[str, str]], *, more: bool) -> PeoplePage:
    """Return people and since when, by ids of both, for the wire; those whose account is no more are left out."""
    found = await context.application.directory.living([user for user, _ in shown])
    items = [Acquainted(found[user], rfc3339(moment(since))) for user, since in shown if user in found]
    return PeoplePage(items, shown[-1][1] if more else None)


def moment(id_: str) -> int:
    """Return when an id was made, in milliseconds since 1970."""
    return int(id_[:12], 16)


_PATH = "/api/users/me/following/{user}"

PUT = Operation(
    name="follow.put",
    ordered=True,
    method="PUT",
    path=_PATH,
    input=OnePerson,
    output=Tie,
    run=_follow,
    raises=(UserNotFound, Blocked),
    limits=((FOLLOW_USER, by_user),),
)
TAKE = Operation(
    name="follow.take",
    ordered=True,
    method="DELETE",
    path=_PATH,
    input=OnePerson,
    output=Tie,
    run=_unfollow,
    raises=(UserNotFound,),
    limits=((FOLLOW_USER, by_user),),
)
FOLLOWERS = Operation(
    name="follow.followers",
    method="GET",
    path="/api/users/{user}/followers",
    input=ListPeople,
    output=PeoplePage,
    run=_followers,
    raises=(UserNotFound,),
    limits=((LOOK_USER, by_user),),
)
FOLLOWING = Operation(
    name="follow.following",
    method="GET",
    path="/api/users/{user}/following",
    input=ListPeople,
    output=PeoplePage,
    run=_following,
    raises=(UserNotFound,),
    limits=((LOOK_USER, by_user),),
)
