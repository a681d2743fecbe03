"""Posts, comments, votes, and the other names that people have in topics."""

from typing import Any

from store.database import Index, Record, Table
from store.tables.talk import Commented, Posted


class Post(Record, kw_only=True, omit_defaults=True):
    """A post as lists find it; its id is that of its item, and of the stream of its discussion.

    What it says stands in its item. The orders change with its item, in one transaction.
    """

    place: str
    """The topic, or the person's page, in whose stream its item is."""
    person: str
    """Who wrote it, whatever name it shows."""
    live: str | None
    """The place again; None where it is deleted."""
    by: str | None
    """Its author, where it shows their own name and is not deleted."""
    wide: str | None
    """``all`` where everybody might see it, deleted ones excepted."""
    paged: str | None = None
    """``all`` where it is on somebody's page, and not deleted."""
    top: int
    """Its score, and below it what tells equal ones apart."""
    hot: int
    """The same of its heat."""


class Comment(Record, kw_only=True, omit_defaults=True):
    """A comment as lists find it; its id is that of its item, which is in the stream of the post."""

    post: str
    place: str
    """The place of the post."""
    person: str
    """Who wrote it, whatever name it shows."""
    parent: str | None = None
    level: str
    """The post's id for a comment under the post itself, else the parent's."""
    depth: int = 0
    top: int
    """Its score, and below it what tells equal ones apart."""
    below: int = 0
    """How many comments stand below it, at any depth, deleted ones included."""
    under: tuple[str, ...] = ()
    """Which they are, in the order they were written, while they are few; empty once they are more."""


class Vote(Record, kw_only=True, omit_defaults=True):
    """Somebody's vote on an item; its id is ``item:user``. One that was taken back stays, with value 0."""

    item: str
    user: str
    post: str
    """The post that is voted on, or under which the comment stands."""
    value: int
    """1, -1 or 0."""
    up: int = 0
    """What of it is in the item's totals already."""
    down: int = 0
    due: str | None = None
    """The item, while the totals do not have it as it is."""
    told: bool = False
    """Whether the author was told of it once: who changes their mind again and again is no news each time."""


class Alias(Record, kw_only=True, omit_defaults=True):
    """Another name that somebody has in a topic. Its id is shown to all and tells nothing of the person."""

    topic: str
    user: str
    owned: str | None = None
    """``topic:user``; None once it was given up: what was said under it stays."""
    name: str
    name_key: str
    """The name folded: unique in the topic, those that were given up included."""
    silenced: str | None = None
    """``topic:user`` while it may not speak: its person may not by any other there either."""
    created_at: int


class Buried(Record, kw_only=True, omit_defaults=True):
    """What a deleted post or comment said, for as long as it may be restored; its id is the item's."""

    place: str
    by: str
    reason: str | None = None
    body: Posted | Commented
    until: int


class Fed(Record, kw_only=True, omit_defaults=True):
    """A post in somebody's feed; its id is ``user:post``."""

    user: str
    post: str
    author: str
    place: str
    paged: str | None = None
    """The user again, where the post is on somebody's page."""


POSTS = Table(
    "posts",
    Post,
    (
        Index(("live", "id")),
        Index(("live", "top")),
        Index(("live", "hot")),
        Index(("by", "id")),
        Index(("by", "wide", "id")),
        Index(("wide", "id")),
        Index(("paged", "id")),
        Index(("person", "id")),
    ),
)
COMMENTS = Table(
    "comments",
    Comment,
    (
        Index(("level", "id")),
        Index(("level", "top")),
        Index(("person", "id")),
    ),
)
VOTES = Table("votes", Vote, (Index(("due", "id")), Index(("item", "user")), Index(("user", "post", "id"))))
ALIASES = Table(
    "aliases",
    Alias,
    (
        Index(("owned",), unique=True),
        Index(("topic", "name_key"), unique=True),
        Index(("user", "topic")),
        Index(("user", "owned")),
        Index(("silenced", "id")),
    ),
)
BURIED = Table("buried", Buried, (Index(("until", "id")),))
FED = Table(
    "fed",
    Fed,
    (
        Index(("user", "post")),
        Index(("user", "author", "post")),
        Index(("user", "place", "post")),
        Index(("post", "user")),
        Index(("paged", "post")),
    ),
)

FORUM_TABLES: tuple[Table[Any], ...] = (POSTS, COMMENTS, VOTES, ALIASES, BURIED, FED)
