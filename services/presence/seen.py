"""When people were last seen: noted as they go, written in the background, many together."""

import asyncio
import itertools
import logging
from collections.abc import Collection

from services.ids import now_ms
from store.database import FIND_LIMIT, Database, Insert, Max, Put, Write
from store.errors import Duplicate, Mismatch, StoreError
from store.tables import SEEN, Seen

log = logging.getLogger(__name__)

FLUSH_S = 1.0
"""Pause between writes: how much of it a crash may forget, beside what others note of it."""

TOGETHER = 200
"""Times in one write."""

AHEAD_MS = 60_000
"""How far in the future a time may be: what lies further was noted by a clock that was wrong, and means nothing."""

PENDING_LIMIT = 100_000
"""Times not yet written; beyond it the oldest are let go: a time that is too early is the only harm."""


class LastSeen:
    """The times of the installation, with those of this node that are not written yet. They never go back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[str, int] = {}

    def note(self, user: str, at: int) -> None:
        """Note that somebody was there at a time (milliseconds since 1970)."""
        if at > self._pending.get(user, 0):
            self._pending.pop(user, None)
            self._pending[user] = at
            if len(self._pending) > PENDING_LIMIT:
                del self._pending[next(iter(self._pending))]

    async def of(self, users: Collection[str]) -> dict[str, int]:
        """Return when people were last seen, in milliseconds since 1970; those who never were are left out.

        Raises:
            StoreError: If the store does not answer.
        """
        ids = list(users)
        found: dict[str, int] = {}
        for start in range(0, len(ids), FIND_LIMIT):
            rows = await self._database.get_many(SEEN, ids[start : start + FIND_LIMIT])
            found |= {user: row.at for user, row in rows.items() if row.at <= now_ms() + AHEAD_MS}
        for user in ids:
            if user in self._pending:
                found[user] = max(found.get(user, 0), self._pending[user])
        return found

    async def run(self) -> None:
        """Write what is noted, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what is noted now; what the store does not take stays noted."""
        while self._pending:
            part = dict(itertools.islice(self._pending.items(), TOGETHER))
            try:
                await self._write(part)
            except StoreError as error:
                log.info("times of last seen wait", extra={"cause": type(error).__name__})
                return
            for user, at in part.items():
                if self._pending.get(user) == at:
                    del self._pending[user]

    async def _write(self, part: dict[str, int]) -> None:
        known = await self._database.get_many(SEEN, list(part))
        writes: list[Write] = []
        for user, at in part.items():
            if user not in known:
                writes.append(Insert(SEEN, Seen(id=user, at=at)))
            elif known[user].at > now_ms() + AHEAD_MS:
                writes.append(Put(SEEN, Seen(id=user, at=at)))
            else:
                writes.append(Max(SEEN, user, "at", at))
        try:
            await self._database.together(writes)
        except (Duplicate, Mismatch):
            # Another node wrote one of them first, and none of these: the next round finds it there.
            await self._write(part)
