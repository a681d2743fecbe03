"""Posts, comments and notifications, as they stand on the wire."""

from services.streams.items.any_item import AnyItem, any_item
from services.streams.items.authors import Author
from store.tables import Commented, Entry, Notified, Posted


class PostItem(AnyItem, tag_field="kind", tag="post", frozen=True, kw_only=True):
    """A post. Its discussion is the stream with its own id. A deleted one keeps its place, with an empty text."""

    title: str
    text: str
    tags: tuple[str, ...]
    picture: str | None
    up: int
    down: int
    score: int
    comments: int
    status: str
    reason: str | None


class CommentItem(AnyItem, tag_field="kind", tag="comment", frozen=True, kw_only=True):
    """A comment; ``room`` is its post. A deleted one keeps its place, with an empty text."""

    text: str
    parent: str | None
    depth: int
    picture: str | None
    up: int
    down: int
    score: int
    reason: str | None


class NotificationItem(AnyItem, tag_field="kind", tag="notification", frozen=True, kw_only=True):
    """Something that one is told of, in one's own stream; ``people`` has 20 of ``count`` at most, the latest first."""

    type: str
    people: list[Author]
    count: int
    place: str | None
    post: str | None
    item: str | None
    text: str
    seen: bool


def post_item(entry: Entry, body: Posted) -> PostItem:
    """Return a post as clients see it."""
    return PostItem(
        *any_item(entry),
        title=body.title,
        text=body.text,
        tags=body.tags,
        picture=body.picture,
        up=body.up,
        down=body.down,
        score=body.up - body.down,
        comments=body.comments,
        status=body.status,
        reason=body.reason,
    )


def comment_item(entry: Entry, body: Commented) -> CommentItem:
    """Return a comment as clients see it."""
    return CommentItem(
        *any_item(entry),
        text=body.text,
        parent=body.parent,
        depth=body.depth,
        picture=body.picture,
        up=body.up,
        down=body.down,
        score=body.up - body.down,
        reason=body.reason,
    )


def notification_item(entry: Entry, body: Notified) -> NotificationItem:
    """Return a notification as its person sees it."""
    return NotificationItem(
        *any_item(entry),
        type=body.type,
        people=[Author(one.id, one.username, one.anonymous) for one in body.people],
        count=body.count,
        place=body.place,
        post=body.post,
        item=body.item,
        text=body.text,
        seen=body.seen,
    )
