"""Somebody comes in, declines or goes: what several transitions share. Versions and conclusions are theirs to make."""

import msgspec

from services.calls.machine.looks import in_legs, own_leg, rings
from services.calls.machine.settling import gone, replaced, with_legs
from services.calls.machine.terms import CONNECT_S, Moment, Who
from services.errors import CallFull, NotInCall
from services.ids import new_id
from store.tables import Call, Leg


def let_in(call: Call, who: Who, moment: Moment, most: int) -> Call:
    """Return the call with a connecting leg for the device; one that it had in the call is left.

    Raises:
        CallFull: ``most`` legs are in it, that of the device apart.
    """
    old = own_leg(call, who)
    if len(in_legs(call)) - (old is not None) >= most:
        raise CallFull
    # While nobody has answered, there is nobody to connect to, and no time for it to be up.
    until = None if call.state == "ringing" else moment.now + CONNECT_S * 1000
    leg = Leg(
        id=new_id(),
        user=who.user,
        username=who.username,
        login=who.login,
        state="connecting",
        node=moment.node,
        order=call.orders + 1,
        until=until,
        muted=old is not None and old.muted,
        hand=old is not None and old.hand,
    )
    after = answered(call, who, "accepted", "answered_elsewhere")
    others = tuple(one for one in gone(after, lambda one: one is old).legs if not _rings_at(one, who))
    after = replaced(after, legs=(*others, leg), orders=leg.order)
    if call.state != "connecting":
        return after
    # All who still connect have one more to connect to.
    waiting = with_legs(after, lambda one: one.state == "connecting", until=until)
    return replaced(waiting, deadline=until)


def answered(call: Call, who: Who, state: str, elsewhere: str) -> Call:
    """Return the call with the answer of somebody who was rung; their other devices stop ringing with ``elsewhere``."""
    invited = tuple(
        msgspec.structs.replace(one, state=state, until=None) if one.user == who.user else one for one in call.invited
    )
    silenced = with_legs(
        call, lambda leg: leg.state == "ringing" and leg.user == who.user and leg.login != who.login, state=elsewhere
    )
    return replaced(silenced, invited=invited)


def declined(call: Call, who: Who) -> Call:
    """Return the call with somebody's refusal; the call itself if they are not rung, or no more.

    Raises:
        NotInCall: they were never in it, nor rung.
    """
    if rings(call, who.user):
        return gone(answered(call, who, "declined", "declined_elsewhere"), lambda leg: _rings_at(leg, who))
    known = {call.starter, *(leg.user for leg in call.legs), *(one.user for one in call.invited)}
    if who.user in known:
        return call
    raise NotInCall


def went(call: Call, who: Who) -> Call:
    """Return the call without the leg of the device; for somebody who has none and is rung, with their refusal.

    Raises:
        NotInCall: they were never in it, nor rung.
    """
    mine = own_leg(call, who)
    return declined(call, who) if mine is None else gone(call, lambda leg: leg is mine)


def _rings_at(leg: Leg, who: Who) -> bool:
    return leg.state == "ringing" and leg.login == who.login
