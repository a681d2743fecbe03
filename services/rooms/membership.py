"""Joining and leaving, adding and removing, bans: each a change of the room's stream and of the person's own."""

import functools
from typing import Literal

import msgspec

from services.accounts.people import require_user
from services.errors import (
    Banned,
    DirectRoom,
    Forbidden,
    MemberNotFound,
    NotMember,
    OwnerMustStay,
    RoomNotFound,
    UserNotFound,
)
from services.ids import member_id, now_ms, self_stream
from services.operations.inputs import Input, InRoom, RoomId, UserId
from services.operations.limits import JOIN_USER
from services.operations.operation import Context, Operation, by_user
from services.rooms.making import close, fresh_member, joining
from services.rooms.members import MemberCount, MemberCountEvent, MemberView, member_view
from services.rooms.rules import (
    member_in,
    require_above,
    require_member_in,
    require_ordinary,
    require_role,
    require_seat,
    room_in,
)
from services.streams.append import Append, Plan, Step, View, marker_entry, notice_entry
from store.database import Delete, Put, Update
from store.tables import BANS, MEMBERS, ROOMS, Ban, Effect, Member, Notice, Room

QUIET_MEMBERS = 200
"""Above it nobody is told who joins and leaves: in a large room that would be all that is told."""

Reason = Literal["left", "removed", "banned"]


class Join(Input):
    """A room to join, or somebody to add to it."""

    room: RoomId
    user: UserId | None = None


class OneMember(Input):
    """Somebody in a room; ``me`` is oneself."""

    room: RoomId
    user: UserId


async def _join(context: Context, given: Join) -> MemberView:
    """Join a public room, or add somebody to a room that one moderates."""
    application, caller = context.application, context.caller
    user, username = caller.user, caller.username
    if given.user is not None and given.user not in {"me", user}:
        other = await require_user(application.database, given.user)
        user, username = other.id, other.username
    count = 0
    member: Member | None = None

    async def plan(view: View) -> Plan:
        nonlocal count, member
        room = await room_in(view, given.room)
        member = await view.get(MEMBERS, member_id(room.id, user))
        if user != caller.user:
            await _require_adder(context, view, room)
        if member is not None:
            count = 0
            return Plan()
        await _require_joinable(view, room, user, alone=user == caller.user)
        count = room.member_count + 1
        planned = Plan(writes=[Put(ROOMS, msgspec.structs.replace(room, member_count=count))])
        member = fresh_member(room.id, user, username, "member")
        joining(planned, room, member, caller.user, quiet=room.member_count >= QUIET_MEMBERS)
        return planned

    await context.append(Append((given.room, self_stream(user)), plan))
    if member is None:
        raise MemberNotFound
    if count:
        context.status = 201
        _tell_count(context, given.room, count)
    return member_view(member, application.marks.read(member))


async def _require_joinable(view: View, room: Room, user: str, *, alone: bool) -> None:
    if alone and room.kind != "public":
        raise RoomNotFound
    if await view.get(BANS, member_id(room.id, user)) is not None:
        raise Banned


async def _require_adder(context: Context, view: View, room: Room) -> None:
    mine = await require_member_in(context, view, room, context.caller.user)
    require_ordinary(room)
    require_role(mine, "moderator")


def _tell_count(context: Context, room: str, count: int) -> None:
    event = msgspec.json.encode(MemberCountEvent(room, MemberCount(count)))
    context.application.counts.note(room, functools.partial(context.application.live.signal, room, event))


async def _add(context: Context, given: OneMember) -> MemberView:
    """Add somebody to a room that one moderates."""
    return await _join(context, Join(room=given.room, user=given.user))


async def _leave(context: Context, given: InRoom) -> None:
    """Leave a room; a direct one is only hidden until something is said in it."""
    await _end(context, given.room, context.caller.user, "left")


async def _remove(context: Context, given: OneMember) -> None:
    """Remove somebody who stands below oneself; oneself is to leave."""
    user = context.caller.user
    me = given.user in {"me", user}
    await _end(context, given.room, user if me else given.user, "left" if me else "removed")


async def _ban(context: Context, given: OneMember) -> None:
    """Ban somebody from a room, removing them where they are in it."""
    await require_user(context.application.database, given.user)
    await _end(context, given.room, given.user, "banned")


