"""A person's rooms on their way into the answer to hello: each read after its stream is held."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from services.ids import self_stream
from services.operations.context import Principal
from services.rooms.views import Mine, count_unread, memberships, rooms_of
from store.database import FIND_LIMIT
from store.tables import MEMBERS, ROOMS, Member
from ws.hub.watched import Watched

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


async def read_places(
    door: "Door", session: "Session", principal: Principal, cursors: Mapping[str, int]
) -> list[Place]:
    """Read somebody's rooms, each after its stream is held: own stream first, then by latest activity.

    Streams have come to the ``cursors`` then, and to the person's joins, as far as the store has: the node they come
    from may have been ahead of this one.
    """
    own = await _hold(door, session, self_stream(principal.user))
    await door.hub.reach(own, cursors.get(own.id, 0))
    places: list[Place] = []
    for _ in range(LOOKS):
        noted, asked_at = own.head, asyncio.get_running_loop().time()
        rows = await memberships(door.application, principal.user)
        rows = await _come_up(door, session, rows, asked_at, cursors)
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
        for start in range(0, len(moved), FIND_LIMIT):
            part = moved[start : start + FIND_LIMIT]
            for place in part:
                place.mine.head = place.watched.head
            rooms = await database.get_many(ROOMS, [place.mine.room.id for place in part])
            members = await database.get_many(MEMBERS, [place.mine.member.id for place in part])
            for place in part:
                place.mine.room = rooms.get(place.mine.room.id, place.mine.room)
                place.mine.member = members.get(place.mine.member.id, place.mine.member)


async def _hold(door: "Door", session: "Session", stream: str) -> Watched:
    watched = await door.hub.watch(stream, session)
    session.streams[stream] = None
    return watched


def _succeeded(one: Member | BaseException | None) -> Member | None:
    if isinstance(one, BaseException):
        raise one
    return one


async def _come_up(
    door: "Door", session: "Session", rows: list[Member], asked_at: float, cursors: Mapping[str, int]
) -> list[Member]:
    """Hold the streams of these rooms, and return the rows, asked for at a time, of those still the person's."""
    mine: list[Member | None] = [row for row in rows if row.room == self_stream(row.user)]
    others = [row for row in rows if row.room != self_stream(row.user)]
    for start in range(0, len(others), WATCH_AT_ONCE):
        part = others[start : start + WATCH_AT_ONCE]
        rows_held = await _hold_all(door, session, part, cursors)
        new = [row.id for row in rows_held if row is not None and _known_at(door, row.room) >= asked_at]
        if new:
            # What is above a head comes as events; who was removed below it, after the rows were read, is in no row.
            found = await door.application.database.get_many(MEMBERS, new)
            rows_held = [found.get(row.id) if row is not None and row.id in new else row for row in rows_held]
        mine += rows_held
    return [row for row in mine if row is not None and not row.hidden]


async def _hold_all(
    door: "Door", session: "Session", rows: list[Member], cursors: Mapping[str, int]
) -> list[Member | None]:
    """Hold the streams of these rooms up to the joins and cursors; return the rows, None for those that are no more."""
    held: list[Member | None] = list(rows)
    waiting: dict[int, Coroutine[Any, Any, Member | None]] = {}
    for place, row in enumerate(rows):
        if not await _hold_known(door, session, row, cursors.get(row.room, 0)):
            waiting[place] = _member(door, session, row, cursors.get(row.room, 0))
    if waiting:
        # Looked at only when all are done: nothing is held behind the back of who gives up.
        done = await asyncio.gather(*waiting.values(), return_exceptions=True)
        for place, row_held in zip(waiting, map(_succeeded, done), strict=True):
            held[place] = row_held
    return held


async def _hold_known(door: "Door", session: "Session", row: Member, cursor: int) -> bool:
    """Hold a room's stream, where memory has it up to the join and the cursor; tell whether it has. Nothing waits."""
    watched = door.hub.find(row.room)
    if watched is None or watched.delivered is None or watched.head < max(row.joined, cursor):
        return False
    await _hold(door, session, row.room)
    return True


def _known_at(door: "Door", stream: str) -> float:
    """Return when the head of a stream that is held was read."""
    watched = door.hub.find(stream)
    return 0.0 if watched is None else watched.known_at


async def _member(door: "Door", session: "Session", row: Member, cursor: int) -> Member | None:
    """Hold one room's stream up to the join; return the row, None where it is no more."""
    watched = await _hold(door, session, row.room)
    if watched.head >= max(row.joined, cursor):
        return row
    await door.hub.reach(watched, max(row.joined, cursor))
    while session not in watched.holding:
        # A removal that this node had not heard of: from before the join, or after it.
        watched = await _hold(door, session, row.room)
        found = await door.application.database.get(MEMBERS, row.id)
        if found is None or found.hidden:
            door.hub.detach(session, watched)
            return None
        row = found
        await door.hub.reach(watched, row.joined)
    return row


async def _read_rooms(
    door: "Door", session: "Session", principal: Principal, rows: list[Member], own: Watched
) -> list[Place]:
    held: dict[str, Watched] = {own.id: own}
    held |= {row.room: watched for row in rows if (watched := door.hub.find(row.room)) is not None}
    heads = {id_: (one.head, one.active_at) for id_, one in held.items()}
    listed = await rooms_of(door.application, rows, principal.user, heads)
    places = []
    for mine in listed:
        read = door.application.marks.read(mine.member)
        places.append(Place(mine, held[mine.room.id], mine.head, read, 0))
    # Whoever was never told of anything has nothing in their own stream to count.
    counting = [place for place in places if place.watched is not own or place.mine.member.told]
    counted = [place for place in counting if not _counted(door, principal, place)]
    for start in range(0, len(counted), WATCH_AT_ONCE):
        await asyncio.gather(*(_count(door, principal, place) for place in counted[start : start + WATCH_AT_ONCE]))
    shown = {own.id, *(mine.room.id for mine in listed)}
    for stream in [id_ for id_ in session.streams if id_ not in shown]:
        session.streams.pop(stream)  # left while we looked, or closed: it is in no answer, and so not told of either
        watched_before = door.hub.find(stream)
        if watched_before is not None:
            door.hub.detach(session, watched_before)
    return places


def _counted(door: "Door", principal: Principal, place: Place) -> bool:
    """Count what is unread in a room, where memory knows it; tell whether it does."""
    watched: Watched = place.watched
    if place.read >= place.noted:
        return True
    if watched.id == self_stream(principal.user):
        return False  # notifications are read one by one too, of which memory knows nothing
    if watched.reaches(place.read):
        place.noted = place.read  # counted with what comes until the answer
        return True
    known = door.recall.known(watched, principal.user, place.read)
    if known is not None:
        place.noted, place.unread = watched.head, known
    return known is not None


async def _count(door: "Door", principal: Principal, place: Place) -> None:
    watched: Watched = place.watched
    recalled = None
    if watched.id != self_stream(principal.user):
        recalled = await door.recall.unread(watched, principal.user, place.read)
    if recalled is not None:
        place.noted, place.unread = watched.head, recalled
        return
    place.unread = await count_unread(door.application, watched.id, principal.user, place.read, place.noted)
