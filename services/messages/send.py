"""Sending messages: the hot road."""

import functools
import hashlib
from typing import Annotated

import msgspec

from services.errors import CidConflict, Forbidden, MessageNotFound, NotMember, RoomNotFound
from services.ids import self_stream
from services.operations.inputs import Input, MessageId, RoomId
from services.operations.limits import SEND_ROOM, SEND_USER
from services.operations.operation import Context, Entered, Operation, by_user, waiting
from services.rooms.facts import RoomFacts
from services.rooms.making import showing
from services.rooms.rules import member_in, require_known_seat, require_member_in, room_in
from services.streams.append import Append, Outcome, Plan, Step, View, Wider, text_entry
from services.streams.batch import item_told
from services.streams.items import Item, wire_item
from store.tables import ENTRIES, Entry, Room, Text

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Cid = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[ -}][ -~]*(?![^ -~])$")]


class Send(Input):
    """What to say, and where. The ``cid`` makes repeating it harmless."""

    room: RoomId
    text: Words
    cid: Cid
    reply_to: MessageId | None = None


async def _send(context: Context, given: Send) -> Entered:
    """Send a message to a room; the same cid again answers the message as it is now."""
    caller = context.caller
    seat = await require_known_seat(context, given.room)
    if seat.room.kind == "self":
        raise Forbidden("nobody writes into an own stream")
    hidden = [] if seat.room.kind != "direct" else await _hidden(context, seat.room)
    if given.reply_to is not None:
        await _require_reply(context, given, seat.first_seq)
    body = Text(text=given.text, reply_to=given.reply_to)
    entry = text_entry(given.room, caller.user, caller.username, given.cid, body, _digest(given))
    append = Append(
        (given.room, *(self_stream(user) for user in hidden)),
        functools.partial(_plan, context, entry, hidden),
        None if hidden else entry,
        functools.partial(_still, seat.facts, seat.version),
    )
    return context.enter(append, functools.partial(_answer, context))


def _answer(context: Context, outcome: Outcome) -> Item | msgspec.Raw:
    item = outcome.item
    if outcome.repeated:
        return wire_item(item)
    context.status = 201
    context.application.marks.note(item.stream, item.author, item.rev)
    # What was kept is what the room is told of: it is written once.
    return wire_item(item) if outcome.event is None else item_told(outcome.event)


def _still(facts: RoomFacts, version: int) -> bool:
    return facts.version == version


async def _plan(context: Context, entry: Entry, hidden: list[str], view: View) -> Plan:
    """Check again, with the stream's lane held, and make a direct room show where it was hidden."""
    room = await room_in(view, entry.stream)
    await require_member_in(context, view, room, entry.author)
    plan = Plan()
    if room.kind == "direct":
        for user in room.pair:
            member = await member_in(view, room.id, user)
            if member is not None and member.hidden:
                if user not in hidden:
                    hidden.append(user)
                    raise Wider(self_stream(user))
                showing(plan, member)
    fresh = msgspec.structs.replace(entry, rev=0, seq=0, changed=0)
    plan.steps.append(Step(fresh))
    return plan


async def _hidden(context: Context, room: Room) -> list[str]:
    facts = await context.application.facts.known(room.id)
    members = [await context.application.facts.member(facts, user) for user in room.pair]
    return [member.user for member in members if member is not None and member.hidden]


async def _require_reply(context: Context, given: Send, first_seq: int) -> None:
    target = await context.application.database.get(ENTRIES, given.reply_to or "")
    if target is None or target.stream != given.room or target.seq is None or target.seq < first_seq:
        raise MessageNotFound("the message to reply to is not in this room")


def _digest(given: Send) -> str:
    body = f"{given.reply_to or ''}\n{given.text}"
    return hashlib.blake2b(body.encode(), digest_size=12).hexdigest()


def _place(context: Context, given: Send) -> str:
    return f"{context.caller.user}:{given.room}"


SEND = Operation(
    name="message.send",
    enter=_send,
    method="POST",
    path="/api/rooms/{room}/messages",
    input=Send,
    output=Item,
    run=waiting(_send),
    statuses=(201, 200),
    raises=(RoomNotFound, NotMember, Forbidden, MessageNotFound, CidConflict),
    limits=((SEND_USER, by_user), (SEND_ROOM, _place)),
)
