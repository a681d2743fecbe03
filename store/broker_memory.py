"""The broker of one process: for a node alone, and for several nodes of one process that share an exchange."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection

from store.broker import QUEUE_BYTES, QUEUE_MESSAGES, Receive
from store.errors import Unavailable


class Exchange:
    """What brokers of one process share: a Redis without a Redis. Tests cut it as they would cut that."""

    def __init__(self) -> None:
        self.up = True
        self._brokers: set[MemoryBroker] = set()

    def cut(self) -> None:
        """Break all links, with what is subscribed through them; until ``mend`` none can be made."""
        self.up = False
        for broker in list(self._brokers):
            broker.lost()

    def mend(self) -> None:
        """Let all links be made again."""
        self.up = True
        for broker in list(self._brokers):
            broker.made()

    def join(self, broker: "MemoryBroker") -> None:
        """Count a broker in."""
        self._brokers.add(broker)

    def leave(self, broker: "MemoryBroker") -> None:
        """Count a broker out."""
        self._brokers.discard(broker)

    def carry(self, channel: str, message: bytes) -> None:
        """Hand a message to all who are subscribed to its channel."""
        for broker in list(self._brokers):
            broker.heard(channel, message)

    def count(self, channel: str) -> int:
        """Return how many brokers are subscribed to a channel."""
        return sum(channel in broker.subscribed for broker in self._brokers)


class MemoryBroker:
    """See ``Broker``. Without an exchange that others share it is alone, and hears nobody but itself."""

    def __init__(self, node: str, exchange: Exchange | None = None) -> None:
        self.alone = exchange is None
        self.subscribed: set[str] = set()
        self.dropped = 0
        self._canary = f"canary.{node}"
        self._exchange = exchange or Exchange()
        self._receive: Receive | None = None
        self._changed: Callable[[], None] = _nothing
        self._queue: deque[tuple[str, bytes]] = deque()
        self._bytes = 0
        self._planned: asyncio.Handle | None = None

    async def open(self, receive: Receive, changed: Callable[[], None]) -> None:
        """See ``Broker.open``."""
        self._receive, self._changed = receive, changed
        self._exchange.join(self)
        if self._exchange.up:
            self.made()

    def publish(self, channel: str, message: bytes) -> None:
        """See ``Broker.publish``."""
        if self.alone and channel not in self.subscribed:
            return
        self._queue.append((channel, message))
        self._bytes += len(message)
        while len(self._queue) > QUEUE_MESSAGES or self._bytes > QUEUE_BYTES:
            self._bytes -= len(self._queue.popleft()[1])
            self.dropped += 1
        self._plan()

    async def subscribe(self, channels: Collection[str]) -> None:
        """See ``Broker.subscribe``."""
        self._check()
        self.subscribed.update(channels)

    async def unsubscribe(self, channels: Collection[str]) -> None:
        """See ``Broker.unsubscribe``."""
        self.subscribed.difference_update(channels)

    async def listeners(self, channels: Collection[str]) -> dict[str, int]:
        """See ``Broker.listeners``."""
        self._check()
        return {channel: self._exchange.count(channel) for channel in channels}

    def canaries(self) -> Collection[str]:
        """See ``Broker.canaries``."""
        return (self._canary,)

    async def close(self) -> None:
        """See ``Broker.close``."""
        if self._linked:
            self._drain()
        self._receive, self._changed = None, _nothing
        self._exchange.leave(self)
        self.subscribed.clear()
        if self._planned is not None:
            self._planned.cancel()

    # What the exchange tells

    def made(self) -> None:
        """Take note that there is a link again."""
        self._plan()
        self._tell()

    def lost(self) -> None:
        """Take note that the link is gone."""
        self.subscribed.clear()
        self._tell()

    def heard(self, channel: str, message: bytes) -> None:
        """Take a message that somebody published."""
        if channel in self.subscribed and self._receive is not None:
            self._receive(channel, message)

    @property
    def _linked(self) -> bool:
        return self._exchange.up and self._receive is not None

    def _check(self) -> None:
        if not self._linked:
            raise Unavailable("the broker is not linked")

    def _tell(self) -> None:
        asyncio.get_running_loop().call_soon(self._say)

    def _say(self) -> None:
        self._changed()

    def _plan(self) -> None:
        """Carry what waits in the next turn of the loop: whoever publishes is not called back from within."""
        if self._planned is None and self._queue and self._linked:
            self._planned = asyncio.get_running_loop().call_soon(self._drain)

    def _drain(self) -> None:
        self._planned = None
        # What is published meanwhile has its turn after the others on this loop.
        for _ in range(len(self._queue) if self._linked else 0):
            channel, message = self._queue.popleft()
            self._bytes -= len(message)
            self._exchange.carry(channel, message)
        self._plan()


def _nothing() -> None:
    """Nobody listens yet."""
