"""Who decides a report: the installation's moderators all of them, those of a topic what is in it."""

from services.accounts.logins.needs import MODERATOR
from services.accounts.people.person import require_user
from services.errors import Forbidden, ReportNotFound, RoomNotFound, SecondFactorMissing
from services.ids import member_id
from services.operations.context import Context
from services.rooms.rights.rules import RANK
from services.rooms.rights.sight import require_sight
from store.tables import MEMBERS, REPORTS, Member, Report

STAFF = frozenset({"moderator", "admin"})
"""Roles of those who moderate the whole installation."""


async def is_staff(context: Context) -> bool:
    """Tell whether the caller moderates the whole installation, and has logged in as such.

    Raises:
        SecondFactorMissing: If they moderate it, and have logged in with one proof.
    """
    user = await require_user(context.application.database, context.caller.user)
    if user.role not in STAFF:
        return False
    await MODERATOR.check(context)
    return True


async def moderator_of(context: Context, topic: str | None) -> Member | None:
    """Return the caller's membership of a topic that they moderate, and None where they do not."""
    if topic is None:
        return None
    member = await context.application.database.get(MEMBERS, member_id(topic, context.caller.user))
    return member if member is not None and RANK[member.role] >= RANK["moderator"] else None


async def require_queue(context: Context, topic: str | None) -> bool:
    """Let pass who may read the reports of a topic, or all; return whether they moderate the whole installation.

    Raises:
        RoomNotFound: If there is no such topic for the caller.
        Forbidden: If they do not moderate it.
        SecondFactorMissing: As ``is_staff``.
    """
    member = await moderator_of(context, topic)
    try:
        staff = await is_staff(context)
    except SecondFactorMissing:
        if member is None:
            raise
        return False
    if staff or member is not None:
        return staff
    if topic is not None:
        await require_sight(context.application, context.caller.user, topic)
    raise Forbidden("only for moderators")


async def require_report(context: Context, id_: str) -> tuple[Report, Member | None, bool]:
    """Return a report, the caller's place in its topic where they moderate that, and whether they are staff.

    Raises:
        ReportNotFound: If there is none, if it is not the caller's to decide, or is about the caller.
        SecondFactorMissing: As ``is_staff``.
    """
    report = await context.application.database.get(REPORTS, id_)
    if report is None or report.subject == context.caller.user:
        raise ReportNotFound
    try:
        staff = await require_queue(context, report.topic)
    except (Forbidden, RoomNotFound) as error:
        if isinstance(error, SecondFactorMissing):
            raise
        raise ReportNotFound from error
    return report, await moderator_of(context, report.topic), staff
