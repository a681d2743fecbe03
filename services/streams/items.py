"""Items and the events about them, as they stand on the wire."""

import functools
from typing import Any, Final

import msgspec

from services.ids import rfc3339
from store.tables import Entry, Notice, Reaction, Room, Text


class Author(msgspec.Struct, frozen=True):
    """Somebody, by id and by the name they had."""

    id: str
    username: str


class TextItem(msgspec.Struct, tag_field="kind", tag="text", frozen=True, kw_only=True):
    """A message. A deleted one keeps its place, with an empty text."""

    id: str
    room: str
    seq: int
    rev: int
    author: Author | None
    cid: str
    created_at: str
    edited_at: str | None
    deleted: bool
    text: str
    reply_to: str | None
    reactions: list[Reaction]
    attachments: list[dict[str, Any]]


class NoticeItem(msgspec.Struct, tag_field="kind", tag="notice", frozen=True, kw_only=True):
    """Something that happened to a room, or (with a ``target``) to a person in it."""

    id: str
    room: str
    seq: int
    rev: int
    author: Author | None
    cid: str
    created_at: str
    edited_at: str | None
    deleted: bool
    type: str
    user: str | None
    by: str | None
    role: str | None
    name: str | None
    target: str | None


Item = TextItem | NoticeItem


class RoomState(msgspec.Struct, frozen=True, kw_only=True):
    """A room as everybody sees it: nothing in it depends on who looks."""

    id: str
    kind: str
    name: str
    description: str
    picture: str | None
    owner: str | None
    history: str
    member_count: int
    head: int
    created_at: str


class MessageEvent(msgspec.Struct, tag_field="ev", tag="message", frozen=True):
    """Durable: put this item in its place, whatever its kind."""

    room: str
    rev: int
    d: Item


class RoomEvent(msgspec.Struct, tag_field="ev", tag="room", frozen=True):
    """Durable: the room itself as it is now."""

    room: str
    rev: int
    d: RoomState


_NOTHING: Final = Text(text="")

_author = functools.lru_cache(maxsize=4096)(Author)


def wire_item(entry: Entry) -> Item:
    """Return an item as clients see it; ``entry`` is an item, not a marker."""
    # Field by field: a page of fifty costs a quarter of what it does by way of a dict of what all kinds have.
    author = None if entry.username is None else _author(entry.author, entry.username)
    edited_at = None if entry.edited_at is None else rfc3339(entry.edited_at)
    body = entry.body
    if isinstance(body, Notice):
        return NoticeItem(
            id=entry.id,
            room=entry.stream,
            seq=entry.seq or entry.rev,
            rev=entry.changed or entry.rev,
            author=author,
            cid=entry.cid,
            created_at=rfc3339(entry.created_at),
            edited_at=edited_at,
            deleted=entry.deleted,
            type=body.type,
            user=body.user,
            by=body.by,
            role=body.role,
            name=body.name,
            target=body.target,
        )
    text = body if isinstance(body, Text) else _NOTHING
    return TextItem(
        id=entry.id,
        room=entry.stream,
        seq=entry.seq or entry.rev,
        rev=entry.changed or entry.rev,
        author=author,
        cid=entry.cid,
        created_at=rfc3339(entry.created_at),
        edited_at=edited_at,
        deleted=entry.deleted,
        text=text.text,
        reply_to=text.reply_to,
        reactions=text.reactions,
        attachments=text.attachments,
    )


def room_state(room: Room, head: int) -> RoomState:
    """Return a room as everybody sees it."""
    return RoomState(
        id=room.id,
        kind=room.kind,
        name=room.name,
        description=room.description,
        picture=room.picture,
        owner=room.owner,
        history=room.history,
        member_count=room.member_count,
        head=head,
        created_at=rfc3339(room.created_at),
    )
