"""Rooms as one person sees them."""

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from services.ids import rfc3339, self_stream
from services.loop import tasks
from services.streams.items.authors import Author
from services.streams.items.items import RoomState
from services.streams.reading import read_heads
from store.database import FIND_LIMIT
from store.tables import ENTRIES, MEMBERS, NOTIFICATIONS, ROOMS, Member, Room

if TYPE_CHECKING:
    from services.application import Application

UNREAD_LIMIT = 100
"""Where counting stops: people read 99+ as many."""

READS_AT_ONCE = 32
"""Reads that one person's list may have under way."""


class RoomView(RoomState, frozen=True, kw_only=True, omit_defaults=True):
    """A room as one person sees it, without what is as usual. ``read`` and ``unread`` are there for members."""

    role: str | None
    peer: Author | msgspec.UnsetType = msgspec.UNSET
    read: int | msgspec.UnsetType = msgspec.UNSET
    unread: int | msgspec.UnsetType = msgspec.UNSET
    permissions: tuple[str, ...] | None = None


class Mine(msgspec.Struct):
    """A room of somebody's, with what is needed to show and to order it."""

    room: Room
    member: Member
    peer: Author | None
    head: int
    active_at: int
    """Time of the newest entry, or of the room where it has none."""


V = TypeVar("V", bound=RoomView)


def room_view(
    room: Room, member: Member | None, head: int, *, peer: Author | None = None, read: int = 0, unread: int = 0
) -> RoomView:
    """Return a room as somebody sees it."""
    return seen_as(RoomView, room, member, head, peer=peer, read=read, unread=unread)


def seen_as(
    view: type[V],
    room: Room,
    member: Member | None,
    head: int,
    *,
    peer: Author | None,
    read: int,
    unread: int,
    **more: Any,
) -> V:
    """Return a room as somebody sees it, in a view with ``more`` fields."""
    unset = msgspec.UNSET
    return view(
        id=room.id,
        kind=room.kind,
        name=room.name,
        description=room.description,
        picture=room.picture,
        owner=room.owner,
        history=room.history,
        member_count=room.member_count,
        voip_enabled=room.voip_enabled,
        head=head,
        created_at=rfc3339(room.created_at),
        role=None if member is None else member.role,
        peer=unset if peer is None else peer,
        read=unset if member is None else read,
        unread=unset if member is None else unread,
        open=room.open,
        place=room.place,
        tags=room.tags,
        anonymous=room.anonymous,
        links=room.links,
        background=room.background,
        permissions=None if member is None else member.permissions,
        **more,
    )


async def count_unread(application: "Application", room: str, user: str, read: int, head: int | None = None) -> int:
    """Return how many messages of others lie above ``read`` and up to ``head``, at most ``UNREAD_LIMIT``.

    Of an own stream it is how many notifications do, those excepted that were read by themselves.
    """
    below = None if head is None else head + 1
    if room == self_stream(user):
        return await application.database.count(
            NOTIFICATIONS, {"unread": user}, by="seq", above=read, below=below, limit=UNREAD_LIMIT
        )
    return await application.database.count(
        ENTRIES,
        {"stream": room},
        by="seq",
        above=read,
        below=below,
        match={"kind": "text"},
        differ={"author": user, "person": user},
        limit=UNREAD_LIMIT,
    )


async def find_peer(application: "Application", room: Room, user: str) -> Author | None:
    """Return the other person of a direct room, oneself where there is no other; None for other rooms."""
    if room.kind != "direct":
        return None
    other = next((id_ for id_ in room.pair if id_ != user), user)
    found = (await application.directory.find((other,))).get(other)
    return None if found is None else Author(found.id, found.username)


async def view_for(application: "Application", room: Room, member: Member | None, user: str, head: int) -> RoomView:
    """Return a room as somebody sees it, with what of it is unread."""
    peer = await find_peer(application, room, user)
    if member is None:
        return room_view(room, None, head, peer=peer)
    # Who is in a room is known from its stream, but not up to where they have read: that is in the row alone.
    row = await application.database.get(MEMBERS, member.id)
    read = application.marks.read(row or member)
    unread = 0 if read >= head else await count_unread(application, room.id, user, read)
    return room_view(room, member, head, peer=peer, read=read, unread=unread)


