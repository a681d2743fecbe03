"""A stream that somebody on this node watches: how far it was delivered, and its latest changes ready to send."""

import asyncio
from collections import deque
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from services.streams.batch import Batch, Event
from ws.wire.frames import text_frame

if TYPE_CHECKING:
    from ws.hub.recent import Recent
    from ws.sessions.session import Session

RING_EVENTS = 256
"""Framed changes kept of a watched stream: most who come back within minutes need no store."""


class Kept(NamedTuple):
    """A change that was delivered, as it was sent."""

    rev: int
    frame: bytes
    """Empty where there was nothing to tell."""
    item: str
    seq: int
    author: str
    """The author of a new message, which counts as unread for others; else empty."""
    audience: bool
    """Whether it changed the room itself or who is in it."""


class Watched:
    """One watched stream. Everything but ``Hub`` and catching up leaves its fields alone."""

    __slots__ = (
        "active_at",
        "asked",
        "delivered",
        "filling",
        "floors",
        "holding",
        "id",
        "known_at",
        "recent",
        "ring",
        "sessions",
        "tick",
        "waiting",
    )

    def __init__(self, id_: str) -> None:
        self.id = id_
        self.delivered: int | None = None
        """The rev up to which everything was handed on; None until the head is read."""
        self.known_at = 0.0
        """When the head was read (the loop's time)."""
        self.active_at = 0
        """Time of the newest entry in milliseconds, 0 where there is none."""
        self.ring: deque[Kept] | tuple[Kept, ...] = ()
        """Its latest changes; most streams have none while they are watched, and an empty deque takes 0.7 KiB."""
        self.recent: Recent | None = None
        """The latest messages, where it was asked about them often."""
        self.asked = 0
        """How often that was."""
        self.sessions: dict[Session, None] = {}
        """Those who get every event at once."""
        self.floors: dict[Session, int] = {}
        """Those who get events of items from a seq on."""
        self.holding: dict[Session, object] = {}
        """Those who are still catching up, each with what tells this time from one after they left and came back."""
        self.tick: list[bytes] = []
        """Frames of this loop tick, joined at its end."""
        self.waiting: list[Batch] = []
        """Batches whose predecessor is missing."""
        self.filling: asyncio.Task[None] | None = None
        """What reads missing batches from the store, where something does."""

    @property
    def idle(self) -> bool:
        """Whether nobody watches any more."""
        return not (self.sessions or self.floors or self.holding)

    @property
    def head(self) -> int:
        """The rev up to which everything was handed on."""
        return self.delivered or 0

    def begin(self, head: int, active_at: int, now: float) -> None:
        """Take the head, which was just read."""
        self.delivered, self.active_at, self.known_at = head, active_at, now

    def keep(self, event: Event) -> bytes:
        """Take the next event as delivered; return its frame, empty where there is nothing to tell."""
        frame = text_frame(event.data) if event.data else b""
        if not isinstance(self.ring, deque):
            self.ring = deque(maxlen=RING_EVENTS)
        self.ring.append(Kept(event.rev, frame, event.item, event.seq, event.author, event.effect is not None))
        self.delivered = event.rev
        self.active_at = max(self.active_at, event.created_at)
        if self.recent is not None and event.author:
            self.recent.add(event.seq, event.author)
        return frame

    def pass_over(self, event: Event) -> None:
        """Take the next event as delivered though nobody is told: whoever is below it asks the store."""
        self.ring = ()
        self.recent = None
        self.delivered = event.rev
        self.active_at = max(self.active_at, event.created_at)

    def begin_anew(self, head: int) -> None:
        """Forget what was delivered: the stream is another one from here on."""
        self.ring = ()
        self.recent = None
        self.waiting.clear()
        self.delivered = head

    def reaches(self, rev: int) -> bool:
        """Tell whether the ring holds everything above ``rev``."""
        return rev >= self.head or (bool(self.ring) and self.ring[0].rev <= rev + 1)

    def since(self, rev: int) -> list[Kept]:
        """Return what the ring holds above ``rev``, rising, an item only at its latest change."""
        seen: set[str] = set()
        latest = []
        for kept in self._above(rev):
            if kept.frame and kept.item not in seen:
                seen.add(kept.item)
                latest.append(kept)
        return latest[::-1]

    def _above(self, rev: int) -> Iterator[Kept]:
        """Give what the ring holds above ``rev``, falling."""
        return takewhile(lambda kept: kept.rev > rev, reversed(self.ring))

    def unread(self, user: str, read: int, above: int) -> int:
        """Count the ring's new messages of others above both a seq and a rev."""
        return sum(kept.author not in ("", user) for kept in self._above(max(read, above)))

    def audience_moved(self, rev: int) -> bool:
        """Tell whether the room itself or its members changed above ``rev``, as far as the ring knows."""
        if rev >= self.head:
            return False
        return not self.reaches(rev) or any(kept.audience for kept in self._above(rev))
