"""Joining and leaving, adding and removing: each a change of the room's stream and of the person's own."""

from typing import Literal

import msgspec

from services.accounts.people.person import require_user
from services.errors import (
    Banned,
    Blocked,
    DirectRoom,
    Forbidden,
    MemberNotFound,
    NotMember,
    OwnerMustStay,
    PermissionMissing,
    RoomNotFound,
    UserNotFound,
)
from services.ids import member_id, self_stream
from services.operations.context import Context
from services.operations.inputs import Input, InRoom, RoomId, UserId
from services.operations.limits import INVITE_USER, JOIN_USER
from services.operations.operation import Operation, by_user
from services.rooms.aftermath import after_leaving
from services.rooms.making import close
from services.rooms.members.entering import Comer, entering, is_large, require_unbanned, staying, tell_count
from services.rooms.members.members import MemberView, member_view, read_shown
from services.rooms.rights.rules import (
    member_in,
    require_above,
    require_member_in,
    require_ordinary,
    require_permission,
    require_seat,
    room_in,
)
from services.rooms.rights.sight import outsider
from services.streams.append import Append, Plan, Step, View, marker_entry, notice_entry
from store.database import Delete, Put, Update
from store.tables import BANS, BLOCKS, INVITATIONS, MEMBERS, ROOMS, Ban, Effect, Member, Notice, Room

Reason = Literal["left", "removed", "banned"]


class Join(Input):
    """A room to join, or somebody to add to it."""

    room: RoomId
    user: UserId | None = None


class OneMember(Input):
    """Somebody in a room; ``me`` is oneself."""

    room: RoomId
    user: UserId


async def join(context: Context, given: Join) -> MemberView:
    """Join a public room, or add somebody to a room that one moderates."""
    application, caller = context.application, context.caller
    user, username = caller.user, caller.username
    if given.user is not None and given.user not in {"me", user}:
        await application.limits.take_exactly(INVITE_USER, caller.user)
        other = await require_user(application.database, given.user)
        user, username = other.id, other.username
    comer = Comer(user, username, caller.user)
    entered: list[Room] = []
    member: Member | None = None
    room: Room | None = None

    async def plan(view: View) -> Plan:
        nonlocal member, room
        entered.clear()
        room = await room_in(view, given.room)
        member = await view.get(MEMBERS, member_id(room.id, user))
        if user != caller.user:
            await _require_adder(context, view, room, user)
        planned = Plan()
        if member is not None:
            if user == caller.user:
                entered[:] = await staying(view, append, planned, member, room)
            return planned
        await _require_joinable(context, view, room, user)
        member, entered[:] = await entering(view, append, planned, room, comer)
        return planned

    append = Append((given.room, self_stream(user)), plan)
    await context.append(append)
    if member is None or room is None:
        raise MemberNotFound
    for one in entered:
        application.jobs.wake()
        context.status = 201
        tell_count(context, one.id, one.member_count)
    return member_view(member, read_shown(context, room, member))


async def _require_joinable(context: Context, view: View, room: Room, user: str) -> None:
    if user == context.caller.user:
        refusal = await outsider(context.application, user, room)
        if isinstance(refusal, RoomNotFound):
            raise refusal
    await require_unbanned(view, room, user)


async def _require_adder(context: Context, view: View, room: Room, user: str) -> None:
    mine = await require_member_in(context, view, room, context.caller.user)
    require_ordinary(room)
    require_permission(mine, "invite")
    if await view.get(BLOCKS, f"{user}:{context.caller.user}") is not None:
        raise Blocked


async def _add(context: Context, given: OneMember) -> MemberView:
    """Add somebody to a room that one moderates."""
    return await join(context, Join(room=given.room, user=given.user))


async def _leave(context: Context, given: InRoom) -> None:
    """Leave a room; a direct one is only hidden until something is said in it."""
    await end(context, given.room, context.caller.user, "left")


async def _remove(context: Context, given: OneMember) -> None:
    """Remove somebody who stands below oneself; oneself is to leave."""
    user = context.caller.user
    me = given.user in {"me", user}
    await end(context, given.room, user if me else given.user, "left" if me else "removed")


