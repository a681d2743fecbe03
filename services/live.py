"""What services may ask of the live side of a node, with no idea of sockets."""

from typing import Protocol

from services.streams.batch import Batch


class Live(Protocol):
    """The sessions that are connected, to this node and to all others. Nothing here waits, and nothing here fails."""

    def deliver(self, batch: Batch) -> None:
        """Hand what is durable to those who watch its stream."""

    def signal(self, stream: str, data: bytes, *, but_user: str | None = None, but: object | None = None) -> None:
        """Tell those who watch a stream something that is not kept: the first to be dropped."""

    def tell(self, user: str, data: bytes, *, but: object | None = None) -> None:
        """Tell a person's sessions something that is not kept."""

    def end_login(self, login: str, reason: str) -> None:
        """Close the sockets of a log-in's session."""

    def end_user(self, user: str, reason: str) -> None:
        """Close all sockets of a person on this node; on others they end with each ``end_login``."""

    def changed(self, user: str) -> None:
        """Have every node forget what it remembers of a person, and ask again who may know how they are."""
