"""Reports on the wire. Nobody is told of the person behind another name: it shows the name alone."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from services.ids import rfc3339
from services.streams.items.authors import Author
from store.tables import Remark, Report, Said

if TYPE_CHECKING:
    from services.application import Application


class SaidView(msgspec.Struct, frozen=True, kw_only=True):
    """Something as it was when it was reported."""

    id: str
    kind: str
    author: Author | None
    title: str
    text: str
    created_at: str | None


class RemarkView(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did with a report."""

    by: Author | None
    step: str
    note: str
    actions: tuple[str, ...]
    created_at: str


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """A report, for those who decide it. The installation's moderators alone see who made it."""

    id: str
    kind: str
    target: str
    room: str | None
    topic: str | None
    post: str | None
    where: str
    reporter: Author | None
    reason: str
    description: str
    flags: tuple[str, ...]
    said: SaidView
    state: str
    actions: tuple[str, ...]
    remarks: list[RemarkView]
    created_at: str
    decided_at: str | None


class FullReport(ReportView, frozen=True, kw_only=True):
    """A report with what was attached to it."""

    context: list[SaidView]


class Reports(msgspec.Struct, frozen=True):
    """Reports; ``next`` is the cursor of those that follow."""

    items: list[ReportView]
    next: str | None


class MyReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report that one made oneself: what was written to it is for moderators."""

    id: str
    kind: str
    target: str
    room: str | None
    topic: str | None
    post: str | None
    reason: str
    description: str
    state: str
    created_at: str
    decided_at: str | None


class MyReports(msgspec.Struct, frozen=True):
    """Reports that one made; ``next`` is the cursor of those that follow."""

    items: list[MyReport]
    next: str | None


class ReportState(msgspec.Struct, frozen=True):
    """Which report, and how it stands."""

    id: str
    kind: str
    topic: str | None
    reason: str
    state: str


class ReportEvent(msgspec.Struct, tag_field="ev", tag="report", frozen=True):
    """Not kept: something was reported, or decided, that one moderates."""

    d: ReportState


def said_view(said: Said) -> SaidView:
    """Return something that was said, for the wire."""
    author = None if said.author is None else Author(said.author.id, said.author.username, said.author.anonymous)
    at = rfc3339(said.created_at) if said.created_at else None
    return SaidView(id=said.id, kind=said.kind, author=author, title=said.title, text=said.text, created_at=at)


def my_report(report: Report) -> MyReport:
    """Return a report, for whoever made it."""
    return MyReport(
        id=report.id,
        kind=report.kind,
        target=report.target,
        room=report.room,
        topic=report.topic,
        post=report.post,
        reason=report.reason,
        description=report.description,
        state=report.state,
        created_at=rfc3339(report.created_at),
        decided_at=_time(report.decided_at),
    )


async def report_views(application: "Application", reports: Iterable[Report], *, staff: bool) -> list[ReportView]:
    """Return reports for those who decide them; ``staff`` are the installation's moderators."""
    reports = list(reports)
    people = await _people(application, reports, staff=staff)
    return [ReportView(**_fields(report, people)) for report in reports]


async def full_report(application: "Application", report: Report, *, staff: bool) -> FullReport:
    """Return a report with what was attached, for whoever decides it."""
    people = await _people(application, [report], staff=staff)
    return FullReport(**_fields(report, people), context=[said_view(said) for said in report.context])


class _People(NamedTuple):
    shown: Mapping[str, Author]
    staff: bool


async def _people(application: "Application", reports: list[Report], *, staff: bool) -> _People:
    makers = {report.reporter for report in reports} if staff else set()
    found = await application.directory.find({remark.by for report in reports for remark in report.remarks} | makers)
    return _People({id_: Author(id_, person.username) for id_, person in found.items()}, staff)


def _fields(report: Report, people: _People) -> dict[str, Any]:
    names = ("id", "kind", "target", "room", "topic", "post", "where", "reason", "description", "flags", "state")
    return {
        **{name: getattr(report, name) for name in names},
        "actions": report.actions,
        # A moderator of a topic may have made it, or decided another one: still it is not theirs to know which.
        "reporter": people.shown.get(report.reporter) if people.staff else None,
        "said": said_view(report.said),
        "remarks": [_remark(remark, people.shown) for remark in report.remarks],
        "created_at": rfc3339(report.created_at),
        "decided_at": _time(report.decided_at),
    }


def _remark(remark: Remark, people: Mapping[str, Author]) -> RemarkView:
    return RemarkView(
        by=people.get(remark.by),
        step=remark.step,
        note=remark.note,
        actions=remark.actions,
        created_at=rfc3339(remark.created_at),
    )


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
