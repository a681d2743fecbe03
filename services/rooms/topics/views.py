"""Topics as lists show them: nothing in it has to be counted."""

import msgspec

from services.ids import rfc3339
from store.tables import Member, Room


class TopicView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A topic, or a room in one, as a list shows it; ``role`` is the caller's."""

    id: str
    kind: str
    name: str
    description: str
    picture: str | None
    owner: str | None
    member_count: int
    created_at: str
    active_at: str
    role: str | None
    open: bool
    tags: tuple[str, ...]
    voip_enabled: bool
    place: str | None = None
    anonymous: bool = False
    background: str | None = None


class Topics(msgspec.Struct, frozen=True):
    """Topics, or rooms in one; ``next`` is the cursor of those that follow."""

    items: list[TopicView]
    next: str | None


def topic_view(room: Room, member: Member | None) -> TopicView:
    """Return a topic, or a room in one, as somebody sees it who is ``member`` there."""
    return TopicView(
        id=room.id,
        kind=room.kind,
        name=room.name,
        description=room.description,
        picture=room.picture,
        owner=room.owner,
        member_count=room.member_count,
        created_at=rfc3339(room.created_at),
        active_at=rfc3339(room.active_at or room.created_at),
        role=None if member is None else member.role,
        open=room.open,
        tags=room.tags,
        voip_enabled=room.voip_enabled,
        place=room.place,
        anonymous=room.anonymous,
        background=room.background,
    )
