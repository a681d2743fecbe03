"""Who may do what in a room: one function a rule, and deny where none allows."""

from typing import NamedTuple

from services.errors import DirectRoom, Forbidden, MemberNotFound, NotMember, RoomNotFound
from services.ids import member_id
from services.operations.operation import Context
from services.rooms.facts import RoomFacts
from services.streams.append import View
from store.tables import MEMBERS, ROOMS, Member, Room

RANK = {"owner": 3, "moderator": 2, "member": 1}
"""Who stands above whom: moderation reaches strictly below oneself."""


class Seat(NamedTuple):
    """Somebody's place in a room."""

    room: Room
    member: Member
    facts: RoomFacts
    version: int
    """Of the facts when the member was looked up: an append that stands on it asks whether it is still this one."""
    head: int

    @property
    def first_seq(self) -> int:
        """The first item that the member may see."""
        return self.member.joined if self.room.history == "joined" else 0


async def require_seat(context: Context, room: str) -> Seat:
    """Return the caller's place in a room, as it is now; ``head`` is that of the stream, read before.

    Raises:
        RoomNotFound: If there is no such room, or it is none of the caller's business.
        NotMember: If the room is public and the caller is not in it.
    """
    facts, head = await context.application.facts.current(room)
    return await _seat(context, facts, head)


async def require_known_seat(context: Context, room: str) -> Seat:
    """Return the caller's place in a room as last known: for appends, whose lane checks again where it has to.

    Raises:
        RoomNotFound: As ``require_seat``.
        NotMember: As ``require_seat``.
    """
    facts = await context.application.facts.known(room)
    try:
        return await _seat(context, facts, facts.rev)
    except (RoomNotFound, NotMember):
        return await require_seat(context, room)  # nothing is appended that would notice a join on another node


async def _seat(context: Context, facts: RoomFacts, head: int) -> Seat:
    version = facts.version
    member = await context.application.facts.member(facts, context.caller.user)
    if member is None:
        raise NotMember if facts.room.kind == "public" else RoomNotFound
    return Seat(facts.room, member, facts, version, head)


async def room_in(view: View, room: str) -> Room:
    """Return a room for a plan.

    Raises:
        RoomNotFound: If there is none.
    """
    found = await view.get(ROOMS, room)
    if found is None or found.deleted:
        raise RoomNotFound
    return found


async def member_in(view: View, room: str, user: str) -> Member | None:
    """Return a membership for a plan. It is read: a plan that writes nothing is refused by nobody who knows better."""
    return await view.get(MEMBERS, member_id(room, user))


async def require_member_in(context: Context, view: View, room: Room, user: str) -> Member:
    """Return a membership for a plan; see ``member_in``.

    Raises:
        RoomNotFound: If it is the caller's own, there is none and the room is not public.
        NotMember: If it is the caller's own, there is none and the room is public.
        MemberNotFound: If it is another's and there is none.
    """
    member = await member_in(view, room.id, user)
    if member is not None:
        return member
    if user != context.caller.user:
        raise MemberNotFound
    raise NotMember if room.kind == "public" else RoomNotFound


def require_ordinary(room: Room) -> None:
    """Let only rooms pass that people make and fill: not direct ones, nor a person's own stream.

    Raises:
        DirectRoom: For a direct room.
        Forbidden: For an own stream.
    """
    if room.kind == "direct":
        raise DirectRoom
    if room.kind == "self":
        raise Forbidden("this is a person's own stream")


def require_role(member: Member, role: str) -> None:
    """Let only those of a role or above pass.

    Raises:
        Forbidden: For the others.
    """
    if RANK[member.role] < RANK[role]:
        raise Forbidden(f"only for {role}s and above" if role != "owner" else "only for the owner")


def require_above(member: Member, other: Member) -> None:
    """Let moderation reach only below oneself.

    Raises:
        Forbidden: If the other stands as high or higher, or the member does not moderate.
    """
    require_role(member, "moderator")
    if RANK[other.role] >= RANK[member.role]:
        raise Forbidden("this member stands as high as you do")
