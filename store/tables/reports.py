"""Reports of what people said, as moderators find them."""

from typing import Any

import msgspec

from store.database import Index, Record, Table
from store.tables.talk import Person


class Said(msgspec.Struct, omit_defaults=True):
    """Something as it was when it was reported: later changes of it change nothing here."""

    id: str
    kind: str
    """text, post, comment, room, topic, user or picture."""
    text: str
    author: Person | None = None
    """Under the name that it showed."""
    title: str = ""
    created_at: int = 0


class Remark(msgspec.Struct, omit_defaults=True):
    """What somebody did with a report, and what they wrote to it."""

    by: str
    step: str
    """review, dismiss, resolve, escalate or reopen."""
    created_at: int
    note: str = ""
    actions: tuple[str, ...] = ()
    digest: str = ""
    """A hash of what was asked for: the same again is the step that was taken."""


class Report(Record, kw_only=True, omit_defaults=True):
    """A report. Whoever it is about is ``subject``, which nobody is shown: ``said`` has the name that they showed."""

    kind: str
    """message, comment, post, user, room, topic or picture."""
    target: str
    room: str | None = None
    """The stream that it stands in, or the room itself."""
    topic: str | None = None
    """The topic whose moderators see it; None where the installation's alone do."""
    post: str | None = None
    where: str = ""
    """What the room was called."""
    reporter: str
    """The user's id, or ``~`` for the server."""
    once: str | None = None
    """``kind:target:reporter``: everybody reports a thing once. The server may do so again."""
    subject: str | None = None
    reason: str
    description: str = ""
    flags: tuple[str, ...] = ()
    """What the filter found."""
    said: Said
    context: tuple[Said, ...] = ()
    """What was said before it, as far as the reporter attached it."""
    state: str = "pending"
    """pending, reviewed, escalated, resolved or dismissed."""
    actions: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    by_staff: bool = False
    """Whether one of the installation's moderators decided it."""
    version: int = 0
    decided_at: int | None = None
    created_at: int


REPORTS = Table(
    "reports",
    Report,
    (
        Index(("once",), unique=True),
        Index(("id",)),
        Index(("state", "id")),
        Index(("topic", "id")),
        Index(("topic", "state", "id")),
        Index(("reporter", "id")),
        Index(("state", "decided_at")),
    ),
)

REPORT_TABLES: tuple[Table[Any], ...] = (REPORTS,)
