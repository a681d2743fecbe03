"""The broker of many nodes: Redis, alone, behind sentinels, or as a cluster with sharded pub/sub."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from typing import Final, Self, TypeVar, cast

from store.broker import Receive
from store.errors import Unavailable
from store.redis.address import parse
from store.redis.backlog import Backlog
from store.redis.listener import Listener
from store.redis.names import prefix
from store.redis.owned import end, start
from store.redis.places import Places
from store.redis.shards import Link, Shards

CONFIRM_S: Final = 2.0
"""Seconds for all that waits for a confirmation."""

CLOSE_S: Final = 1.0
"""Seconds in which what waits can still be published when the broker closes."""

CANARY_TRIES: Final = 200_000
"""Names to try: the chance that not even a server of one slot has one of them is 1 in 200,000."""

_MOVED: Final = ("MOVED", "CLUSTERDOWN", "TRYAGAIN")
"""Refusals that mean that a channel is another server's by now, or will be soon."""

T = TypeVar("T")
Ask = Callable[[Listener, list[bytes]], Awaitable[T]]


class RedisBroker:
    """See ``Broker``. Channels are known to Redis by the prefix and their name."""

    alone = False

    def __init__(self, places: Places, node: str, own: str) -> None:
        self.subscribed: set[str] = set()
        self._places = places
        self._node = node
        self._prefix = own.encode()
        self._receive: Receive = lambda channel, message: None
        self._changed: Callable[[], None] = _nothing
        self._backlog = Backlog()
        self._shards = Shards(places, self._backlog, self, self._moved)
        self._canaries: tuple[str, ...] = (self._canary(0),)
        self._told = False
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, url: str, node: str, namespace: str) -> Self:
        """Return a broker by URL (``address.parse``), not yet open.

        Raises:
            ValueError: If it is no URL of a Redis, or its certificates cannot be read, or the namespace is none that
                can be used. What it says repeats no password.
        """
        return cls(Places(parse(url), f"parley-{node}"), node, prefix(namespace))

    @property
    def dropped(self) -> int:
        """See ``Broker.dropped``."""
        return self._backlog.dropped

    async def open(self, receive: Receive, changed: Callable[[], None]) -> None:
        """See ``Broker.open``."""
        self._receive, self._changed = receive, changed
        self._task = start(self._shards.run())

    def publish(self, channel: str, message: bytes) -> None:
        """See ``Broker.publish``."""
        self._backlog.put(self._prefix + channel.encode(), message)

    async def subscribe(self, channels: Collection[str]) -> None:
        """See ``Broker.subscribe``."""
        missing = [self._prefix + channel.encode() for channel in channels]
        async with _confirming():
            while missing:
                answers = await self._at_each(missing, Listener.subscribe)
                missing = [channel for channel in missing if self._name(channel) not in self.subscribed]
                refusals = [text for texts in answers for text in texts]
                if missing and not all(text.startswith(_MOVED) for text in refusals or ("",)):
                    raise Unavailable((refusals or ["Redis is not connected"])[0])
                if missing:
                    await self._shards.looked()

    async def unsubscribe(self, channels: Collection[str]) -> None:
        """See ``Broker.unsubscribe``."""
        self.subscribed.difference_update(channels)
        named = [self._prefix + channel.encode() for channel in channels]
        links = list(self._shards.links.values())
        async with _confirming():
            await _all(link.listener.unsubscribe(named) for link in links)

    async def listeners(self, channels: Collection[str]) -> dict[str, int]:
        """See ``Broker.listeners``."""
        async with _confirming():
            counts = await self._at_each([self._prefix + channel.encode() for channel in channels], Listener.count)
        return {self._name(channel): count for each in counts for channel, count in each.items()}

    def canaries(self) -> Collection[str]:
        """See ``Broker.canaries``."""
        return self._canaries

    async def close(self) -> None:
        """See ``Broker.close``."""
        if self._task is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                for link in list(self._shards.links.values()):
                    await link.outlet.emptied()
        self._changed = _nothing
        await end([self._task])
        await self._shards.close()

    async def _at_each(
        self, channels: Iterable[bytes], ask: Callable[[Listener, list[bytes]], Awaitable[T]]
    ) -> list[T]:
        """Ask all listeners whose channels these are.

        Raises:
            Unavailable: If one has no link, or fails; others have done it.
        """
        groups: defaultdict[Link | None, list[bytes]] = defaultdict(list)
        for channel in channels:
            groups[self._shards.of(channel)].append(channel)
        nobody = groups.pop(None, None)
        answers = await _all(ask(link.listener, some) for link, some in groups.items() if link is not None)
        if nobody:
            raise Unavailable("Redis is not connected")
        return answers

    def _name(self, channel: bytes) -> str:
        return channel[len(self._prefix) :].decode()

    # What the listeners tell

    def message(self, channel: bytes, body: bytes) -> None:
        """See ``Hearing``."""
        self._receive(channel[len(self._prefix) :].decode(), body)

    def joined(self, channel: bytes) -> None:
        """See ``Hearing``."""
        self.subscribed.add(self._name(channel))

    def left(self, channels: Iterable[bytes]) -> None:
        """See ``Hearing``."""
        others = [link.listener.held for link in self._shards.links.values()]
        for channel in channels:
            # It may have come to another server before it left this one.
            if not any(channel in held for held in others):
                self.subscribed.discard(self._name(channel))
        self._tell()

    def linked(self) -> None:
        """See ``Hearing``."""
        self._tell()

    def _tell(self) -> None:
        """Say once in a turn of the loop that something changed, be it many channels."""
        if not self._told:
            self._told = True
            asyncio.get_running_loop().call_soon(self._say)

    def _say(self) -> None:
        self._told = False
        self._changed()

    def _moved(self) -> None:
        self._canaries = self._find_canaries()
        self._tell()

    def _find_canaries(self) -> tuple[str, ...]:
        """Return a channel for each server: names are tried until each has one that falls to it."""
        missing = set(self._shards.links.values())
        found: list[str] = []
        for number in range(CANARY_TRIES):
            if not missing:
                break
            name = self._canary(number)
            link = self._shards.of(self._prefix + name.encode())
            if link in missing:
                missing.discard(link)
                found.append(name)
        return tuple(found) or (self._canary(0),)

    def _canary(self, number: int) -> str:
        return f"canary.{self._node}.{number}"


def _nothing() -> None:
    """Nobody wants to know."""


async def _all(asked: Iterable[Awaitable[T]]) -> list[T]:
    """Return all answers, when all have come; if one failed, raise that."""
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return cast(list[T], answers)


@contextlib.asynccontextmanager
async def _confirming() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(CONFIRM_S):
            yield
    except TimeoutError:
        raise Unavailable(f"Redis did not confirm in {CONFIRM_S} s") from None
