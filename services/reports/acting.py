"""What is done about something that was reported, by whoever may: deleting it, warning and banning."""

from collections.abc import Awaitable, Callable
from typing import Final, Literal, NamedTuple

import msgspec

from services.accounts.logins.needs import LATELY
from services.accounts.moderation import warnings
from services.accounts.profile.revising import revise
from services.aliases import silences
from services.errors import CommentNotFound, Flaw, Forbidden, Invalid, MessageNotFound, PostNotFound, TargetNotFound
from services.forum.comments.deleting import deleting
from services.forum.discussion import comment_in, discussed
from services.forum.posts.removing import remove
from services.operations.context import Context
from services.rooms.members import bans
from services.rooms.rights.rules import Permission, require_permission
from services.streams.append import Append, Plan, Step, View, marker_entry
from store.tables import ENTRIES, Member, Report, Text

Action = Literal["delete", "warn", "ban"]


class How(NamedTuple):
    """As whom, and with which words, something is done."""

    member: Member | None
    """The caller's place in the topic, where they moderate it."""
    staff: bool
    reason: str | None
    """For everybody to read, or for whom it is about."""
    days: int | None


async def act_on(context: Context, report: Report, action: Action, how: How) -> None:
    """Do something about what was reported. Done again it changes nothing, but a warning is one more.

    Raises:
        TargetNotFound: If it is no more.
        Invalid: If this cannot be done about such a thing.
        Forbidden: If the caller may not do it.
    """
    try:
        await _ACTIONS[action](context, report, how)
    except (MessageNotFound, CommentNotFound, PostNotFound) as error:
        raise TargetNotFound from error


def _impossible() -> Invalid:
    return Invalid(flaws=(Flaw("/actions", "cannot be done about this"),))


def _may(how: How, permission: Permission) -> None:
    if how.staff:
        return
    if how.member is None:
        raise Forbidden
    require_permission(how.member, permission)


async def _delete(context: Context, report: Report, how: How) -> None:
    if report.kind == "message":
        _may(how, "delete_messages")
        await _delete_message(context, report)
    elif report.kind in {"post", "comment"}:
        _may(how, "manage_posts")
        await (_delete_post if report.kind == "post" else _delete_comment)(context, report, how)
    elif report.kind == "picture" and report.room is None and how.staff:
        await revise(context.application, report.target, lambda _user: ({"picture": None}, ()))
    else:
        raise _impossible()


async def _delete_message(context: Context, report: Report) -> None:
    room = report.room or ""

    async def plan(view: View) -> Plan:
        entry = await view.get(ENTRIES, report.target)
        if entry is None or entry.stream != room:
            raise MessageNotFound
        if entry.deleted:
            return Plan(found=entry)
        blank = msgspec.structs.replace(entry, body=Text(text=""), deleted=True)
        return Plan([Step(marker_entry(room, entry.id), blank)])

    await context.append(Append((room,), plan))


async def _delete_post(context: Context, report: Report, how: How) -> None:
    await remove(context.application, report.target, context.caller.user, how.reason)


async def _delete_comment(context: Context, report: Report, how: How) -> None:
    async def plan(view: View) -> Plan:
        found = await discussed(view, report.post or "")
        entry = await comment_in(view, report.post or "", report.target)
        if entry.deleted:
            return Plan(found=entry)
        return deleting(found, entry, context.caller.user, how.reason)

    await context.append(Append((report.post or "", report.room or ""), plan))


async def _warn(context: Context, report: Report, how: How) -> None:
    if not how.staff:
        raise Forbidden("only the installation's moderators warn")
    if report.subject is None:
        raise _impossible()
    if how.reason is None:
        raise Invalid(flaws=(Flaw("/reason", "is needed: the warning says it"),))
    await LATELY.check(context)
    await warnings.GIVE.run(context, warnings.WarnUser(user=report.subject, text=how.reason))


async def _ban(context: Context, report: Report, how: How) -> None:
    """Ban somebody from the topic; another name is silenced there, for a ban would show whose it is."""
    author = report.said.author
    if report.topic is None or report.subject is None:
        raise _impossible()
    if how.member is None:
        raise Forbidden("who moderates the topic bans from it; from the installation admin.ban does")
    if author is not None and author.anonymous:
        await silences.SILENCE.run(context, silences.OneAlias(topic=report.topic, alias=author.id))
        return
    wanted = bans.BanMember(room=report.topic, user=report.subject, reason=how.reason, days=how.days)
    await bans.BAN.run(context, wanted)


_ACTIONS: Final[dict[Action, Callable[[Context, Report, How], Awaitable[None]]]] = {
    "delete": _delete,
    "warn": _warn,
    "ban": _ban,
}
