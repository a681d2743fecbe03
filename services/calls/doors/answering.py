"""Ringing, answering, coming in and leaving."""

from services.calls.doors.answers import own_view
from services.calls.doors.rules import come_in, most_of
from services.calls.machine import legs, ringing
from services.calls.machine.terms import Moment, Who
from services.calls.views import CallView
from services.errors import (
    AnsweredElsewhere,
    Blocked,
    Busy,
    CallFull,
    CallNotFound,
    CallOver,
    CallsOff,
    NotInCall,
)
from services.operations.context import Context
from services.operations.inputs import CallId, Input
from services.operations.limits import CALL_STEP
from services.operations.operation import Operation, by_user
from store.tables import Call


class OneCall(Input):
    """A call."""

    call: CallId


async def _ringing(context: Context, given: OneCall) -> CallView:
    """Tell that this device rings, so that the caller knows that somebody can be reached."""
    call = await context.application.calls.enter(context, given.call, ringing.ringing)
    return own_view(context, call)


async def _accept(context: Context, given: OneCall) -> CallView:
    """Answer with this device; the first one to do so wins, and all others stop ringing."""

    def accept(call: Call, who: Who, moment: Moment) -> Call:
        return ringing.accept(call, who, moment, most_of(call))

    return own_view(context, await come_in(context, given.call, accept))


async def _decline(context: Context, given: OneCall) -> CallView:
    """Decline for oneself, on all devices; after an answer it does nothing."""
    return own_view(context, await context.application.calls.enter(context, given.call, ringing.decline, binds=False))


async def _cancel(context: Context, given: OneCall) -> CallView:
    """Give up a call that one has started; once it is active this is to leave it."""
    return own_view(context, await context.application.calls.enter(context, given.call, ringing.cancel, binds=False))


async def _join(context: Context, given: OneCall) -> CallView:
    """Come into a call of one's room. A device that is in it gets another leg: its media begins anew."""

    def join(call: Call, who: Who, moment: Moment) -> Call:
        return legs.join(call, who, moment, most_of(call))

    return own_view(context, await come_in(context, given.call, join))


async def _leave(context: Context, given: OneCall) -> CallView:
    """Leave a call with this device; who is rung declines."""
    return own_view(context, await context.application.calls.enter(context, given.call, legs.leave, binds=False))


async def _connected(context: Context, given: OneCall) -> CallView:
    """Tell that media flows at this device; its leg is wherever it says so."""
    return own_view(context, await context.application.calls.enter(context, given.call, legs.connected))


def _operation(name: str, run: object, *raises: type) -> Operation[OneCall]:
    return Operation(
        name=name,
        ordered=True,
        input=OneCall,
        output=CallView,
        run=run,  # type: ignore[arg-type]
        raises=(CallNotFound, *raises),
        limits=((CALL_STEP, by_user),),
    )


RINGING = _operation("call.ringing", _ringing, NotInCall)
ACCEPT = _operation("call.accept", _accept, NotInCall, AnsweredElsewhere, CallOver, CallFull, Busy, Blocked, CallsOff)
DECLINE = _operation("call.decline", _decline, NotInCall)
CANCEL = _operation("call.cancel", _cancel, NotInCall)
JOIN = _operation("call.join", _join, CallOver, CallFull, Busy, Blocked, CallsOff)
LEAVE = _operation("call.leave", _leave, NotInCall)
CONNECTED = _operation("call.connected", _connected, NotInCall, CallOver)
