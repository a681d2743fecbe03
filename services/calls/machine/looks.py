"""What is read off a call. None of these raises or changes anything."""

from typing import Final

from services.calls.machine.terms import IN, Who
from store.tables import Call, Invited, Leg

_MISSED: Final = frozenset({"missed", "busy", "unreachable"})


def in_legs(call: Call) -> list[Leg]:
    """Return the legs that are in the call, in the order in which they are listed; none once it has ended."""
    return [leg for leg in call.legs if leg.state in IN]


def own_leg(call: Call, who: Who) -> Leg | None:
    """Return the leg of this very log-in that is in the call; there is one at most. A ringing one is not in."""
    return next((leg for leg in call.legs if leg.state in IN and leg.login == who.login), None)


def ringing_leg(call: Call, who: Who) -> Leg | None:
    """Return the leg by which a device says that it rings."""
    return next((leg for leg in call.legs if leg.state == "ringing" and leg.login == who.login), None)


def leg_in(call: Call, leg_id: str) -> Leg | None:
    """Return a leg by its id, provided that it is in the call."""
    return next((leg for leg in call.legs if leg.id == leg_id and leg.state in IN), None)


def invitation(call: Call, user: str) -> Invited | None:
    """Return what became of ringing somebody; None for who was never rung."""
    return next((one for one in call.invited if one.user == user), None)


def rings(call: Call, user: str) -> bool:
    """Return whether somebody is rung now: they have answered on no device, and their time is not up."""
    one = invitation(call, user)
    return one is not None and one.state == "ringing"


def missed_between(before: Call | None, after: Call) -> list[str]:
    """Return who has missed the call by what lies between two versions of it; ``before`` is None for its start.

    They are those who were rung, or would have been, and did not answer: their time was up, they were in another call
    or not to be reached, or the caller gave up. Nobody is named who declined, or who was removed, or where all was
    ended by removal. Over all versions of a call each person is named once at most.
    """
    rung = {} if before is None else {one.user: one.state for one in before.invited}
    given_up = after.state == "ended" and after.reason != "removed"
    return [
        one.user
        for one in after.invited
        if rung.get(one.user, "ringing") == "ringing"
        and (one.state in _MISSED or (one.state == "cancelled" and given_up))
    ]
