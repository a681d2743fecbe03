"""Rooms in topics: made by the topic's members, and listed for those who may see the topic."""

from typing import Any

import msgspec

from services.errors import ContentRefused, NotMember, RoomNotFound
from services.ids import member_id, new_id, now_ms, self_stream
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize, RoomId
from services.operations.limits import CREATE_ROOM, SEARCH_USER
from services.operations.operation import Operation, by_user
from services.rooms.making import Description, Picture, RoomName, current_view, fresh_member, joining
from services.rooms.rights.rules import require_member_in, room_in
from services.rooms.rights.sight import may_see
from services.rooms.titles import Tags, standing
from services.rooms.topics.making import require_topic
from services.rooms.topics.paging import Order, TagList, Words, found_by, ordered, place_of
from services.rooms.topics.views import Topics, topic_view
from services.rooms.views import RoomView
from services.rooms.wording import worded
from services.stances.rows import hidden, stance_id
from services.streams.append import Append, Plan, View
from store.database import Insert, Update
from store.tables import MEMBERS, ROOMS, STANCES, Room


class CreateInside(Input):
    """A room to be made in a topic. ``open``: whoever sees the topic sees it and may join it."""

    topic: RoomId
    name: RoomName
    description: Description = ""
    open: bool = True
    tags: Tags = ()
    picture: Picture | None = None
    background: Picture | None = None
    voip_enabled: bool = True


class ListInside(Input):
    """Which rooms of a topic: by latest activity, or the newest that have the words of ``q`` and all the tags."""

    topic: RoomId
    q: Words | None = None
    tags: TagList | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


async def _create(context: Context, given: CreateInside) -> RoomView:
    """Make a room in a topic that one is in; whoever makes it owns it."""
    caller, now = context.caller, now_ms()
    topic = await require_topic(context, given.topic)
    words: dict[str, Any] = {"name": given.name, "description": given.description, "tags": given.tags}
    said = await worded(context.application, topic, words)
    room = standing(
        Room(
            id=new_id(),
            kind="private",
            place=topic.id,
            name=words["name"],
            description=words["description"],
            picture=given.picture,
            background=given.background,
            owner=caller.user,
            member_count=1,
            voip_enabled=given.voip_enabled,
            open=given.open,
            tags=given.tags,
            active_at=now,
            created_at=now,
        )
    )

    async def plan(view: View) -> Plan:
        above = await room_in(view, topic.id)
        seat = await require_member_in(context, view, above, caller.user)
        planned = Plan(writes=[Insert(ROOMS, msgspec.structs.replace(room))])
        # Refused where the topic was closed or left meanwhile: its lane is not held.
        planned.writes.append(Update(ROOMS, above.id, {"deleted": False}, {"deleted": False}))
        planned.writes.append(Update(MEMBERS, seat.id, {"role": seat.role}, {"role": seat.role}))
        planned.writes += said.reported("room", room.id, room.id)
        joining(planned, room, fresh_member(room.id, caller.user, caller.username, "owner"), caller.user)
        return planned

    await context.append(Append((room.id, self_stream(caller.user)), plan))
    if said.flags:
        context.application.jobs.wake()
    context.status = 201
    return await current_view(context, room.id)


async def _list(context: Context, given: ListInside) -> Topics:
    """List the rooms of a topic: the open ones, and those that one is in."""
    database, user, topic = context.application.database, context.caller.user, given.topic
    equal = {"place": topic}
    order: Order = "active" if given.q is None and given.tags is None else "new"
    if order == "active":
        found = await ordered(database, equal, order, given.cursor, given.limit + 1)
    else:
        context.application.limits.take(SEARCH_USER, user)
        found = await found_by(database, equal, given.q or "", given.tags or "", given.cursor, given.limit + 1)
    page = found[: given.limit]
    seats = [member_id(id_, user) for id_ in (topic, *(room.id for room in page))]
    stances = [stance_id(user, room.id) for room in page]
    read, mine, ways = await database.gather((ROOMS, [topic]), (MEMBERS, seats), (STANCES, stances))
    above, seat = read.get(topic), mine.get(member_id(topic, user))
    if above is None or above.kind != "topic" or not may_see(above, seat):
        raise RoomNotFound
    shown = [room for room in page if not hidden(ways.get(stance_id(user, room.id)))]
    rooms = [room for room in shown if room.kind == "private" and not room.deleted]
    seen = [(room, mine.get(member_id(room.id, user))) for room in rooms]
    items = [topic_view(room, member) for room, member in seen if may_see(room, member, above, seat)]
    return Topics(items, place_of(page[-1], order) if len(found) > given.limit else None)


_PATH = "/api/topics/{topic}/rooms"

CREATE = Operation(
    name="topic.rooms.create",
    ordered=True,
    method="POST",
    path=_PATH,
    input=CreateInside,
    output=RoomView,
    run=_create,
    statuses=(201,),
    raises=(RoomNotFound, NotMember, ContentRefused),
    limits=((CREATE_ROOM, by_user),),
)
LIST = Operation(
    name="topic.rooms",
    method="GET",
    path=_PATH,
    input=ListInside,
    output=Topics,
    run=_list,
    raises=(RoomNotFound,),
)
