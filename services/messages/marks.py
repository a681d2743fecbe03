"""Read marks that sending implies: moved at once for this node's eyes, written in the background, many together."""

import asyncio

from services.ids import member_id
from services.loop import noted
from store.database import Database, Max
from store.errors import Mismatch
from store.tables import MEMBERS, Member


class ReadMarks:
    """The marks of this node that are not written yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.pending = noted.Noted("read marks", self._write)
        """What is not written yet."""
        self._written: dict[str, int] = {}
        """Marks of the latest flush: a row that was read before it is still older than they are."""

    def note(self, room: str, user: str, seq: int) -> None:
        """Move somebody's mark because they sent a message."""
        self.pending.note(member_id(room, user), seq)

    def read(self, member: Member) -> int:
        """Return the seq up to which somebody has read."""
        return max(member.read, self.pending.get(member.id), self._written.get(member.id, 0))

    async def run(self) -> None:
        """Write what is noted, until cancelled."""
        while True:
            await asyncio.sleep(noted.FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what is noted now; what the store does not take stays noted."""
        self._written = {}
        await self.pending.flush()

    async def _write(self, part: dict[str, int]) -> None:
        try:
            await self._database.together([Max(MEMBERS, key, "read", seq) for key, seq in part.items()])
            self._written |= part
        except Mismatch as gone:
            # A member who left: that mark means nothing any more, the others are tried without it.
            self.pending.drop(gone.id)
            part.pop(gone.id, None)
            if part:
                await self._write(part)
