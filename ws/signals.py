"""What the server says of a session's own state: not kept, and of no stream's content."""

import msgspec


class LiveEvent(msgspec.Struct, tag_field="ev", tag="live", frozen=True):
    """What was missed has been told: from here on things come as they happen."""


class GoAway(msgspec.Struct, frozen=True):
    """When to come back: after so long and a random part of the spread."""

    after: int
    spread: int


class GoAwayEvent(msgspec.Struct, tag_field="ev", tag="goaway", frozen=True):
    """The node is about to close this session: connect again, and resume."""

    d: GoAway


class Head(msgspec.Struct, frozen=True):
    """How far a stream has come."""

    head: int


class BehindEvent(msgspec.Struct, tag_field="ev", tag="behind", frozen=True):
    """Too much was missed of a room to be told as events: page ``room.changes`` up to ``head``."""

    room: str
    d: Head


class ResetEvent(msgspec.Struct, tag_field="ev", tag="reset", frozen=True):
    """What is known of a room means nothing any more: forget it, fetch its newest page, go on from ``head``."""

    room: str
    d: Head
