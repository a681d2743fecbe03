"""The members of a room, listed."""

from typing import Annotated, Literal

import msgspec

from services.errors import NotMember, RoomNotFound
from services.ids import rfc3339
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize, RoomId
from services.operations.limits import SEARCH_USER
from services.operations.operation import Operation
from services.rooms.rights.rules import require_seat
from services.streams.items.authors import Author
from store.database import Scalar
from store.tables import MEMBERS, Member, Room


class MemberView(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody in a room."""

    user: Author
    role: str
    read: int
    joined_at: str
    permissions: tuple[str, ...] | None = None


class MemberCount(msgspec.Struct, frozen=True):
    """How many members a room has."""

    member_count: int


class MemberCountEvent(msgspec.Struct, tag_field="ev", tag="member_count", frozen=True):
    """Not kept: how many members a room has by now."""

    room: str
    d: MemberCount


class Members(msgspec.Struct, frozen=True):
    """Members of a room; ``next`` is the cursor of those that follow."""

    items: list[MemberView]
    next: str | None


class ListMembers(Input):
    """Which members of a room: whose username has the words of ``q``, who have a role."""

    room: RoomId
    q: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    role: Literal["owner", "moderator", "member"] | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


def member_view(member: Member, read: int) -> MemberView:
    """Return somebody in a room, for the wire."""
    shown = Author(member.user, member.username)
    return MemberView(shown, member.role, read, rfc3339(member.joined_at), member.permissions)


def shows_reading(room: Room) -> bool:
    """Tell whether a room shows its members to each other by how far they have read.

    In topics and what is in them it would tell who speaks under another name: whoever has read a message first.
    """
    return room.kind != "topic" and room.place is None


def read_shown(context: Context, room: Room, member: Member) -> int:
    """Return up to where somebody has read, as the caller is shown it."""
    own = member.user == context.caller.user
    return context.application.marks.read(member) if own or shows_reading(room) else 0


async def _members(context: Context, given: ListMembers) -> Members:
    """List the members of a room."""
    seat = await require_seat(context, given.room)
    database = context.application.database
    equal: dict[str, Scalar] = {"room": given.room}
    if given.role is not None:
        equal["role"] = given.role
    if given.q is not None:
        context.application.limits.take(SEARCH_USER, context.caller.user)
        after = None if given.cursor is None else f"{given.room}:{given.cursor}"
        found = await database.search(MEMBERS, given.q, equal=equal, after=after, limit=given.limit + 1)
    else:
        found = await database.find(MEMBERS, equal, by="user", above=given.cursor, limit=given.limit + 1)
    page = found[: given.limit]
    last = page[-1].user if len(found) > given.limit else None
    return Members([member_view(one, read_shown(context, seat.room, one)) for one in page], last)


MEMBERS_LIST = Operation(
    name="room.members",
    method="GET",
    path="/api/rooms/{room}/members",
    input=ListMembers,
    output=Members,
    run=_members,
    raises=(RoomNotFound, NotMember),
)
