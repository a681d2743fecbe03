"""Read marks that sending implies: moved at once for this node's eyes, written in the background, many together."""

import asyncio
import logging

from services.ids import member_id
from store.database import Database, Max
from store.errors import Mismatch, StoreError
from store.tables import MEMBERS, Member

log = logging.getLogger(__name__)

FLUSH_S = 1.0
"""Pause between writes: how much of it a crash may forget. One's own messages never count as unread anyway."""

TOGETHER = 200
"""Marks in one write."""

PENDING_LIMIT = 100_000
"""Marks not yet written; beyond it the oldest are let go: a mark that is too low only shows more as unread."""


class ReadMarks:
    """The marks of this node that are not written yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[str, int] = {}
        self._written: dict[str, int] = {}
        """Marks of the latest flush: a row that was read before it is still older than they are."""

    def note(self, room: str, user: str, seq: int) -> None:
        """Move somebody's mark because they sent a message."""
        key = member_id(room, user)
        if seq > self._pending.get(key, 0):
            self._pending[key] = seq
            if len(self._pending) > PENDING_LIMIT:
                del self._pending[next(iter(self._pending))]

    def read(self, member: Member) -> int:
        """Return the seq up to which somebody has read."""
        return max(member.read, self._pending.get(member.id, 0), self._written.get(member.id, 0))

    async def run(self) -> None:
        """Write what is noted, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what is noted now; what the store does not take stays noted."""
        self._written = {}
        while self._pending:
            part = dict(list(self._pending.items())[:TOGETHER])
            try:
                await self._write(part)
            except StoreError as error:
                log.info("read marks wait", extra={"cause": type(error).__name__})
                return
            for key, seq in part.items():
                self._written[key] = seq
                if self._pending.get(key) == seq:
                    del self._pending[key]

    async def _write(self, part: dict[str, int]) -> None:
        try:
            await self._database.together([Max(MEMBERS, key, "read", seq) for key, seq in part.items()])
        except Mismatch as gone:
            # A member who left: that mark means nothing any more, the others are tried without it.
            self._pending.pop(gone.id, None)
            part.pop(gone.id, None)
            if part:
                await self._write(part)
