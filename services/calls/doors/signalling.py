"""Signals between the legs of a call: relayed in order, and never parsed."""

from typing import Any, cast

import msgspec

from services.calls.doors.rules import require_leg
from services.calls.machine.looks import leg_in
from services.calls.views import Kind, Signal, SignalEvent
from services.errors import CallNotFound, CallOver, NotInCall, TooLarge
from services.operations.context import Context
from services.operations.inputs import CallId, Input, LegId, Nothing
from services.operations.limits import CALL_DESCRIPTION, CALL_SIGNAL
from services.operations.operation import Operation, by_user
from store.tables import ENDED

DESCRIPTION_BYTES = 32 * 1024
"""Longest offer, answer or restart, as JSON: a session description of six tracks has about 12 KiB."""

CANDIDATE_BYTES = 4 * 1024
"""Longest candidates of one signal, as JSON: about twenty of them."""


class SendSignal(Input):
    """What to say to which leg."""

    call: CallId
    to: LegId
    kind: Kind
    data: dict[str, Any]


async def _signal(context: Context, given: SendSignal) -> Nothing:
    """Say something to another leg of a call; its device alone reads it, in the order in which it was said."""
    calls = context.application.calls
    call = await calls.of(context, given.call)
    if call.state == ENDED:
        raise CallOver
    mine = require_leg(context, call)
    to = leg_in(call, given.to)
    if to is None or to.id == mine.id:
        raise NotInCall("no such leg is in this call")
    data = msgspec.json.encode(given.data)
    most = CANDIDATE_BYTES if given.kind == "ice" else DESCRIPTION_BYTES
    if len(data) > most:
        raise TooLarge(f"{given.kind} has {len(data)} bytes; {most} are the most")
    if given.kind != "ice":
        # A few dozen of them would fill what a slow reader may have waiting, and cost the other one the socket.
        context.application.limits.take(CALL_DESCRIPTION, f"{mine.id}:{to.id}")
    if context.origin is not None and not calls.road.has(mine.id):
        calls.road.bind(call, mine, context.origin)
    encoded = cast("dict[str, Any]", msgspec.Raw(data))  # it need not be encoded twice
    event = SignalEvent(Signal(call.id, mine.id, given.kind, encoded))
    calls.road.signal(call, to, msgspec.json.encode(event))
    return Nothing()


SIGNAL = Operation(
    name="call.signal",
    ordered=True,
    input=SendSignal,
    output=Nothing,
    run=_signal,
    raises=(CallNotFound, NotInCall, CallOver, TooLarge),
    limits=((CALL_SIGNAL, by_user),),
    own_limits=(CALL_DESCRIPTION,),
)
