"""People as others see them, and as they see themselves."""

from typing import Annotated

import msgspec

from services.errors import UserNotFound
from services.ids import rfc3339
from services.operations.context import Context
from services.operations.inputs import Input, UserId
from services.operations.limits import LOOKUP_USER
from services.operations.operation import Operation, by_user
from store.database import Database
from store.tables import ADDRESSES, USERS, Preferences, User

GONE_NAME = "~deleted"
"""What stands where a deleted account's username stood: nobody can be called so."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A user as others see them."""

    id: str
    username: str
    name: str
    picture: str | None
    banner: str | None
    country: str | None
    links: tuple[str, ...]
    created_at: str


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What a user chose for themselves."""

    theme: str
    language: str
    anonymous: bool
    mail_second_step: bool
    relay: str
    last_seen: str
    mail_follow: bool
    mail_like: bool
    mail_comment: bool
    mail_digest: str


class Me(Person, frozen=True, kw_only=True):
    """A user as they see themselves."""

    email: str
    email_verified: bool
    role: str
    preferences: Chosen


class People(msgspec.Struct, frozen=True):
    """Several users, in the order asked for; unknown ids are left out."""

    items: list[Person]


def person(user: User) -> Person:
    """Return a user as others see them: of a deleted one nothing but a name that is nobody's."""
    gone = user.deleted_at is not None
    return Person(
        id=user.id,
        username=GONE_NAME if gone else user.username,
        name=user.name,
        picture=user.picture,
        banner=user.banner,
        country=user.country,
        links=user.links,
        created_at=rfc3339(user.created_at),
    )


def chosen(preferences: Preferences) -> Chosen:
    """Return what somebody chose, for the wire."""
    return Chosen(
        theme=preferences.theme,
        language=preferences.language,
        anonymous=preferences.anonymous,
        mail_second_step=preferences.mail_second_step,
        relay=preferences.relay,
        last_seen=preferences.last_seen,
        mail_follow=preferences.mail_follow,
        mail_like=preferences.mail_like,
        mail_comment=preferences.mail_comment,
        mail_digest=preferences.mail_digest,
    )


def myself(user: User) -> Me:
    """Return a user as they see themselves."""
    return Me(
        id=user.id,
        username=user.username,
        name=user.name,
        picture=user.picture,
        banner=user.banner,
        country=user.country,
        links=user.links,
        created_at=rfc3339(user.created_at),
        email=user.email,
        email_verified=user.email_verified,
        role=user.role,
        preferences=chosen(user.preferences),
    )


async def require_user(database: Database, id_: str) -> User:
    """Return a user as the store has them.

    Raises:
        UserNotFound: If there is none with this id, or the account was deleted.
    """
    user = await database.get(USERS, id_)
    if user is None or user.deleted_at is not None:
        raise UserNotFound
    return user


async def by_login(database: Database, login: str) -> User | None:
    """Return whoever logs in so: by username, or by an e-mail address that they have proved; None where nobody does."""
    key = login.lower()
    if "@" not in key:
        found = await database.find(USERS, {"name_key": key}, limit=1)
        # What a deleted account is found by is its id, which its person may know.
        return found[0] if found and found[0].deleted_at is None else None
    address = await database.get(ADDRESSES, key)
    return None if address is None else await database.get(USERS, address.user)


class OneUser(Input):
    """Whom to look up: an id, or ``me``."""

    user: UserId


class ManyUsers(Input):
    """Whom to look up."""

    users: Annotated[list[UserId], msgspec.Meta(min_length=1, max_length=100)]


IDS_LENGTH = 3900
"""Characters of a list of ids: 100 of ours are 3,100, and an address has 4,096 bytes at most."""


class ListedUsers(Input):
    """Whom to look up: ids with commas between them."""

    ids: Annotated[str, msgspec.Meta(min_length=1, max_length=IDS_LENGTH)]


async def _many(context: Context, given: ManyUsers) -> People:
    """Look up to 100 users up by id."""
    ids = list(dict.fromkeys(given.users))
    found = await context.application.directory.find(ids)
    return People([found[id_] for id_ in ids if id_ in found and found[id_].username != GONE_NAME])


async def _listed(context: Context, given: ListedUsers) -> People:
    """Look up to 100 users up by id."""
    ids = [id_ for id_ in given.ids.split(",") if id_][:100]
    return await _many(context, ManyUsers(users=ids))


MANY = Operation(
    name="users.get", scope="read", input=ManyUsers, output=People, run=_many, limits=((LOOKUP_USER, by_user),)
)
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
