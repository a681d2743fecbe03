"""For whom the older blog's clients ask: a person for themselves, a service for anybody."""

import msgspec

from services.accounts.moderation.ranks import is_banned
from services.accounts.people.person import require_user
from services.blog.numbers import id_of
from services.errors import Flaw, Forbidden, Invalid, UserNotFound
from services.operations.context import Context, Principal
from store.tables import USERS, User

SERVICE = "service"
"""The scope of a token that may ask for anybody. Admins make such tokens, and they are good while they are admins."""

_ALL = frozenset({"read", "write", SERVICE})


def is_service(context: Context) -> bool:
    """Tell whether a service asks, not a person."""
    scopes = context.caller.scopes
    return scopes is not None and SERVICE in scopes


async def admitted(context: Context) -> Principal:
    """Return who asks, as operations of the blog take them: a service may read and write.

    Raises:
        Forbidden: If it is a service's token whose person is no admin any more.
    """
    caller = context.caller
    if not is_service(context):
        return caller
    person = await context.application.database.get(USERS, caller.user)
    if person is None or person.role != "admin" or person.deleted_at is not None:
        raise Forbidden("whoever made this token is no admin any more")
    return msgspec.structs.replace(caller, scopes=_ALL)


def require_service(context: Context) -> None:
    """Let only services pass.

    Raises:
        Forbidden: For a person.
    """
    if not is_service(context):
        raise Forbidden("only a service may ask for this")


async def user_numbered(context: Context, number: int) -> User:
    """Return a user by number.

    Raises:
        UserNotFound: If nobody has it, or no more.
    """
    id_ = await id_of(context.application.database, "user", number)
    if id_ is None:
        raise UserNotFound
    return await require_user(context.application.database, id_)


async def acting(context: Context, number: int | None) -> Context:
    """Return the request as one of the person with this number, or of the caller where none is given.

    Raises:
        Forbidden: If it is another person, and no service asks; or if they are banned.
        Invalid: If a service asks for nobody.
        UserNotFound: If nobody has the number.
    """
    if number is None:
        if is_service(context):
            raise Invalid(flaws=(Flaw("/user_id", "is needed where a service asks"),))
        return context
    return as_person(context, await user_numbered(context, number))


def as_person(context: Context, user: User) -> Context:
    """Return the request as one of a person's.

    Raises:
        Forbidden: If it is another person, and no service asks; or if they are banned.
    """
    caller = context.caller
    if not is_service(context):
        if user.id != caller.user:
            raise Forbidden("this is another person")
        return context
    if is_banned(user):
        # Their log-ins here have ended; what the service holds of theirs nobody could end.
        raise Forbidden("this account is banned")
    principal = msgspec.structs.replace(caller, user=user.id, username=user.username)
    return Context(
        context.application,
        principal,
        context.address,
        agent=context.agent,
        asked_at=context.asked_at,
    )
