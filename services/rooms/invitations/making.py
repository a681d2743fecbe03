"""Inviting somebody, and taking an invitation back."""

from services.accounts.people.person import require_user
from services.errors import (
    AlreadyInvited,
    AlreadyMember,
    Banned,
    Blocked,
    DirectRoom,
    Forbidden,
    InvitationNotFound,
    NotMember,
    PermissionMissing,
    RoomNotFound,
    UserNotFound,
)
from services.ids import member_id, now_ms
from services.news import News, news
from services.operations.context import Context, Principal
from services.operations.inputs import Cursor, Input, PageSize, RoomId, UserId
from services.operations.limits import INVITE_USER, JOIN_USER
from services.operations.operation import Operation, by_user
from services.rooms.invitations.views import Invitations, InvitationView, invitation_view
from services.rooms.members.entering import require_unbanned
from services.rooms.rights.rules import (
    member_in,
    require_known_seat,
    require_member_in,
    require_ordinary,
    require_permission,
    require_seat,
    room_in,
)
from services.streams.append import Append, Plan, Step, View, marker_entry
from services.streams.items.authors import Author
from store.database import Delete, Insert
from store.tables import BLOCKS, INVITATIONS, Invitation, Member, Person, Room


class OneInvitation(Input):
    """Somebody, and the place that they are or are to be invited to."""

    room: RoomId
    user: UserId


class ListPending(Input):
    """Which page of the invitations to a place."""

    room: RoomId
    limit: PageSize = 50
    cursor: Cursor | None = None


def require_inviter(room: Room, member: Member) -> None:
    """Let those pass who may invite: all members of a topic; in a room its owner, and moderators who may.

    Raises:
        Forbidden: For the others.
    """
    require_ordinary(room)
    if room.kind != "topic":
        require_permission(member, "invite")


async def inviting(view: View, planned: Plan, room: Room, caller: Principal, user: str) -> Invitation:
    """Plan that somebody is invited and told so; whoever appends it wakes the node's runner of jobs.

    Raises:
        AlreadyMember: If they are in there.
        AlreadyInvited: If they are invited.
        Banned: If they are banned from it.
        Blocked: If they block who invites them, or the reverse.
        Forbidden: If it is in a topic that is closed to them.
    """
    if await member_in(view, room.id, user) is not None:
        raise AlreadyMember
    if await view.get(INVITATIONS, member_id(room.id, user)) is not None:
        raise AlreadyInvited
    for block in (f"{user}:{caller.user}", f"{caller.user}:{user}"):
        if await view.get(BLOCKS, block) is not None:
            raise Blocked
    await require_unbanned(view, room, user)
    if room.place is not None:
        topic = await room_in(view, room.place)
        if not topic.open and await member_in(view, topic.id, user) is None:
            raise Forbidden("only members of the topic can be invited to this room")
    made = Invitation(id=member_id(room.id, user), room=room.id, user=user, by=caller.user, created_at=now_ms())
    planned.writes += [Insert(INVITATIONS, made), _news(room, caller, user)]
    return made


def _news(room: Room, caller: Principal, user: str) -> Insert:
    shown = Person(caller.user, caller.username)
    return news(News(type="invitation", actor=caller.user, shown=shown, to=(user,), place=room.id, text=room.name))


async def _make(context: Context, given: OneInvitation) -> InvitationView:
    """Invite somebody to a topic, or to a room: they see its name and what it is for, and come in when they accept."""
    application, caller = context.application, context.caller
    require_inviter(*(await require_known_seat(context, given.room))[:2])
    await application.limits.take_exactly(INVITE_USER, caller.user)
    other = await require_user(application.database, given.user)
    made: list[tuple[Invitation, Room]] = []

    async def plan(view: View) -> Plan:
        room = await room_in(view, given.room)
        require_inviter(room, await require_member_in(context, view, room, caller.user))
        planned = Plan()
        made[:] = [(await inviting(view, planned, room, caller, other.id), room)]
        return planned

    await context.append(Append((given.room,), plan))
    application.jobs.wake()
    context.status = 201
    people = {other.id: Author(other.id, other.username), caller.user: Author(caller.user, caller.username)}
    return invitation_view(*made[0], people)


async def _withdraw(context: Context, given: OneInvitation) -> None:
    """Take an invitation back: whoever made it may, and whoever may add people."""
    await require_seat(context, given.room)
    user, id_ = context.caller.user, member_id(given.room, given.user)

    async def plan(view: View) -> Plan:
        room, found = await room_in(view, given.room), await view.get(INVITATIONS, id_)
        member = await require_member_in(context, view, room, user)
        if found is None or found.by != user:
            require_permission(member, "invite")
        if found is None:
            raise InvitationNotFound
        # Nobody is told, but the rev makes whoever accepts it at this moment, on whatever node, look again.
        return Plan([Step(marker_entry(room.id))], [Delete(INVITATIONS, id_)])

    await context.append(Append((given.room,), plan))
    context.status = 204


async def _pending(context: Context, given: ListPending) -> Invitations:
    """List who is invited to a place and has not answered yet, for those who may add people."""
    seat = await require_seat(context, given.room)
    require_ordinary(seat.room)
    require_permission(seat.member, "invite")
    application = context.application
    equal, limit = {"room": given.room}, given.limit + 1
    found = await application.database.find(INVITATIONS, equal, by="user", above=given.cursor, limit=limit)
    page = found[: given.limit]
    people = await application.directory.find({id_ for one in page for id_ in (one.user, one.by)})
    shown = {id_: Author(id_, one.username) for id_, one in people.items()}
    items = [invitation_view(one, seat.room, shown) for one in page if one.user in shown]
    return Invitations(items, page[-1].user if len(found) > given.limit else None)


_PATH = "/api/rooms/{room}/invitations"
_RAISES = (RoomNotFound, NotMember, Forbidden, PermissionMissing)

MAKE = Operation(
    name="invitation.make",
    ordered=True,
    method="POST",
    path=_PATH,
    input=OneInvitation,
    output=InvitationView,
    run=_make,
    statuses=(201,),
    raises=(*_RAISES, DirectRoom, UserNotFound, AlreadyMember, AlreadyInvited, Banned, Blocked),
    limits=((JOIN_USER, by_user),),
    own_limits=(INVITE_USER,),
)
WITHDRAW = Operation(
    name="invitation.withdraw",
    method="DELETE",
    path=_PATH + "/{user}",
    input=OneInvitation,
    run=_withdraw,
    statuses=(204,),
    raises=(*_RAISES, InvitationNotFound),
    limits=((JOIN_USER, by_user),),
)
PENDING = Operation(
    name="invitation.pending",
    method="GET",
    path=_PATH,
    input=ListPending,
    output=Invitations,
    run=_pending,
    raises=(*_RAISES, DirectRoom),
)
