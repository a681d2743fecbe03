"""Lists of topics: all open ones by activity, members or age, those that words and tags find, and one's own."""

import msgspec

from services.errors import Flaw, Invalid
from services.ids import member_id
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize
from services.operations.limits import SEARCH_USER
from services.operations.operation import Operation
from services.rooms.titles import LISTED
from services.rooms.topics.paging import Order, TagList, Words, found_by, ordered, place_of, position
from services.rooms.topics.views import Topics, topic_view
from services.rooms.views import memberships, read_rooms
from services.stances.rows import hidden, stance_id
from store.tables import MEMBERS, STANCES, Room


class ListTopics(Input):
    """Which topics: in an order, or the newest that have the words of ``q`` and all the tags."""

    order: Order | msgspec.UnsetType = msgspec.UNSET
    q: Words | None = None
    tags: TagList | None = None
    limit: PageSize = 20
    cursor: Cursor | None = None


class MyTopics(Input):
    """Which page of one's own topics."""

    limit: PageSize = 50
    cursor: Cursor | None = None


async def _list(context: Context, given: ListTopics) -> Topics:
    """List open topics that one does not hide. Those that words or tags find come with the newest first."""
    database, user = context.application.database, context.caller.user
    searched = given.q is not None or given.tags is not None
    if searched and given.order not in {msgspec.UNSET, "new"}:
        raise Invalid(flaws=(Flaw("/order", "of what words and tags find is new"),))
    order = "new" if searched else given.order or "active"
    equal = {"listed": LISTED}
    if searched:
        context.application.limits.take(SEARCH_USER, user)
        found = await found_by(database, equal, given.q or "", given.tags or "", given.cursor, given.limit + 1)
    else:
        found = await ordered(database, equal, order, given.cursor, given.limit + 1)
    page = found[: given.limit]
    seats, stances = [member_id(room.id, user) for room in page], [stance_id(user, room.id) for room in page]
    mine, ways = await database.gather((MEMBERS, seats), (STANCES, stances))
    shown = [room for room in page if not hidden(ways.get(stance_id(user, room.id)))]
    items = [topic_view(room, mine.get(member_id(room.id, user))) for room in shown]
    return Topics(items, place_of(page[-1], order) if len(found) > given.limit else None)


async def _mine(context: Context, given: MyTopics) -> Topics:
    """List the topics that one is in, by latest activity."""
    application, user = context.application, context.caller.user
    below = None if given.cursor is None else position(given.cursor)
    rows = {row.room: row for row in await memberships(application, user)}
    rooms = await read_rooms(application, list(rows), {})
    mine = [room for room in rooms.values() if room.kind == "topic" and not room.deleted]
    mine = sorted((room for room in mine if below is None or _place(room) < below), key=_place, reverse=True)
    page = mine[: given.limit]
    items = [topic_view(room, rows[room.id]) for room in page]
    return Topics(items, place_of(page[-1], "active") if len(mine) > given.limit else None)


def _place(room: Room) -> tuple[int, str]:
    return room.active_at or 0, room.id


LIST = Operation(name="topic.list", method="GET", path="/api/topics", input=ListTopics, output=Topics, run=_list)
MINE = Operation(name="topic.mine", method="GET", path="/api/topics/my", input=MyTopics, output=Topics, run=_mine)
