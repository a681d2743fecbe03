"""Reactions: one of each emoji per person, counted exactly."""

import re
import unicodedata
from typing import Annotated

import msgspec

from services.aliases import author_for
from services.errors import (
    AliasSilenced,
    AnonymousOff,
    Blocked,
    Flaw,
    Invalid,
    MessageDeleted,
    MessageNotFound,
    NotMember,
    RoomNotFound,
    TooManyReactions,
)
from services.ids import now_ms
from services.messages.change import changed, message_in, text_of
from services.operations.context import Context, Entered
from services.operations.inputs import Input, MessageId, RoomId
from services.operations.limits import CHANGE_USER
from services.operations.operation import Operation, by_user, waiting
from services.rooms.rights.rules import require_known_seat, require_unblocked
from services.streams.append import Plan, Step, View, marker_entry
from services.streams.items.items import Item
from store.database import Delete, Insert, Write
from store.tables import MARKS, Entry, Mark, Reaction, Text

EMOJI_LIMIT = 50
"""Different emoji on one item: it is sent whole with every change."""

USERS_LIMIT = 20
"""Ids of people that stand beside a count."""

_NAMED = re.compile(r":[a-z0-9_+-]{1,62}:")
_JOINER = "\u200d"
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_FLAG_PART = re.compile("[\U0001f1e6-\U0001f1ff]")
_SYMBOLS = {"So", "Sm", "Sk", "Po"}

Emoji = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class React(Input):
    """An emoji to be on a message, or not: one grapheme, or ``:name:``."""

    room: RoomId
    message: MessageId
    emoji: Emoji
    on: bool
    anonymous: bool = False


class PutReaction(Input):
    """An emoji to be on a message."""

    room: RoomId
    message: MessageId
    emoji: Emoji
    anonymous: bool = False


class Reacted(Input):
    """An emoji and a message."""

    room: RoomId
    message: MessageId
    emoji: Emoji


def is_emoji(text: str) -> bool:
    """Tell whether a text is one grapheme, or a ``:name:``.

    A grapheme here is one visible character with its marks, modifiers and tags, several symbols tied by joiners, a
    keycap, or a pair of regional indicators (Unicode Standard Annex 29 and Technical Standard 51).
    """
    if _NAMED.fullmatch(text) or _KEYCAP.fullmatch(text) or _FLAG.fullmatch(text):
        return True
    parts = text.split(_JOINER)
    if len(parts) > 1 and not all(part and unicodedata.category(part[0]) in _SYMBOLS for part in parts):
        return False
    return all(_is_one(part) for part in parts)


def _is_one(part: str) -> bool:
    if not part or unicodedata.category(part[0])[0] in "CZM" or _FLAG_PART.match(part):
        return False
    return all(_is_modifier(character) for character in part[1:])


def _is_modifier(character: str) -> bool:
    skin = "\U0001f3fb" <= character <= "\U0001f3ff"
    tag = "\U000e0020" <= character <= "\U000e007f"
    return skin or tag or unicodedata.category(character)[0] == "M"


async def react(context: Context, given: React) -> Entered:
    """Put an emoji on a message, or take it away; done twice it changes nothing, under whichever name."""
    if not is_emoji(given.emoji):
        raise Invalid(flaws=(Flaw("/emoji", "has to be one emoji, or :name:"),))
    user = shown = context.caller.user
    if given.on and given.anonymous:
        seat = await require_known_seat(context, given.room)
        shown = (await author_for(context, seat.room, anonymous=True)).id

    async def plan(view: View) -> Plan:
        room, _, entry = await message_in(context, view, given.room, given.message)
        require_unblocked(room)
        mark_id = f"{entry.id}:{user}:{given.emoji}"
        mark = await view.get(MARKS, mark_id)
        if (mark is not None) == given.on:
            return Plan(found=entry)
        if entry.deleted:
            raise MessageDeleted
        write: Write = Delete(MARKS, mark_id)
        by = shown if mark is None else mark.shown or user
        if given.on:
            fresh = Mark(id=mark_id, item=entry.id, user=user, emoji=given.emoji, created_at=now_ms())
            fresh.shown = None if by == user else by
            write = Insert(MARKS, fresh)
        after = _counted(entry, given.emoji, by, on=given.on)
        return Plan([Step(marker_entry(given.room, entry.id, user), after)], [write])

    return await changed(context, given.room, plan)


def _counted(entry: Entry, emoji: str, user: str, *, on: bool) -> Entry:
    body = text_of(entry)
    reactions = []
    found = False
    for reaction in body.reactions:
        if reaction.emoji != emoji:
            reactions.append(reaction)
            continue
        found = True
        count = reaction.count + (1 if on else -1)
        users = [id_ for id_ in reaction.users if id_ != user]
        if on and len(users) < USERS_LIMIT:
            users.append(user)
        if count > 0:
            reactions.append(Reaction(emoji, count, users))
    if on and not found:
        if len(reactions) >= EMOJI_LIMIT:
            raise TooManyReactions
        reactions.append(Reaction(emoji, 1, [user]))
    text: Text = msgspec.structs.replace(body, reactions=reactions)
    return msgspec.structs.replace(entry, body=text)


async def _put(context: Context, given: PutReaction) -> Entered:
    """Put an emoji on a message."""
    wanted = React(room=given.room, message=given.message, emoji=given.emoji, on=True, anonymous=given.anonymous)
    return await react(context, wanted)


async def _take(context: Context, given: Reacted) -> Entered:
    """Take one's emoji from a message."""
    return await react(context, React(room=given.room, message=given.message, emoji=given.emoji, on=False))


_RAISES = (RoomNotFound, NotMember, Blocked, MessageNotFound, MessageDeleted, TooManyReactions)
_ANONYMOUS = (AnonymousOff, AliasSilenced)
_PATH = "/api/rooms/{room}/messages/{message}/reactions/{emoji}"
_LIMITS = ((CHANGE_USER, by_user),)

REACT = Operation(
    name="message.react",
    enter=react,
    input=React,
    output=Item,
    run=waiting(react),
    raises=(*_RAISES, *_ANONYMOUS),
    limits=_LIMITS,
)
PUT = Operation(
    name="message.reaction.put",
    method="PUT",
    path=_PATH,
    socket=False,
    input=PutReaction,
    output=Item,
    run=waiting(_put),
    raises=(*_RAISES, *_ANONYMOUS),
    limits=_LIMITS,
)
TAKE = Operation(
    name="message.reaction.delete",
    method="DELETE",
    path=_PATH,
    socket=False,
    input=Reacted,
    output=Item,
    run=waiting(_take),
    raises=_RAISES,
    limits=_LIMITS,
)
