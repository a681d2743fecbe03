"""What happens to a call by time alone, and by the death of nodes. Nothing here raises."""

from collections.abc import Set

from services.calls.machine.settling import ended, gone, kept, replaced, settled, timely, waiting, with_invited
from services.calls.machine.terms import GRACE_S, IN, MAX_DURATION_S, Moment
from store.tables import Call


def due_at(call: Call) -> int | None:
    """Return when the next thing is over by itself, by the clock of the keeper; None only for a call that has ended."""
    if call.state == "ended":
        return None
    untils = (call.deadline, *(leg.until for leg in call.legs), *(one.until for one in call.invited), _longest(call))
    return min(until for until in untils if until is not None)


def due(call: Call, moment: Moment) -> Call:
    """Return the call with all done that is over by now, in one version; the same call if nothing is.

    Afterwards ``due_at`` lies after the moment. A time that is further ahead than it may be, for the clock was set
    back, is brought near.
    """
    if call.state == "ended":
        return call
    if _longest(call) <= moment.now:
        return kept(call, ended(call, "max_duration", moment), moment)
    after = _rung_out(call, moment)
    if after.state == "connecting" and _is_over(after.deadline, moment):
        return kept(call, ended(after, "failed_media", moment), moment)
    left = gone(after, lambda leg: leg.state in IN and _is_over(leg.until, moment))
    # Somebody had answered, and it came to nothing.
    because = "failed_media" if left.state == "connecting" else None
    return kept(call, timely(settled(left, moment, because), moment), moment)


def taken_over(call: Call, dead: Set[str], moment: Moment) -> Call:
    """Return the call without the dead nodes: legs there have a while to come back to others, ringing ones are left.

    The node of the moment keeps it, if the keeper is dead. Timers go on. The same call is returned where it has
    nothing to do with the dead, or has ended.
    """
    if call.state == "ended":
        return call
    after = gone(call, lambda leg: leg.state == "ringing" and leg.node in dead)
    until = moment.now + GRACE_S * 1000
    legs = tuple(waiting(leg, until) if leg.node in dead else leg for leg in after.legs)
    after = replaced(after, legs=legs)
    if call.keeper in dead:
        after = replaced(after, keeper=moment.node)
    return kept(call, after, moment, orphan=call.keeper in dead)


def _rung_out(call: Call, moment: Moment) -> Call:
    """Return the call with those missed whose time is up, and what follows for it."""
    late = {one.user for one in call.invited if _is_over(one.until, moment)}
    return settled(with_invited(call, late, "missed"), moment) if late else call


def _is_over(until: int | None, moment: Moment) -> bool:
    return until is not None and until <= moment.now


def _longest(call: Call) -> int:
    return call.started_at + MAX_DURATION_S * 1000
