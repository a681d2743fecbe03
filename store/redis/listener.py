"""What is subscribed at one server."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Protocol

from store.errors import Unavailable
from store.redis.places import Places, Shard, slot_of
from store.redis.tether import Tether
from store.redis.wire import Wire

CHANNELS: Final = 512
"""Channels in one command: a server does nothing else while it works on one."""


class Hearing(Protocol):
    """Who is told what happens at a listener. Channels are as the server has them."""

    def message(self, channel: bytes, body: bytes) -> None:
        """Take a message."""

    def joined(self, channel: bytes) -> None:
        """Take note that a channel is subscribed."""

    def left(self, channels: Iterable[bytes]) -> None:
        """Take note that channels are not subscribed any more, though nobody asked for it."""

    def linked(self) -> None:
        """Take note that the link was made or lost."""


class Listener:
    """One connection that hears, and the channels that it hears."""

    def __init__(
        self,
        places: Places,
        shard: Shard,
        hearing: Hearing,
        well: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        endpoint = shard.endpoint
        self.held: set[bytes] = set()
        """The channels that are subscribed here."""
        self._sharded = places.sharded
        self._letter = "S" if places.sharded else ""
        prefix = self._letter.lower().encode()
        self._message, self._joined, self._left = prefix + b"message", prefix + b"subscribe", prefix + b"unsubscribe"
        self._hearing = hearing
        self._well = well
        self._tether = Tether(
            lambda pushed, lost: places.connect(endpoint, pushed, lost),
            pushed=self._pushed,
            made=self._made,
            lost=self._lost,
            failed=failed,
        )

    async def run(self) -> None:
        """Keep the link until cancelled."""
        await self._tether.run()

    @property
    def linked(self) -> bool:
        """Whether there is a link now."""
        return self._tether.wire is not None

    async def subscribe(self, channels: Sequence[bytes]) -> list[str]:
        """Return when the server has confirmed, or refused; what it says to refuse, if anything.

        Raises:
            Unavailable: If there is no link, or it breaks.
        """
        return _texts(await self._wire().say(list(self._commands("SUBSCRIBE", channels))))

    async def unsubscribe(self, channels: Iterable[bytes]) -> None:
        """Return when the server has confirmed for those of the channels that are subscribed here.

        Raises:
            Unavailable: If the link breaks, or the server refuses.
        """
        mine = self.held.intersection(channels)
        self.held -= mine
        if mine and self._tether.wire is not None:
            refusals = _texts(await self._wire().say(list(self._commands("UNSUBSCRIBE", sorted(mine)))))
            if refusals:
                raise Unavailable(refusals[0])

    async def count(self, channels: Sequence[bytes]) -> dict[bytes, int]:
        """Return how many connections are subscribed to each channel at this server.

        Raises:
            Unavailable: If there is no link, or it breaks, or the server refuses.
        """
        command = ("PUBSUB", "SHARDNUMSUB" if self._sharded else "NUMSUB")
        answers = await self._wire().ask([(*command, *some) for some in _pieces(channels)])
        counts: dict[bytes, int] = {}
        for answer in answers:
            if isinstance(answer, Exception):
                raise Unavailable(str(answer))
            counts |= answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2], strict=True))
        return counts

    def drop(self, channels: set[bytes]) -> None:
        """Hold channels no longer that are another server's now."""
        mine = self.held & channels
        if mine:
            self.held -= mine
            self._hearing.left(mine)

    def _wire(self) -> Wire:
        if self._tether.wire is None:
            raise Unavailable("Redis is not connected")
        return self._tether.wire

    def _commands(self, verb: str, channels: Sequence[bytes]) -> Iterator[tuple[str | bytes, ...]]:
        groups: Iterable[Sequence[bytes]] = [channels]
        if self._sharded:  # Channels of one command must be of one slot.
            slots: defaultdict[int, list[bytes]] = defaultdict(list)
            for channel in channels:
                slots[slot_of(channel)].append(channel)
            groups = slots.values()
        return ((self._letter + verb, *some) for group in groups for some in _pieces(group))

    def _pushed(self, push: list[Any]) -> None:
        kind, channel = push[0], push[1]
        if kind == self._message:
            self._hearing.message(channel, push[2])
        elif kind == self._joined:
            self.held.add(channel)
            self._hearing.joined(channel)
        elif kind == self._left and channel in self.held:  # Its slot has moved.
            self.held.discard(channel)
            self._hearing.left([channel])

    def _made(self) -> None:
        self._well()
        self._hearing.linked()

    def _lost(self) -> None:
        held, self.held = self.held, set()
        self._hearing.left(held)
        self._hearing.linked()


def _pieces(channels: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (channels[at : at + CHANNELS] for at in range(0, len(channels), CHANNELS))


def _texts(refusals: Iterable[object]) -> list[str]:
    return [str(refusal) for refusal in refusals]
