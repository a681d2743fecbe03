"""Reading a room: its messages by place, its changes by rev, one message by id."""

from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Annotated, cast

import msgspec

from services.errors import Flaw, Gone, Invalid, MessageNotFound, NotMember, RoomNotFound
from services.messages.change import OneMessage
from services.messages.pages import Page
from services.operations.context import Context
from services.operations.inputs import LIST_BYTES, Input, PageSize, RoomId, Seq
from services.operations.operation import Operation
from services.rooms.rights.rules import Seat, require_seat
from services.streams.items.items import Item, wire_item
from services.streams.reading import read_changes, read_floor, read_page
from store.database import Database
from store.tables import ENTRIES, Entry

_encode = msgspec.json.Encoder().encode


class ListMessages(Input):
    """Where in a room: before, after or around a seq; the newest where none is given."""

    room: RoomId
    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    limit: PageSize = 50


class ListChanges(Input):
    """Changes above a rev."""

    room: RoomId
    since: Seq
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class MessagePage(msgspec.Struct, frozen=True):
    """Items of a room by rising seq; ``head`` was read before them."""

    items: list[Item]
    has_more: bool
    head: int


class ChangePage(msgspec.Struct, frozen=True):
    """Changed items of a room by rising rev, each once as it is now; ``head`` was read before them."""

    items: list[Item]
    head: int
    complete: bool


def fitting(entries: list[Entry], *, newest: bool = False, limit: int = LIST_BYTES) -> list[bytes]:
    """Return items for the wire, encoded, as many as fit into ``limit`` bytes, from the end where the newest matter."""
    size = 0
    items: list[bytes] = []
    for entry in reversed(entries) if newest else entries:
        item = _encode(wire_item(entry))
        size += len(item)
        if items and size > limit:
            break
        items.append(item)
    return items[::-1] if newest else items


def _page(items: list[bytes], entries: list[Entry], *, whole: bool, floor: int = 0) -> Page:
    latest = max((entry.changed or 0 for entry in entries), default=0)
    return Page(msgspec.Raw(b"[%b]" % b",".join(items)), whole, latest, floor)


async def _shown(context: Context, seat: Seat, asked: Hashable, read: Callable[[], Awaitable[Page]]) -> Page:
    """Return a page for whoever has a seat.

    Raises:
        RoomNotFound: If they have it no more, where they would be told what came after it, and the room is not public.
        NotMember: If they have not, and it is.
    """
    page = await context.application.pages.page((seat.room.id, seat.first_seq, asked), seat.head, read)
    if page.latest > seat.head:
        await require_seat(context, seat.room.id)
    return page


async def _list(context: Context, given: ListMessages) -> MessagePage:
    """List the messages of a room by place."""
    if sum(bound is not None for bound in (given.before, given.after, given.around)) > 1:
        raise Invalid(flaws=(Flaw("/around", "only one of before, after and around can be given"),))
    seat = await require_seat(context, given.room)
    asked = (given.before, given.after, given.around, given.limit)
    read = _read_list if given.around is None else _read_around
    page = await _shown(context, seat, asked, partial(read, context.application.database, given, seat.first_seq))
    # Encoded already, for its size had to be known: whoever encodes the answer takes it as it is.
    return MessagePage(cast("list[Item]", page.items), not page.whole, seat.head)


async def _read_list(database: Database, given: ListMessages, first_seq: int) -> Page:
    entries, more = await read_page(
        database, given.room, before=given.before, after=given.after, limit=given.limit, floor=first_seq
    )
    items = fitting(entries, newest=given.after is None)
    return _page(items, entries, whole=not more and len(items) == len(entries))


async def _read_around(database: Database, given: ListMessages, first_seq: int) -> Page:
    middle = given.around or 0
    after, _ = await read_page(database, given.room, before=None, after=middle, limit=given.limit // 2, floor=first_seq)
    before, more = await read_page(
        database, given.room, before=middle + 1, after=None, limit=given.limit - len(after), floor=first_seq
    )
    older = fitting(before, newest=True, limit=LIST_BYTES // 2)
    items = [*older, *fitting(after, limit=LIST_BYTES // 2)]
    return _page(items, [*before, *after], whole=not more and len(older) == len(before))


async def _changes(context: Context, given: ListChanges) -> ChangePage:
    """List what changed in a room above a rev."""
    seat = await require_seat(context, given.room)
    if given.since > seat.head:
        raise Gone
    asked = ("changes", given.since, given.limit)
    read = partial(_read_changes, context.application.database, given, seat.first_seq)
    page = await _shown(context, seat, asked, read)
    if given.since < page.floor:
        raise Gone
    return ChangePage(cast("list[Item]", page.items), seat.head, page.whole)


async def _read_changes(database: Database, given: ListChanges, first_seq: int) -> Page:
    # Before the changes: what is pruned while they are read is not missing in them unnoticed.
    floor = await read_floor(database, given.room)
    if given.since < floor:
        return _page([], [], whole=False, floor=floor)
    entries, complete = await read_changes(database, given.room, given.since, given.limit, first_seq)
    items = fitting(entries)
    return _page(items, entries, whole=complete and len(items) == len(entries), floor=floor)


async def _one(context: Context, given: OneMessage) -> Item:
    """Read one message."""
    seat = await require_seat(context, given.room)
    entry = await context.application.database.get(ENTRIES, given.message)
    if entry is None or entry.stream != given.room or entry.seq is None or entry.seq < seat.first_seq:
        raise MessageNotFound
    if (entry.changed or 0) > seat.head:
        await require_seat(context, seat.room.id)  # whoever is told what came after their seat was found has it still
    return wire_item(entry)


LIST = Operation(
    name="message.list",
    method="GET",
    path="/api/rooms/{room}/messages",
    input=ListMessages,
    output=MessagePage,
    run=_list,
    raises=(RoomNotFound, NotMember),
)
CHANGES = Operation(
    name="room.changes",
    method="GET",
    path="/api/rooms/{room}/changes",
    input=ListChanges,
    output=ChangePage,
    run=_changes,
    raises=(RoomNotFound, NotMember, Gone),
)
ONE = Operation(
    name="message.get",
    method="GET",
    path="/api/rooms/{room}/messages/{message}",
    input=OneMessage,
    output=Item,
    run=_one,
    raises=(RoomNotFound, NotMember, MessageNotFound),
)
