"""Making rooms, and closing them."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from services.errors import DirectRoom, Forbidden, NotMember, OwnerMustStay, PermissionMissing, RoomNotFound
from services.ids import member_id, new_id, now_ms, self_stream
from services.operations.context import Context
from services.operations.inputs import Input, RoomId
from services.operations.limits import CREATE_ROOM
from services.operations.operation import Operation, by_user
from services.rooms.aftermath import after_closing, after_joining
from services.rooms.rights.rules import member_in, require_ordinary, require_permission, room_in
from services.rooms.rights.sight import outsider, require_sight
from services.rooms.titles import entitled, standing
from services.rooms.views import RoomView, view_for
from services.streams.append import Append, Plan, Step, View, marker_entry, notice_entry
from store.database import FIND_LIMIT, Delete, Insert, Update
from store.tables import MEMBERS, ROOMS, Effect, Member, Notice, Room

if TYPE_CHECKING:
    from services.application import Application

RoomName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Description = Annotated[str, msgspec.Meta(max_length=500)]
Picture = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern="^https?://[!-~]+(?![^!-~])$")]


class CreateRoom(Input):
    """A room to be made."""

    name: RoomName
    kind: Literal["public", "private"]
    description: Description = ""
    history: Literal["all", "joined"] = "all"


class OneRoom(Input):
    """A room."""

    room: RoomId


def joining(plan: Plan, room: Room, member: Member, by: str | None, *, quiet: bool = False) -> None:
    """Plan somebody's joining: row, notice in the room, item of their own stream, all or none."""
    user = member.user
    effect = Effect("joined", user, room=room.id, by=by)
    entry = marker_entry(room.id, effect=effect) if quiet else notice_entry(room.id, Notice("joined", user, by), effect)
    own = notice_entry(self_stream(user), Notice("joined", user, by, target=room.id), effect)
    plan.steps += [Step(entry), Step(own)]
    plan.writes += [Insert(MEMBERS, member), *after_joining(room, user)]
    earlier = plan.numbered

    def numbered() -> None:
        if earlier is not None:
            earlier()
        member.joined = member.read = entry.rev

    plan.numbered = numbered


def showing(plan: Plan, member: Member, by: str | None = None) -> None:
    """Plan that a hidden direct room shows again: from that rev on the person is in it, whenever it was hidden."""
    room, user = member.room, member.user
    marker = marker_entry(room, effect=Effect("joined", user, room=room))
    own = notice_entry(
        self_stream(user), Notice("joined", user, by, target=room), Effect("joined", user, room=room, by=by)
    )
    changes: dict[str, Any] = {"hidden": False}
    plan.steps += [Step(marker), Step(own)]
    plan.writes.append(Update(MEMBERS, member.id, changes))
    earlier = plan.numbered

    def numbered() -> None:
        if earlier is not None:
            earlier()
        changes["joined"] = marker.rev

    plan.numbered = numbered


def fresh_member(room: str, user: str, username: str, role: str) -> Member:
    """Return the row of somebody who joins now."""
    return Member(id=member_id(room, user), room=room, user=user, username=username, role=role, joined_at=now_ms())


async def _create(context: Context, given: CreateRoom) -> RoomView:
    """Make a room; whoever makes it owns it."""
    caller = context.caller
    room = Room(
        id=new_id(),
        kind=given.kind,
        name=given.name,
        description=given.description,
        owner=caller.user,
        history=given.history,
        member_count=1,
        created_at=now_ms(),
    )

    async def plan(_view: View) -> Plan:
        planned = Plan(writes=[Insert(ROOMS, room)])
        joining(planned, room, fresh_member(room.id, caller.user, caller.username, "owner"), caller.user)
        return planned

    await context.append(Append((room.id, self_stream(caller.user)), plan))
    context.status = 201
    return await current_view(context, room.id)


async def current_view(context: Context, room: str) -> RoomView:
    """Return a room as the caller sees it now."""
    facts, head = await context.application.facts.current(room)
    member = await context.application.facts.member(facts, context.caller.user)
    return await view_for(context.application, facts.room, member, context.caller.user, head)


async def _get(context: Context, given: OneRoom) -> RoomView:
    """Read a room: one's own, or a public one."""
    view = await current_view(context, given.room)
    if view.role is None:
        await require_sight(context.application, context.caller.user, given.room)
    return view


async def _delete(context: Context, given: OneRoom) -> None:
    """Delete a room; its owner alone may, and of a room in a topic whoever manages the topic's rooms."""
    user = context.caller.user
    try:
        facts, _ = await context.application.facts.current(given.room)
    except RoomNotFound:
        await _go_on_closing(context, given.room)
        context.status = 204
        return
    room = facts.room
    above = None if room.place is None else await _managed(context, room.place)
    if above is None and await context.application.facts.member(facts, user) is None:
        raise await outsider(context.application, user, room)
    require_ordinary(room)
    await close(context, given.room)
    context.status = 204


