"""Reading a room: its messages by place, its changes by rev, one message by id."""

from typing import Annotated, cast

import msgspec

from services.errors import Flaw, Gone, Invalid, MessageNotFound, NotMember, RoomNotFound
from services.messages.change import OneMessage
from services.operations.inputs import LIST_BYTES, Input, PageSize, RoomId, Seq
from services.operations.operation import Context, Operation
from services.rooms.rules import Seat, require_seat
from services.streams.items import Item, wire_item
from services.streams.reading import read_changes, read_floor, read_page
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


def fitting(entries: list[Entry], *, newest: bool = False, limit: int = LIST_BYTES) -> list[Item]:
    """Return items for the wire, as many as fit into ``limit`` bytes, from the end where the newest matter.

    They are encoded already, for their size had to be known: whoever encodes the list takes them as they are.
    """
    size = 0
    items: list[msgspec.Raw] = []
    for entry in reversed(entries) if newest else entries:
        item = _encode(wire_item(entry))
        size += len(item)
        if items and size > limit:
            break
        items.append(msgspec.Raw(item))
    return cast("list[Item]", items[::-1] if newest else items)


async def _keep_seat(context: Context, seat: Seat, entries: list[Entry]) -> None:
    """Make sure that whoever is to be told what came after their seat was found has it still.

    Raises:
        RoomNotFound: If they have not, and the room is not public.
        NotMember: If they have not, and it is.
    """
    if any((entry.changed or 0) > seat.head for entry in entries):
        await require_seat(context, seat.room.id)


async def _list(context: Context, given: ListMessages) -> MessagePage:
    """List the messages of a room by place."""
    if sum(bound is not None for bound in (given.before, given.after, given.around)) > 1:
        raise Invalid(flaws=(Flaw("/around", "only one of before, after and around can be given"),))
    seat = await require_seat(context, given.room)
    if given.around is not None:
        return await _around(context, given, seat)
    entries, more = await read_page(
        context.application.database,
        given.room,
        before=given.before,
        after=given.after,
        limit=given.limit,
        floor=seat.first_seq,
    )
    await _keep_seat(context, seat, entries)
    items = fitting(entries, newest=given.after is None)
    return MessagePage(items, more or len(items) < len(entries), seat.head)


async def _around(context: Context, given: ListMessages, seat: Seat) -> MessagePage:
    database, middle = context.application.database, given.around or 0
    after, _ = await read_page(
        database, given.room, before=None, after=middle, limit=given.limit // 2, floor=seat.first_seq
    )
    before, more = await read_page(
        database, given.room, before=middle + 1, after=None, limit=given.limit - len(after), floor=seat.first_seq
    )
    await _keep_seat(context, seat, [*before, *after])
    older = fitting(before, newest=True, limit=LIST_BYTES // 2)
    items = [*older, *fitting(after, limit=LIST_BYTES // 2)]
    return MessagePage(items, more or len(older) < len(before), seat.head)


async def _changes(context: Context, given: ListChanges) -> ChangePage:
    """List what changed in a room above a rev."""
    seat = await require_seat(context, given.room)
    database = context.application.database
    if given.since > seat.head or given.since < await read_floor(database, given.room):
        raise Gone
    entries, complete = await read_changes(database, given.room, given.since, given.limit, seat.first_seq)
    await _keep_seat(context, seat, entries)
    items = fitting(entries)
    return ChangePage(items, seat.head, complete and len(items) == len(entries))


async def _one(context: Context, given: OneMessage) -> Item:
    """Read one message."""
    seat = await require_seat(context, given.room)
    entry = await context.application.database.get(ENTRIES, given.message)
    if entry is None or entry.stream != given.room or entry.seq is None or entry.seq < seat.first_seq:
        raise MessageNotFound
    await _keep_seat(context, seat, [entry])
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
