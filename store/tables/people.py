"""What people choose for themselves, are to each other and have hidden, and what of them is counted."""

from typing import Any

import msgspec

from store.database import Index, Record, Table


class Preferences(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody chose for themselves."""

    theme: str = "system"
    """system, light or dark."""
    language: str = "en"
    """en or pt: of the mail they get, and of the page."""
    anonymous: bool = False
    """Whether they are shown under another name where a place permits it."""
    mail_second_step: bool = False
    """Whether a code by mail is asked for after the first proof at a log-in."""
    relay: str = "strangers"
    """strangers, always or never: in which calls the others are not to learn one's address."""
    last_seen: str = "everybody"
    """everybody (who knows one), friends or nobody: who may know whether one is there, and when one last was."""
    mail_follow: bool = True
    """Whether a letter tells of who follows them; ``mail_like`` and ``mail_comment`` the same of likes and comments."""
    mail_like: bool = True
    mail_comment: bool = True
    mail_digest: str = "off"
    """off, daily or weekly: whether a letter tells of all that they have not read."""


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
