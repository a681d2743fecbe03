"""One's own invitations: listed, accepted, declined."""

from services.errors import Banned, Forbidden, InvitationNotFound, RoomNotFound
from services.ids import member_id, self_stream
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, InRoom, PageSize
from services.operations.limits import JOIN_USER
from services.operations.operation import Operation, by_user
from services.rooms.invitations.views import Invitations, invitation_view
from services.rooms.making import current_view
from services.rooms.members.entering import Comer, entering, require_unbanned, tell_count
from services.rooms.rights.rules import member_in, room_in
from services.rooms.views import RoomView
from services.streams.append import Append, Plan, View
from services.streams.items.authors import Author
from store.tables import INVITATIONS, ROOMS, Room


class ListMine(Input):
    """Which page of one's own invitations."""

    limit: PageSize = 50
    cursor: Cursor | None = None


async def _mine(context: Context, given: ListMine) -> Invitations:
    """List the invitations that one has not answered yet."""
    application, user = context.application, context.caller.user
    equal, limit = {"user": user}, given.limit + 1
    found = await application.database.find(INVITATIONS, equal, by="room", above=given.cursor, limit=limit)
    page = found[: given.limit]
    rooms = await application.database.get_many(ROOMS, [one.room for one in page]) if page else {}
    people = await application.directory.find({id_ for one in page for id_ in (one.user, one.by)})
    shown = {id_: Author(id_, one.username) for id_, one in people.items()}
    live = [one for one in page if one.room in rooms and not rooms[one.room].deleted and one.user in shown]
    items = [invitation_view(one, rooms[one.room], shown) for one in live]
    return Invitations(items, page[-1].room if len(found) > given.limit else None)


async def _accept(context: Context, given: InRoom) -> RoomView:
    """Accept an invitation: one is in the place from now on."""
    caller = context.caller
    entered: list[Room] = []

    async def plan(view: View) -> Plan:
        entered.clear()
        invitation = await view.get(INVITATIONS, member_id(given.room, caller.user))
        if invitation is None:
            raise InvitationNotFound
        room = await room_in(view, given.room)
        if await member_in(view, room.id, caller.user) is not None:
            return Plan()
        await require_unbanned(view, room, caller.user)
        planned = Plan()
        # Into the topic of a room they come by themselves, whoever invited them to the room.
        _, entered[:] = await entering(view, append, planned, room, Comer(caller.user, caller.username, caller.user))
        return planned

    append = Append((given.room, self_stream(caller.user)), plan)
    await context.append(append)
    for one in entered:
        tell_count(context, one.id, one.member_count)
    return await current_view(context, given.room)


async def _decline(context: Context, given: InRoom) -> None:
    """Decline an invitation: nobody is told."""
    if not await context.application.database.delete(INVITATIONS, member_id(given.room, context.caller.user)):
        raise InvitationNotFound
    context.status = 204


_PATH = "/api/users/me/invitations"

MINE = Operation(
    name="invitation.list",
    method="GET",
    path=_PATH,
    input=ListMine,
    output=Invitations,
    run=_mine,
)
ACCEPT = Operation(
    name="invitation.accept",
    ordered=True,
    method="POST",
    path=_PATH + "/{room}/accept",
    input=InRoom,
    output=RoomView,
    run=_accept,
    raises=(InvitationNotFound, RoomNotFound, Banned, Forbidden),
    limits=((JOIN_USER, by_user),),
)
DECLINE = Operation(
    name="invitation.decline",
    method="DELETE",
    path=_PATH + "/{room}",
    input=InRoom,
    run=_decline,
    statuses=(204,),
    raises=(InvitationNotFound,),
    limits=((JOIN_USER, by_user),),
)
