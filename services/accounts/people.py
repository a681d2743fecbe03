"""People as others see them, and as they see themselves."""

from typing import Annotated

import msgspec

from services.errors import UserNotFound
from services.ids import rfc3339
from services.operations.inputs import Empty, Input, UserId
from services.operations.limits import LOOKUP_USER
from services.operations.operation import Context, Operation, by_user
from store.database import Database
from store.tables import USERS, User


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A user as others see them."""

    id: str
    username: str
    name: str
    picture: str | None
    created_at: str


class Me(Person, frozen=True, kw_only=True):
    """A user as they see themselves."""

    email: str
    email_verified: bool


class People(msgspec.Struct, frozen=True):
    """Several users, in the order asked for; unknown ids are left out."""

    items: list[Person]


def person(user: User) -> Person:
    """Return a user as others see them."""
    return Person(
        id=user.id, username=user.username, name=user.name, picture=user.picture, created_at=rfc3339(user.created_at)
    )


def myself(user: User) -> Me:
    """Return a user as they see themselves."""
    return Me(
        id=user.id,
        username=user.username,
        name=user.name,
        picture=user.picture,
        created_at=rfc3339(user.created_at),
        email=user.email,
        email_verified=user.email_verified,
    )


async def require_user(database: Database, id_: str) -> User:
    """Return a user.

    Raises:
        UserNotFound: If there is none with this id.
    """
    user = await database.get(USERS, id_)
    if user is None:
        raise UserNotFound
    return user


class OneUser(Input):
    """Whom to look up: an id, or ``me``."""

    user: UserId


class ManyUsers(Input):
    """Whom to look up."""

    users: Annotated[list[UserId], msgspec.Meta(min_length=1, max_length=100)]


class ListedUsers(Input):
    """Whom to look up: ids with commas between them."""

    ids: Annotated[str, msgspec.Meta(min_length=1, max_length=6500)]


async def _me(context: Context, _given: Empty) -> Me:
    """Tell who I am."""
    return myself(await require_user(context.application.database, context.caller.user))


async def _one(context: Context, given: OneUser) -> Person:
    """Look a user up by id."""
    return await context.application.directory.require(given.user)


async def _many(context: Context, given: ManyUsers) -> People:
    """Look up to 100 users up by id."""
    ids = list(dict.fromkeys(given.users))
    found = await context.application.directory.find(ids)
    return People([found[id_] for id_ in ids if id_ in found])


async def _listed(context: Context, given: ListedUsers) -> People:
    """Look up to 100 users up by id."""
    ids = [id_ for id_ in given.ids.split(",") if id_][:100]
    return await _many(context, ManyUsers(users=ids))


ME = Operation(name="users.me", method="GET", path="/api/users/me", socket=False, input=Empty, output=Me, run=_me)
ONE = Operation(
    name="users.one",
    method="GET",
    path="/api/users/{user}",
    socket=False,
    input=OneUser,
    output=Person,
    run=_one,
    raises=(UserNotFound,),
    limits=((LOOKUP_USER, by_user),),
)
MANY = Operation(name="users.get", input=ManyUsers, output=People, run=_many, limits=((LOOKUP_USER, by_user),))
LISTED = Operation(
    name="users.list",
    method="GET",
    path="/api/users",
    socket=False,
    input=ListedUsers,
    output=People,
    run=_listed,
    limits=((LOOKUP_USER, by_user),),
)

OPERATIONS = (ME, LISTED, ONE, MANY)
