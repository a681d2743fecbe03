"""The live side of presence on one node: it implements ``services.presence.statuses.Desk``."""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from services.ids import now_ms
from services.loop import tasks
from services.presence.seen import LastSeen
from store.database import Database
from store.presence import Presence
from store.tables import Effect
from ws.hub.hub import Hub
from ws.presence.crowds import Crowds
from ws.presence.here import Here
from ws.presence.ledger import Ledger
from ws.presence.others import CHANNEL, Others
from ws.presence.rechecks import Rechecks
from ws.presence.watching import Watching
from ws.relay.envelopes import Kind
from ws.wheel import Wheel
from ws.wire.codes import CloseCode

if TYPE_CHECKING:
    from ws.relay.relay import Relay
    from ws.sessions.session import Session


log = logging.getLogger(__name__)

CLOSE_S = 2.0
"""Longest that a node which ends takes to note who was there."""


class Desk:
    """Who is here and who watches whom. Without others the node is alone, and its own truth is all there is."""

    def __init__(
        self,
        node: str,
        store: Presence,
        others: Others | None,
        database: Database,
        hub: Hub,
        wheel: Wheel,
        seen: LastSeen,
    ) -> None:
        self._others = others
        self._hub = hub
        self._seen = seen
        self._here = Here(wheel, self._changed)
        self._watching = Watching(node, self._here.status, self._want, self._drop)
        self._crowds = Crowds(node, store, others, self._audience)
        self._ledger = None if others is None else Ledger(node, store, others, wheel, self._here, self._watching, seen)
        self._rechecks = Rechecks(database, self._watching)
        hub.leaving.append(self._left)
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Begin what goes on in the background."""
        works = [self._rechecks.run, self._seen.run]
        if self._ledger is not None:
            works += self._ledger.works()
        self._tasks = [tasks.keep(work) for work in works]

    def join(self, relay: "Relay") -> None:
        """Hear what the other nodes say, and of what happens to them."""
        if self._ledger is not None:
            relay.on[Kind.PRESENCE] = self.heard
            relay.recovered.append(self._ledger.recovered)
            relay.leases.forgotten.append(self._ledger.forgotten)
            relay.leases.gone.append(self._ledger.node_gone)

    async def close(self) -> None:
        """End what goes on, and note when those who are still here were seen."""
        await tasks.end(*self._tasks)
        await self._crowds.close()
        if self._ledger is not None:
            await self._ledger.looking.close()
        for user in self._here.users():
            self._seen.note(user, now_ms())
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._seen.flush()
        except TimeoutError:
            log.info("not all times of last seen were written")

    # Sessions.

    def arrive(self, session: "Session") -> None:
        """Take a session that was greeted: its user is there."""
        self._here.arrive(session, session.user)

    def leave(self, session: "Session") -> None:
        """Forget a session that has ended."""
        self._watching.remove(session)
        self._here.leave(session, silent=session.closed_code == CloseCode.HEARTBEAT)

    # Asked: see ``Desk`` of the services.

    def declare(self, session: object, status: str) -> None:
        """See ``Desk.declare``."""
        self._here.declare(cast("Session", session), status)

    async def watch(self, session: object, users: Sequence[str]) -> None:
        """See ``Desk.watch``."""
        watcher = cast("Session", session)
        if watcher.gone:
            return
        new = self._watching.add(watcher, users)
        if self._ledger is not None:
            await self._ledger.looking.learn(new, users)
        self._watching.tell(watcher, users)

    def end_watch(self, session: object) -> None:
        """See ``Desk.end_watch``."""
        self._watching.remove(cast("Session", session))

    def status(self, user: str) -> str:
        """See ``Desk.status``."""
        return self._watching.status(user)

    async def present(self, users: Sequence[str]) -> int:
        """See ``Desk.present``."""
        if self._ledger is None:
            return sum(1 for user in users if self._here.status(user) is not None)
        return await self._ledger.looking.present(list(users))

    async def count(self, room: str) -> int:
        """See ``Desk.count``."""
        return await self._crowds.count(room)

    # Other nodes.

    def heard(self, channel: str, node: str, body: bytes) -> None:
        """Take what another node says: how somebody is there, or that it counts a room.

        Raises:
            msgspec.DecodeError: If it cannot be read.
        """
        if not channel.startswith(CHANNEL):
            self._crowds.asked(channel)
        elif self._ledger is not None:
            self._ledger.heard(node, body)

    def recheck(self, user: str) -> None:
        """Ask again who may know how somebody is: they may have blocked one of them."""
        self._rechecks.left([], user)

    def _want(self, user: str) -> None:
        if self._others is not None:
            self._others.want(CHANNEL + user)

    def _drop(self, user: str) -> None:
        if self._others is not None:
            self._others.drop(CHANNEL + user)

    def _changed(self, user: str, status: str | None, at: int) -> None:
        if status is None:
            self._seen.note(user, at)
        if self._ledger is not None:
            self._ledger.telling.changed(user, status, at)
        self._watching.moved(user, at)

    def _audience(self, room: str) -> set[str]:
        watched = self._hub.find(room)
        return set() if watched is None else {session.user for session in [*watched.sessions, *watched.floors]}

    def _left(self, room: str, effect: Effect) -> None:
        if effect.type == "left" and effect.user is not None:
            self._rechecks.left(self._hub.sessions(effect.user), effect.user)
        elif effect.type == "closed" and (watched := self._hub.find(room)) is not None:
            self._rechecks.recheck([*watched.sessions, *watched.floors])
