"""Who may do what in a room: one function a rule, and deny where none allows."""

from typing import Literal, NamedTuple

from services.errors import (
    Blocked,
    DirectRoom,
    Forbidden,
    MemberNotFound,
    NotMember,
    PermissionMissing,
    RoomNotFound,
)
from services.ids import member_id
from services.operations.context import Context
from services.rooms.rights.facts import RoomFacts
from services.rooms.rights.sight import outsider
from services.streams.append import View
from store.tables import MEMBERS, ROOMS, Member, Room

RANK = {"owner": 3, "moderator": 2, "member": 1}
"""Who stands above whom: moderation reaches strictly below oneself."""

Permission = Literal["delete_messages", "ban_users", "invite", "edit_topic", "manage_posts", "manage_rooms"]
"""What a moderator may be allowed to do."""


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
        NotMember: If the caller may see the room and is not in it.
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
        raise await outsider(context.application, context.caller.user, facts.room)
    return Seat(facts.room, member, facts, version, head)


async def require_reachable(context: Context, room: Room) -> None:
    """Let only rooms pass in which people may reach each other, as they are now: ``room`` is one as last known.

    That it is open by now, where it was blocked, is asked; that it is blocked by now a lane finds out.

    Raises:
        Blocked: If one of them blocks the other, or is no more.
        RoomNotFound: If the room is no more.
    """
    if room.blocked:
        facts, _ = await context.application.facts.current(room.id)
        require_unblocked(facts.room)


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
        RoomNotFound: If it is the caller's own, there is none and the room is none of their business.
        NotMember: If it is the caller's own, there is none and they may see the room.
        MemberNotFound: If it is another's and there is none.
    """
    member = await member_in(view, room.id, user)
    if member is not None:
        return member
    if user != context.caller.user:
        raise MemberNotFound
    raise await outsider(context.application, user, room)


def require_ordinary(room: Room) -> None:
    """Let only rooms pass that people make and fill: not direct ones, nor a person's own stream.

    Raises:
        DirectRoom: For a direct room.
        Forbidden: For an own stream.
        RoomNotFound: For what has no members: the discussion of a post, a page.
    """
    if room.kind == "direct":
        raise DirectRoom
    if room.kind == "self":
        raise Forbidden("this is a person's own stream")
    if room.kind in {"post", "page"}:
        raise RoomNotFound


def require_unblocked(room: Room) -> None:
    """Let only rooms pass in which people may reach each other: a direct one where neither blocks the other.

    Raises:
        Blocked: If one of them does, or is no more.
    """
    if room.blocked:
        raise Blocked


def require_role(member: Member, role: str) -> None:
    """Let only those of a role or above pass.

    Raises:
        Forbidden: For the others.
    """
    if RANK[member.role] < RANK[role]:
        raise Forbidden(f"only for {role}s and above" if role != "owner" else "only for the owner")


def require_permission(member: Member, permission: Permission) -> None:
    """Let only the owner pass, and moderators with a permission.

    Raises:
        PermissionMissing: For moderators without it.
        Forbidden: For all others.
    """
    require_role(member, "moderator")
    if member.role == "owner" or member.permissions is None or permission in member.permissions:
        return
    raise PermissionMissing


def require_above(member: Member, other: Member) -> None:
    """Let moderation reach only below oneself.

    Raises:
        Forbidden: If the other stands as high or higher.
    """
    if RANK[other.role] >= RANK[member.role]:
        raise Forbidden("this member stands as high as you do")