async def _managed(context: Context, topic: str) -> Member | None:
    """Return the caller's row in a topic in which they moderate; None where they do not."""
    member = await context.application.database.get(MEMBERS, member_id(topic, context.caller.user))
    return None if member is None or member.role == "member" else member


async def close(context: Context, room_id: str, *, alone: bool = False) -> None:
    """Close a room for all its members, or for the only one. Cut short, deleting the room again goes on with it.

    Raises:
        Forbidden: If the caller does not own it, nor manages the rooms of the topic that it is in.
        PermissionMissing: If they moderate that topic, and may not.
        OwnerMustStay: If somebody else is in it by now, where the owner was to be ``alone``.
    """
    await close_for(context.application, context.caller.user, room_id, alone=alone)


async def close_for(application: "Application", user: str, room_id: str, *, alone: bool = False) -> None:
    """Close a room as its owner, or as a moderator of the topic that it is in, whoever asks; see ``close``."""

    async def may(view: View, room: Room) -> None:
        member = await member_in(view, room_id, user)
        if member is None or member.role != "owner":
            above = None if room.place is None else await member_in(view, room.place, user)
            if above is None:
                raise Forbidden("only for the owner")
            require_permission(above, "manage_rooms")
        if alone and room.member_count > 1:
            raise OwnerMustStay

    await close_where(application, user, room_id, may)


async def close_where(
    application: "Application", by: str, room_id: str, may: Callable[[View, Room], Awaitable[None]]
) -> None:
    """Close a room where ``may`` raises nothing; what is in it is closed by a job."""
    closed: list[Room] = []

    async def plan(view: View) -> Plan:
        room = await room_in(view, room_id)
        await may(view, room)
        closed[:] = [standing(msgspec.structs.replace(room, deleted=True, active_at=None))]
        planned = Plan()
        member = await member_in(view, room_id, by)
        if member is not None and room.kind != "topic":
            planned = await _told(member, by, view)
        marker = marker_entry(room_id, room_id, by, Effect("closed", room=room_id, reason="deleted", by=by))
        planned.steps.insert(0, Step(marker, closed[0]))
        planned.writes += [*await entitled(view, room, closed[0]), *after_closing(room, by)]
        return planned

    await application.lanes.append(Append((room_id, self_stream(by)), plan))
    application.calls.sever(room_id)
    if closed[0].kind == "topic":
        application.jobs.wake()
    else:
        await tell_closed(application, room_id, by)


async def _go_on_closing(context: Context, room_id: str) -> None:
    """Tell those who were not told yet that the caller's room is no more.

    Raises:
        RoomNotFound: If it was no such room, or there is nobody left to tell.
    """
    room = await context.application.database.get(ROOMS, room_id)
    if (
        room is None
        or room.owner != context.caller.user
        or not await tell_closed(context.application, room_id, room.owner)
    ):
        raise RoomNotFound


async def tell_closed(application: "Application", room_id: str, by: str) -> int:
    """Tell the members of a room that is no more, each by an item with which their row ends; return how many."""
    lanes = application.lanes
    told, last = 0, ""
    while members := await application.database.find(
        MEMBERS, {"room": room_id}, by="user", above=last, limit=FIND_LIMIT
    ):
        told, last = told + len(members), members[-1].user
        appends = [Append((self_stream(one.user),), functools.partial(_told, one, by)) for one in members]
        await asyncio.gather(*map(lanes.append, appends))
    return told


async def _told(member: Member, by: str, view: View) -> Plan:
    if await view.get(MEMBERS, member.id) is None:
        return Plan()  # told by another who goes on with it
    effect = Effect("left", member.user, room=member.room, reason="deleted", by=by)
    notice = Notice("deleted", member.user, by, target=member.room)
    return Plan([Step(notice_entry(self_stream(member.user), notice, effect))], [Delete(MEMBERS, member.id)])


CREATE = Operation(
    name="room.create",
    ordered=True,
    method="POST",
    path="/api/rooms",
    input=CreateRoom,
    output=RoomView,
    run=_create,
    statuses=(201,),
    limits=((CREATE_ROOM, by_user),),
)
GET = Operation(
    name="room.get",
    method="GET",
    path="/api/rooms/{room}",
    input=OneRoom,
    output=RoomView,
    run=_get,
    raises=(RoomNotFound,),
)
DELETE = Operation(
    name="room.delete",
    ordered=True,
    method="DELETE",
    path="/api/rooms/{room}",
    input=OneRoom,
    run=_delete,
    statuses=(204,),
    raises=(RoomNotFound, NotMember, Forbidden, PermissionMissing, DirectRoom),
)
