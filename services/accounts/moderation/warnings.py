"""Warnings: given by moderators, told to the person at once, and dismissed by them."""

import contextlib
from typing import Annotated

import msgspec

from services.accounts.logins.needs import LATELY, MODERATOR
from services.accounts.moderation.ranks import require_beneath
from services.accounts.people.acts import act
from services.errors import Forbidden, UserNotFound, WarningNotFound
from services.ids import new_id, now_ms, rfc3339, self_stream
from services.mail.letter import letter
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize, UserId
from services.operations.limits import ADMIN_USER, PROFILE_USER
from services.operations.operation import Operation, by_user
from services.streams.append import Append, Plan, Step, View, notice_entry
from services.streams.inbox import list_notice
from store.database import Insert, Write
from store.errors import Mismatch
from store.tables import JOBS, WARNINGS, Notice, Warned


class WarnUser(Input):
    """Whom to warn, and of what."""

    user: UserId
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class OneWarning(Input):
    """A warning."""

    warning: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ListWarnings(Input):
    """Which page of one's warnings, the latest first."""

    limit: PageSize = 50
    cursor: Cursor | None = None


class WarningView(msgspec.Struct, frozen=True):
    """A warning; who gave it is in the audit log alone."""

    id: str
    text: str
    created_at: str
    dismissed_at: str | None


class Warnings(msgspec.Struct, frozen=True):
    """Warnings; ``next`` is the cursor of those that follow."""

    items: list[WarningView]
    next: str | None


def warning_view(warned: Warned) -> WarningView:
    """Return a warning, for the wire."""
    dismissed = None if warned.dismissed_at is None else rfc3339(warned.dismissed_at)
    return WarningView(warned.id, warned.text, rfc3339(warned.created_at), dismissed)


async def _warn(context: Context, given: WarnUser) -> WarningView:
    """Warn somebody: they see it at once on all devices, in their own stream, and by mail."""
    application, caller = context.application, context.caller
    subject = await require_beneath(context, given.user)
    warned = Warned(id=new_id(), user=subject.id, by=caller.user, text=given.text, created_at=now_ms())
    writes: list[Write] = [Insert(WARNINGS, warned), act(context, "user.warned", subject.id, warning=warned.id)]
    if subject.email_verified:
        facts = {"name": subject.name, "text": given.text}
        writes.append(Insert(JOBS, letter("warned", subject.email, subject.preferences.language, **facts)))

    async def plan(view: View) -> Plan:
        notice = notice_entry(self_stream(subject.id), Notice("warned", subject.id))
        planned = Plan([Step(notice)], list(writes))
        await list_notice(view, planned, notice)
        return planned

    await context.append(Append((self_stream(subject.id),), plan))
    application.jobs.wake()
    context.status = 201
    return warning_view(warned)


async def _list(context: Context, given: ListWarnings) -> Warnings:
    """List one's warnings, the latest first."""
    found = await context.application.database.find(
        WARNINGS, {"user": context.caller.user}, by="id", below=given.cursor, falling=True, limit=given.limit + 1
    )
    page = found[: given.limit]
    return Warnings([warning_view(one) for one in page], page[-1].id if len(found) > given.limit else None)


async def _dismiss(context: Context, given: OneWarning) -> None:
    """Say that one has read a warning; done twice it changes nothing."""
    database = context.application.database
    warned = await database.get(WARNINGS, given.warning)
    if warned is None or warned.user != context.caller.user:
        raise WarningNotFound
    with contextlib.suppress(Mismatch):  # it was dismissed before
        await database.update(WARNINGS, warned.id, {"dismissed_at": now_ms()}, {"dismissed_at": None})
    context.status = 204


GIVE = Operation(
    name="admin.warn",
    ordered=True,
    method="POST",
    path="/api/admin/users/{user}/warnings",
    socket=False,
    scope="account",
    needs=(MODERATOR, LATELY),
    input=WarnUser,
    output=WarningView,
    run=_warn,
    statuses=(201,),
    raises=(UserNotFound, Forbidden),
    limits=((ADMIN_USER, by_user),),
)
LIST = Operation(
    name="users.warnings",
    method="GET",
    path="/api/users/me/warnings",
    socket=False,
    scope="account",
    input=ListWarnings,
    output=Warnings,
    run=_list,
)
DISMISS = Operation(
    name="users.warnings.dismiss",
    method="POST",
    path="/api/users/me/warnings/{warning}/dismissal",
    socket=False,
    scope="account",
    input=OneWarning,
    run=_dismiss,
    statuses=(204,),
    raises=(WarningNotFound,),
    limits=((PROFILE_USER, by_user),),
)
