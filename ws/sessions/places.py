"""A person's rooms on their way into the answer to hello: each read after its stream is held."""

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from services.ids import self_stream
from services.operations.operation import Principal
from services.rooms.views import Mine, count_unread, memberships, rooms_of
from store.tables import MEMBERS, ROOMS, Member
from ws.watched import Watched

if TYPE_CHECKING:
    from ws.door import Door
    from ws.sessions.session import Session

WATCH_AT_ONCE = 64
"""Streams of one session that are opened at once."""

LOOKS = 5
"""Times that the list of rooms is read anew because it changed while it was read."""


class Place(msgspec.Struct):
    """A room on its way into the answer."""

    mine: Mine
    watched: Any
    noted: int
    read: int
    unread: int


async def read_places(door: "Door", session: "Session", principal: Principal) -> list[Place]:
    """Read somebody's rooms, each after its stream is held: own stream first, then by latest activity."""
    own = await _hold(door, session, self_stream(principal.user))
    places: list[Place] = []
    for _ in range(LOOKS):
        noted = own.head
        rows = await memberships(door.application, principal.user)
        places = await _read_rooms(door, session, principal, rows, own)
        if own.head == noted:
            break
    return sorted(places, key=lambda place: place.watched is not own)


async def renew(door: "Door", places: list[Place]) -> None:
    """Read rooms again that changed since they were read: none is answered older than its head. Comes last."""
    database = door.application.database
    for _ in range(LOOKS):
        moved = [place for place in places if place.watched.audience_moved(place.mine.head)]
        if not moved:
            return
        for place in moved:
            place.mine.head = place.watched.head
        rooms = await database.get_many(ROOMS, [place.mine.room.id for place in moved])
        members = await database.get_many(MEMBERS, [place.mine.member.id for place in moved])
        for place in moved:
            place.mine.room = rooms.get(place.mine.room.id, place.mine.room)
            place.mine.member = members.get(place.mine.member.id, place.mine.member)


async def _hold(door: "Door", session: "Session", stream: str) -> Watched:
    watched = await door.hub.watch(stream, session)
    session.streams[stream] = None
    return watched


def _succeeded(one: Watched | BaseException) -> Watched:
    if isinstance(one, BaseException):
        raise one
    return one


async def _read_rooms(
    door: "Door", session: "Session", principal: Principal, rows: list[Member], own: Watched
) -> list[Place]:
    held: dict[str, Watched] = {own.id: own}
    others = [row for row in rows if row.room != own.id]
    for start in range(0, len(others), WATCH_AT_ONCE):
        part = others[start : start + WATCH_AT_ONCE]
        watched = await asyncio.gather(*(_hold(door, session, row.room) for row in part), return_exceptions=True)
        # Looked at only when all are done: nothing is held behind the back of who gives up.
        held.update({one.id: one for one in map(_succeeded, watched)})
    heads = {id_: (one.head, one.active_at) for id_, one in held.items()}
    listed = await rooms_of(door.application, rows, principal.user, heads)
    places = []
    for mine in listed:
        read = door.application.marks.read(mine.member)
        places.append(Place(mine, held[mine.room.id], mine.head, read, 0))
    counted = [place for place in places if place.watched is not own]
    for start in range(0, len(counted), WATCH_AT_ONCE):
        await asyncio.gather(*(_count(door, principal, place) for place in counted[start : start + WATCH_AT_ONCE]))
    for stream in [id_ for id_ in session.streams if id_ not in held]:
        session.streams.pop(stream)  # left while we looked
        watched_before = door.hub.find(stream)
        if watched_before is not None:
            door.hub.detach(session, watched_before)
    return places


async def _count(door: "Door", principal: Principal, place: Place) -> None:
    watched: Watched = place.watched
    if place.read >= place.noted:
        return
    if watched.reaches(place.read):
        place.noted = place.read  # memory knows it all: counted with what comes until the answer
        return
    place.unread = await count_unread(door.application, watched.id, principal.user, place.read, place.noted)
