"""Bans from the whole installation."""

import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from services.accounts.logins import families
from services.accounts.logins.needs import LATELY, MODERATOR
from services.accounts.logins.tokens import BANNED
from services.accounts.moderation.ending import end_again, end_all, lift
from services.accounts.moderation.ranks import among_admins, require_beneath, require_other_admin
from services.accounts.people.acts import SERVER, act
from services.accounts.people.person import require_user
from services.errors import Conflict, Flaw, Forbidden, Invalid, LastAdmin, UserNotFound
from services.ids import new_id, now_ms, rfc3339
from services.jobs.job import job
from services.mail.letter import letter
from services.operations.context import Context
from services.operations.inputs import Input, UserId
from services.operations.limits import ADMIN_USER
from services.operations.operation import Operation, by_user
from services.streams.append import View
from store.database import Insert, Update, Write
from store.errors import Mismatch
from store.tables import ACTS, JOBS, USERS, Act, User

if TYPE_CHECKING:
    from services.application import Application

JOB = "ban_over"
"""Kind of the job that a ban with an end has at its end."""
LONGEST_MS = 10 * 366 * 86_400_000
"""Longest ban that ends: whoever means more says no end."""

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Until = Annotated[datetime.datetime, msgspec.Meta(tz=True)]


class OneUserGiven(Input):
    """Somebody."""

    user: UserId


class BanUser(OneUserGiven):
    """Whom to ban, why, and until when; null for ever."""

    reason: Reason
    until: Until | None = None


async def _ban(context: Context, given: BanUser) -> None:
    """Ban somebody: all their sessions, API tokens and sockets end at once, and they come in by no way."""
    application, now = context.application, now_ms()
    until = None if given.until is None else int(given.until.timestamp() * 1000)
    if until is not None and not now < until <= now + LONGEST_MS:
        raise Invalid(flaws=(Flaw("/until", "has to lie in the future, within ten years"),))
    subject = await require_beneath(context, given.user)

    async def decide(view: View) -> list[Write]:
        await _require_role(view, subject)
        if subject.role == "admin":
            await require_other_admin(view, application.database, subject.id)
        return _writes(context, subject, given.reason, now, until)

    if subject.role == "admin":
        await among_admins(context, decide)
    else:
        await _together(application, _writes(context, subject, given.reason, now, until))
    application.jobs.wake()
    await end_all(application, subject.id, BANNED)
    context.status = 204


async def _require_role(view: View, subject: User) -> None:
    """Let only those be banned who are what they were when it was decided that they may be.

    Raises:
        Conflict: If they are something else by now.
    """
    found = await view.get(USERS, subject.id)
    if found is None or found.role != subject.role or found.deleted_at is not None:
        raise Conflict


async def _together(application: "Application", writes: list[Write]) -> None:
    try:
        await application.database.together(writes)
    except Mismatch as error:
        raise Conflict from error


def _writes(context: Context, subject: User, reason: str, now: int, until: int | None) -> list[Write]:
    ban = {"banned_at": now, "banned_until": until, "ban_reason": reason}
    told = None if until is None else rfc3339(until)
    writes: list[Write] = [
        # A moderator who was demoted, or logged out, at this moment bans nobody any more.
        families.lives(context),
        Update(USERS, subject.id, ban, {"role": subject.role, "deleted_at": None}),
        act(context, "user.banned", subject.id, reason=reason, until=told),
        end_again(subject.id, BANNED),
    ]
    if until is not None:
        over = job(JOB, {"user": subject.id, "banned_at": now}, after_s=(until - now) / 1000)
        writes.append(Insert(JOBS, over))
    if subject.email_verified:
        facts = {"name": subject.name, "reason": reason, "until": told or "-"}
        writes.append(Insert(JOBS, letter("banned", subject.email, subject.preferences.language, **facts)))
    return writes


async def _unban(context: Context, given: OneUserGiven) -> None:
    """Let somebody come in again: they log in anew; API tokens that the ban ended stay ended."""
    application = context.application
    subject = await require_beneath(context, given.user)
    context.status = 204
    if subject.banned_at is None:
        return
    await _together(
        application,
        [
            Update(USERS, subject.id, _NO_BAN, {"role": subject.role, "banned_at": subject.banned_at}),
            act(context, "user.unbanned", subject.id),
        ],
    )
    await lift(application, subject.id)


_NO_BAN: dict[str, Any] = {"banned_at": None, "banned_until": None, "ban_reason": None}


async def ban_over(application: "Application", work: dict[str, Any]) -> None:
    """Do the job: take a ban away that is over, unless there is another by now. It let its person in before this."""
    try:
        user = await require_user(application.database, work["user"])
    except UserNotFound:
        return
    if user.banned_at == work["banned_at"]:
        line = Act(id=new_id(), created_at=now_ms(), actor=SERVER, action="user.ban_over", subject=user.id)
        try:
            update = Update(USERS, user.id, _NO_BAN, {"banned_at": user.banned_at})
            await application.database.together([update, Insert(ACTS, line)])
        except Mismatch:
            return  # an admin was faster
    elif user.banned_at is not None:
        return
    await lift(application, user.id)


_PATH = "/api/admin/users/{user}/ban"
_RAISES = (UserNotFound, Forbidden, Conflict)

PUT = Operation(
    name="admin.ban",
    method="PUT",
    path=_PATH,
    socket=False,
    scope="account",
    needs=(MODERATOR, LATELY),
    input=BanUser,
    run=_ban,
    statuses=(204,),
    raises=(*_RAISES, LastAdmin),
    limits=((ADMIN_USER, by_user),),
)
TAKE = Operation(
    name="admin.unban",
    method="DELETE",
    path=_PATH,
    socket=False,
    scope="account",
    needs=(MODERATOR, LATELY),
    input=OneUserGiven,
    run=_unban,
    statuses=(204,),
    raises=_RAISES,
    limits=((ADMIN_USER, by_user),),
)