async def _unban(context: Context, given: OneMember) -> None:
    """Let somebody join again."""
    seat = await require_seat(context, given.room)  # as it is: no lane looks again
    require_role(seat.member, "moderator")
    await context.application.database.delete(BANS, member_id(given.room, given.user))
    context.status = 204


async def _end(context: Context, room_id: str, user: str, reason: Reason) -> None:
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
        if member is None and await view.get(BANS, member_id(room.id, user)) is not None:
            return Plan()
        return _ending(context, room, user, member, reason)

    await context.append(Append((room_id, self_stream(user)), plan))
    if count >= 0 and seat.room.kind != "direct":
        _tell_count(context, room_id, count)


async def _require_endable(context: Context, view: View, room: Room, user: str, reason: Reason) -> Member | None:
    """Return the membership to be ended; None where somebody is banned who is not in the room."""
    mine = await require_member_in(context, view, room, context.caller.user)
    if reason == "left":
        if mine.role == "owner":
            raise OwnerMustStay
        return mine
    require_ordinary(room)
    require_role(mine, "moderator")
    other = await member_in(view, room.id, user)
    if other is not None:
        require_above(mine, other)
    elif reason == "removed":
        raise MemberNotFound
    return other


def _ending(context: Context, room: Room, user: str, member: Member | None, reason: Reason) -> Plan:
    by = context.caller.user
    plan = Plan()
    if reason == "banned":
        ban = Ban(id=member_id(room.id, user), room=room.id, user=user, by=by, created_at=now_ms())
        plan.writes.append(Put(BANS, ban))
    if member is None:
        # Nobody is told, but the rev makes a join on its way, on whatever node, look again.
        plan.steps.append(Step(marker_entry(room.id)))
        return plan
    if member.hidden and room.kind == "direct":
        return plan
    effect = Effect("left", user, room=room.id, reason=reason, by=by)
    quiet = room.kind == "direct" or (reason == "left" and room.member_count > QUIET_MEMBERS)
    entry = marker_entry(room.id, effect=effect) if quiet else notice_entry(room.id, Notice(reason, user, by), effect)
    own = notice_entry(self_stream(user), Notice(reason, user, by, target=room.id), effect)
    plan.steps += [Step(entry), Step(own)]
    if room.kind == "direct":
        plan.writes.append(Update(MEMBERS, member.id, {"hidden": True}))
    else:
        plan.writes.append(Delete(MEMBERS, member.id))
        plan.writes.append(Put(ROOMS, msgspec.structs.replace(room, member_count=room.member_count - 1)))
    return plan


_MEMBERS = "/api/rooms/{room}/members"
_RAISES = (RoomNotFound, NotMember, Forbidden, DirectRoom, MemberNotFound)
_LIMITS = ((JOIN_USER, by_user),)

JOIN = Operation(
    name="room.join",
    ordered=True,
    method="POST",
    path=_MEMBERS,
    input=Join,
    output=MemberView,
    run=_join,
    statuses=(201, 200),
    raises=(RoomNotFound, NotMember, Forbidden, Banned, DirectRoom, UserNotFound),
    limits=_LIMITS,
)
ADD = Operation(
    name="room.add",
    ordered=True,
    input=OneMember,
    output=MemberView,
    run=_add,
    raises=(RoomNotFound, NotMember, Forbidden, Banned, DirectRoom, UserNotFound),
    limits=_LIMITS,
)
LEAVE = Operation(
    name="room.leave",
    ordered=True,
    input=InRoom,
    run=_leave,
    raises=(RoomNotFound, NotMember, OwnerMustStay),
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
BAN = Operation(
    name="room.ban",
    ordered=True,
    method="PUT",
    path="/api/rooms/{room}/bans/{user}",
    input=OneMember,
    run=_ban,
    statuses=(204,),
    raises=(RoomNotFound, NotMember, Forbidden, DirectRoom, UserNotFound),
    limits=_LIMITS,
)
UNBAN = Operation(
    name="room.unban",
    method="DELETE",
    path="/api/rooms/{room}/bans/{user}",
    input=OneMember,
    run=_unban,
    statuses=(204,),
    raises=(RoomNotFound, NotMember, Forbidden),
    limits=_LIMITS,
)
