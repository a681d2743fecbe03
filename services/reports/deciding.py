"""Deciding reports, step by step; each step is kept with who took it."""

import hashlib
from typing import Annotated, Any, Final

import msgspec

from services.accounts.people.acts import act
from services.errors import (
    ConfirmationNeeded,
    Conflict,
    Forbidden,
    ItemDeleted,
    PermissionMissing,
    ReportClosed,
    ReportNotFound,
    SecondFactorMissing,
    TargetNotFound,
)
from services.ids import now_ms
from services.operations.context import Context
from services.operations.inputs import Input
from services.operations.limits import ADMIN_USER
from services.operations.operation import Operation, by_user
from services.reports.acting import Action, How, act_on
from services.reports.queue import ReportId
from services.reports.standing import require_report
from services.reports.telling import tell
from services.reports.views import FullReport, full_report
from store.database import Update, Write
from store.errors import Mismatch
from store.tables import REPORTS, Remark, Report

OPEN: Final = frozenset({"pending", "reviewed", "escalated"})
"""States in which a report waits for a decision."""
REMARKS: Final = 50
"""Steps that are kept of a report; beyond it the first are let go."""

Note = Annotated[str, msgspec.Meta(max_length=1000)]


class Decide(Input, kw_only=True):
    """A report, and what to note with it; moderators alone read that."""

    report: ReportId
    note: Note = ""


class Resolve(Decide, kw_only=True):
    """A report, and what is done about what it reports. Who is warned, or banned, reads the ``reason``."""

    actions: Annotated[tuple[Action, ...], msgspec.Meta(max_length=3)] = ()
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=3650)] | None = None


async def _review(context: Context, given: Decide) -> FullReport:
    """Take a report up: others see that somebody looks at it."""
    return await _step(context, given, "review", "reviewed", OPEN)


async def _dismiss(context: Context, given: Decide) -> FullReport:
    """Decide that nothing is to be done."""
    return await _step(context, given, "dismiss", "dismissed", OPEN)


async def _escalate(context: Context, given: Decide) -> FullReport:
    """Leave a report to the installation's moderators."""
    return await _step(context, given, "escalate", "escalated", OPEN)


async def _reopen(context: Context, given: Decide) -> FullReport:
    """Have a report wait for a decision again."""
    return await _step(
        context, given, "reopen", "pending", frozenset({"reviewed", "escalated", "resolved", "dismissed"})
    )


async def _resolve(context: Context, given: Resolve) -> FullReport:
    """Decide a report, and do what is to be done: delete what it is about, warn or ban whom it is about."""
    report, member, staff = await require_report(context, given.report)
    if _is_repeated(context, report, given):
        return await full_report(context.application, report, staff=staff)
    _require_step(report, staff=staff, allowed=OPEN)
    how = How(member, staff, given.reason, given.days)
    for action in dict.fromkeys(given.actions):
        await act_on(context, report, action, how)
    context.status = 200  # whatever the actions said of themselves
    return await _step(context, given, "resolve", "resolved", OPEN, tuple(dict.fromkeys(given.actions)))


def _is_repeated(context: Context, report: Report, given: Decide) -> bool:
    """Tell whether the caller decided a report by this very request, of which the answer may have been lost."""
    last = report.remarks[-1] if report.state == "resolved" and report.remarks else None
    return last is not None and (last.by, last.digest) == (context.caller.user, _digest(given))


def _digest(given: Decide) -> str:
    return hashlib.blake2b(msgspec.json.encode(given), digest_size=12).hexdigest()


async def _step(
    context: Context, given: Decide, step: str, state: str, allowed: frozenset[str], actions: tuple[str, ...] = ()
) -> FullReport:
    application = context.application
    report, _, staff = await require_report(context, given.report)
    if report.state != state:
        _require_step(report, staff=staff, allowed=allowed)
        remark = Remark(context.caller.user, step, now_ms(), given.note, actions, _digest(given))
        report = await _write(context, report, remark, state, staff=staff)
        await tell(application, report)
    return await full_report(application, report, staff=staff)


def _require_step(report: Report, *, staff: bool, allowed: frozenset[str]) -> None:
    if not staff and (report.state == "escalated" or report.by_staff):
        raise Forbidden("the installation's moderators decide this")
    if report.state not in allowed:
        raise ReportClosed


async def _write(context: Context, report: Report, remark: Remark, state: str, *, staff: bool) -> Report:
    database = context.application.database
    decided = state in {"resolved", "dismissed"}
    changes: dict[str, Any] = {
        "state": state,
        "remarks": (*report.remarks, remark)[-REMARKS:],
        "actions": remark.actions if decided else (),
        "by_staff": staff and decided,
        "decided_at": remark.created_at if decided else None,
        "version": report.version + 1,
    }
    writes: list[Write] = [Update(REPORTS, report.id, changes, {"version": report.version})]
    if staff:
        writes.append(act(context, f"report.{remark.step}", report.id, actions=",".join(remark.actions)))
    try:
        await database.together(writes)
    except Mismatch as error:
        raise Conflict("somebody else decides it at this moment; look again") from error
    written: Report = msgspec.structs.replace(report, **changes)
    return written


_RAISES = (ReportNotFound, SecondFactorMissing, Forbidden, ReportClosed, Conflict)


def _operation(step: str, run: Any, *, input_: type[Decide] = Decide, raises: tuple[Any, ...] = ()) -> Operation[Any]:
    return Operation(
        name=f"report.{step}",
        method="POST",
        path=f"/api/reports/{{report}}/{step}",
        socket=False,
        scope="account",
        input=input_,
        output=FullReport,
        run=run,
        raises=(*_RAISES, *raises),
        limits=((ADMIN_USER, by_user),),
    )


REVIEW = _operation("review", _review)
DISMISS = _operation("dismiss", _dismiss)
RESOLVE = _operation(
    "resolve", _resolve, input_=Resolve, raises=(TargetNotFound, PermissionMissing, ConfirmationNeeded, ItemDeleted)
)
ESCALATE = _operation("escalate", _escalate)
REOPEN = _operation("reopen", _reopen)
