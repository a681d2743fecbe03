"""Catching up: what a session missed of a stream, at the pace of its socket, until it is live."""

from typing import TYPE_CHECKING

from services.streams.reading import read_batch
from ws.hub.watched import Watched
from ws.wire.frames import text_frame

if TYPE_CHECKING:
    from ws.door import Door
    from ws.sessions.session import Session

DELTA_REVS = 500
"""Revs that are sent as events; a client that missed more pages ``changes``."""

CHUNK_BYTES = 64 * 1024
"""Bytes handed to a session's outbox before its socket has to take them."""

CHUNK_REVS = 250
"""Revs read from the store at once, where memory does not reach: most who come back are served by one question."""


class CatchUp:
    """One stream that a session is to be brought up to date with."""

    __slots__ = ("_door", "_first_seq", "_hold", "_position", "_session", "_watched")

    def __init__(self, door: "Door", session: "Session", watched: Watched, cursor: int, first_seq: int) -> None:
        self._door = door
        self._session = session
        self._watched = watched
        self._hold = watched.holding.get(session)
        self._position = cursor
        self._first_seq = first_seq

    @property
    def done(self) -> bool:
        """Whether nothing is missing."""
        return self._position >= self._watched.head

    def attach(self) -> None:
        """Make the session live in this stream, unless it was removed, once nothing is missing."""
        if self._holds:
            self._door.hub.attach(self._session, self._watched, self._first_seq)

    async def run(self, *, attach: bool) -> None:
        """Send what is missing up to the head; give up where the session was removed or is closing.

        With ``attach`` it is live in this stream from then on.

        Raises:
            StoreError: If the store has to be asked and does not answer.
        """
        watched, session = self._watched, self._session
        while await session.outbox.drained(CHUNK_BYTES):
            if not self._holds:
                return
            if self.done:
                if attach:
                    self.attach()  # nothing waits between this look and the attaching: no event falls between
                return
            if watched.reaches(self._position):
                self._send_kept()
            else:
                await self._send_stored()

    @property
    def _holds(self) -> bool:
        """Whether the session was not removed: one that is back by now is told of the room as of a new one."""
        return self._hold is not None and self._watched.holding.get(self._session) is self._hold

    def _send_kept(self) -> None:
        size = 0
        for kept in self._watched.since(self._position):
            if kept.seq == 0 or kept.seq >= self._first_seq:
                self._session.outbox.push(kept.frame)
                size += len(kept.frame)
            self._position = kept.rev
            if size >= CHUNK_BYTES:
                return
        self._position = self._watched.head

    async def _send_stored(self) -> None:
        batch = await read_batch(self._door.application.database, self._watched.id, self._position, CHUNK_REVS)
        if not self._holds:
            return
        head = self._watched.head
        for event in batch.events:
            # Above the head is what the hub will deliver itself.
            if event.rev <= head and event.data and (event.seq == 0 or event.seq >= self._first_seq):
                self._session.outbox.push(text_frame(event.data))
        self._position = min(batch.last, head) if batch.events else head
