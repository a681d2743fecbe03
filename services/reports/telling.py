"""Telling moderators at once that something was reported or decided."""

from typing import TYPE_CHECKING, Final

import msgspec

from services.reports.views import ReportEvent, ReportState
from store.tables import MEMBERS, USERS, Report

if TYPE_CHECKING:
    from services.application import Application

TOLD: Final = 100
"""Moderators of a sort that are told; all others find it in the queue."""


async def tell(application: "Application", report: Report) -> None:
    """Tell those who may decide a report how it stands; nothing of what was said, nor who reported it."""
    state = ReportState(report.id, report.kind, report.topic, report.reason, report.state)
    event = msgspec.json.encode(ReportEvent(state))
    for user in await _moderators(application, report.topic) - {report.subject}:
        if user is not None:
            application.live.tell(user, event)


async def _moderators(application: "Application", topic: str | None) -> set[str | None]:
    database, found = application.database, set[str | None]()
    for role in ("moderator", "admin"):
        found |= {user.id for user in await database.find(USERS, {"role": role}, by="id", limit=TOLD)}
    if topic is not None:
        for role in ("owner", "moderator"):
            members = await database.find(MEMBERS, {"room": topic, "role": role}, by="user", limit=TOLD)
            found |= {member.user for member in members}
    return found
