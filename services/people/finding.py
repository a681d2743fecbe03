"""Finding people by what they are called: never by an e-mail address."""

from typing import Annotated

import msgspec

from services.accounts.people.person import Person, person
from services.accounts.people.ties import tie_id
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize
from services.operations.operation import Operation, by_user
from services.people.rates import FIND_USER
from store.tables import BLOCKS, USERS, User


class FindPeople(Input):
    """Words of usernames and names, the last of which may be incomplete."""

    q: Annotated[str, msgspec.Meta(min_length=2, max_length=100)]
    limit: PageSize = 20
    cursor: Cursor | None = None


class PeopleFound(msgspec.Struct, frozen=True):
    """People; ``next`` is the cursor of those that follow."""

    items: list[Person]
    next: str | None


async def _search(context: Context, given: FindPeople) -> PeopleFound:
    """Find people by words of their usernames and names: who is called just so first, then the newest accounts.

    Who is banned, or blocks the caller, is left out.
    """
    database = context.application.database
    exact = await database.find(USERS, {"name_key": given.q.lower()}, limit=1)
    rows = await database.search(USERS, given.q, after=given.cursor, limit=given.limit + 1)
    page = rows[: given.limit]
    first = exact if given.cursor is None else []
    shown = [*first, *(row for row in page if row.id not in {one.id for one in exact})]
    kept = await _kept(context, shown)
    return PeopleFound([person(user) for user in kept], page[-1].id if len(rows) > given.limit else None)


async def _kept(context: Context, found: list[User]) -> list[User]:
    me = context.caller.user
    there = [user for user in found if user.deleted_at is None and user.banned_at is None]
    blocking = await context.application.database.get_many(BLOCKS, [tie_id(user.id, me) for user in there])
    return [user for user in there if tie_id(user.id, me) not in blocking]


SEARCH = Operation(
    name="users.search",
    method="GET",
    path="/api/users/search",
    input=FindPeople,
    output=PeopleFound,
    run=_search,
    limits=((FIND_USER, by_user),),
)
