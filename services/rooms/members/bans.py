"""Bans from a room: why, until when, and who is banned."""

import datetime
from typing import Annotated, Any

import msgspec

from services.accounts.people.person import require_user
from services.errors import (
    DirectRoom,
    Flaw,
    Forbidden,
    Invalid,
    NotMember,
    PermissionMissing,
    RoomNotFound,
    UserNotFound,
)
from services.ids import member_id, now_ms, rfc3339
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize, RoomId, UserId
from services.operations.limits import JOIN_USER
from services.operations.operation import Operation, by_user
from services.rooms.members.entering import holds
from services.rooms.members.membership import OneMember, end
from services.rooms.rights.rules import require_ordinary, require_permission, require_seat
from services.streams.items.authors import Author
from store.tables import BANS, Ban

LONGEST_MS = 10 * 366 * 86_400_000
"""Longest ban that ends: whoever means more says no end."""
DAY_MS = 86_400_000

Why = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Until = Annotated[datetime.datetime, msgspec.Meta(tz=True)]


class BanMember(Input):
    """Whom to ban from a room, why, and for how long: ``days``, or ``until`` a time, or for ever."""

    room: RoomId
    user: UserId
    reason: Why | None = None
    until: Until | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=3650)] | None = None


class ListBans(Input):
    """Which page of those who are banned from a room."""

    room: RoomId
    limit: PageSize = 50
    cursor: Cursor | None = None


class BanView(msgspec.Struct, frozen=True):
    """Somebody who is banned from a room."""

    user: Author
    by: Author | None
    reason: str | None
    until: str | None
    created_at: str


class Bans(msgspec.Struct, frozen=True):
    """Those who are banned; ``next`` is the cursor of those that follow."""

    items: list[BanView]
    next: str | None


async def _ban(context: Context, given: BanMember) -> None:
    """Ban somebody from a room, removing them where they are in it; banned again, the new reason and end hold."""
    await require_user(context.application.database, given.user)
    ban = Ban(
        id=member_id(given.room, given.user),
        room=given.room,
        user=given.user,
        by=context.caller.user,
        reason=given.reason,
        until=_end(given),
        created_at=now_ms(),
    )
    await end(context, given.room, given.user, "banned", ban)


def _end(given: BanMember) -> int | None:
    now = now_ms()
    if given.days is not None:
        if given.until is not None:
            raise Invalid(flaws=(Flaw("/until", "says the same as days: give one of them"),))
        return now + given.days * DAY_MS
    if given.until is None:
        return None
    until = int(given.until.timestamp() * 1000)
    if not now < until <= now + LONGEST_MS:
        raise Invalid(flaws=(Flaw("/until", "has to lie in the future, within ten years"),))
    return until


async def _unban(context: Context, given: OneMember) -> None:
    """Let somebody join again."""
    seat = await require_seat(context, given.room)  # as it is: no lane looks again
    require_permission(seat.member, "ban_users")
    await context.application.database.delete(BANS, member_id(given.room, given.user))
    context.status = 204


async def _bans(context: Context, given: ListBans) -> Bans:
    """List those who are banned from a room, for those who may ban."""
    seat = await require_seat(context, given.room)
    require_ordinary(seat.room)
    require_permission(seat.member, "ban_users")
    application = context.application
    found = await application.database.find(
        BANS, {"room": given.room}, by="user", above=given.cursor, limit=given.limit + 1
    )
    page = found[: given.limit]
    people = await application.directory.find({id_ for ban in page for id_ in (ban.user, ban.by)})
    shown = {id_: Author(id_, one.username) for id_, one in people.items()}
    items = [_view(ban, shown) for ban in page if holds(ban) and ban.user in shown]
    return Bans(items, page[-1].user if len(found) > given.limit else None)


def _view(ban: Ban, shown: dict[str, Author]) -> BanView:
    until = None if ban.until is None else rfc3339(ban.until)
    return BanView(shown[ban.user], shown.get(ban.by), ban.reason, until, rfc3339(ban.created_at))


_PATH = "/api/rooms/{room}/bans"
_HOW: dict[str, Any] = {"limits": ((JOIN_USER, by_user),)}

BAN = Operation(
    name="room.ban",
    ordered=True,
    method="PUT",
    path=_PATH + "/{user}",
    input=BanMember,
    run=_ban,
    statuses=(204,),
    raises=(RoomNotFound, NotMember, Forbidden, PermissionMissing, DirectRoom, UserNotFound),
    **_HOW,
)
UNBAN = Operation(
    name="room.unban",
    method="DELETE",
    path=_PATH + "/{user}",
    input=OneMember,
    run=_unban,
    statuses=(204,),
    raises=(RoomNotFound, NotMember, Forbidden, PermissionMissing),
    **_HOW,
)
LIST = Operation(
    name="room.bans",
    method="GET",
    path=_PATH,
    input=ListBans,
    output=Bans,
    run=_bans,
    raises=(RoomNotFound, NotMember, Forbidden, PermissionMissing, DirectRoom),
)
