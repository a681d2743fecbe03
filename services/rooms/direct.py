"""Direct rooms: one per pair of people, whoever asks first."""

from services.accounts.people.person import require_user
from services.errors import UserNotFound
from services.ids import direct_room, now_ms, self_stream
from services.operations.context import Context
from services.operations.inputs import Input, UserId
from services.operations.limits import CREATE_ROOM
from services.operations.operation import Operation, by_user
from services.rooms.making import current_view, fresh_member, showing
from services.rooms.views import RoomView
from services.streams.append import Append, Plan, Step, View, notice_entry
from store.database import Insert
from store.tables import MEMBERS, ROOMS, Effect, Notice, Room, User


class OpenDirect(Input):
    """With whom to talk; with oneself too."""

    user: UserId


async def _open(context: Context, given: OpenDirect) -> RoomView:
    """Open the direct room with somebody. It appears at the other's with its first message."""
    caller = context.caller
    peer = await require_user(context.application.database, given.user)
    id_ = direct_room(caller.user, peer.id)
    made = False

    async def plan(view: View) -> Plan:
        nonlocal made
        room = await view.get(ROOMS, id_)
        member = None if room is None else await view.get(MEMBERS, f"{id_}:{caller.user}")
        made = room is None
        if room is None:
            return _made(context, id_, peer)
        planned = Plan()
        if member is not None and member.hidden:
            showing(planned, member, caller.user)
        return planned

    await context.append(Append((id_, self_stream(caller.user)), plan))
    context.status = 201 if made else 200
    return await current_view(context, id_)


def _made(context: Context, id_: str, peer: User) -> Plan:
    caller = context.caller
    pair = tuple(dict.fromkeys((caller.user, peer.id)))
    room = Room(id=id_, kind="direct", pair=pair, member_count=len(pair), created_at=now_ms())
    plan = Plan(writes=[Insert(ROOMS, room)])
    plan.writes.append(Insert(MEMBERS, fresh_member(id_, caller.user, caller.username, "member")))
    if peer.id != caller.user:
        other = fresh_member(id_, peer.id, peer.username, "member")
        other.hidden = True
        plan.writes.append(Insert(MEMBERS, other))
    plan.steps.append(_own_item(id_, caller.user))
    return plan


def _own_item(room: str, user: str) -> Step:
    effect = Effect("joined", user, room=room, by=user)
    return Step(notice_entry(self_stream(user), Notice("joined", user, user, target=room), effect))


OPEN = Operation(
    name="room.direct",
    ordered=True,
    method="POST",
    path="/api/rooms/direct",
    input=OpenDirect,
    output=RoomView,
    run=_open,
    statuses=(201, 200),
    raises=(UserNotFound,),
    limits=((CREATE_ROOM, by_user),),
)
