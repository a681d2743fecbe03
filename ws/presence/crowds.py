"""How many people of a large room are there: each node says whom it has when somebody asks, and at no other time."""

import asyncio
from collections.abc import Callable

from services.loop import tasks
from store.errors import StoreError
from store.presence import Presence
from ws.presence.others import Others
from ws.relay.envelopes import Kind

KEPT_S = 10.0
"""How long a count is good: a large room is asked about by many."""

FILLED_S = 5.0
"""Pause between two times that a node says whom it has of a room."""

ANSWER_S = 0.2
"""Time that the other nodes have to say whom they have."""

KEPT = 1000
"""Rooms remembered; beyond it those asked about longest ago are asked about anew."""


class Crowds:
    """Counts the people of rooms over all nodes."""

    def __init__(self, node: str, store: Presence, others: Others | None, audience: Callable[[str], set[str]]) -> None:
        """Take the node's name, what is shared, the other nodes (None: there are none), and who of a room is here."""
        self._node = node
        self._store = store
        self._others = others
        self._audience = audience
        self._clock = asyncio.get_running_loop().time
        self._counts: dict[str, tuple[float, int]] = {}
        self._filled: dict[str, float] = {}
        self._counting: dict[str, asyncio.Task[int]] = {}
        self._filling: set[asyncio.Task[None]] = set()

    async def count(self, room: str) -> int:
        """Return how many people watch a room live; without an answer how many of them are here."""
        if self._others is None or self._others.degraded:
            return len(self._audience(room))
        at, count = self._counts.get(room, (0.0, 0))
        if at > self._clock() - KEPT_S:
            return count
        counting = self._counting.get(room)
        if counting is None:
            counting = self._counting[room] = asyncio.create_task(self._count(self._others, room))
            counting.add_done_callback(lambda _: self._counting.pop(room))
        return await asyncio.shield(counting)

    def asked(self, room: str) -> None:
        """Say whom this node has of a room: another one counts it."""
        if self._filled.get(room, 0.0) > self._clock() - FILLED_S:
            return
        task = asyncio.create_task(self._fill(room))
        self._filling.add(task)
        task.add_done_callback(self._filling.discard)

    async def close(self) -> None:
        """End what is under way."""
        for counting in self._counting.values():
            counting.cancel()
        await tasks.end(*self._filling)

    async def _count(self, others: Others, room: str) -> int:
        others.send(room, Kind.PRESENCE, b"")
        try:
            await self._store.fill(self._node, room, self._audience(room))
            await asyncio.sleep(ANSWER_S)
            count = await self._store.count(room)
        except StoreError:
            return len(self._audience(room))
        self._counts.pop(room, None)
        self._counts[room] = (self._clock(), count)
        if len(self._counts) > KEPT:
            del self._counts[next(iter(self._counts))]
        return count

    async def _fill(self, room: str) -> None:
        self._filled.pop(room, None)
        self._filled[room] = self._clock()
        if len(self._filled) > KEPT:
            del self._filled[next(iter(self._filled))]
        try:
            await self._store.fill(self._node, room, self._audience(room))
        except StoreError:
            self._filled.pop(room, None)  # the next who asks is told
