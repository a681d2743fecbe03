"""Sending messages: the hot road."""

import functools
import hashlib
from typing import Annotated

import msgspec

from services.aliases import author_for
from services.content.rules import Checked, checked, is_ruled
from services.errors import (
    AliasSilenced,
    AnonymousOff,
    Blocked,
    CidConflict,
    ContentRefused,
    Forbidden,
    MessageNotFound,
    NotMember,
    RoomNotFound,
)
from services.ids import self_stream
from services.news import News, news, worth_telling
from services.operations.context import Context, Entered
from services.operations.inputs import Input, MessageId, RoomId
from services.operations.limits import SEND_ROOM, SEND_USER
from services.operations.operation import Operation, by_user, waiting
from services.rooms.making import showing
from services.rooms.rights.facts import RoomFacts
from services.rooms.rights.rules import (
    member_in,
    require_known_seat,
    require_member_in,
    require_reachable,
    require_unblocked,
    room_in,
)
from services.streams.append import Append, Outcome, Plan, Step, View, Wider, item_entry
from services.streams.batch import item_told
from services.streams.items.items import Item, wire_item
from store.database import Insert
from store.tables import ENTRIES, Entry, Person, Room, Text

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Cid = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[ -}][ -~]*(?![^ -~])$")]


class Send(Input):
    """What to say, and where. The ``cid`` makes repeating it harmless."""

    room: RoomId
    text: Words
    cid: Cid
    reply_to: MessageId | None = None
    anonymous: bool = False


async def _send(context: Context, given: Send) -> Entered:
    """Send a message to a room; the same cid again answers the message as it is now."""
    caller = context.caller
    seat = await require_known_seat(context, given.room)
    if seat.room.kind == "self":
        raise Forbidden("nobody writes into an own stream")
    hidden = [] if seat.room.kind != "direct" else await _hidden(context, seat.room)
    if given.reply_to is not None:
        await _require_reply(context, given, seat.first_seq)
    said = Checked((given.text,))
    if is_ruled(seat.room):
        said = await checked(context.application, seat.room, given.text)
    body = Text(text=said.texts[0], reply_to=given.reply_to)
    author = Person(caller.user, caller.username)
    if given.anonymous:
        author = await author_for(context, seat.room, anonymous=True)
    entry = item_entry(given.room, "text", body, author, user=caller.user, cid=given.cid, digest=_digest(given))
    # In the room of two all is for the other.
    tells = (given.reply_to is not None or worth_telling(body.text)) and seat.room.kind != "direct"
    append = Append(
        (given.room, *(self_stream(user) for user in hidden)),
        functools.partial(_plan, context, entry, hidden, said, tells),
        None if hidden or tells or said.flags else entry,
        functools.partial(_still, seat.facts, seat.version),
    )
    return context.enter(append, functools.partial(_answer, context, tells or bool(said.flags)))


def _answer(context: Context, works: bool, outcome: Outcome) -> Item | msgspec.Raw:
    item = outcome.item
    if outcome.repeated:
        return wire_item(item)
    context.status = 201
    if works:
        context.application.jobs.wake()
    context.application.marks.note(item.stream, item.person or item.author, item.rev)
    # What was kept is what the room is told of: it is written once.
    return wire_item(item) if outcome.event is None else item_told(outcome.event)


def _still(facts: RoomFacts, version: int) -> bool:
    return facts.version == version


async def _plan(context: Context, entry: Entry, hidden: list[str], said: Checked, tells: bool, view: View) -> Plan:
    """Check again, with the stream's lane held, and make a direct room show where it was hidden."""
    room = await room_in(view, entry.stream)
    await require_member_in(context, view, room, entry.person or entry.author)
    plan = Plan()
    if room.kind == "direct":
        require_unblocked(room)
        for user in room.pair:
            member = await member_in(view, room.id, user)
            if member is not None and member.hidden:
                if user not in hidden:
                    hidden.append(user)
                    raise Wider(self_stream(user))
                showing(plan, member)
    fresh = msgspec.structs.replace(entry, rev=0, seq=0, changed=0)
    plan.steps.append(Step(fresh))
    plan.writes += said.reported("message", entry.id, room.id)
    if tells:
        plan.writes.append(news_of(fresh))
    return plan


def news_of(entry: Entry, before: str = "") -> Insert:
    """Return the write that has people told of a message; ``before`` is what it said before an edit."""
    body = entry.body if isinstance(entry.body, Text) else Text(text="")
    shown = Person(entry.author, entry.username or "", anonymous=entry.person is not None)
    actor = entry.person or entry.author
    what = News(
        type="message", actor=actor, shown=shown, place=entry.stream, item=entry.id, text=body.text, before=before
    )
    return news(what)


async def _hidden(context: Context, room: Room) -> list[str]:
    """Return those of a direct room to whom it does not show.

    Raises:
        Blocked: If they may not reach each other.
    """
    await require_reachable(context, room)
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
    raises=(
        RoomNotFound,
        NotMember,
        Forbidden,
        Blocked,
        MessageNotFound,
        CidConflict,
        AnonymousOff,
        AliasSilenced,
        ContentRefused,
    ),
    limits=((SEND_USER, by_user), (SEND_ROOM, _place)),
)
