"""What follows from a change: the state of the call, its end, and the version that is kept.

A transition changes legs and invitations, ``settled`` draws the conclusions, ``kept`` makes the next version of it.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from services.calls.machine.looks import in_legs
from services.calls.machine.terms import CONNECT_S, ENDED_LEGS, GRACE_S, IN, OVERDUE_S, RING_S, Moment
from store.tables import Call, Invited, Leg

T = TypeVar("T", Leg, Invited)

_OUTCOMES: Final = ("missed", "accepted", "declined", "busy", "unreachable", "cancelled")
"""What may become of those who are rung, what says most of the call first."""

_REASONS: Final = {"accepted": "failed_media"}


def replaced(call: Call, **changes: Any) -> Call:
    """Return the call with other fields, the version not yet raised."""
    return msgspec.structs.replace(call, **changes)


def with_legs(call: Call, matches: Callable[[Leg], bool], **changes: Any) -> Call:
    """Return the call with the legs that match changed."""
    legs = tuple(msgspec.structs.replace(leg, **changes) if matches(leg) else leg for leg in call.legs)
    return replaced(call, legs=legs)


def with_invited(call: Call, users: set[str], state: str) -> Call:
    """Return the call with those of the users who are rung in another state; no device of theirs rings any more."""
    over = {one.user for one in call.invited if one.user in users and one.state == "ringing"}
    invited = tuple(
        msgspec.structs.replace(one, state=state, until=None) if one.user in over else one for one in call.invited
    )
    silenced = with_legs(call, lambda leg: leg.state == "ringing" and leg.user in over, state="left")
    return replaced(silenced, invited=invited)


def gone(call: Call, matches: Callable[[Leg], bool]) -> Call:
    """Return the call with those legs left that match and were in it or rang."""
    return with_legs(
        call, lambda leg: (leg.state in IN or leg.state == "ringing") and matches(leg), state="left", until=None, was=""
    )


def waiting(leg: Leg, until: int) -> Leg:
    """Return a leg as it is without its socket, if it is in the call and had one: its place is kept for a while."""
    if leg.state not in {"connecting", "connected"}:
        return leg
    return msgspec.structs.replace(leg, state="reconnecting", was=leg.state, until=until)


def ended(call: Call, reason: str, moment: Moment) -> Call:
    """Return the call as it is once it is over: nobody is in it, nobody is rung, the room is free."""
    rung = {one.user for one in call.invited}
    over = with_invited(call, rung, "missed" if reason == "missed" else "cancelled")
    return replaced(
        gone(over, lambda _leg: True),
        state="ended",
        reason=reason,
        open=None,
        live=False,
        deadline=None,
        ended_at=moment.now,
    )


def settled(call: Call, moment: Moment, because: str | None = None) -> Call:
    """Return the call with the conclusions from who is in it and who is rung.

    ``because`` is the reason to give, if it is over by that, in place of the one that follows from how it stands.
    """
    if call.state == "ended":
        return call
    users = {leg.user for leg in in_legs(call)}
    if call.state == "active":
        over = not users or (call.direct and len(users) == 1)
        return ended(call, because or "completed", moment) if over else _never_waiting_alone(call)
    if len(users) > 1:
        return _connecting(call, moment) if call.state == "ringing" else call
    if call.starter not in users:
        return ended(call, because or "cancelled", moment)
    untils = [one.until or moment.now for one in call.invited if one.state == "ringing"]
    if not untils:
        return ended(call, because or _outcome(call), moment)
    # Who had answered is gone before anything flowed, and others are still rung: the wait for them goes on.
    patient = with_legs(call, lambda leg: leg.state == "connecting", until=None)
    return replaced(patient, state="ringing", deadline=max(untils))


def kept(before: Call, after: Call, moment: Moment, *, orphan: bool = False) -> Call:
    """Return the next version of a call, kept by the node of the moment; ``before`` itself if nothing has changed.

    The times that it has from its keeper are from now on by the clock of this node: see ``timely``. An ``orphan`` is
    one whose keeper is dead: what is long over is over, for nobody was there to act on it.
    """
    if after == before:
        return before
    after = timely(after, moment, late=before.keeper != moment.node and not orphan)
    over = [leg.id for leg in after.legs if leg.state not in IN and leg.state != "ringing"]
    pruned = set(over[:-ENDED_LEGS])
    legs = tuple(leg for leg in after.legs if leg.id not in pruned)
    return replaced(after, legs=legs, version=before.version + 1, keeper=moment.node)


def timely(call: Call, moment: Moment, *, late: bool = False) -> Call:
    """Return the call with no time further ahead than it may be from now on: a clock was set back, or is another's.

    With ``late`` neither is any of them long over, but full again: the keeper lives and has not acted on it, so it is
    the clock of this node that is ahead. What is over by less than ``OVERDUE_S`` may well be over, and stays.
    """
    least = moment.now - OVERDUE_S * 1000 if late else None

    def held(until: int | None, full_s: int) -> int | None:
        if until is None:
            return None
        most = moment.now + full_s * 1000
        return most if least is not None and until < least else min(until, most)

    legs = tuple(_until(leg, held(leg.until, GRACE_S if leg.was else CONNECT_S)) for leg in call.legs)
    invited = tuple(_until(one, held(one.until, RING_S)) for one in call.invited)
    deadline = held(call.deadline, RING_S if call.state == "ringing" else CONNECT_S)
    return replaced(call, legs=legs, invited=invited, deadline=deadline)


def _until(one: T, until: int | None) -> T:
    return one if one.until == until else msgspec.structs.replace(one, until=until)


def _connecting(call: Call, moment: Moment) -> Call:
    until = moment.now + CONNECT_S * 1000
    pressed = with_legs(call, lambda leg: leg.state == "connecting", until=until)
    return replaced(pressed, state="connecting", deadline=until)


def _never_waiting_alone(call: Call) -> Call:
    """Return the call with the only leg connected: there is nobody left whom it could connect to."""
    if len(in_legs(call)) > 1:
        return call
    return with_legs(call, lambda leg: leg.state == "connecting", state="connected", until=None)


def _outcome(call: Call) -> str:
    """Return the reason for the end of a call that nobody came to."""
    states = {one.state for one in call.invited}
    first = next((state for state in _OUTCOMES if state in states), "cancelled")
    return _REASONS.get(first, first)
