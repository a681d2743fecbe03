"""Items and the events about them, as they stand on the wire."""

from typing import Any, Final

import msgspec

from services.ids import rfc3339
from services.streams.items.any_item import AnyItem, any_item
from services.streams.items.forum_items import (
    CommentItem,
    NotificationItem,
    PostItem,
    comment_item,
    notification_item,
    post_item,
)
from store.tables import Called, Commented, Entry, Notice, Notified, Posted, Reaction, Room, Text


class TextItem(AnyItem, tag_field="kind", tag="text", frozen=True, kw_only=True):
    """A message. A deleted one keeps its place, with an empty text."""

    text: str
    reply_to: str | None
    reactions: list[Reaction]
    attachments: list[dict[str, Any]]


class NoticeItem(AnyItem, tag_field="kind", tag="notice", frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened to a room, or (with a ``target``) to a person in it."""

    type: str
    user: str | None
    by: str | None
    role: str | None
    name: str | None
    target: str | None
    permissions: tuple[str, ...] | None = None


class CallItem(AnyItem, tag_field="kind", tag="call", frozen=True, kw_only=True):
    """A call in this room; ``outcome`` and ``seconds`` are null while it goes on."""

    call: str
    media: str
    outcome: str | None
    seconds: int | None


Item = TextItem | NoticeItem | CallItem | PostItem | CommentItem | NotificationItem


class RoomState(msgspec.Struct, frozen=True, kw_only=True):
    """A room as everybody sees it: nothing in it depends on who looks, and nothing is left out."""

    id: str
    kind: str
    name: str
    description: str
    picture: str | None
    owner: str | None
    history: str
    member_count: int
    voip_enabled: bool
    head: int
    created_at: str
    open: bool = False
    place: str | None = None
    tags: tuple[str, ...] = ()
    anonymous: bool = False
    links: str = "allow"
    background: str | None = None


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


def wire_item(entry: Entry) -> Item:
    """Return an item as clients see it; ``entry`` is an item, not a marker."""
    body = entry.body
    if isinstance(body, Notice):
        return _notice_item(entry, body)
    if isinstance(body, Called):
        return _call_item(entry, body)
    if isinstance(body, Posted):
        return post_item(entry, body)
    if isinstance(body, Commented):
        return comment_item(entry, body)
    if isinstance(body, Notified):
        return notification_item(entry, body)
    text = body if isinstance(body, Text) else _NOTHING
    return TextItem(
        *any_item(entry),
        text=text.text,
        reply_to=text.reply_to,
        reactions=text.reactions,
        attachments=text.attachments,
    )


def _notice_item(entry: Entry, body: Notice) -> NoticeItem:
    return NoticeItem(
        *any_item(entry),
        type=body.type,
        user=body.user,
        by=body.by,
        role=body.role,
        name=body.name,
        target=body.target,
        permissions=body.permissions,
    )


def _call_item(entry: Entry, body: Called) -> CallItem:
    return CallItem(
        *any_item(entry),
        call=body.call,
        media=body.media,
        outcome=body.outcome,
        seconds=body.seconds,
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
        voip_enabled=room.voip_enabled,
        head=head,
        created_at=rfc3339(room.created_at),
        open=room.open,
        place=room.place,
        tags=room.tags,
        anonymous=room.anonymous,
        links=room.links,
        background=room.background,
    )
