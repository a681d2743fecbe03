"""This node's lease, and which other nodes have one."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from store.errors import StoreError
from store.presence import BEAT_S, LEASE_S, Presence

log = logging.getLogger(__name__)

UNKEPT_S = 2 * LEASE_S
"""How long nobody may take this node's word that it lives before it says so: a beat or two fail on a busy machine."""

SKEW_S = 30.0
"""Difference to the clock of the leases over which a node says that its own is wrong: tokens are judged by it."""

CLOCK_BEATS = 2
"""Beats between two looks at that clock."""

MISSING_S = 600.0
"""How long a node that went without a word is taken to live on perhaps, out of reach of the broker alone: the store is
watched for what it writes. After that the slow sweep has to do, which finds it within a minute."""


class Leases:
    """Says every second that this node lives, and notices those that do so no more."""

    def __init__(self, presence: Presence, node: str) -> None:
        self.gone: list[Callable[[str], None]] = []
        """Are called with a node whose lease has ended."""
        self.forgotten: list[Callable[[], None]] = []
        """Are called when this node's own lease was lost, so that all that it has put has to be put again."""
        self.living = frozenset({node})
        """The nodes that live, as far as is known."""
        self._left: set[str] = set()
        """Nodes that said that they end."""
        self._missing: dict[str, float] = {}
        """Nodes that went without a word, and until when they are looked for."""
        self.skew_s = 0.0
        """How far this node's clock is ahead, by the last look."""
        self._beats = 0
        self._kept_at: float | None = None
        """When this node's lease was last kept, or begun to be; None where nobody looks after it."""
        self._presence = presence
        self._node = node
        self._judged_from = 0.0
        self._clock = asyncio.get_running_loop().time

    async def run(self) -> None:
        """Beat until cancelled."""
        self._kept_at = self._clock()
        while True:
            # ``lapsed`` tells where it lasts; with nobody to ask, nobody is taken for dead.
            with contextlib.suppress(StoreError):
                await self.beat()
                if self._beats % CLOCK_BEATS == 0:
                    await self.compare_clocks()
                self._beats += 1
            await asyncio.sleep(BEAT_S)

    async def beat(self) -> None:
        """Say once that this node lives, and compare who else does.

        Raises:
            Unavailable: If nobody can be asked.
        """
        beat = await self._presence.beat(self._node)
        self._kept_at = self._clock()
        if beat.forgotten:
            # The others are heard of with their own next beats.
            self._judged_from = self._clock() + LEASE_S
            for listener in self.forgotten:
                listener()
        if self._clock() < self._judged_from:
            self.living |= beat.living
            return
        gone = self.living - beat.living - {self._node}
        self.living = beat.living | {self._node}
        for node in beat.living & self._missing.keys():
            del self._missing[node]
        for node in sorted(gone):
            self._went(node)
            for told in self.gone:
                told(node)

    def leaving(self, node: str) -> None:
        """Note that a node has said that it ends."""
        if node in self.living:
            self._left.add(node)

    def lapsed(self) -> bool:
        """Tell whether nobody has kept this node's lease for long, so that the others take it for dead."""
        return self._kept_at is not None and self._clock() - self._kept_at > UNKEPT_S

    def any_missing(self) -> bool:
        """Tell whether a node went lately without a word: it may be dead, or cut off from the broker and writing on."""
        now = self._clock()
        for node in [node for node, until in self._missing.items() if until <= now]:
            del self._missing[node]
        return bool(self._missing)

    def _went(self, node: str) -> None:
        if node in self._left:
            self._left.discard(node)
            log.info("a node has ended", extra={"gone": node})
        else:
            self._missing[node] = self._clock() + MISSING_S
            log.warning("a node is gone", extra={"gone": node})

    async def compare_clocks(self) -> None:
        """Look how far this node's clock is ahead; the way to the other and back counts half.

        Raises:
            Unavailable: If nobody can be asked.
        """
        began = time.time()
        there = await self._presence.clock() / 1000
        self.skew_s = (began + time.time()) / 2 - there

    def faults(self) -> list[str]:
        """Tell in words where this node's clock is wrong."""
        if abs(self.skew_s) <= SKEW_S:
            return []
        return [f"the clock of this node is {abs(self.skew_s):.0f} s {'ahead' if self.skew_s > 0 else 'behind'}"]

    async def is_right(self) -> bool:
        """Look now whether this node's clock is right; where nobody can be asked, the last look tells."""
        with contextlib.suppress(StoreError):
            await self.compare_clocks()
        return not self.faults()

    async def leave(self) -> None:
        """End this node's lease: the others need not wait for its end. Where they cannot be told they will."""
        try:
            await self._presence.leave(self._node)
        except StoreError:
            log.info("the lease of this node ends by itself")
