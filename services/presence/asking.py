"""Saying how one is, watching how others are, and counting a room."""

from typing import Annotated

import msgspec

from services.errors import NotMember, RoomNotFound
from services.operations.context import Context
from services.operations.inputs import Input, InRoom, Nothing, UserId
from services.operations.limits import PRESENCE_COUNT, PRESENCE_SET, PRESENCE_WATCH
from services.operations.operation import Operation, by_user
from services.people.acquaintance import LARGE_MEMBERS, watchable
from services.presence.statuses import PresenceView, Status, presence_view
from services.rooms.rights.rules import require_seat
from store.tables import MEMBERS


class SetPresence(Input):
    """How the device that asks says its user is."""

    status: Status


class WatchPresence(Input):
    """Whom to watch besides those watched already; nobody ends all watching."""

    users: Annotated[list[UserId], msgspec.Meta(max_length=200)]


class RoomPresence(msgspec.Struct, frozen=True):
    """How many people of a room are there."""

    online: int
    member_count: int


async def _set(context: Context, given: SetPresence) -> Nothing:
    """Say how one is on this device, until its connection ends."""
    if context.origin is not None:
        context.application.presence.declare(context.origin, given.status)
    return Nothing()


async def _watch(context: Context, given: WatchPresence) -> list[PresenceView]:
    """Tell how people are, and tell of every change from now on."""
    application, session = context.application, context.origin
    users = list(dict.fromkeys(given.users))
    if session is None or not users:
        if session is not None:
            application.presence.end_watch(session)
        return []
    allowed = await watchable(application.database, context.caller.user, users)
    await application.presence.watch(session, [user for user in users if user in allowed])
    seen = await application.seen.of(allowed)
    # From here on nothing is waited for: what is told after this answer is newer than it.
    return [
        _view(context, user, seen.get(user)) if user in allowed else presence_view(user, "offline", None)
        for user in users
    ]


def _view(context: Context, user: str, seen_ms: int | None) -> PresenceView:
    return presence_view(user, context.application.presence.status(user), seen_ms)


async def _count(context: Context, given: InRoom) -> RoomPresence:
    """Count who of a room is there; in rooms of over 200 members it is of up to 10 s ago, and within 2 %."""
    application = context.application
    seat = await require_seat(context, given.room)
    members = seat.room.member_count
    if members > LARGE_MEMBERS:
        return RoomPresence(min(await application.presence.count(given.room), members), members)
    rows = await application.database.find(MEMBERS, {"room": given.room}, by="user", limit=LARGE_MEMBERS)
    return RoomPresence(await application.presence.present([row.user for row in rows if not row.hidden]), members)


SET = Operation(
    name="presence.set", input=SetPresence, output=Nothing, run=_set, ordered=True, limits=((PRESENCE_SET, by_user),)
)
WATCH = Operation(
    name="presence.watch",
    scope="read",
    input=WatchPresence,
    output=Annotated[list[PresenceView], msgspec.Meta(description="Those asked for, each once, in that order.")],
    run=_watch,
    limits=((PRESENCE_WATCH, by_user),),
)
COUNT = Operation(
    name="room.presence",
    method="GET",
    path="/api/rooms/{room}/presence",
    input=InRoom,
    output=RoomPresence,
    run=_count,
    raises=(RoomNotFound, NotMember),
    limits=((PRESENCE_COUNT, by_user),),
)
