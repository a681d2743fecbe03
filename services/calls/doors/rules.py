"""Who may do what in a call: one function a rule."""

from functools import partial

from services.calls.calls import Step
from services.calls.machine.ending import removed
from services.calls.machine.looks import in_legs, own_leg
from services.calls.machine.terms import MESH_LEGS, SFU_LEGS, Moment, Who
from services.calls.sfu import SFU
from services.errors import Busy, CallNotFound, CallsOff, Forbidden, NotInCall, NotMember, RoomNotFound
from services.operations.context import Context
from services.rooms.rights.rules import RANK, Seat, require_known_seat, require_seat, require_unblocked
from store.tables import Call, Leg


def most_of(call: Call) -> int:
    """Return how many legs may be in a call."""
    return SFU_LEGS if call.topology == SFU else MESH_LEGS


def device(context: Context) -> Who:
    """Return the device that asks."""
    caller = context.caller
    return Who(caller.user, caller.username, caller.login)


async def require_callable(context: Context, room: str) -> Seat:
    """Return the caller's place, as it is now, in a room where people may call.

    Raises:
        RoomNotFound: If there is no such room, or it is none of the caller's business.
        NotMember: If the room is public and the caller is not in it.
        Forbidden: Where there is nobody but oneself.
        Blocked: In a direct room where one blocks the other.
        CallsOff: If calls are switched off there.
    """
    seat = await require_seat(context, room)
    if seat.room.kind == "self" or (seat.room.kind == "direct" and len(seat.room.pair) < 2):
        raise Forbidden("there is nobody to call here")
    require_unblocked(seat.room)
    if not seat.room.voip_enabled:
        raise CallsOff
    return seat


async def require_enterable(context: Context, call: Call) -> None:
    """Let those in who may call in its room now.

    Raises:
        CallNotFound: For who is not in the room any more.
        Blocked: As ``require_callable``.
        CallsOff: As ``require_callable``.
    """
    try:
        await require_callable(context, call.room)
    except (RoomNotFound, NotMember):
        raise CallNotFound from None


async def come_in(context: Context, id_: str, step: Step) -> Call:
    """Bring the caller's device into a call by ``step``; return it as it is then.

    Whether they may is asked again when they are in: who is taken out of the room at this moment may have been looked
    for in the call before. Where they have another leg elsewhere that lost its socket, they have left there.

    Raises:
        CallNotFound: If there is no such call, or none that the caller may know of.
        Blocked: As ``require_callable``.
        CallsOff: As ``require_callable``.
        Busy: For who is in another call.
        ServiceError: Whatever the step refuses.
    """
    calls = context.application.calls
    call = await calls.of(context, id_)
    await require_enterable(context, call)
    require_free(context, call.room)
    after = await calls.enter(context, id_, step)
    try:
        await require_enterable(context, after)
    except (Forbidden, CallNotFound):
        leg = own_leg(after, device(context))
        if leg is not None:
            await calls.change(id_, partial(_left, leg.login))
        raise
    leave_others(context, call.room)
    return after


def require_free(context: Context, room: str) -> None:
    """Let those pass who are in no call of another room, but for legs there that have lost their socket.

    Raises:
        Busy: For who is in one.
    """
    if any(leg.state != "reconnecting" for _, leg in _elsewhere(context, room)):
        raise Busy


def leave_others(context: Context, room: str) -> None:
    """Have the caller leave the calls of all other rooms, soon."""
    calls = context.application.calls
    for call, leg in _elsewhere(context, room):
        calls.later(call.id, partial(_left, leg.login))


def _elsewhere(context: Context, room: str) -> list[tuple[Call, Leg]]:
    user = context.caller.user
    known = [call for call in context.application.calls.registry.of_user(user) if call.room != room]
    return [(call, leg) for call in known for leg in in_legs(call) if leg.user == user]


def _left(login: str, call: Call, moment: Moment) -> Call:
    return removed(call, moment, login=login)


def require_leg(context: Context, call: Call) -> Leg:
    """Return the leg of the device that asks.

    Raises:
        NotInCall: If it has none.
    """
    leg = own_leg(call, device(context))
    if leg is None:
        raise NotInCall
    return leg


async def require_host(context: Context, call: Call) -> None:
    """Let those pass who lead a call: who started it, and the moderators and the owner of its room.

    Raises:
        Forbidden: For the others.
    """
    if call.starter == context.caller.user:
        return
    try:
        seat = await require_known_seat(context, call.room)
    except (RoomNotFound, NotMember):
        raise Forbidden from None
    if RANK[seat.member.role] < RANK["moderator"] or call.direct:
        raise Forbidden("only for who started the call, and for moderators")
