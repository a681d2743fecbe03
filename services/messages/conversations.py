"""Conversations: the direct rooms that somebody has, with what was said last and what is unread."""

import asyncio

import msgspec

from services.errors import Flaw, Invalid
from services.ids import now_ms, rfc3339
from services.loop import tasks
from services.messages.hiding import hidden_id
from services.messages.rates import CONVERSATIONS_USER
from services.operations.context import Context
from services.operations.inputs import Cursor, Empty, Input, PageSize
from services.operations.operation import Operation, by_user
from services.rooms.views import READS_AT_ONCE, Mine, RoomView, count_unread, rooms_of, view_mine
from services.stances.rows import quiet, stances_of
from services.streams.items.items import Item, wire_item
from services.streams.reading import read_heads
from store.database import FIND_LIMIT
from store.tables import ENTRIES, HIDDEN, MEMBERS, Entry, Hidden, Member, Stance

LOOKED_BACK = 50
"""Items looked at for the last one that is not hidden; where all of them are, none is shown."""

_FIRST, _BEYOND = "d_", "d`"
"""Ids of direct rooms lie between them."""


class ListConversations(Input):
    """Which page, the latest activity first."""

    limit: PageSize = 20
    cursor: Cursor | None = None


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A direct room with what was said last in it, as one sees it."""

    room: RoomView
    last: Item | None
    muted: bool
    muted_until: str | None


class Conversations(msgspec.Struct, frozen=True):
    """Conversations, the latest activity first; ``next`` is the cursor of those that follow."""

    items: list[Conversation]
    next: str | None


class UnreadTotal(msgspec.Struct, frozen=True):
    """How many messages are unread in conversations that are not muted, each counted up to 100, and in how many."""

    unread: int
    conversations: int


async def _conversations(context: Context, given: ListConversations) -> Conversations:
    """List one's direct rooms by latest activity, with their last message, what is unread, and whether it is muted."""
    application, user = context.application, context.caller.user
    rows, heads = await _mine(context)
    below = None if given.cursor is None else _position(given.cursor)
    # Where nothing was ever said there is no conversation.
    order = sorted(((at, room) for room, (_, at) in heads.items() if at), reverse=True)
    order = [place for place in order if below is None or place < below]
    shown = [rows[room] for _, room in order[: given.limit]]
    mine = await rooms_of(application, shown, user, heads)
    views = await view_mine(application, mine, user)
    lasts = await _lasts(context, mine)
    stances, now = await stances_of(application.database, user, [one.room.id for one in mine]), now_ms()
    items = [_conversation(view, lasts.get(view.id), stances.get(view.id), now) for view in views]
    end = order[given.limit - 1] if len(order) > given.limit else None
    return Conversations(items, None if end is None else f"{end[0]}.{end[1]}")


def _conversation(view: RoomView, last: Entry | None, stance: Stance | None, now: int) -> Conversation:
    until = None if stance is None else max(stance.muted_until, stance.silenced_until)
    return Conversation(
        room=view,
        last=None if last is None else wire_item(last),
        muted=quiet(stance, now),
        muted_until=rfc3339(until) if until and quiet(stance, now) else None,
    )


def _position(cursor: str) -> tuple[int, str]:
    at, _, id_ = cursor.partition(".")
    if not (at.isascii() and at.isdigit() and id_):
        raise Invalid(flaws=(Flaw("/cursor", "is not one that a list gave"),))
    return int(at), id_


async def _mine(context: Context) -> tuple[dict[str, Member], dict[str, tuple[int, int]]]:
    """Return the rows of the direct rooms that show at the caller's, and rev and time of their newest entries."""
    database, user = context.application.database, context.caller.user
    rows: list[Member] = []
    last = _FIRST
    while True:
        page = await database.find(MEMBERS, {"user": user}, by="room", above=last, below=_BEYOND, limit=FIND_LIMIT)
        rows += page
        if len(page) < FIND_LIMIT:
            break
        last = page[-1].room
    shown = {row.room: row for row in rows if not row.hidden}
    return shown, await read_heads(database, list(shown))


async def _lasts(context: Context, mine: list[Mine]) -> dict[str, Entry]:
    """Return the last item of each room that the caller has not hidden, and came after what they have cleared."""
    database, user = context.application.database, context.caller.user
    rooms = [one.room.id for one in mine]
    lasts = await database.highest(ENTRIES, "stream", rooms, "seq")
    asked = [hidden_id(user, what) for what in (*rooms, *(entry.id for entry in lasts.values()))]
    hidden = await database.get_many(HIDDEN, asked)
    found = {}
    for room, entry in lasts.items():
        whole = hidden.get(hidden_id(user, room))
        if hidden_id(user, entry.id) not in hidden and (whole is None or (entry.seq or 0) > whole.seq):
            found[room] = entry
        elif earlier := await _earlier(context, room, whole):
            found[room] = earlier
    return found


async def _earlier(context: Context, room: str, whole: Hidden | None) -> Entry | None:
    """Return the last item of a room that the caller sees, where it is not the newest of all."""
    database, user = context.application.database, context.caller.user
    above = 0 if whole is None else whole.seq
    rows = await database.find(ENTRIES, {"stream": room}, by="seq", above=above, falling=True, limit=LOOKED_BACK)
    hidden = await database.get_many(HIDDEN, [hidden_id(user, row.id) for row in rows])
    return next((row for row in rows if hidden_id(user, row.id) not in hidden), None)


async def _unread(context: Context, _given: Empty) -> UnreadTotal:
    """Count what is unread in one's conversations; those that are muted do not count."""
    application, user = context.application, context.caller.user
    rows, heads = await _mine(context)
    behind = [row for row in rows.values() if application.marks.read(row) < heads[row.room][0]]
    stances, now = await stances_of(application.database, user, [row.room for row in behind]), now_ms()
    gate = asyncio.Semaphore(READS_AT_ONCE)

    async def count(row: Member) -> int:
        async with gate:
            return await count_unread(application, row.room, user, application.marks.read(row))

    counted = [row for row in behind if not quiet(stances.get(row.room), now)]
    counts = await tasks.together(count(row) for row in counted)
    return UnreadTotal(sum(counts), sum(count > 0 for count in counts))


LIST = Operation(
    name="message.conversations",
    method="GET",
    path="/api/messages/conversations",
    input=ListConversations,
    output=Conversations,
    run=_conversations,
    limits=((CONVERSATIONS_USER, by_user),),
)
UNREAD = Operation(
    name="message.unread",
    method="GET",
    path="/api/messages/unread",
    input=Empty,
    output=UnreadTotal,
    run=_unread,
    limits=((CONVERSATIONS_USER, by_user),),
)
