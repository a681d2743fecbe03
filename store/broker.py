"""The broker seam: how nodes tell each other what has just happened.

A broker is fast and may lose anything at any moment; nothing that was acknowledged depends on it. ``broker_memory`` and
``broker_redis`` implement it; one contract suite holds them to each other.
"""

from collections.abc import Callable, Collection, Set
from typing import Protocol

QUEUE_MESSAGES = 8192
"""Messages that wait to be published; beyond it the oldest are dropped. What they told is found in the store."""

QUEUE_BYTES = 8 * 1024 * 1024
"""Bytes that wait to be published: a link that is stuck for seconds costs no more memory than that."""

Receive = Callable[[str, bytes], None]
"""Is given the channel and the message, on the loop; it neither waits nor fails."""


class Broker(Protocol):
    """One node's links to the others.

    A channel carries what one node publishes in the order of publishing, each message at most once. A node hears its
    own messages too. Links that break are made again for ever, at most 0.5 s apart, with jitter; a broken link takes
    its subscriptions with it, and whoever wants them subscribes again.
    """

    @property
    def alone(self) -> bool:
        """Whether nobody else can ever hear: then nothing needs to be published."""

    @property
    def subscribed(self) -> Set[str]:
        """The channels whose messages arrive now, as far as the links know."""

    @property
    def dropped(self) -> int:
        """Messages given up because the queue was full or a link broke before they were handed over."""

    async def open(self, receive: Receive, changed: Callable[[], None]) -> None:
        """Begin to connect, in the background; it may take for ever.

        ``changed`` is called on the loop when a link was made or lost, and with it ``subscribed`` or ``canaries``.
        """

    def publish(self, channel: str, message: bytes) -> None:
        """Queue a message for a channel. Never waits and never fails; where the queue is full the oldest goes."""

    async def subscribe(self, channels: Collection[str]) -> None:
        """Return when all that is published from now on to these channels arrives, so far as it arrives at all.

        Raises:
            Unavailable: If a link is down, or does not confirm within 2 s.
        """

    async def unsubscribe(self, channels: Collection[str]) -> None:
        """Hear nothing more of these channels. Without a link there is nothing to do.

        Raises:
            Unavailable: If a link does not confirm within 2 s.
        """

    async def listeners(self, channels: Collection[str]) -> dict[str, int]:
        """Return how many links are subscribed to each of these channels, on all nodes, as the broker counts them.

        Raises:
            Unavailable: If it does not answer within 2 s.
        """

    def canaries(self) -> Collection[str]:
        """Return one channel for each link: whoever hears what it published there knows that the link carries.

        They are this node's own. There is always one at least; while no link is up, nothing comes back through it.
        """

    async def close(self) -> None:
        """Publish what is queued, as far as 1 s allows, and end all links."""
