"""Rooms joined and left while a session is live: told in order, each before any event of the room."""

from typing import TYPE_CHECKING

import msgspec

from services.ids import member_id
from services.rooms.views import RoomView, count_unread, find_peer, room_view
from store.tables import MEMBERS, ROOMS, Effect, Member, Room
from ws.hub.watched import Watched

if TYPE_CHECKING:
    from ws.door import Door
    from ws.sessions.session import Session


class JoinedEvent(msgspec.Struct, tag_field="ev", tag="room.joined", frozen=True):
    """A room is one's own from now on; its ``head`` is the first cursor."""

    d: RoomView


class LeftRoom(msgspec.Struct, frozen=True):
    """Which room is one's own no more, and why."""

    room: str
    reason: str
    by: str | None


class LeftEvent(msgspec.Struct, tag_field="ev", tag="room.left", frozen=True):
    """A room is one's own no more."""

    d: LeftRoom


async def follow(door: "Door", session: "Session") -> None:
    """Tell a session of the rooms that its person joined and left, until none is left to tell.

    Raises:
        StoreError: If the store does not answer.
    """
    try:
        while session.moves:
            effect = session.moves.pop(0)
            if effect.type == "joined" and effect.room is not None:
                await _join(door, session, effect.room)
            elif effect.type == "left" and effect.room is not None:
                _leave(door, session, effect, effect.room)
    finally:
        if session.gone:
            door.hub.remove(session, session.user, session.streams)


async def _join(door: "Door", session: "Session", id_: str) -> None:
    if id_ in session.streams and not _ended(door, session, id_):
        return
    while True:
        # Held anew each time: an older removal, which this node heard late, may have taken it.
        watched = await door.hub.watch(id_, session)
        session.streams[id_] = None
        noted = watched.head
        room = await door.application.database.get(ROOMS, id_)
        member = await door.application.database.get(MEMBERS, member_id(id_, session.user))
        if room is None or member is None or member.hidden or room.deleted or session.gone:
            break
        if member.joined > watched.head:
            await door.hub.reach(watched, member.joined)
            continue
        view = await _view(door, session, watched, room, member)
        if session in watched.holding and not watched.audience_moved(noted):
            session.push(msgspec.json.encode(JoinedEvent(view)))
            door.hub.attach(session, watched, member.joined if room.history == "joined" else 0)
            return
    # Removed again meanwhile: nobody was told.
    door.hub.detach(session, watched)
    session.streams.pop(id_, None)


async def _view(door: "Door", session: "Session", watched: Watched, room: Room, member: Member) -> RoomView:
    """Return a room as the person sees it at its head."""
    noted = watched.head
    read = door.application.marks.read(member)
    base = await count_unread(door.application, room.id, session.user, read, noted)
    peer = await find_peer(door.application, room, session.user)
    unread = min(base + watched.unread(session.user, read, noted), 100)
    return room_view(room, member, watched.head, peer=peer, read=read, unread=unread)


def _ended(door: "Door", session: "Session", id_: str) -> bool:
    """Tell whether a stream that the session once watched was taken from it."""
    watched = door.hub.find(id_)
    return watched is None or not (
        session in watched.sessions or session in watched.floors or session in watched.holding
    )


def _leave(door: "Door", session: "Session", effect: Effect, room: str) -> None:
    watched = door.hub.find(room)
    if watched is not None:
        door.hub.detach(session, watched)
    if room not in session.streams:
        return  # it was never told that the room is its own
    del session.streams[room]
    left = LeftRoom(room, effect.reason or "left", effect.by)
    session.push(msgspec.json.encode(LeftEvent(left)))
