"""Ending what somebody watches of people with whom they share no room any more."""

import asyncio
from typing import TYPE_CHECKING

from services.people.acquaintance import watchable
from store.database import Database
from store.errors import StoreError
from ws.presence.watching import Watching

if TYPE_CHECKING:
    from ws.sessions.session import Session

RETRY_S = 1.0
"""Pause after the store did not answer."""


class Rechecks:
    """Asks again who may watch whom, whenever somebody has left a room."""

    def __init__(self, database: Database, watching: Watching) -> None:
        self._database = database
        self._watching = watching
        self._pending: dict[Session, dict[str, None]] = {}
        self._wake = asyncio.Event()

    def left(self, sessions: "list[Session]", user: str) -> None:
        """Note that somebody left a room, with their own sessions here."""
        for watcher in self._watching.watchers(user):
            self._pending.setdefault(watcher, {})[user] = None
        self.recheck(sessions)

    def recheck(self, sessions: "list[Session]") -> None:
        """Note that sessions may know fewer people now."""
        for session in sessions:
            if users := self._watching.of(session):
                self._pending.setdefault(session, {}).update(dict.fromkeys(users))
        self._wake.set()

    async def run(self) -> None:
        """Ask again until cancelled, for one session after the other."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending:
                session = next(iter(self._pending))
                users = self._pending.pop(session)
                try:
                    known = await watchable(self._database, session.user, users)
                except StoreError:
                    self._pending.setdefault(session, {}).update(users)
                    await asyncio.sleep(RETRY_S)
                else:
                    self._watching.refuse(session, [user for user in users if user not in known])
