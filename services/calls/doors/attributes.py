"""What a device tells of itself in a call."""

import functools

import msgspec

from services.calls.doors.rules import require_leg
from services.calls.machine.legs import altered
from services.calls.machine.looks import in_legs
from services.calls.machine.terms import Moment
from services.calls.views import Speaking, SpeakingEvent
from services.errors import CallNotFound, CallOver, NotInCall
from services.operations.context import Context
from services.operations.inputs import CallId, Input, Nothing
from services.operations.limits import CALL_SET
from services.operations.operation import Operation, by_user
from store.tables import ENDED, Call, Leg


class SetLeg(Input):
    """What is so from now on; what is left out stays."""

    call: CallId
    muted: bool | None = None
    camera: bool | None = None
    screen: bool | None = None
    hand: bool | None = None
    speaking: bool | None = None


async def _set(context: Context, given: SetLeg) -> Nothing:
    """Tell the others that one is muted, shows a camera or a screen, raises a hand, or speaks."""
    calls = context.application.calls
    call = await calls.of(context, given.call)
    if call.state == ENDED:
        raise CallOver
    leg = require_leg(context, call)
    chosen = {name: getattr(given, name) for name in ("muted", "camera", "screen", "hand")}
    if any(value is not None and value != getattr(leg, name) for name, value in chosen.items()):
        call = await calls.change(call.id, functools.partial(_altered, leg.id, chosen))
    if context.origin is not None and not calls.road.has(leg.id):
        calls.road.bind(call, leg, context.origin)
    if given.speaking is not None:
        _speak(context, call, leg, speaking=given.speaking)
    return Nothing()


def _altered(leg: str, chosen: dict[str, bool | None], call: Call, moment: Moment) -> Call:
    return altered(call, leg, moment, **chosen)


def _speak(context: Context, call: Call, leg: Leg, *, speaking: bool) -> None:
    event = msgspec.json.encode(SpeakingEvent(Speaking(call.id, leg.id, speaking)))
    for user in {one.user for one in in_legs(call)} - {leg.user}:
        context.application.live.tell(user, event)


SET = Operation(
    name="call.set",
    ordered=True,
    input=SetLeg,
    output=Nothing,
    run=_set,
    raises=(CallNotFound, NotInCall, CallOver),
    limits=((CALL_SET, by_user),),
)
