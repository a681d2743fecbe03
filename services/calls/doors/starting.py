"""Starting a call, or joining the one that is there."""

import secrets
from collections.abc import Sequence
from typing import Annotated

import msgspec

from services.calls.doors.answers import own_view
from services.calls.doors.rules import come_in, device, leave_others, most_of, require_callable, require_free
from services.calls.keeping.writing import Exists
from services.calls.machine.begin import begin
from services.calls.machine.legs import join
from services.calls.machine.looks import in_legs, own_leg, rings
from services.calls.machine.ringing import accept
from services.calls.machine.terms import Moment, Who
from services.calls.sfu import SFU
from services.calls.views import CallView, Media
from services.errors import (
    Blocked,
    Busy,
    CallFull,
    CallNotFound,
    CallOver,
    CallsOff,
    Forbidden,
    MemberNotFound,
    NotMember,
    RoomNotFound,
    Unavailable,
)
from services.operations.context import Context
from services.operations.inputs import Input, RoomId, UserId
from services.operations.limits import CALL_PAIR, CALL_RING, CALL_START
from services.operations.operation import Operation, by_user
from services.rooms.rights.rules import Seat, require_member_in, require_unblocked, room_in
from services.streams.append import View
from store.tables import BLOCKS, Call, Room

TRIES = 4
"""Looks at which call a room has, each after another one has begun or ended there."""
RING_LIMIT = 50
"""People that one call may ring."""
ID_BYTES = 16
"""128 random bits: nobody comes into a call by guessing."""


class Start(Input):
    """Where to call, and how. ``ring``: whom, in a room of many; nobody: whoever comes by is let in."""

    room: RoomId
    media: Media
    ring: Annotated[list[UserId], msgspec.Meta(max_length=RING_LIMIT)] = msgspec.field(default_factory=list)


async def _start(context: Context, given: Start) -> CallView:
    """Start a call in a room, or join the one that is there."""
    seat = await require_callable(context, given.room)
    rung: list[tuple[str, str]] | None = None
    for _ in range(TRIES):
        there = await _there(context, given.room)
        if there is not None:
            return there
        require_free(context, given.room)
        if rung is None:
            rung = await _rung(context, seat, given.ring)
            await _take(context, rung)
        try:
            return await _begin(context, given, seat, rung)
        except Exists as exists:
            context.application.calls.learn(exists.call)
    raise Unavailable


async def _begin(context: Context, given: Start, seat: Seat, rung: Sequence[tuple[str, str]]) -> CallView:
    calls, who = context.application.calls, device(context)
    call = begin(
        secrets.token_hex(ID_BYTES),
        seat.room.id,
        given.media,
        who,
        calls.moment(),
        direct=seat.room.kind == "direct",
        ring=rung,
        busy=frozenset(user for user, _ in rung if _is_busy(context, user)),
        topology=_topology(context, seat),
    )
    written = await calls.begin(call, lambda view: _room(context, given.room, view))
    leave_others(context, given.room)
    calls.bind(context, written, who)
    await _unring_gone(context, given.room, rung)
    return own_view(context, written, joined=False)


async def _unring_gone(context: Context, room: str, rung: Sequence[tuple[str, str]]) -> None:
    """Ring those no more who were taken out of the room while the call began: nobody has looked for them in it."""
    facts, _ = await context.application.facts.current(room)
    for user, _ in rung:
        if await context.application.facts.member(facts, user) is None:
            context.application.calls.sever(room, user)


def _topology(context: Context, seat: Seat) -> str:
    """Return how media goes: two people reach each other, more of them by the media server where there is one."""
    return "mesh" if seat.room.kind == "direct" or context.application.media_server is None else SFU


async def _room(context: Context, room_id: str, view: View) -> Room:
    """Check again, with the lane of the room held."""
    room = await room_in(view, room_id)
    await require_member_in(context, view, room, context.caller.user)
    if room.kind == "direct":
        require_unblocked(room)
    if not room.voip_enabled:
        raise CallsOff
    return room


async def _there(context: Context, room: str) -> CallView | None:
    """Join the call that a room has; who is rung by it accepts. None where there is none."""
    calls = context.application.calls
    known = calls.registry.of_room(room)
    if known is None:
        return None

    def step(call: Call, who: Who, moment: Moment) -> Call:
        if own_leg(call, who) is not None:
            return call
        return (accept if rings(call, who.user) else join)(call, who, moment, most_of(call))

    try:
        call = await come_in(context, known.id, step)
    except (CallOver, CallNotFound):
        return None  # It has just ended, or the caller has left the room: the next look tells.
    return own_view(context, call, joined=True)


async def _rung(context: Context, seat: Seat, wanted: Sequence[str]) -> list[tuple[str, str]]:
    """Return whom to ring, with their usernames: in a direct room the other one."""
    application, me = context.application, context.caller.user
    ids = [user for user in (seat.room.pair if seat.room.kind == "direct" else wanted) if user != me]
    found: list[tuple[str, str]] = []
    for user in dict.fromkeys(ids):
        member = await application.facts.member(seat.facts, user)
        if member is None:
            raise MemberNotFound
        if await application.database.get(BLOCKS, f"{user}:{me}") is None:  # who blocks the caller is not rung
            found.append((user, member.username))
    return found


async def _take(context: Context, rung: Sequence[tuple[str, str]]) -> None:
    """Count a ring against what the caller may ring each of them, and all together.

    Raises:
        TooMany: If it is more than that.
    """
    limits, caller = context.application.limits, context.caller.user
    for user, _ in rung:
        limits.take(CALL_RING, caller)
        await limits.take_exactly(CALL_PAIR, f"{caller}:{user}")


def _is_busy(context: Context, user: str) -> bool:
    calls = context.application.calls.registry.of_user(user)
    return any(leg.user == user for call in calls for leg in in_legs(call))


START = Operation(
    name="call.start",
    ordered=True,
    input=Start,
    output=CallView,
    run=_start,
    raises=(RoomNotFound, NotMember, Forbidden, Blocked, MemberNotFound, CallsOff, CallFull, Busy),
    limits=((CALL_START, by_user),),
    own_limits=(CALL_RING, CALL_PAIR),
)
