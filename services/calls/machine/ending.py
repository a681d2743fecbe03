"""Calls and legs are ended, or silenced, by others than their own."""

from services.calls.machine.looks import in_legs
from services.calls.machine.settling import ended, gone, kept, settled, with_invited, with_legs
from services.calls.machine.terms import Moment
from services.errors import CallOver
from store.tables import Call


def end(call: Call, reason: str, moment: Moment) -> Call:
    """End a call for all who are in it and all who are rung; the same call is returned where it has ended already.

    Raises nothing.
    """
    return call if call.state == "ended" else kept(call, ended(call, reason, moment), moment)


def removed(
    call: Call, moment: Moment, *, user: str | None = None, login: str | None = None, leg: str | None = None
) -> Call:
    """Take somebody, the device of a log-in, or a leg out, ringing ones too.

    A ``user`` is not rung any more. Is the call over by the removal of a user or a leg, its reason is ``removed``; by
    the end of a log-in it is over as if the device had left. The same call is returned where nothing matches, or it has
    ended. Raises nothing.
    """
    if call.state == "ended":
        return call
    after = gone(call, lambda one: one.user == user or one.login == login or one.id == leg)
    if user is not None:
        after = with_invited(after, {user}, "cancelled")
    if after == call:
        return call
    because = "removed" if user is not None or leg is not None else None
    return kept(call, settled(after, moment, because), moment)


def muted(call: Call, leg_id: str | None, by_leg: str | None, moment: Moment) -> Call:
    """Mute a leg, or without one all that are in the call but ``by_leg``, the leg of who asks.

    The same call is returned where all of them are muted, or the leg is not in it.

    Raises:
        CallOver: the call has ended.
    """
    if call.state == "ended":
        raise CallOver
    meant = {leg.id for leg in in_legs(call) if (leg.id == leg_id if leg_id is not None else leg.id != by_leg)}
    return kept(call, with_legs(call, lambda leg: leg.id in meant, muted=True), moment)