async def end(context: Context, room_id: str, user: str, reason: Reason, ban: Ban | None = None) -> None:
    """End somebody's place in a room, with the ``ban`` that goes along where they are banned; see ``room.leave``.

    Raises:
        ServiceError: Whatever stands against it.
    """
    context.status = 204
    seat = await require_seat(context, room_id)
    if seat.room.kind == "self":
        require_ordinary(seat.room)
    if reason == "left" and seat.member.role == "owner" and seat.room.member_count == 1:
        await close(context, room_id, alone=True)
        return
    count = -1

    async def plan(view: View) -> Plan:
        nonlocal count
        room = await room_in(view, room_id)
        member = await _require_endable(context, view, room, user, reason)
        count = room.member_count - (member is not None)
        return ending(room, user, member, reason, context.caller.user, ban)

    await context.append(Append((room_id, self_stream(user)), plan))
    if seat.room.kind == "direct":
        return  # it is hidden, and its call goes on
    context.application.calls.sever(room_id, user)
    if seat.room.kind == "topic":
        context.application.jobs.wake()
    if count >= 0:
        tell_count(context, room_id, count)


async def _require_endable(context: Context, view: View, room: Room, user: str, reason: Reason) -> Member | None:
    """Return the membership to be ended; None where somebody is banned who is not in the room."""
    mine = await require_member_in(context, view, room, context.caller.user)
    if reason == "left":
        if mine.role == "owner":
            raise OwnerMustStay
        return mine
    require_ordinary(room)
    require_permission(mine, "ban_users")
    other = await member_in(view, room.id, user)
    if other is not None:
        require_above(mine, other)
    elif reason == "removed":
        raise MemberNotFound
    return other


def ending(room: Room, user: str, member: Member | None, reason: Reason, by: str, ban: Ban | None = None) -> Plan:
    """Plan the end of somebody's place in a room: row, notice in the room, item of their own stream, all or none.

    Of a topic it is the end of their places in its rooms too: whoever appends it wakes the node's runner of jobs.
    """
    plan = Plan()
    if ban is not None:
        plan.writes += [Put(BANS, ban), Delete(INVITATIONS, ban.id)]
    if member is None:
        # Nobody is told, but the rev makes a join on its way, on whatever node, look again.
        plan.steps.append(Step(marker_entry(room.id)))
        return plan
    if member.hidden and room.kind == "direct":
        return plan
    effect = Effect("left", user, room=room.id, reason=reason, by=by)
    quiet = room.kind == "direct" or (reason == "left" and is_large(room.member_count - 1))
    entry = marker_entry(room.id, effect=effect) if quiet else notice_entry(room.id, Notice(reason, user, by), effect)
    own = notice_entry(self_stream(user), Notice(reason, user, by, target=room.id), effect)
    plan.steps += [Step(entry), Step(own)]
    if room.kind == "direct":
        plan.writes.append(Update(MEMBERS, member.id, {"hidden": True}))
    else:
        plan.writes.append(Delete(MEMBERS, member.id))
        plan.writes.append(Put(ROOMS, msgspec.structs.replace(room, member_count=room.member_count - 1)))
        plan.writes += after_leaving(room, user, by)
    return plan


_MEMBERS = "/api/rooms/{room}/members"
_RAISES = (RoomNotFound, NotMember, Forbidden, PermissionMissing, DirectRoom, MemberNotFound)
_LIMITS = ((JOIN_USER, by_user),)

JOIN = Operation(
    name="room.join",
    ordered=True,
    method="POST",
    path=_MEMBERS,
    input=Join,
    output=MemberView,
    run=join,
    statuses=(201, 200),
    raises=(RoomNotFound, NotMember, Forbidden, PermissionMissing, Banned, Blocked, DirectRoom, UserNotFound),
    limits=_LIMITS,
    own_limits=(INVITE_USER,),
)
ADD = Operation(
    name="room.add",
    ordered=True,
    input=OneMember,
    output=MemberView,
    run=_add,
    raises=(RoomNotFound, NotMember, Forbidden, PermissionMissing, Banned, Blocked, DirectRoom, UserNotFound),
    limits=_LIMITS,
    own_limits=(INVITE_USER,),
)
LEAVE = Operation(
    name="room.leave",
    ordered=True,
    input=InRoom,
    run=_leave,
    raises=(RoomNotFound, NotMember, Forbidden, OwnerMustStay),
    limits=_LIMITS,
)
REMOVE = Operation(
    name="room.remove",
    ordered=True,
    method="DELETE",
    path=_MEMBERS + "/{user}",
    input=OneMember,
    run=_remove,
    statuses=(204,),
    raises=(*_RAISES, OwnerMustStay),
    limits=_LIMITS,
)
