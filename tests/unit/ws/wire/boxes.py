"""Outboxes on real sockets, with a clock that is set by hand."""

import asyncio
import random

from tests.clock import Clock
from tests.peers import Peer
from ws.wire.outbox import Flusher, Outbox

MIB = 1024 * 1024


class Box:
    """An outbox, its peer, and how often it was called slow."""

    def __init__(self, peer: Peer, flusher: Flusher | None = None) -> None:
        self.clock = Clock(100.0)
        self.peer = peer
        self.slow = 0
        self.flusher = flusher or Flusher(clock=self.clock)
        self.box = Outbox(peer.near, self.flusher, self.on_slow)

    def on_slow(self) -> None:
        self.slow += 1

    def stall(self, size: int = 500_000) -> bytes:
        """Push more than the kernel takes."""
        data = random.randbytes(size)
        self.box.push(data)
        return data


async def tick(count: int = 3) -> None:
    """Let the loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)
