"""What a lane hands on once it is durable: the changes of one stream, encoded once for everybody."""

from collections.abc import Iterable

import msgspec

from services.streams.items.items import MessageEvent, RoomEvent, room_state, wire_item
from store.tables import Effect, Entry, Notice, Notified, Room, Text

LISTED = frozenset({"missed_call", "warned"})
"""Types of the notices in own streams that are listed and counted among notifications."""

_encode = msgspec.json.Encoder().encode
_ITEM = b',"d":'


class Event(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """One rev of a stream."""

    rev: int
    data: bytes = b""
    """The event as a client reads it, in JSON; empty where there is nothing to tell."""
    item: str = ""
    """Whom it is about: the item, or the room."""
    seq: int = 0
    """The item's place; 0 for the room itself. Where history is ``joined``, it decides who may see it."""
    author: str = ""
    """The author of what counts as unread for others, a message or a notification; else empty."""
    effect: Effect | None = None
    created_at: int = 0


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Consecutive revs of one stream: ``prev`` excluded, ``last`` included."""

    stream: str
    prev: int
    last: int
    events: list[Event]


def event_of(entry: Entry, subject: Entry | Room | None) -> Event:
    """Encode one rev. ``subject`` is what a marker is about as it is at that rev; None tells nothing."""
    if entry.seq is not None:
        counts = entry.changed == entry.rev and _counts(entry.body)
        data = _encode(MessageEvent(entry.stream, entry.rev, wire_item(entry)))
        author = entry.author if counts else ""
        return Event(entry.rev, data, entry.id, entry.seq, author, entry.effect, entry.created_at)
    if isinstance(subject, Entry):
        data = _encode(MessageEvent(entry.stream, entry.rev, wire_item(subject)))
        return Event(entry.rev, data, subject.id, subject.seq or 0, "", entry.effect, entry.created_at)
    if isinstance(subject, Room):
        data = _encode(RoomEvent(entry.stream, entry.rev, room_state(subject, entry.rev)))
        return Event(entry.rev, data, subject.id, 0, "", entry.effect, entry.created_at)
    return Event(entry.rev, effect=entry.effect, created_at=entry.created_at)


def _counts(body: object) -> bool:
    return isinstance(body, Text | Notified) or (isinstance(body, Notice) and body.type in LISTED)


def item_told(event: Event) -> msgspec.Raw:
    """Return the item that the event of an item tells of, in JSON."""
    # Of the fields before it none is an object, and within a string a quote has a backslash before it.
    return msgspec.Raw(event.data[event.data.index(_ITEM) + len(_ITEM) : -1])


def batch_of(stream: str, prev: int, events: Iterable[Event]) -> Batch:
    """Return the batch of consecutive events that follow ``prev``."""
    listed = list(events)
    return Batch(stream, prev, listed[-1].rev if listed else prev, listed)
