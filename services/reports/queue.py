"""Reading reports: the moderators' queue, one of them, and one's own."""

from typing import Annotated, Literal

import msgspec

from services.errors import Forbidden, ReportNotFound, RoomNotFound, SecondFactorMissing
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize, RoomId
from services.operations.limits import ADMIN_USER
from services.operations.operation import Operation, by_user
from services.reports.standing import require_queue, require_report
from services.reports.views import FullReport, MyReports, Reports, full_report, my_report, report_views
from store.database import Scalar
from store.tables import REPORTS

State = Literal["pending", "reviewed", "escalated", "resolved", "dismissed"]
ReportId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ListReports(Input):
    """Which reports: of a topic that one moderates, or all; in one state, or any. The latest first."""

    topic: RoomId | None = None
    state: State | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


class ListMyReports(Input):
    """Which page of the reports that one made, the latest first."""

    limit: PageSize = 50
    cursor: Cursor | None = None


class OneReport(Input):
    """A report."""

    report: ReportId


async def _list(context: Context, given: ListReports) -> Reports:
    """List the reports that one may decide; what is about oneself is left out."""
    staff = await require_queue(context, given.topic)
    equal: dict[str, Scalar] = {}
    if given.topic is not None:
        equal["topic"] = given.topic
    if given.state is not None:
        equal["state"] = given.state
    database = context.application.database
    found = await database.find(REPORTS, equal, by="id", below=given.cursor, falling=True, limit=given.limit + 1)
    page = found[: given.limit]
    shown = [report for report in page if report.subject != context.caller.user]
    items = await report_views(context.application, shown, staff=staff)
    return Reports(items, page[-1].id if len(found) > given.limit else None)


async def _mine(context: Context, given: ListMyReports) -> MyReports:
    """List what one reported oneself, and how it stands."""
    equal: dict[str, Scalar] = {"reporter": context.caller.user}
    database = context.application.database
    found = await database.find(REPORTS, equal, by="id", below=given.cursor, falling=True, limit=given.limit + 1)
    page = found[: given.limit]
    return MyReports([my_report(report) for report in page], page[-1].id if len(found) > given.limit else None)


async def _get(context: Context, given: OneReport) -> FullReport:
    """Read a report that one may decide, with what was attached to it."""
    report, _, staff = await require_report(context, given.report)
    return await full_report(context.application, report, staff=staff)


LIST = Operation(
    name="report.list",
    method="GET",
    path="/api/reports",
    socket=False,
    scope="account",
    input=ListReports,
    output=Reports,
    run=_list,
    raises=(Forbidden, SecondFactorMissing, RoomNotFound),
    limits=((ADMIN_USER, by_user),),
)
MINE = Operation(
    name="report.mine",
    method="GET",
    path="/api/users/me/reports",
    input=ListMyReports,
    output=MyReports,
    run=_mine,
)
GET = Operation(
    name="report.get",
    method="GET",
    path="/api/reports/{report}",
    socket=False,
    scope="account",
    input=OneReport,
    output=FullReport,
    run=_get,
    raises=(ReportNotFound, SecondFactorMissing),
    limits=((ADMIN_USER, by_user),),
)
