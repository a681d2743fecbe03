"""People as others see them, and as they see themselves, with what they are to each other."""

import msgspec

from services.accounts.people.person import Me, OneUser, Person, myself, require_user
from services.accounts.people.tied import Tie, ties_between, totals
from services.errors import UserNotFound
from services.ids import rfc3339
from services.operations.context import Context
from services.operations.inputs import Empty
from services.operations.limits import LOOKUP_USER
from services.operations.operation import Operation, by_user
from services.people.acquaintance import watchable
from store.tables import COUNTS, FRIENDS

ASKING_LIMIT = 100
"""Where counting stops of those who ask to be friends: people read 99+ as many."""


class Profile(Person, frozen=True, kw_only=True):
    """A user as one other sees them."""

    followers: int
    following: int
    friends: int
    posts: int
    last_seen: str | None
    tie: Tie | None


class MyProfile(Me, frozen=True, kw_only=True):
    """A user as they see themselves, with what is counted."""

    followers: int
    following: int
    friends: int
    posts: int
    requests: int


async def _one(context: Context, given: OneUser) -> Profile:
    """Look a user up by id, with what they are to oneself."""
    application, user = context.application, context.caller.user
    found = await application.directory.require(given.user)
    mine, theirs = await ties_between(application.database, user, found.id)
    seen = None
    if found.id == user or found.id in await watchable(application.database, user, (found.id,)):
        seen = (await application.seen.of((found.id,))).get(found.id)
    return Profile(
        **msgspec.structs.asdict(found),
        **msgspec.structs.asdict(theirs.counts),
        last_seen=None if seen is None else rfc3339(seen),
        tie=None if found.id == user else mine.tie,
    )


async def _me(context: Context, _given: Empty) -> MyProfile:
    """Tell who I am."""
    database, user = context.application.database, context.caller.user
    found = await require_user(database, user)
    counts = totals(await database.get(COUNTS, user))
    asking = await database.count(FRIENDS, {"user": user, "state": "received"}, limit=ASKING_LIMIT)
    return MyProfile(**msgspec.structs.asdict(myself(found)), **msgspec.structs.asdict(counts), requests=asking)


ME = Operation(
    name="users.me", method="GET", path="/api/users/me", socket=False, input=Empty, output=MyProfile, run=_me
)
ONE = Operation(
    name="users.one",
    method="GET",
    path="/api/users/{user}",
    socket=False,
    input=OneUser,
    output=Profile,
    run=_one,
    raises=(UserNotFound,),
    limits=((LOOKUP_USER, by_user),),
)
