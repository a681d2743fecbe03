"""What a hub says to whoever listens to other nodes for it."""

from typing import Protocol


class Interest(Protocol):
    """Where a node says which streams it wants to hear of from other nodes."""

    def want(self, channel: str) -> None:
        """Hear of a stream from soon on."""

    def drop(self, channel: str) -> None:
        """Hear nothing more of it."""

    async def ready(self, channel: str) -> None:
        """Return when what is published of it arrives, or the store is watched instead; never waits for long."""
