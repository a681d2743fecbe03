"""What people are to each other, what of them is counted, and what each has hidden for themselves."""

from typing import Any

from store.database import Index, Record, Table


class Follow(Record, kw_only=True, omit_defaults=True):
    """That somebody follows somebody; its id is ``user:other``. One that was taken back stays, without ``since``."""

    user: str
    other: str
    since: str | None = None
    """An id of the moment at which it began: lists are in its order."""
    told_at: int | None = None
    """When the other was last told of it: to follow again and again tells nothing new."""


class Friend(Record, kw_only=True):
    """What somebody is to somebody, as the one sees it; its id is ``user:other``, and the other has one too."""

    user: str
    other: str
    state: str
    """friends, sent (the user asked the other), or received."""
    since: str
    """An id of the moment at which it came to that."""


class Counts(Record, kw_only=True, omit_defaults=True):
    """What is counted of somebody; its id is the user's. It changes with what it counts, in one transaction."""

    followers: int = 0
    following: int = 0
    friends: int = 0
    posts: int = 0
    """Those on their page, deleted ones excepted."""


class Hidden(Record, kw_only=True, omit_defaults=True):
    """A message that somebody sees no more (its id is ``user:message``), or all up to one (``user:room``)."""

    user: str
    room: str
    seq: int
    message: str | None = None
    """None: everything up to ``seq``."""


FOLLOWS = Table("follows", Follow, (Index(("user", "since")), Index(("other", "since"))))
FRIENDS = Table("friends", Friend, (Index(("user", "state", "since")), Index(("user", "other"))))
COUNTS = Table("counts", Counts)
HIDDEN = Table("hidden", Hidden, (Index(("user", "room", "seq")),))

PEOPLE_TABLES: tuple[Table[Any], ...] = (FOLLOWS, FRIENDS, COUNTS, HIDDEN)
