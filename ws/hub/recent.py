"""Who wrote a stream's latest messages: enough to tell many people how much is unread without asking the store."""

import asyncio
from collections import deque
from collections.abc import Iterable

from services.rooms.views import UNREAD_LIMIT
from store.database import Database
from store.tables import ENTRIES
from ws.hub.watched import Watched

TEXTS = 2 * UNREAD_LIMIT
"""Messages remembered of a stream: with half of them one's own, the others still fill the count."""

WORTH_ASKS = 3
"""Counts of one stream after which its latest messages are read once instead: most are asked about by one or two."""


class Recent:
    """The seqs and authors of the latest messages, complete from a seq on."""

    __slots__ = ("_from", "_texts")

    def __init__(self, texts: Iterable[tuple[int, str]], complete_from: int) -> None:
        """Take rising seqs with their authors, and the seq from which on none is missing."""
        self._texts = deque(texts, maxlen=TEXTS)
        self._from = complete_from

    def add(self, seq: int, author: str) -> None:
        """Note a new message; one that is known is left out."""
        if self._texts and seq <= self._texts[-1][0]:
            return
        if len(self._texts) == TEXTS:
            self._from = self._texts[0][0] + 1
        self._texts.append((seq, author))

    def unread(self, user: str, read: int, head: int) -> int | None:
        """Count the messages of others above ``read`` up to ``head``; None where that goes back too far."""
        count = 0
        for seq, author in reversed(self._texts):
            if seq <= read:
                return count
            if seq <= head and author != user:
                count += 1
                if count == UNREAD_LIMIT:
                    return count
        return count if read + 1 >= self._from else None


class Recall:
    """Remembers the latest messages of streams that are asked about again and again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading: dict[str, asyncio.Event] = {}

    def known(self, watched: Watched, user: str, read: int) -> int | None:
        """Count what is unread up to the stream's head; None where something has to be asked for that."""
        return None if watched.recent is None else watched.recent.unread(user, read, watched.head)

    async def unread(self, watched: Watched, user: str, read: int) -> int | None:
        """Count what is unread up to the stream's head; None where the store has to be asked.

        Raises:
            StoreError: If the latest messages are to be read, and cannot be.
        """
        if watched.recent is None:
            watched.asked += 1
            if watched.asked <= WORTH_ASKS:
                return None
            await self._read(watched)
        return self.known(watched, user, read)

    async def _read(self, watched: Watched) -> None:
        """Read them once, however many ask; where that fails, one is told and the others ask the store."""
        reading = self._reading.get(watched.id)
        if reading is not None:
            await reading.wait()
            return
        read = self._reading[watched.id] = asyncio.Event()
        try:
            await self._load(watched)
        finally:
            del self._reading[watched.id]
            read.set()

    async def _load(self, watched: Watched) -> None:
        found = await self._database.find(ENTRIES, {"stream": watched.id}, by="seq", above=0, falling=True, limit=TEXTS)
        texts = [(entry.seq or 0, entry.author) for entry in reversed(found) if entry.kind == "text"]
        complete_from = (found[-1].seq or 0) if len(found) == TEXTS else 0
        recent = Recent(texts, complete_from)
        last = (found[0].seq or 0) if found else 0
        for kept in watched.ring:  # what came while we read
            if kept.author and kept.seq > last:
                recent.add(kept.seq, kept.author)
        watched.recent = recent