async def memberships(application: "Application", user: str) -> list[Member]:
    """Return all rows of rooms that show in somebody's list, and that of the own stream."""
    rows: list[Member] = []
    page: list[Member] = []
    while not rows or len(page) == FIND_LIMIT:
        after = rows[-1].room if rows else None
        page = await application.database.find(MEMBERS, {"user": user}, by="room", above=after, limit=FIND_LIMIT)
        rows += page
        if not page:
            break
    return [row for row in rows if not row.hidden]


async def my_rooms(
    application: "Application", user: str, limit: int, below: tuple[int, str] | None = None
) -> tuple[list[Mine], bool]:
    """Return somebody's rooms, latest activity first, from below a place in that order; and whether others follow.

    A place is the time of a room's newest entry, then its id. What is asked of the store grows with the rooms that are
    theirs, a few questions a thousand, and with no other; the records are read of those alone that are returned.
    """
    own = self_stream(user)
    rows = {row.room: row for row in await memberships(application, user) if row.room != own}
    heads = await read_heads(application.database, list(rows))
    silent = [room for room, (_, at) in heads.items() if not at]
    rooms = await read_rooms(application, silent, {})
    # In a room without an entry the room itself is what happened last.
    order = [(at or (rooms[room].created_at if room in rooms else 0), room) for room, (_, at) in heads.items()]
    order = sorted((place for place in order if below is None or place < below), reverse=True)
    mine: list[Mine] = []
    while order and len(mine) <= limit:
        part, order = order[: limit + 1], order[limit + 1 :]
        mine += await rooms_of(application, [rows[room] for _, room in part], user, heads)
    return mine[:limit], len(mine) > limit


async def rooms_of(
    application: "Application", rows: list[Member], user: str, heads: dict[str, tuple[int, int]]
) -> list[Mine]:
    """Return the rooms of memberships, latest activity first; ``heads`` gives rev and time of their newest entries."""
    rooms = await read_rooms(application, [row.room for row in rows], heads)
    rows = [row for row in rows if row.room in rooms and not rooms[row.room].deleted]
    peers = await _peers(application, [rooms[row.room] for row in rows], user)
    mine = []
    for row in rows:
        room = rooms[row.room]
        head, at = heads[row.room]
        mine.append(Mine(room, row, peers.get(room.id), head, at or room.created_at))
    mine.sort(key=lambda one: (one.active_at, one.room.id), reverse=True)
    return mine


async def read_rooms(application: "Application", ids: list[str], heads: dict[str, tuple[int, int]]) -> dict[str, Room]:
    """Return the records of rooms, however many: from memory where it has them at just the heads that are given."""
    facts = application.facts
    known = {id_: room for id_ in ids if id_ in heads and (room := facts.room(id_, heads[id_][0])) is not None}
    missing = [id_ for id_ in ids if id_ not in known]
    for start in range(0, len(missing), FIND_LIMIT):
        read = await application.database.get_many(ROOMS, missing[start : start + FIND_LIMIT])
        for id_, room in read.items():
            if id_ in heads:
                facts.keep(room, heads[id_][0])
        known |= read
    return known


async def _peers(application: "Application", rooms: list[Room], user: str) -> dict[str, Author]:
    others = {room.id: next((id_ for id_ in room.pair if id_ != user), user) for room in rooms if room.kind == "direct"}
    found = await application.directory.find(set(others.values()))
    return {room: Author(id_, found[id_].username) for room, id_ in others.items() if id_ in found}


async def view_mine(application: "Application", mine: list[Mine], user: str) -> list[RoomView]:
    """Return rooms of somebody's as they see them, in the same order."""
    gate = asyncio.Semaphore(READS_AT_ONCE)

    async def view(one: Mine) -> RoomView:
        read = application.marks.read(one.member)
        unread = 0
        if read < one.head:
            async with gate:
                unread = await count_unread(application, one.room.id, user, read)
        return room_view(one.room, one.member, one.head, peer=one.peer, read=read, unread=unread)

    return await tasks.together(view(one) for one in mine)
