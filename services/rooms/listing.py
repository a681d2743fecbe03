"""Lists of rooms: mine by latest activity, and those to discover."""

from typing import Annotated, Literal

import msgspec

from services.errors import Flaw, Invalid
from services.operations.context import Context
from services.operations.inputs import LIST_BYTES, Cursor, Input, PageSize
from services.operations.limits import SEARCH_USER
from services.operations.operation import Operation
from services.rooms.views import RoomView, my_rooms, view_for, view_mine
from services.streams.reading import read_heads
from store.tables import ROOMS, Room


class ListRooms(Input):
    """Which rooms: one's own, or public ones with the words of ``q``."""

    scope: Literal["mine", "public"] = "mine"
    q: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


class Rooms(msgspec.Struct, frozen=True):
    """Rooms; ``next`` is the cursor of those that follow."""

    items: list[RoomView]
    next: str | None


async def _list(context: Context, given: ListRooms) -> Rooms:
    """List one's rooms by latest activity, or public rooms to discover."""
    if given.scope == "public":
        return await _public(context, given)
    if given.q is not None:
        raise Invalid(flaws=(Flaw("/q", "searches public rooms: give scope=public"),))
    user = context.caller.user
    below = None if given.cursor is None else _position(given.cursor)
    page, more = await my_rooms(context.application, user, given.limit, below)
    views = cut(await view_mine(context.application, page, user))
    last = page[len(views) - 1] if views else None
    more = more or len(views) < len(page)
    return Rooms(views, f"{last.active_at}.{last.room.id}" if last is not None and more else None)


def cut(views: list[RoomView]) -> list[RoomView]:
    """Return as many rooms from the start as fit into ``LIST_BYTES``, one at least."""
    size = 0
    for place, view in enumerate(views):
        size += len(msgspec.json.encode(view))
        if place and size > LIST_BYTES:
            return views[:place]
    return views


def _position(cursor: str) -> tuple[int, str]:
    at, _, id_ = cursor.partition(".")
    if not (at.isascii() and at.isdigit() and id_):
        raise Invalid(flaws=(Flaw("/cursor", "is not one that a list gave"),))
    return int(at), id_


async def _public(context: Context, given: ListRooms) -> Rooms:
    database = context.application.database
    found: list[Room]
    if given.q is not None:
        context.application.limits.take(SEARCH_USER, context.caller.user)
        found = await database.search(
            ROOMS, given.q, equal={"kind": "public"}, after=given.cursor, limit=given.limit + 1
        )
    else:
        equal = {"kind": "public"}
        found = await database.find(ROOMS, equal, by="id", below=given.cursor, falling=True, limit=given.limit + 1)
    page = found[: given.limit]
    following = page[-1].id if len(found) > given.limit else None
    shown = [room for room in page if not room.deleted]
    heads = await read_heads(database, [room.id for room in shown])
    views = [await _seen(context, room, heads[room.id][0]) for room in shown]
    fitting = cut(views)
    return Rooms(fitting, following if len(fitting) == len(views) else fitting[-1].id)


async def _seen(context: Context, room: Room, head: int) -> RoomView:
    facts = await context.application.facts.known(room.id)
    member = await context.application.facts.member(facts, context.caller.user)
    return await view_for(context.application, room, member, context.caller.user, head)


LIST = Operation(name="room.list", method="GET", path="/api/rooms", input=ListRooms, output=Rooms, run=_list)
