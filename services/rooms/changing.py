"""Changing what a room or a topic is called, what it is about, and who may see it."""

from typing import Any, Literal

import msgspec

from services.errors import (
    ContentRefused,
    DirectRoom,
    Flaw,
    Forbidden,
    Invalid,
    NotMember,
    PermissionMissing,
    RoomNotFound,
    TitleTaken,
)
from services.operations.context import Context
from services.operations.inputs import Input, RoomId
from services.operations.operation import Operation
from services.rooms.aftermath import after_opening
from services.rooms.making import Description, Picture, RoomName, current_view
from services.rooms.rights.rules import (
    require_known_seat,
    require_member_in,
    require_ordinary,
    require_permission,
    require_role,
    room_in,
)
from services.rooms.titles import TITLE_LENGTH, Tags, Title, entitled, standing, titled
from services.rooms.views import RoomView
from services.rooms.wording import worded
from services.streams.append import Append, Plan, Step, View, marker_entry, notice_entry
from store.tables import Effect, Notice, Room

Links = Literal["allow", "flag", "refuse"]
Unset = msgspec.UnsetType


class UpdateRoom(Input):
    """What a room is to be called and to be like from now on; fields left out stay."""

    room: RoomId
    name: RoomName | Unset = msgspec.UNSET
    description: Description | Unset = msgspec.UNSET
    picture: Picture | Unset | None = msgspec.UNSET
    background: Picture | Unset | None = msgspec.UNSET
    tags: Tags | Unset = msgspec.UNSET
    open: bool | Unset = msgspec.UNSET
    voip_enabled: bool | Unset = msgspec.UNSET


class UpdateTopic(Input):
    """What a topic is to be called and to be like from now on; fields left out stay."""

    topic: RoomId
    title: Title | Unset = msgspec.UNSET
    description: Description | Unset = msgspec.UNSET
    picture: Picture | Unset | None = msgspec.UNSET
    tags: Tags | Unset = msgspec.UNSET
    open: bool | Unset = msgspec.UNSET
    anonymous: bool | Unset = msgspec.UNSET
    links: Links | Unset = msgspec.UNSET


async def _room(context: Context, given: UpdateRoom) -> RoomView:
    """Change a room's name, description or pictures, and whether people call in it; whoever may edit it."""
    wanted = msgspec.structs.asdict(given)
    return await _change(context, wanted.pop("room"), wanted)


async def _topic(context: Context, given: UpdateTopic) -> RoomView:
    """Change a topic; whoever may edit it, and its owner alone who may see it."""
    wanted = msgspec.structs.asdict(given)
    id_, wanted["name"] = wanted.pop("topic"), wanted.pop("title")
    if (await context.application.facts.known(id_)).room.kind != "topic":
        raise RoomNotFound
    return await _change(context, id_, wanted)


async def _change(context: Context, id_: str, given: dict[str, Any]) -> RoomView:
    user = context.caller.user
    wanted = {field: value for field, value in given.items() if value is not msgspec.UNSET}
    seat = await require_known_seat(context, id_)
    require_ordinary(seat.room)
    _require_meant(seat.room, wanted)
    said = await worded(context.application, seat.room, wanted)

    async def plan(view: View) -> Plan:
        room = await room_in(view, id_)
        member = await require_member_in(context, view, room, user)
        require_permission(member, "edit_topic")
        after = standing(msgspec.structs.replace(room, **wanted))
        if after == room:
            return Plan()
        if after.open != room.open:
            require_role(member, "owner")
        planned = Plan(writes=[*await entitled(view, room, after), *after_opening(room, after)])
        planned.writes += said.reported("topic" if room.kind == "topic" else "room", id_, id_)
        planned.steps += _steps(room, after, user)
        return planned

    await context.append(Append((id_,), plan))
    if said.flags or "open" in wanted:
        context.application.jobs.wake()
    if wanted.get("voip_enabled") is False:
        context.application.calls.sever(id_)
    return await current_view(context, id_)


def _steps(room: Room, after: Room, by: str) -> list[Step]:
    """Return what the stream of a room is told of its change, by whom."""
    steps: list[Step] = []
    if room.open and not after.open:
        # From here on only members hear of it, where all did: of what else is changed with it, too.
        room = standing(msgspec.structs.replace(room, open=False))
        steps.append(Step(marker_entry(room.id, room.id, by, Effect("shut")), room))
    if after.name != room.name:
        steps.append(Step(notice_entry(room.id, Notice("renamed", by=by, name=after.name))))
    if after != room:
        steps.append(Step(marker_entry(room.id, room.id, by, Effect("room")), after))
    return steps


def _require_meant(room: Room, wanted: dict[str, Any]) -> None:
    """Let only such changes pass as there may be of this room.

    Raises:
        Invalid: If there is another.
    """
    if "open" in wanted and room.kind != "topic" and room.place is None:
        raise Invalid(flaws=(Flaw("/open", "is of topics, and of rooms in them"),))
    if "name" in wanted and room.kind == "topic":
        wanted["name"] = titled(wanted["name"])
        if len(wanted["name"]) < TITLE_LENGTH:
            raise Invalid(flaws=(Flaw("/name", f"of a topic has {TITLE_LENGTH} characters at least"),))


_RAISES = (RoomNotFound, NotMember, Forbidden, PermissionMissing, TitleTaken, ContentRefused)

ROOM = Operation(
    name="room.update",
    ordered=True,
    method="PATCH",
    path="/api/rooms/{room}",
    input=UpdateRoom,
    output=RoomView,
    run=_room,
    raises=(*_RAISES, DirectRoom),
)
TOPIC = Operation(
    name="topic.update",
    ordered=True,
    method="PATCH",
    path="/api/topics/{topic}",
    input=UpdateTopic,
    output=RoomView,
    run=_topic,
    raises=_RAISES,
)
