"""People are rung, and answer."""

from collections.abc import Collection

import msgspec

from services.calls.machine.coming import declined, let_in, went
from services.calls.machine.looks import invitation, own_leg, rings
from services.calls.machine.settling import ended, kept, replaced, settled, with_invited
from services.calls.machine.terms import RINGING_LEGS, RINGING_LISTED, Moment, Who
from services.errors import AnsweredElsewhere, CallOver, NotInCall
from services.ids import new_id
from store.tables import Call, Leg


def ringing(call: Call, who: Who, moment: Moment) -> Call:
    """Take note that a device rings: its person can be reached.

    The same call is returned where it has ended, or where its person has answered or is rung no more: the device is to
    stop. Of the devices of one person the first eight are listed; of very many people, the first one of each.

    Raises:
        NotInCall: they were not rung.
    """
    if call.state == "ended":
        return call
    if invitation(call, who.user) is None:
        raise NotInCall
    if not rings(call, who.user):
        return call
    invited = tuple(msgspec.structs.replace(one, acked=True) if one.user == who.user else one for one in call.invited)
    return kept(call, replaced(call, invited=invited, legs=_with_ringing(call, who, moment)), moment)


def accept(call: Call, who: Who, moment: Moment, most: int) -> Call:
    """Answer for a person with one device: it comes in, all others of theirs stop ringing.

    The same call is returned to the device that has answered already. Who answers after their time was up comes in
    none the less, while the call goes on.

    Raises:
        CallOver: the call has ended.
        NotInCall: they were not rung.
        AnsweredElsewhere: they have answered, accepted or declined, by another device.
        CallFull: ``most`` legs are in the call; they are still rung.
    """
    if call.state == "ended":
        raise CallOver
    if own_leg(call, who) is not None:
        return call
    one = invitation(call, who.user)
    if one is None:
        raise NotInCall
    if one.state in {"accepted", "declined"}:
        raise AnsweredElsewhere
    return kept(call, settled(let_in(call, who, moment, most), moment), moment)


def decline(call: Call, who: Who, moment: Moment) -> Call:
    """Decline for a person: no device of theirs rings any more.

    The same call is returned where it has ended, or where it was answered, or the time was up: the first answer holds.

    Raises:
        NotInCall: they were never in it, nor rung.
    """
    if call.state == "ended":
        return call
    return kept(call, settled(declined(call, who), moment), moment)


def cancel(call: Call, who: Who, moment: Moment) -> Call:
    """Give up: until somebody has connected the starter ends the call for all. For others, or later, it is to leave.

    The same call is returned where it has ended, or where they have left already.

    Raises:
        NotInCall: they were never in it, nor rung.
    """
    if call.state == "ended":
        return call
    if who.user == call.starter and call.state != "active":
        return kept(call, ended(call, "cancelled", moment), moment)
    return kept(call, settled(went(call, who), moment), moment)


def unreachable(call: Call, users: Collection[str], moment: Moment) -> Call:
    """Give up ringing those of the users of whom no device has said that it rings; the others go on.

    The same call is returned where there is nobody like that, or it has ended. Raises nothing.
    """
    if call.state == "ended":
        return call
    silent = {one.user for one in call.invited if one.user in users and not one.acked}
    return kept(call, settled(with_invited(call, silent, "unreachable"), moment), moment)


def _with_ringing(call: Call, who: Who, moment: Moment) -> tuple[Leg, ...]:
    all_ = [leg for leg in call.legs if leg.state == "ringing"]
    legs = [leg for leg in all_ if leg.user == who.user]
    mine = next((leg for leg in legs if leg.login == who.login), None)
    if mine is not None:
        here = msgspec.structs.replace(mine, node=moment.node)
        return tuple(here if leg is mine else leg for leg in call.legs)
    if len(legs) >= RINGING_LEGS or (legs and len(all_) >= RINGING_LISTED):
        return call.legs
    fresh = Leg(id=new_id(), user=who.user, username=who.username, login=who.login, state="ringing", node=moment.node)
    return (*call.legs, fresh)
