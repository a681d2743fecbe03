"""Changing messages: edit and delete."""

import functools

import msgspec

from services.aliases import require_unsilenced, topic_of
from services.content.rules import checked
from services.errors import (
    AliasSilenced,
    Blocked,
    ContentRefused,
    Forbidden,
    MessageDeleted,
    MessageNotFound,
    NotMember,
    PermissionMissing,
    RoomNotFound,
)
from services.ids import now_ms
from services.messages.send import Words, news_of
from services.news import worth_telling
from services.operations.context import Context, Entered
from services.operations.inputs import Input, MessageId, RoomId
from services.operations.limits import CHANGE_USER
from services.operations.operation import Operation, by_user, waiting
from services.rooms.rights.rules import (
    require_known_seat,
    require_member_in,
    require_permission,
    require_unblocked,
    room_in,
)
from services.streams.append import Append, Outcome, Plan, Planner, Step, View, marker_entry
from services.streams.items.items import Item, wire_item
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


def is_own(entry: Entry, user: str) -> bool:
    """Tell whether somebody wrote an item, under whatever name."""
    return (entry.person or entry.author) == user


def text_of(entry: Entry) -> Text:
    """Return the body of a message."""
    return entry.body if isinstance(entry.body, Text) else Text(text="")


async def _edit(context: Context, given: Edit) -> Entered:
    """Change the text of one's own message."""
    seat = await require_known_seat(context, given.room)
    said = await checked(context.application, seat.room, given.text)

    async def plan(view: View) -> Plan:
        room, _, entry = await message_in(context, view, given.room, given.message)
        require_unblocked(room)
        if not is_own(entry, context.caller.user):
            raise Forbidden("only its author may edit a message")
        if entry.deleted:
            raise MessageDeleted
        if entry.person is not None:
            await require_unsilenced(context.application.database, topic_of(room) or "", entry.person)
        before = text_of(entry).text
        if before == said.texts[0]:
            return Plan(found=entry)
        body = msgspec.structs.replace(text_of(entry), text=said.texts[0])
        edited = msgspec.structs.replace(entry, body=body, edited_at=now_ms())
        planned = Plan([Step(marker_entry(given.room, entry.id, context.caller.user), edited)])
        planned.writes += said.reported("message", entry.id, room.id)
        if worth_telling(body.text, before) and room.kind != "direct":
            planned.writes.append(news_of(edited, before))
        return planned

    wakes = bool(said.flags) or worth_telling(said.texts[0])
    return context.enter(Append((given.room,), plan), functools.partial(_told, context) if wakes else _as_it_is)


def _told(context: Context, outcome: Outcome) -> Item:
    context.application.jobs.wake()
    return _as_it_is(outcome)


async def _delete(context: Context, given: OneMessage) -> Entered:
    """Delete a message: one's own, or as a moderator anybody's. It keeps its place."""

    async def plan(view: View) -> Plan:
        room, member, entry = await message_in(context, view, given.room, given.message)
        mine = is_own(entry, context.caller.user)
        if not mine:
            if room.kind == "direct":
                raise Forbidden("only its author may delete a message")
            require_permission(member, "delete_messages")
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
    raises=(*_RAISES, Blocked, MessageDeleted, AliasSilenced, ContentRefused),
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
    raises=(*_RAISES, PermissionMissing),
    limits=((CHANGE_USER, by_user),),
)
