"""What somebody deletes for themselves alone: single messages, or all of a room so far. Nobody else is told.

Items are the same for all who read a room, so they come as before; what is hidden is told beside them, and clients
leave it out. What is deleted for everybody is another thing (``message.delete``).
"""

from typing import Annotated

import msgspec

from services.errors import Flaw, Invalid, MessageNotFound, NotMember, RoomNotFound
from services.ids import member_id
from services.messages.change import OneMessage
from services.messages.rates import HIDE_USER
from services.messages.reading import ReadBy, ReadEvent
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, RoomId, Seq
from services.operations.operation import Operation, by_user
from services.rooms.rights.rules import require_seat
from store.database import Database
from store.errors import Duplicate, Mismatch
from store.tables import ENTRIES, HIDDEN, MEMBERS, Entry, Hidden


class ListHidden(Input):
    """Which page of what one has hidden in a room, the latest first."""

    room: RoomId
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100
    cursor: Cursor | None = None


class Clear(Input):
    """A room of which one wants to see no more what was said up to a place; left out: up to now."""

    room: RoomId
    seq: Seq | None = None


class HiddenMessage(msgspec.Struct, frozen=True):
    """A message that one has hidden, and its place."""

    id: str
    seq: int


class HiddenPage(msgspec.Struct, frozen=True):
    """What one has hidden in a room: all up to ``cleared``, and these; ``next`` is the cursor of those that follow."""

    items: list[HiddenMessage]
    cleared: int
    next: str | None


class Cleared(msgspec.Struct, frozen=True):
    """Up to where one sees nothing of a room any more."""

    cleared: int


class HiddenNow(msgspec.Struct, frozen=True):
    """What one has hidden in a room, or shows again: a message; null: everything up to a place."""

    room: str
    message: str | None
    seq: int
    hidden: bool


class HiddenEvent(msgspec.Struct, tag_field="ev", tag="hidden", frozen=True):
    """Not kept: another session of one's own has hidden something in a room, or shows it again."""

    d: HiddenNow


def hidden_id(user: str, what: str) -> str:
    """Return the id of the record by which a user sees a message no more, or what was said in a room so far."""
    return f"{user}:{what}"


async def _visible(context: Context, given: OneMessage) -> Entry:
    """Return an item that the caller may see.

    Raises:
        RoomNotFound: If there is no such room for the caller.
        NotMember: If the caller is not in this public room.
        MessageNotFound: If the room has no such item, or the caller may not see it.
    """
    seat = await require_seat(context, given.room)
    entry = await context.application.database.get(ENTRIES, given.message)
    if entry is None or entry.stream != given.room or entry.seq is None or entry.seq < seat.first_seq:
        raise MessageNotFound
    return entry


async def _hide(context: Context, given: OneMessage) -> None:
    """Delete a message for oneself alone; everybody else sees it as before."""
    entry, user = await _visible(context, given), context.caller.user
    row = Hidden(id=hidden_id(user, entry.id), user=user, room=given.room, seq=entry.seq or 0, message=entry.id)
    try:
        await context.application.database.insert(HIDDEN, row)
    except Duplicate:
        pass  # it was hidden already
    else:
        _tell(context, HiddenNow(given.room, entry.id, row.seq, True))
    context.status = 204


async def _show(context: Context, given: OneMessage) -> None:
    """See a message again that one has deleted for oneself."""
    entry, user = await _visible(context, given), context.caller.user
    if await context.application.database.delete(HIDDEN, hidden_id(user, entry.id)):
        _tell(context, HiddenNow(given.room, entry.id, entry.seq or 0, False))
    context.status = 204


def _tell(context: Context, what: HiddenNow) -> None:
    event = msgspec.json.encode(HiddenEvent(what))
    context.application.live.tell(context.caller.user, event, but=context.origin)


async def _clear(context: Context, given: Clear) -> Cleared:
    """Delete for oneself alone all that was said in a room so far, or up to a place; it counts as read."""
    seat = await require_seat(context, given.room)
    application, user = context.application, context.caller.user
    seq = seat.head if given.seq is None else min(given.seq, seat.head)
    cleared = await _raised(application.database, user, given.room, seq)
    await application.database.maximum(MEMBERS, member_id(given.room, user), "read", cleared)
    _tell(context, HiddenNow(given.room, None, cleared, True))
    if not seat.member.hidden:  # sessions hear nothing of rooms that do not show
        read = msgspec.json.encode(ReadEvent(given.room, ReadBy(user, cleared)))
        application.live.tell(user, read, but=context.origin)
    return Cleared(cleared)


async def _raised(database: Database, user: str, room: str, seq: int) -> int:
    """Raise the place up to which a room is cleared, which never goes back; return it."""
    id_ = hidden_id(user, room)
    try:
        return await database.maximum(HIDDEN, id_, "seq", seq)
    except Mismatch:
        pass
    try:
        await database.insert(HIDDEN, Hidden(id=id_, user=user, room=room, seq=seq))
    except Duplicate:
        return await database.maximum(HIDDEN, id_, "seq", seq)  # another session was first
    return seq


async def _hidden(context: Context, given: ListHidden) -> HiddenPage:
    """List what one has deleted for oneself in a room."""
    await require_seat(context, given.room)
    user, database = context.caller.user, context.application.database
    if given.cursor is not None and not (given.cursor.isascii() and given.cursor.isdigit()):
        raise Invalid(flaws=(Flaw("/cursor", "is not one that a list gave"),))
    below = None if given.cursor is None else int(given.cursor[:16])
    equal = {"user": user, "room": given.room}
    rows = await database.find(HIDDEN, equal, by="seq", below=below, falling=True, limit=given.limit + 1)
    page = rows[: given.limit]
    items = [HiddenMessage(row.message, row.seq) for row in page if row.message is not None]
    whole = await database.get(HIDDEN, hidden_id(user, given.room))
    cleared = 0 if whole is None else whole.seq
    return HiddenPage(items, cleared, str(page[-1].seq) if len(rows) > given.limit else None)


_PATH = "/api/rooms/{room}/messages/{message}/hidden"
_RAISES = (RoomNotFound, NotMember)

HIDE = Operation(
    name="message.hide",
    method="PUT",
    path=_PATH,
    input=OneMessage,
    run=_hide,
    statuses=(204,),
    raises=(*_RAISES, MessageNotFound),
    limits=((HIDE_USER, by_user),),
)
SHOW = Operation(
    name="message.show",
    method="DELETE",
    path=_PATH,
    input=OneMessage,
    run=_show,
    statuses=(204,),
    raises=(*_RAISES, MessageNotFound),
    limits=((HIDE_USER, by_user),),
)
CLEAR = Operation(
    name="message.clear",
    method="PUT",
    path="/api/rooms/{room}/cleared",
    input=Clear,
    output=Cleared,
    run=_clear,
    raises=_RAISES,
    limits=((HIDE_USER, by_user),),
)
LIST = Operation(
    name="message.hidden",
    method="GET",
    path="/api/rooms/{room}/hidden",
    input=ListHidden,
    output=HiddenPage,
    run=_hidden,
    raises=_RAISES,
)
