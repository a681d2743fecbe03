"""Who may see a place without being a member of it."""

from typing import TYPE_CHECKING, NamedTuple

from services.errors import NotMember, RoomNotFound
from services.ids import member_id, page_room
from store.database import Database
from store.tables import MEMBERS, ROOMS, Member, Room

if TYPE_CHECKING:
    from services.application import Application


class Sight(NamedTuple):
    """A place as somebody sees it who may see it."""

    room: Room
    """What is looked at: a room, a topic, a page, or the discussion of a post."""
    place: Room
    """Whose members and moderators decide: the room itself, or for a post what it is in."""
    member: Member | None
    """The caller's row in ``place``; None where they are not in it."""


def page_of(user: str) -> Room:
    """Return the record of a person's page, which is there though nothing was posted on it yet."""
    return Room(id=page_room(user), kind="page", owner=user, created_at=0)


def may_see(room: Room, member: Member | None, above: Room | None = None, member_above: Member | None = None) -> bool:
    """Tell whether somebody may see a room in which they are ``member``; ``above`` is what it is in.

    Members see what they are in. Everybody sees public rooms, open topics and pages; an open room in a topic and a
    post is seen by whoever sees what it is in.
    """
    if room.deleted or (above is not None and above.deleted):
        return False
    if member is not None and not member.hidden:
        return True
    if room.kind in {"public", "page"}:
        return True
    if room.kind == "topic":
        return room.open
    if above is None or not (room.open or room.kind == "post"):
        return False
    return may_see(above, member_above)


async def require_sight(application: "Application", user: str, room_id: str) -> Sight:
    """Return a place as a user sees it now.

    Raises:
        RoomNotFound: If there is none, or none that they may know of.
    """
    room = await _current(application, room_id)
    above = None if room.place is None else await _current(application, room.place)
    member = await _member(application.database, room, user)
    member_above = None if above is None else await _member(application.database, above, user)
    if not may_see(room, member, above, member_above):
        raise RoomNotFound
    if room.kind == "post" and above is not None:
        return Sight(room, above, member_above)
    return Sight(room, room, member)


async def outsider(application: "Application", user: str, room: Room) -> NotMember | RoomNotFound:
    """Return what somebody is told who is not in a room: that they are not, or that there is none."""
    if room.kind == "public" or (room.kind == "topic" and room.open):
        return NotMember()
    if room.place is None or not room.open:
        return RoomNotFound()
    try:
        await require_sight(application, user, room.id)
    except RoomNotFound:
        return RoomNotFound()
    return NotMember()


async def _current(application: "Application", room_id: str) -> Room:
    if room_id.startswith("p_"):
        return await application.database.get(ROOMS, room_id) or page_of(room_id[2:])
    facts, _ = await application.facts.current(room_id)
    return facts.room


async def _member(database: Database, room: Room, user: str) -> Member | None:
    if room.kind in {"post", "page"}:
        return None
    return await database.get(MEMBERS, member_id(room.id, user))
