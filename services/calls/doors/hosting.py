"""What those may do who lead a call."""

from services.calls.doors.answering import OneCall
from services.calls.doors.answers import own_view
from services.calls.doors.rules import device, require_host
from services.calls.machine import ending
from services.calls.machine.looks import leg_in, own_leg
from services.calls.machine.terms import Moment
from services.calls.views import CallView
from services.errors import CallNotFound, CallOver, Forbidden, NotInCall
from services.operations.context import Context
from services.operations.inputs import CallId, Input, LegId
from services.operations.limits import CALL_STEP
from services.operations.operation import Operation, by_user
from store.tables import Call


class Mute(Input):
    """Whom to mute; without a leg all others."""

    call: CallId
    leg: LegId | None = None


class RemoveLeg(Input):
    """Whom to take out."""

    call: CallId
    leg: LegId


async def _end(context: Context, given: OneCall) -> CallView:
    """End a call for all; who started it may, and the moderators of its room."""
    calls = context.application.calls
    await require_host(context, await calls.of(context, given.call))
    return own_view(context, await calls.change(given.call, _completed))


def _completed(call: Call, moment: Moment) -> Call:
    return ending.end(call, "completed" if call.active_at is not None else "cancelled", moment)


async def _mute(context: Context, given: Mute) -> CallView:
    """Mute a leg, or all but one's own; their people may speak again when they want to."""
    calls = context.application.calls
    await require_host(context, await calls.of(context, given.call))
    who = device(context)

    def mute(call: Call, moment: Moment) -> Call:
        if given.leg is not None and leg_in(call, given.leg) is None and call.live:
            raise NotInCall("no such leg is in this call")
        mine = own_leg(call, who)
        return ending.muted(call, given.leg, None if mine is None else mine.id, moment)

    return own_view(context, await calls.change(given.call, mute))


async def _remove(context: Context, given: RemoveLeg) -> CallView:
    """Take a leg out of a call."""
    calls = context.application.calls
    await require_host(context, await calls.of(context, given.call))

    def remove(call: Call, moment: Moment) -> Call:
        if leg_in(call, given.leg) is None and call.live:
            raise NotInCall("no such leg is in this call")
        return ending.removed(call, moment, leg=given.leg)

    return own_view(context, await calls.change(given.call, remove))


_RAISES = (CallNotFound, Forbidden)
_LIMITS = ((CALL_STEP, by_user),)

END = Operation(name="call.end", ordered=True, input=OneCall, output=CallView, run=_end, raises=_RAISES, limits=_LIMITS)
MUTE = Operation(
    name="call.mute",
    ordered=True,
    input=Mute,
    output=CallView,
    run=_mute,
    raises=(*_RAISES, NotInCall, CallOver),
    limits=_LIMITS,
)
REMOVE = Operation(
    name="call.remove",
    ordered=True,
    input=RemoveLeg,
    output=CallView,
    run=_remove,
    raises=(*_RAISES, NotInCall),
    limits=_LIMITS,
)
