"""Reading calls: those that go on, and those that were."""

from typing import Annotated

import msgspec

from services.calls.doors.answering import OneCall
from services.calls.doors.answers import own_view
from services.calls.sight import since
from services.calls.views import CallView
from services.errors import CallNotFound, NotMember, RoomNotFound
from services.operations.context import Context
from services.operations.inputs import Empty, Input, PageSize, RoomId
from services.operations.limits import LOOKUP_USER
from services.operations.operation import Operation, by_user
from services.rooms.rights.rules import Seat, require_seat
from store.database import FIND_LIMIT, Database
from store.tables import CALLS, MEMBERS, Call

CallCursor = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,15}[.][0-9a-f]{1,64}(?![^0-9a-f])$")]
"""When a call began, in milliseconds since 1970, and its id."""


class CallList(msgspec.Struct, frozen=True):
    """The calls that go on in one's rooms, the latest first; there is one page of them."""

    items: list[CallView]
    next: str | None = None


class CallPage(msgspec.Struct, frozen=True):
    """Calls of a room, the latest first; ``next`` is the cursor of those before them."""

    items: list[CallView]
    next: str | None


class RoomCalls(Input):
    """Whose calls, and which page of them."""

    room: RoomId
    limit: PageSize = 50
    cursor: CallCursor | None = None


async def _mine(context: Context, _given: Empty) -> CallList:
    """List the calls that go on in one's rooms."""
    application, user = context.application, context.caller.user
    open_ = {call.room: call for call in application.calls.registry.all()}
    rooms = sorted(open_)
    found: list[CallView] = []
    for start in range(0, len(rooms), FIND_LIMIT):
        part = rooms[start : start + FIND_LIMIT]
        members = await application.database.get_many(MEMBERS, [f"{room}:{user}" for room in part])
        found += [own_view(context, open_[row.room]) for row in members.values()]
    return CallList(sorted(found, key=lambda call: call.started_at, reverse=True))


async def _one(context: Context, given: OneCall) -> CallView:
    """Read one call of a room of one's own."""
    return own_view(context, await context.application.calls.of(context, given.call))


async def _history(context: Context, given: RoomCalls) -> CallPage:
    """List the calls of a room, those that go on among them, the latest first."""
    place = None if given.cursor is None else _place(given.cursor)
    seat = await require_seat(context, given.room)
    found = await _before(context.application.database, seat, place, given.limit + 1)
    page = found[: given.limit]
    last = page[-1] if len(found) > given.limit else None
    return CallPage(
        [own_view(context, call) for call in page], None if last is None else f"{last.started_at}.{last.id}"
    )


def _place(cursor: str) -> tuple[int, str]:
    begun, _, id_ = cursor.partition(".")
    return int(begun), id_


async def _before(database: Database, seat: Seat, place: tuple[int, str] | None, least: int) -> list[Call]:
    """Return so many of the calls before a place, or more, the latest first; of a moment all, however many began."""
    found: list[Call] = []
    if place is not None:
        found = [call for call in await _begun_at(database, seat, place[0]) if call.id < place[1]]
    rest = await database.find(
        CALLS,
        {"room": seat.room.id},
        by="started_at",
        above=since(seat) - 1,
        below=None if place is None else place[0],
        falling=True,
        limit=least,
    )
    if len(rest) == least:
        last = rest[-1].started_at
        rest = [call for call in rest if call.started_at > last] + await _begun_at(database, seat, last)
    return sorted([*found, *rest], key=lambda call: (call.started_at, call.id), reverse=True)


async def _begun_at(database: Database, seat: Seat, moment: int) -> list[Call]:
    if moment < since(seat):
        return []
    return await database.find(CALLS, {"room": seat.room.id, "started_at": moment}, limit=FIND_LIMIT)


MINE = Operation(
    name="call.list",
    method="GET",
    path="/api/calls",
    input=Empty,
    output=CallList,
    run=_mine,
    limits=((LOOKUP_USER, by_user),),
)
ONE = Operation(
    name="call.get",
    method="GET",
    path="/api/calls/{call}",
    input=OneCall,
    output=CallView,
    run=_one,
    raises=(CallNotFound,),
)
HISTORY = Operation(
    name="room.calls",
    method="GET",
    path="/api/rooms/{room}/calls",
    input=RoomCalls,
    output=CallPage,
    run=_history,
    raises=(RoomNotFound, NotMember),
)
