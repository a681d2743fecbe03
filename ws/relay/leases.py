"""This node's lease, and which other nodes have one."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from store.errors import StoreError
from store.presence import BEAT_S, LEASE_S, Presence

log = logging.getLogger(__name__)


class Leases:
    """Says every second that this node lives, and notices those that do so no more."""

    def __init__(self, presence: Presence, node: str) -> None:
        self.gone: list[Callable[[str], None]] = []
        """Are called with a node whose lease has ended."""
        self.forgotten: list[Callable[[], None]] = []
        """Are called when this node's own lease was lost, so that all that it has put has to be put again."""
        self.living = frozenset({node})
        """The nodes that live, as far as is known."""
        self._presence = presence
        self._node = node
        self._judged_from = 0.0
        self._clock = asyncio.get_running_loop().time

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            # The canary says so where it lasts; with nobody to ask, nobody is taken for dead.
            with contextlib.suppress(StoreError):
                await self.beat()
            await asyncio.sleep(BEAT_S)

    async def beat(self) -> None:
        """Say once that this node lives, and compare who else does.

        Raises:
            Unavailable: If nobody can be asked.
        """
        beat = await self._presence.beat(self._node)
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
        for node in sorted(gone):
            log.warning("a node is gone", extra={"gone": node})
            for told in self.gone:
                told(node)

    async def leave(self) -> None:
        """End this node's lease: the others need not wait for its end. Where they cannot be told they will."""
        try:
            await self._presence.leave(self._node)
        except StoreError:
            log.info("the lease of this node ends by itself")
