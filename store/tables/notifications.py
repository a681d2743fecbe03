"""What people are told of: what has still to be told, what stands in their own streams, and what was mailed."""

from typing import Any

from store.database import Index, Record, Table
from store.tables.talk import Person


class Told(Record, kw_only=True, omit_defaults=True):
    """That somebody is to be told of something, or was.

    Its id is made of what happened, so that they are told once, however often the job is done that tells.
    """

    user: str
    due: str | None
    """The user, until a notification has it."""
    type: str
    subject: str
    """What those of one type are gathered by: the post, comment or message it is about, or the place."""
    shown: Person
    place: str | None = None
    post: str | None = None
    item: str | None = None
    text: str = ""
    told_at: int
    """When it was written down."""


class Notification(Record, kw_only=True, omit_defaults=True):
    """What somebody was told, as lists and counts find it; its id is that of its item in the own stream."""

    user: str
    type: str
    listed: str | None
    """The user; None where it was deleted."""
    unread: str | None
    """The user; None where it was read by itself, or deleted. What the read marker has passed is read too."""
    gathers: str | None = None
    """``user:type:subject`` while more of the same may join it."""
    seq: int = 0
    changed_at: int = 0


class Mailed(Record, kw_only=True, omit_defaults=True):
    """When somebody was last written to about something; its id is ``user:sort:subject``."""

    user: str
    mailed_at: int


TOLD = Table("told", Told, (Index(("due", "id")), Index(("told_at", "id")), Index(("user", "id"))))
NOTIFICATIONS = Table(
    "notifications",
    Notification,
    (
        Index(("listed", "seq")),
        Index(("listed", "type", "seq")),
        Index(("unread", "seq")),
        Index(("unread", "type", "seq")),
        Index(("gathers",), unique=True),
        Index(("user", "id")),
    ),
)
MAILED = Table("mailed", Mailed, (Index(("mailed_at", "id")), Index(("user", "id"))))

NOTIFICATION_TABLES: tuple[Table[Any], ...] = (TOLD, NOTIFICATIONS, MAILED)
