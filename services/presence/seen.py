"""When people were last seen: noted as they go, written in the background, many together."""

from collections.abc import Collection

from services.ids import now_ms
from services.loop.noted import Noted
from store.database import FIND_LIMIT, Database, Insert, Max, Put, Write
from store.errors import Duplicate, Mismatch
from store.tables import SEEN, Seen

AHEAD_MS = 60_000
"""How far in the future a time may be: what lies further was noted by a clock that was wrong, and means nothing."""


class LastSeen:
    """The times of the installation, with those of this node that are not written yet. They never go back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted = Noted("times of last seen", self._write)

    def note(self, user: str, at: int) -> None:
        """Note that somebody was there at a time (milliseconds since 1970)."""
        self._noted.note(user, at)

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
            if waiting := self._noted.get(user):
                found[user] = max(found.get(user, 0), waiting)
        return found

    async def run(self) -> None:
        """Write what is noted, until cancelled."""
        await self._noted.run()

    async def flush(self) -> None:
        """Write what is noted now; what the store does not take stays noted."""
        await self._noted.flush()

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
