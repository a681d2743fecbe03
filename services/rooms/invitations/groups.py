"""Groups: private rooms that begin with invitations, in one write."""

from typing import Annotated

import msgspec

from services.errors import Blocked, Flaw, Invalid, UserNotFound
from services.ids import new_id, now_ms, self_stream
from services.operations.context import Context
from services.operations.inputs import Input, UserId
from services.operations.limits import CREATE_ROOM, INVITE_USER
from services.operations.operation import Operation, by_user
from services.rooms.invitations.making import inviting
from services.rooms.making import Description, Picture, RoomName, current_view, fresh_member, joining
from services.rooms.views import RoomView
from services.streams.append import Append, Plan, View
from store.database import Insert
from store.tables import ROOMS, Room


class CreateGroup(Input):
    """A private room to be made, and whom to invite to it."""

    name: RoomName
    description: Description = ""
    picture: Picture | None = None
    background: Picture | None = None
    voip_enabled: bool = True
    invite: Annotated[tuple[UserId, ...], msgspec.Meta(max_length=50)] = ()


async def _create(context: Context, given: CreateGroup) -> RoomView:
    """Make a private room and invite people to it: all of them, or nothing is made."""
    caller = context.caller
    invited = await _invited(context, given)
    room = Room(
        id=new_id(),
        kind="private",
        name=given.name,
        description=given.description,
        picture=given.picture,
        background=given.background,
        owner=caller.user,
        member_count=1,
        voip_enabled=given.voip_enabled,
        created_at=now_ms(),
    )

    async def plan(view: View) -> Plan:
        planned = Plan(writes=[Insert(ROOMS, msgspec.structs.replace(room))])
        for user in invited:
            await inviting(view, planned, room, caller, user)
        joining(planned, room, fresh_member(room.id, caller.user, caller.username, "owner"), caller.user)
        return planned

    await context.append(Append((room.id, self_stream(caller.user)), plan))
    context.application.jobs.wake()
    context.status = 201
    return await current_view(context, room.id)


async def _invited(context: Context, given: CreateGroup) -> list[str]:
    """Return whom to invite, each once.

    Raises:
        Invalid: If one of them is who asks.
        UserNotFound: If one of them is nobody.
        TooMany: If they are more than may be invited now.
    """
    application, caller = context.application, context.caller
    invited = list(dict.fromkeys(given.invite))
    if caller.user in invited:
        raise Invalid(flaws=(Flaw("/invite", "has oneself in it"),))
    for _ in invited:
        await application.limits.take_exactly(INVITE_USER, caller.user)
    people = await application.directory.living(invited)
    if len(people) < len(invited):
        raise UserNotFound
    return invited


CREATE = Operation(
    name="room.group",
    ordered=True,
    method="POST",
    path="/api/rooms/groups",
    input=CreateGroup,
    output=RoomView,
    run=_create,
    statuses=(201,),
    raises=(UserNotFound, Blocked),
    limits=((CREATE_ROOM, by_user),),
    own_limits=(INVITE_USER,),
)
