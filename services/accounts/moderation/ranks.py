"""Who may do what to whom: moderation reaches below oneself, and the last admin stays."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from services.accounts.people.person import require_user
from services.errors import Forbidden, LastAdmin
from services.ids import now_ms
from services.operations.context import Context
from services.streams.append import Append, Plan, Step, View, marker_entry
from store.database import FIND_LIMIT, Database, Write
from store.tables import USERS, User

RANK: Final = {"user": 0, "moderator": 1, "admin": 2}
"""Who stands above whom in the whole installation."""

ADMINS: Final = "~admins"
"""The stream in which it stands that the admins changed: what depends on who they are is written in its order."""

Decide = Callable[[View], Awaitable[Sequence[Write]]]
"""What is to be written, given records as they are; it may be asked several times, and refuses by raising."""


async def require_beneath(context: Context, id_: str) -> User:
    """Return somebody whom the caller may moderate: an admin all others, a moderator those who are neither.

    Raises:
        UserNotFound: If there is nobody with this id.
        Forbidden: If it is oneself, or somebody who stands as high; admins reach each other.
    """
    database, caller = context.application.database, context.caller
    actor, subject = await require_user(database, caller.user), await require_user(database, id_)
    if actor.id == subject.id:
        raise Forbidden("this is not done to oneself")
    if actor.role != "admin" and RANK[subject.role] >= RANK[actor.role]:
        raise Forbidden("this person stands as high as you do")
    return subject


async def among_admins(context: Context, decide: Decide) -> None:
    """Write what depends on who the admins are, or changes it: one after the other, on all nodes together.

    Raises:
        ServiceError: Whatever ``decide`` raises; nothing was written.
    """

    async def plan(view: View) -> Plan:
        writes = list(await decide(view))
        return Plan([Step(marker_entry(ADMINS))], writes) if writes else Plan()

    await context.append(Append((ADMINS,), plan))


async def require_other_admin(view: View, database: Database, user: str) -> None:
    """Let pass what takes an admin away only where another one stays who may log in.

    Raises:
        LastAdmin: If there is none.
    """
    for found in await database.find(USERS, {"role": "admin"}, limit=FIND_LIMIT):
        # Once more through the view: one who is demoted in the very same write is none any more.
        admin = None if found.id == user else await view.get(USERS, found.id)
        if admin is not None and admin.role == "admin" and admin.deleted_at is None and not is_banned(admin):
            return
    raise LastAdmin


def is_banned(user: User) -> bool:
    """Tell whether somebody is banned now."""
    return user.banned_at is not None and (user.banned_until is None or user.banned_until > now_ms())
