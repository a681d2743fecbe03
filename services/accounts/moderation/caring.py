"""Looking people up as an admin, ending their sessions, and having them prove anew who they are.

Nobody here sets a password, reads what was said, or learns an address: what is proved is between the person and us.
"""

from typing import Annotated, Literal

import msgspec

from services.accounts.logins.needs import ADMIN, LATELY, MODERATOR
from services.accounts.moderation.bans import OneUserGiven
from services.accounts.moderation.ending import end_all
from services.accounts.moderation.ranks import require_beneath
from services.accounts.moderation.warnings import WarningView, warning_view
from services.accounts.password.resetting import reset_later
from services.accounts.people.acts import act
from services.accounts.people.notices import notice
from services.accounts.people.person import require_user
from services.accounts.second.backups import without
from services.accounts.second.changing import changed
from services.accounts.secrets.held import keys_of
from services.errors import Conflict, EmailUnverified, Forbidden, UserNotFound
from services.ids import rfc3339
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize
from services.operations.limits import ADMIN_USER
from services.operations.operation import Operation, by_user
from store.database import Delete, Scalar
from store.errors import Mismatch
from store.tables import PASSKEYS, USERS, WARNINGS, User

WARNINGS_SHOWN = 100
"""Warnings of somebody that are shown with them, the latest."""
LAST = "\x7f"
"""Comes after every letter that a username may have."""


Begins = Annotated[str, msgspec.Meta(min_length=1, max_length=20, pattern="^[A-Za-z0-9_-]+(?![^A-Za-z0-9_-])$")]


class FindUsers(Input):
    """Whom to look up: whose username begins so, or who has a role; not both."""

    username: Begins | None = None
    role: Literal["user", "moderator", "admin"] | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A user as admins and moderators see them."""

    id: str
    username: str
    name: str
    picture: str | None
    role: str
    email_verified: bool
    banned_at: str | None
    banned_until: str | None
    ban_reason: str | None
    created_at: str


class KnownUsers(msgspec.Struct, frozen=True):
    """Users; ``next`` is the cursor of those that follow."""

    items: list[Known]
    next: str | None


class KnownWell(Known, frozen=True, kw_only=True):
    """A user as admins and moderators see them, with the latest warnings."""

    warnings: list[WarningView]


def _known(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "username": user.username,
        "name": user.name,
        "picture": user.picture,
        "role": user.role,
        "email_verified": user.email_verified,
        "banned_at": None if user.banned_at is None else rfc3339(user.banned_at),
        "banned_until": None if user.banned_until is None else rfc3339(user.banned_until),
        "ban_reason": user.ban_reason,
        "created_at": rfc3339(user.created_at),
    }


async def _find(context: Context, given: FindUsers) -> KnownUsers:
    """Look people up by the beginning of their username, or by their role."""
    database = context.application.database
    equal: dict[str, Scalar] = {}
    if given.role is not None:
        equal, by, above, below = {"role": given.role}, "id", given.cursor, None
    else:
        begins = (given.username or "").lower()
        first = begins[:-1] + chr(ord(begins[-1]) - 1) + LAST if begins else ""
        by, above, below = "name_key", given.cursor or first, begins + LAST
    found = await database.find(USERS, equal, by=by, above=above, below=below, limit=given.limit + 1)
    page = found[: given.limit]
    last = page[-1] if len(found) > given.limit else None
    following = None if last is None else last.id if by == "id" else last.name_key
    shown = (user for user in page if user.deleted_at is None)
    begun = [user for user in shown if user.name_key.startswith((given.username or "").lower())]
    return KnownUsers([msgspec.convert(_known(user), Known) for user in begun], following)


async def _one(context: Context, given: OneUserGiven) -> KnownWell:
    """Look somebody up, with their latest warnings."""
    database = context.application.database
    user = await require_user(database, given.user)
    found = await database.find(WARNINGS, {"user": user.id}, by="id", falling=True, limit=WARNINGS_SHOWN)
    return msgspec.convert(_known(user) | {"warnings": [warning_view(one) for one in found]}, KnownWell)


async def _end(context: Context, given: OneUserGiven) -> None:
    """End all sessions and API tokens of somebody."""
    application = context.application
    subject = await require_beneath(context, given.user)
    line = act(context, "user.sessions_ended", subject.id)
    await application.database.together([line])
    await end_all(application, subject.id, "ended by an admin")
    context.status = 204


async def _reset(context: Context, given: OneUserGiven) -> None:
    """Take all second factors of somebody away who has lost them, and send them a letter to choose a password by.

    Without the letter, or the password that they have, nobody comes in: so it needs a proved address.
    """
    application = context.application
    subject = await require_beneath(context, given.user)
    if not subject.email_verified:
        raise EmailUnverified("their e-mail address was never proved: nothing could be sent there")
    keys = [Delete(PASSKEYS, key.id) for key in await keys_of(application.database, subject.id)]
    writes = [
        changed(subject, totp=None, recovery=None),
        *keys,
        *await without(application, subject.id),
        *notice(subject, "second_factor"),
        act(context, "user.proofs_reset", subject.id),
        reset_later(context, subject.email),
    ]
    try:
        await application.database.together(writes)
    except Mismatch as error:
        raise Conflict("something else of the account was changed at the same moment") from error
    application.jobs.wake()
    await end_all(application, subject.id, "the proofs of who it is were reset by an admin")
    context.status = 204


_PATH = "/api/admin/users/{user}"
_LIMITS = ((ADMIN_USER, by_user),)

FIND = Operation(
    name="admin.users",
    method="GET",
    path="/api/admin/users",
    socket=False,
    scope="account",
    needs=(MODERATOR,),
    input=FindUsers,
    output=KnownUsers,
    run=_find,
    limits=_LIMITS,
)
ONE = Operation(
    name="admin.user",
    method="GET",
    path=_PATH,
    socket=False,
    scope="account",
    needs=(MODERATOR,),
    input=OneUserGiven,
    output=KnownWell,
    run=_one,
    raises=(UserNotFound,),
    limits=_LIMITS,
)
END = Operation(
    name="admin.sessions.end",
    method="POST",
    path=_PATH + "/sessions/end",
    socket=False,
    scope="account",
    needs=(ADMIN, LATELY),
    input=OneUserGiven,
    run=_end,
    statuses=(204,),
    raises=(UserNotFound, Forbidden),
    limits=_LIMITS,
)
RESET_PROOFS = Operation(
    name="admin.proofs.reset",
    method="POST",
    path=_PATH + "/proofs/reset",
    socket=False,
    scope="account",
    needs=(ADMIN, LATELY),
    input=OneUserGiven,
    run=_reset,
    statuses=(204,),
    raises=(UserNotFound, Forbidden, EmailUnverified, Conflict),
    limits=_LIMITS,
)
