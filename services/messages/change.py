"""Changing messages: edit and delete."""

import msgspec

from services.errors import Forbidden, MessageDeleted, MessageNotFound, NotMember, RoomNotFound
from services.ids import now_ms
from services.messages.send import Words
from services.operations.inputs import Input, MessageId, RoomId
from services.operations.limits import CHANGE_USER
from services.operations.operation import Context, Entered, Operation, by_user, waiting
from services.rooms.rules import RANK, require_known_seat, require_member_in, room_in
from services.streams.append import Append, Outcome, Plan, Planner, Step, View, marker_entry
from services.streams.items import Item, wire_item
from store.tables import ENTRIES, Entry, Member, Room, Text


class Edit(Input):
    """What a message is to say from now on."""

    room: RoomId
    message: MessageId
    text: Words


class OneMessage(Input):
    """A message of a room."""

    room: RoomId
    message: MessageId


async def changed(context: Context, room: str, plan: Planner) -> Entered:
    """Append a change of one message; the answer is the message as it is then.

    Raises:
        RoomNotFound: If there is no such room for the caller.
        NotMember: If the caller is not in this public room.
        Unavailable: If the node takes no more.
    """
    await require_known_seat(context, room)
    return context.enter(Append((room,), plan), _as_it_is)


def _as_it_is(outcome: Outcome) -> Item:
    return wire_item(outcome.item)


async def message_in(context: Context, view: View, room_id: str, message: str) -> tuple[Room, Member, Entry]:
    """Return room, caller's membership and message for a plan.

    Raises:
        RoomNotFound: If there is no such room for the caller.
        NotMember: If the caller is not in this public room.
        MessageNotFound: If the room has no such message, or the caller may not see it.
    """
    room = await room_in(view, room_id)
    member = await require_member_in(context, view, room, context.caller.user)
    entry = await view.get(ENTRIES, message)
    first = member.joined if room.history == "joined" else 0
    if entry is None or entry.stream != room_id or entry.kind != "text" or (entry.seq or 0) < first:
        raise MessageNotFound
    return room, member, entry


def text_of(entry: Entry) -> Text:
    """Return the body of a message."""
    return entry.body if isinstance(entry.body, Text) else Text(text="")


async def _edit(context: Context, given: Edit) -> Entered:
    """Change the text of one's own message."""

    async def plan(view: View) -> Plan:
        _, _, entry = await message_in(context, view, given.room, given.message)
        if entry.author != context.caller.user:
            raise Forbidden("only its author may edit a message")
        if entry.deleted:
            raise MessageDeleted
        body = text_of(entry)
        if body.text == given.text:
            return Plan(found=entry)
        edited = msgspec.structs.replace(entry, body=msgspec.structs.replace(body, text=given.text), edited_at=now_ms())
        return Plan([Step(marker_entry(given.room, entry.id, context.caller.user), edited)])

    return await changed(context, given.room, plan)


async def _delete(context: Context, given: OneMessage) -> Entered:
    """Delete a message: one's own, or as a moderator anybody's. It keeps its place."""

    async def plan(view: View) -> Plan:
        room, member, entry = await message_in(context, view, given.room, given.message)
        mine = entry.author == context.caller.user
        if not mine and (room.kind == "direct" or RANK[member.role] < RANK["moderator"]):
            raise Forbidden("only its author or a moderator may delete a message")
        if entry.deleted:
            return Plan(found=entry)
        blank = msgspec.structs.replace(entry, body=Text(text=""), deleted=True)
        return Plan([Step(marker_entry(given.room, entry.id, context.caller.user), blank)])

    return await changed(context, given.room, plan)


_RAISES = (RoomNotFound, NotMember, MessageNotFound, Forbidden)
_PATH = "/api/rooms/{room}/messages/{message}"

EDIT = Operation(
    name="message.edit",
    enter=_edit,
    method="PATCH",
    path=_PATH,
    input=Edit,
    output=Item,
    run=waiting(_edit),
    raises=(*_RAISES, MessageDeleted),
    limits=((CHANGE_USER, by_user),),
)
DELETE = Operation(
    name="message.delete",
    enter=_delete,
    method="DELETE",
    path=_PATH,
    input=OneMessage,
    output=Item,
    run=waiting(_delete),
    raises=_RAISES,
    limits=((CHANGE_USER, by_user),),
)
