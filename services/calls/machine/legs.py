"""Devices come into a call, connect, are lost, come back and leave."""

from services.calls.machine.coming import let_in, went
from services.calls.machine.looks import leg_in, own_leg
from services.calls.machine.settling import gone, kept, replaced, settled, waiting, with_legs
from services.calls.machine.terms import CONNECT_S, GRACE_S, Moment, Who
from services.errors import CallOver, NotInCall
from store.tables import Call


def join(call: Call, who: Who, moment: Moment, most: int) -> Call:
    """Bring a device in, whether or not its person was rung; ``most`` legs may be in.

    For somebody who is rung it is the answer: their other devices ring no more. A device that has a leg gets another
    one, with a new id, and the old one is left: what it sent and received is gone. What its person had chosen, to be
    muted or to raise a hand, stays.

    Raises:
        CallOver: the call has ended.
        CallFull: as many are in it as it can carry.
    """
    if call.state == "ended":
        raise CallOver
    return kept(call, settled(let_in(call, who, moment, most), moment), moment)


def leave(call: Call, who: Who, moment: Moment) -> Call:
    """Take a device out; for somebody who has no leg by this log-in and is rung, it is to decline.

    Other devices of theirs stay. The same call is returned where it has ended, or where they have left already.

    Raises:
        NotInCall: they were never in it, nor rung.
    """
    if call.state == "ended":
        return call
    return kept(call, settled(went(call, who), moment), moment)


def connected(call: Call, who: Who, moment: Moment) -> Call:
    """Take note that media flows at a device. The first one after an answer makes the call active.

    One that was lost is back with it, at the node of the moment.

    Raises:
        CallOver: the call has ended.
        NotInCall: the device has no leg in it.
    """
    if call.state == "ended":
        raise CallOver
    mine = own_leg(call, who)
    if mine is None:
        raise NotInCall
    after = with_legs(call, lambda leg: leg is mine, state="connected", until=None, was="", node=moment.node)
    if after.state == "connecting":
        after = replaced(after, state="active", active_at=moment.now, deadline=None)
    return kept(call, after, moment)


def altered(
    call: Call,
    leg_id: str,
    moment: Moment,
    *,
    muted: bool | None = None,
    camera: bool | None = None,
    screen: bool | None = None,
    hand: bool | None = None,
) -> Call:
    """Set what is told of a leg; what is None stays as it is.

    Raises:
        CallOver: the call has ended.
        NotInCall: no such leg is in it.
    """
    if call.state == "ended":
        raise CallOver
    if leg_in(call, leg_id) is None:
        raise NotInCall
    given = {"muted": muted, "camera": camera, "screen": screen, "hand": hand}
    changes = {name: value for name, value in given.items() if value is not None}
    return kept(call, with_legs(call, lambda leg: leg.id == leg_id, **changes), moment)


def lost(call: Call, leg_id: str, moment: Moment) -> Call:
    """Take note that the socket of a leg at this node is gone: it has a while to come back.

    A ringing leg is left at once; its person is rung on, on whatever device comes back. The same call is returned
    where the leg is not in it, is lost already, or has its socket at another node by now. Raises nothing.
    """
    leg = next((one for one in call.legs if one.id == leg_id), None)
    if leg is None or leg.node != moment.node:
        return call
    if leg.state == "ringing":
        return kept(call, gone(call, lambda one: one is leg), moment)
    until = moment.now + GRACE_S * 1000
    return kept(
        call, replaced(call, legs=tuple(waiting(one, until) if one is leg else one for one in call.legs)), moment
    )


def bound(call: Call, leg_id: str, moment: Moment) -> Call:
    """Take note that a leg's socket is at this node; one that was lost is back as it was.

    The same call is returned where the leg is neither in it nor rings, or is here already. Raises nothing.
    """
    leg = next((one for one in call.legs if one.id == leg_id), None)
    if leg is None or (leg.state != "ringing" and leg_in(call, leg_id) is None):
        return call
    if leg.state != "reconnecting":
        return kept(call, with_legs(call, lambda one: one is leg, node=moment.node), moment)
    again = moment.now + CONNECT_S * 1000 if leg.was == "connecting" and call.state != "ringing" else None
    after = with_legs(call, lambda one: one is leg, state=leg.was, was="", until=again, node=moment.node)
    return kept(call, settled(after, moment), moment)
