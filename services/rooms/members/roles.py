"""Roles: who owns a room, who moderates it."""

from typing import Annotated, Any, Literal

import msgspec

from services.errors import (
    DirectRoom,
    Flaw,
    Forbidden,
    Invalid,
    MemberNotFound,
    NotMember,
    OwnerMustStay,
    RoomNotFound,
)
from services.ids import self_stream
from services.operations.context import Context
from services.operations.inputs import Input, RoomId, UserId
from services.operations.limits import JOIN_USER
from services.operations.operation import Operation, by_user
from services.rooms.members.members import MemberView, member_view, read_shown
from services.rooms.rights.rules import (
    Permission,
    require_known_seat,
    require_member_in,
    require_ordinary,
    require_role,
    room_in,
)
from services.streams.append import Append, Plan, Step, View, marker_entry, notice_entry
from store.database import Update
from store.tables import MEMBERS, Effect, Member, Notice, Room

Role = Literal["owner", "moderator", "member"]
Permissions = Annotated[tuple[Permission, ...], msgspec.Meta(max_length=6)]


class SetRole(Input):
    """Who somebody is to be in a room; ``me`` is oneself."""

    room: RoomId
    user: UserId
    role: Role
    permissions: Permissions | msgspec.UnsetType | None = msgspec.UNSET


async def _role(context: Context, given: SetRole) -> MemberView:
    """Give somebody a role, and a moderator permissions; giving ``owner`` hands the room over. The owner alone may."""
    application, caller = context.application, context.caller
    user = caller.user if given.user == "me" else given.user
    seat = await require_known_seat(context, given.room)
    require_ordinary(seat.room)
    if given.permissions is not msgspec.UNSET and given.role != "moderator":
        raise Invalid(flaws=(Flaw("/permissions", "are given to moderators"),))
    result: list[Member] = []

    async def plan(view: View) -> Plan:
        room = await room_in(view, given.room)
        mine = await require_member_in(context, view, room, caller.user)
        require_role(mine, "owner")
        other = await require_member_in(context, view, room, user)
        permissions = _permissions(given, other)
        result[:] = [msgspec.structs.replace(other, role=given.role, permissions=permissions)]
        if (other.role, other.permissions) == (given.role, permissions):
            return Plan()
        if other.user == mine.user:
            raise OwnerMustStay
        planned = Plan()
        giving(planned, room, other, given.role, caller.user, permissions)
        if given.role == "owner":
            giving(planned, room, mine, "moderator", caller.user)
            marker = marker_entry(room.id, room.id, caller.user, Effect("room"))
            planned.steps.append(Step(marker, msgspec.structs.replace(room, owner=other.user)))
        return planned

    streams = dict.fromkeys((given.room, self_stream(user), self_stream(caller.user)))
    await context.append(Append(tuple(streams), plan))
    row = await application.database.get(MEMBERS, result[0].id)  # which knows how far they have read
    return member_view(result[0], read_shown(context, seat.room, row or result[0]))


def _permissions(given: SetRole, member: Member) -> tuple[str, ...] | None:
    if given.role != "moderator" or given.permissions is None:
        return None
    if given.permissions is msgspec.UNSET:
        return member.permissions  # theirs already, or those of one who moderates nothing yet: all
    return tuple(sorted(set(given.permissions)))


def giving(
    plan: Plan, room: Room, member: Member, role: Role, by: str, permissions: tuple[str, ...] | None = None
) -> None:
    """Plan that a member has a role: row, notice in the room, item of their own stream."""
    effect = Effect("role", member.user, role=role, permissions=permissions, room=room.id, by=by)
    notice = Notice("role", member.user, by, role=role, permissions=permissions)
    own = msgspec.structs.replace(notice, target=room.id)
    plan.steps += [
        Step(notice_entry(room.id, notice, effect)),
        Step(notice_entry(self_stream(member.user), own, effect)),
    ]
    changes: dict[str, Any] = {"role": role, "permissions": permissions}
    plan.writes.append(Update(MEMBERS, member.id, changes))


SET_ROLE = Operation(
    name="room.role",
    ordered=True,
    method="PATCH",
    path="/api/rooms/{room}/members/{user}",
    input=SetRole,
    output=MemberView,
    run=_role,
    raises=(RoomNotFound, NotMember, Forbidden, DirectRoom, MemberNotFound, OwnerMustStay),
    limits=((JOIN_USER, by_user),),
)
