"""Nodes that hear each other through a broker, and what breaks between them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from store import open_broker, open_presence
from store.broker import Broker
from store.broker_memory import Exchange, MemoryBroker
from store.broker_redis import RedisBroker
from store.errors import Unavailable
from tests.parts import Redis
from tests.redis_parts import RedisCluster

PATIENCE = 15.0
"""Seconds until a test gives up waiting."""


async def until(holds: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Wait until something holds; return how long that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"not in {seconds} s: {what}"
        await asyncio.sleep(0.005)
    return time.monotonic() - began


class Ear:
    """A node, as far as its broker goes: it wants channels as a relay does, and notes what it hears."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.heard: list[tuple[str, bytes]] = []
        self.changes = 0

    def receive(self, channel: str, message: bytes) -> None:
        """Note a message."""
        self.heard.append((channel, message))

    def changed(self) -> None:
        """Note that a link was made or lost."""
        self.changes += 1

    def of(self, channel: str) -> list[bytes]:
        """Return the messages of a channel, in the order in which they came."""
        return [message for name, message in self.heard if name == channel]

    async def subscribe(self, *channels: str, seconds: float = PATIENCE) -> None:
        """Subscribe, again and again while the broker cannot be reached."""
        gives_up = time.monotonic() + seconds
        while True:
            try:
                return await self.broker.subscribe(channels)
            except Unavailable:
                assert time.monotonic() < gives_up, f"not subscribed in {seconds} s"
                await asyncio.sleep(0.01)

    async def hears(self, channel: str, message: bytes, seconds: float = PATIENCE) -> float:
        """Wait for a message; return how long that took."""
        return await until(lambda: (channel, message) in self.heard, f"{message!r} on {channel}", seconds)


@asynccontextmanager
async def node(url: str, name: str = "a", namespace: str = "test", *, linked: bool = True) -> AsyncIterator[Ear]:
    """Give a node with a broker at a Redis; linked: when it is connected."""
    async with open_broker(url, name, namespace) as broker:
        ear = Ear(broker)
        await broker.open(ear.receive, ear.changed)
        if linked:
            await ear.subscribe(*broker.canaries())
        yield ear


async def works(url: str) -> None:
    """See that a node can do at a Redis all that nodes do there."""
    async with node(url) as ear, open_presence(url, "test") as presence:
        await ear.subscribe("room", "other")
        ear.broker.publish("room", b"hello")
        await ear.hears("room", b"hello")
        assert await ear.broker.listeners(["room"]) == {"room": 1}
        await ear.broker.unsubscribe(["other"])
        assert ear.broker.dropped == 0
        assert (await presence.beat("a")).living == {"a"}
        assert await presence.clock()
        await presence.put("a", {"ann": "online", "bob": "away"})
        assert await presence.get(["ann", "bob", "cid"]) == {"ann": {"a": "online"}, "bob": {"a": "away"}}
        await presence.fill("a", "room", ["ann", "bob"])
        assert await presence.count("room") == 2
        await presence.fill("a", "room", [])
        await presence.put("a", {"ann": None})
        await presence.leave("a")
        assert await presence.get(["bob"]) == {}


class Site(Protocol):
    """Where nodes meet."""

    def broker(self, node: str) -> Broker:
        """Return a broker for a node, not yet open."""

    def down(self) -> None:
        """Break all links; none can be made."""

    def up(self) -> None:
        """Let links be made again."""


class MemorySite:
    """An exchange."""

    def __init__(self) -> None:
        self._exchange = Exchange()

    def broker(self, node: str) -> Broker:
        """See ``Site.broker``."""
        return MemoryBroker(node, self._exchange)

    def down(self) -> None:
        """See ``Site.down``."""
        self._exchange.cut()

    def up(self) -> None:
        """See ``Site.up``."""
        self._exchange.mend()


class RedisSite:
    """A Redis."""

    def __init__(self, part: Redis) -> None:
        self._part = part

    def broker(self, node: str) -> Broker:
        """See ``Site.broker``."""
        return RedisBroker.of(self._part.url, node, "test")

    def down(self) -> None:
        """See ``Site.down``."""
        self._part.kill()

    def up(self) -> None:
        """See ``Site.up``."""
        self._part.start()


class ClusterSite:
    """A Redis Cluster."""

    def __init__(self, cluster: RedisCluster) -> None:
        self._cluster = cluster
        self._down = False

    def broker(self, node: str) -> Broker:
        """See ``Site.broker``."""
        return RedisBroker.of(self._cluster.url, node, "test")

    def down(self) -> None:
        """See ``Site.down``."""
        self._down = True
        for server in self._cluster.nodes:
            server.kill()

    def up(self) -> None:
        """See ``Site.up``."""
        if self._down:
            self._down = False
            for server in self._cluster.nodes:
                server.start()
            self._cluster.well()
