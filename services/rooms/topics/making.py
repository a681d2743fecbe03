"""Making topics, looking at one, joining, leaving and closing it."""

from typing import Any

import msgspec

from services.errors import (
    Banned,
    ContentRefused,
    Flaw,
    Forbidden,
    Invalid,
    NotMember,
    OwnerMustStay,
    RoomNotFound,
    TitleTaken,
)
from services.ids import new_id, now_ms, self_stream
from services.operations.context import Context
from services.operations.inputs import Input, RoomId
from services.operations.limits import JOIN_USER
from services.operations.operation import Operation, by_user
from services.rooms.changing import Links
from services.rooms.making import Description, Picture, close, current_view, fresh_member, joining
from services.rooms.members.members import MemberView
from services.rooms.members.membership import Join, end, join
from services.rooms.rights.rules import require_known_seat
from services.rooms.rights.sight import require_sight
from services.rooms.titles import TITLE_LENGTH, Tags, Title, entitled, standing, titled
from services.rooms.topics.rates import CREATE_TOPIC
from services.rooms.views import RoomView
from services.rooms.wording import worded
from services.streams.append import Append, Plan, View
from store.database import Insert
from store.tables import ROOMS, Room


class CreateTopic(Input):
    """A topic to be made."""

    title: Title
    description: Description = ""
    tags: Tags = ()
    open: bool = True
    anonymous: bool = True
    links: Links = "allow"
    picture: Picture | None = None


class OneTopic(Input):
    """A topic."""

    topic: RoomId


async def _create(context: Context, given: CreateTopic) -> RoomView:
    """Make a topic; whoever makes it owns it. Open ones have a title of their own, whatever the case of its letters."""
    caller, now = context.caller, now_ms()
    words: dict[str, Any] = {"name": titled(given.title), "description": given.description, "tags": given.tags}
    if len(words["name"]) < TITLE_LENGTH:
        raise Invalid(flaws=(Flaw("/title", "has too few characters beside its blanks"),))
    said = await worded(context.application, None, words)
    room = standing(
        Room(
            id=new_id(),
            kind="topic",
            name=words["name"],
            description=words["description"],
            picture=given.picture,
            owner=caller.user,
            member_count=1,
            open=given.open,
            tags=given.tags,
            anonymous=given.anonymous,
            links=given.links,
            active_at=now,
            created_at=now,
        )
    )

    async def plan(view: View) -> Plan:
        planned = Plan(writes=[Insert(ROOMS, msgspec.structs.replace(room)), *await entitled(view, None, room)])
        planned.writes += said.reported("topic", room.id, room.id)
        joining(planned, room, fresh_member(room.id, caller.user, caller.username, "owner"), caller.user)
        return planned

    await context.append(Append((room.id, self_stream(caller.user)), plan))
    if said.flags:
        context.application.jobs.wake()
    context.status = 201
    return await current_view(context, room.id)


async def _get(context: Context, given: OneTopic) -> RoomView:
    """Read a topic: an open one, or one that one is in."""
    view = await current_view(context, given.topic)
    if view.kind != "topic":
        raise RoomNotFound
    if view.role is None:
        await require_sight(context.application, context.caller.user, given.topic)
    return view


async def _delete(context: Context, given: OneTopic) -> None:
    """Delete a topic, with the rooms in it and its posts; its owner alone may."""
    try:
        topic = await require_topic(context, given.topic)
    except NotMember:
        raise Forbidden("only for the owner") from None
    await close(context, topic.id)
    context.status = 204


async def _join(context: Context, given: OneTopic) -> MemberView:
    """Join an open topic."""
    return await join(context, Join(room=await _known(context, given.topic)))


async def _leave(context: Context, given: OneTopic) -> None:
    """Leave a topic, and the rooms in it."""
    await end(context, await _known(context, given.topic), context.caller.user, "left")


async def _known(context: Context, topic: str) -> str:
    """Return the id of what is a topic.

    Raises:
        RoomNotFound: If there is none.
    """
    if (await context.application.facts.known(topic)).room.kind != "topic":
        raise RoomNotFound
    return topic


async def require_topic(context: Context, topic: str) -> Room:
    """Return a topic that the caller is in, as last known: for appends, whose lane checks again.

    Raises:
        RoomNotFound: If there is none, or none that they may know of.
        NotMember: If they may see it, and are not in it.
    """
    return (await require_known_seat(context, await _known(context, topic))).room


CREATE = Operation(
    name="topic.create",
    ordered=True,
    method="POST",
    path="/api/topics",
    input=CreateTopic,
    output=RoomView,
    run=_create,
    statuses=(201,),
    raises=(TitleTaken, ContentRefused),
    limits=((CREATE_TOPIC, by_user),),
)
GET = Operation(
    name="topic.get",
    method="GET",
    path="/api/topics/{topic}",
    input=OneTopic,
    output=RoomView,
    run=_get,
    raises=(RoomNotFound,),
)
DELETE = Operation(
    name="topic.delete",
    ordered=True,
    method="DELETE",
    path="/api/topics/{topic}",
    input=OneTopic,
    run=_delete,
    statuses=(204,),
    raises=(RoomNotFound, Forbidden),
)
JOIN = Operation(
    name="topic.join",
    ordered=True,
    method="POST",
    path="/api/topics/{topic}/join",
    input=OneTopic,
    output=MemberView,
    run=_join,
    statuses=(201, 200),
    raises=(RoomNotFound, Banned),
    limits=((JOIN_USER, by_user),),
)
LEAVE = Operation(
    name="topic.leave",
    ordered=True,
    method="POST",
    path="/api/topics/{topic}/leave",
    input=OneTopic,
    run=_leave,
    statuses=(204,),
    raises=(RoomNotFound, NotMember, OwnerMustStay),
    limits=((JOIN_USER, by_user),),
)
