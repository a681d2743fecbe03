"""Streams that nobody watches any more, kept up to date for a while: whoever comes back soon is served from memory."""

from collections.abc import Container, Iterator

from ws.hub.watched import Watched

IDLE_KEPT = 4096
"""Streams kept; one that is quiet takes about 1 KiB. Cut off all at once, most people find here what they watch."""

IDLE_BYTES = 32 * 1024 * 1024
"""Bytes of framed changes kept for them."""


class Idle:
    """The streams in the order in which they were left, with the bytes that each has in memory."""

    def __init__(self, wanted: Container[str]) -> None:
        """Take what tells which streams are being opened: those are wanted by somebody, and not given up."""
        self._wanted = wanted
        self._sizes: dict[str, int] = {}
        self._bytes = 0

    def put(self, watched: Watched) -> None:
        """Keep a stream that was left."""
        self.take(watched.id)
        self._sizes[watched.id] = size = sum(len(kept.frame) for kept in watched.ring)
        self._bytes += size

    def take(self, stream: str) -> None:
        """Forget a stream, as somebody watches it again."""
        self._bytes -= self._sizes.pop(stream, 0)

    def grew(self, stream: str, size: int) -> None:
        """Count what came meanwhile; what it pushed out of memory is not taken off, so a busy stream goes sooner."""
        if stream in self._sizes:
            self._sizes[stream] += size
            self._bytes += size

    def surplus(self) -> Iterator[str]:
        """Take out the streams that are too many, those left longest ago first."""
        while len(self._sizes) > IDLE_KEPT or self._bytes > IDLE_BYTES:
            oldest = next((stream for stream in self._sizes if stream not in self._wanted), None)
            if oldest is None:
                return
            self.take(oldest)
            yield oldest
