"""Reporting something: what it said, and what was said before it, are kept with the report."""

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from services.errors import Invalid, OwnContent, ReportedAlready, TargetNotFound
from services.ids import new_id, now_ms
from services.operations.context import Context
from services.operations.inputs import Input, MessageId, RoomId
from services.operations.operation import Operation, by_user
from services.reports.capture import before, said
from services.reports.rates import REPORT_USER
from services.reports.targets import Kind, Wanted, find, topic_of, with_fields
from services.reports.telling import tell
from services.reports.views import MyReport, my_report
from store.errors import Duplicate
from store.tables import ENTRIES, REPORTS, ROOMS, Report, Room, Said

if TYPE_CHECKING:
    from services.application import Application

SERVER: Final = "~"
"""Who reports what the filter flags."""
AROUND_FLAGGED: Final = 10
"""Messages before a flagged one that go with it."""

Reason = Literal["spam", "abuse", "hate", "sexual", "violence", "self_harm", "privacy", "other"]
Target = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class MakeReport(Input, kw_only=True):
    """What to report and why: a message with its ``room``, a comment with its ``post``."""

    kind: Kind
    target: Target
    reason: Reason
    room: RoomId | None = None
    post: MessageId | None = None
    description: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    context: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    """How many of the items before it to attach: in a direct room nobody else could show them."""


async def _make(context: Context, given: MakeReport) -> MyReport:
    """Report something that one sees, once; moderators find it as it was, with what one attaches."""
    application, user = context.application, context.caller.user
    wanted = Wanted(given.kind, given.target, given.room, given.post, given.context)
    found = await find(context, wanted)
    if found.subject == user:
        raise OwnContent
    report = Report(
        id=new_id(),
        kind=given.kind,
        target=given.target,
        reporter=user,
        once=f"{given.kind}:{given.target}:{user}",
        reason=given.reason,
        description=given.description,
        said=found.said,
        created_at=now_ms(),
    )
    report = with_fields(report, found)
    try:
        await application.database.insert(REPORTS, report)
    except Duplicate as error:
        raise ReportedAlready from error
    await tell(application, report)
    context.status = 201
    return my_report(report)


async def flagged(application: "Application", work: dict[str, Any]) -> None:
    """Do the job: put what the filter flagged before moderators, as it was said then. Done again it changes nothing."""
    database = application.database
    room = await database.get(ROOMS, work["room"])
    post = None
    if room is not None and room.kind == "post":
        post, room = room.id, await database.get(ROOMS, room.place or "")
    if room is None:
        return
    report = await _flagged(application, work, room, post)
    try:
        await database.insert(REPORTS, report)
    except Duplicate:
        return  # written down, and told of, before
    await tell(application, report)


async def _flagged(application: "Application", work: dict[str, Any], room: Room, post: str | None) -> Report:
    entry = await application.database.get(ENTRIES, work["target"])
    words = None if entry is None else said(entry)
    if words is None:
        words = Said(work["target"], work["kind"], "", title=room.name)
    words.text, words.title = work["facts"]["text"], ""
    around = () if entry is None else await before(application.database, entry, AROUND_FLAGGED)
    return Report(
        id=work["report"],
        kind=work["kind"],
        target=work["target"],
        room=room.id,
        where=room.name,
        topic=topic_of(room),
        post=work["target"] if work["kind"] == "post" else post,
        reporter=SERVER,
        subject=room.owner if entry is None else entry.person or entry.author,
        reason="other",
        flags=tuple(work["flags"]),
        said=words,
        context=around,
        created_at=now_ms(),
    )


MAKE = Operation(
    name="report.make",
    method="POST",
    path="/api/reports",
    input=MakeReport,
    output=MyReport,
    run=_make,
    statuses=(201,),
    raises=(TargetNotFound, Invalid, OwnContent, ReportedAlready),
    limits=((REPORT_USER, by_user),),
)
