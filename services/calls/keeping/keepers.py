"""Which nodes live that look after calls, told by the store alone: losing Redis ends no call."""

import asyncio
from collections.abc import Callable, Iterable

from store.database import FIND_LIMIT, Database
from store.errors import Duplicate, Mismatch
from store.tables import KEEPERS, Keeper

BEAT_S = 3.0
"""Pause between two beats of a node, and between two looks at those of others."""

DEAD_S = 9.0
"""How long a beat stands still before its node is taken for dead: two beats may be late. With the grace of a leg that
is lost (15 s) nobody who is gone is shown for longer than 30 s."""

APART_S = 6.0
"""Pause between two looks after which the earlier one proves nothing: a node beats only while it has calls, and none
does while the store is away."""


class Keepers:
    """Beats for this node, and judges the others by their beats. Clocks of other machines play no part."""

    def __init__(self, database: Database, node: str, clock: Callable[[], float] | None = None) -> None:
        self._database = database
        self._node = node
        self._clock = clock or asyncio.get_running_loop().time
        self._seen: dict[str, tuple[int, float]] = {}
        """The last beat of each node, and since when it stands there."""
        self._looked_at = self._clock()

    async def beat(self) -> None:
        """Say that this node lives.

        Raises:
            StoreError: If the store does not answer.
        """
        try:
            await self._database.increment(KEEPERS, self._node, "beat", 1)
        except Mismatch:
            try:
                await self._database.insert(KEEPERS, Keeper(id=self._node, beat=1))
            except Duplicate:
                return  # An earlier try had no answer.

    async def dead(self, nodes: Iterable[str]) -> set[str]:
        """Return those of these nodes that live no more, as far as can be told; a new name lives for ``DEAD_S``.

        Raises:
            StoreError: If the store does not answer.
        """
        wanted = sorted(set(nodes) - {self._node})
        if not wanted:
            return set()
        found = await self._database.get_many(KEEPERS, wanted[:FIND_LIMIT])
        now, dead = self._clock(), set[str]()
        if now - self._looked_at > APART_S:
            self._seen.clear()
        self._looked_at = now
        for node in wanted[:FIND_LIMIT]:
            row = found.get(node)
            beat = -1 if row is None else row.beat
            known, since = self._seen.get(node, (None, now))
            if known is not None and known >= 0 and row is None:
                dead.add(node)  # It has ended in order.
                continue
            if known != beat:
                self._seen[node] = beat, now
            elif now - since > DEAD_S:
                dead.add(node)
        return dead

    def forget(self, nodes: Iterable[str]) -> None:
        """Remember nothing of all nodes but these: no call names them any more."""
        kept = set(nodes)
        self._seen = {node: seen for node, seen in self._seen.items() if node in kept}

    async def leave(self) -> None:
        """Take this node's beat away: the others need not wait for it to stand still.

        Raises:
            StoreError: If the store does not answer.
        """
        await self._database.delete(KEEPERS, self._node)
