"""Watching the store where the broker does not carry: what was written lately, read by the store's own clock."""

import asyncio
from collections import deque
from collections.abc import Callable

from store.database import FIND_LIMIT, Database
from store.tables import ENTRIES

EVERY_S = 1.0
"""Pause between two looks: what other nodes write is late by that much."""

NOTE_S = 2.0
"""Pause between two notes of how far the clock has come, while nobody has to look."""

OVERLAP_S = 5.0
"""How far each look goes back: a transaction may appear below a reading that was seen already."""


class Tail:
    """Reads on from what was seen ``OVERLAP_S`` ago."""

    def __init__(self, database: Database, found: Callable[[str, int], None]) -> None:
        """Take the store, and what is told of each stream that was written to, with its furthest rev."""
        self._database = database
        self._found = found
        self._clock = asyncio.get_running_loop().time
        self._readings: deque[tuple[float, int]] = deque()

    async def note(self) -> None:
        """Note how far the clock has come: a later look begins there.

        Raises:
            Unavailable: If the store does not answer.
        """
        asked = self._clock()
        self._keep(asked, await self._database.latest(ENTRIES))

    async def look(self) -> None:
        """Tell of all that was written since ``OVERLAP_S`` before the last look.

        Raises:
            Unavailable: If the store does not answer; the next look goes back further.
        """
        if not self._readings:
            await self.note()
        asked = self._clock()
        after = self._readings[0][1]
        while True:
            page = await self._database.tail(ENTRIES, after, FIND_LIMIT)
            heads: dict[str, int] = {}
            for reading, entry in page:
                after = max(after, reading)
                heads[entry.stream] = max(heads.get(entry.stream, 0), entry.rev)
            for stream, rev in heads.items():
                self._found(stream, rev)
            if len(page) < FIND_LIMIT:
                break
        self._keep(asked, after)

    def _keep(self, asked: float, reading: int) -> None:
        self._readings.append((asked, reading))
        while len(self._readings) > 1 and self._readings[1][0] <= asked - OVERLAP_S:
            self._readings.popleft()
