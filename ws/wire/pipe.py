"""The sending side of a socket: the one module that touches a stream below ``WebSocketHandler``."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Final

from tornado.iostream import IOStream, SSLIOStream

SEND_LIMIT: Final = 64 * 1024
"""Size of the kernel's send buffer, and the most that is joined for one send."""

_RESET: Final = struct.pack("ii", 1, 0)
"""The SO_LINGER with which closing frees what the kernel holds."""


class Pipe:
    """Sends pieces, and keeps nothing but the rest of the one that was partly sent: the next must begin where it ends.

    An idle stream is passed by, and the socket's own ``send`` called: measured, three times as fast. The rest of a
    partial send is the stream's, which knows when the kernel takes more.
    """

    __slots__ = ("_clock", "_mark", "_moved", "_on_ready", "_socket", "_stream", "_until", "busy")

    def __init__(self, stream: IOStream, clock: Callable[[], float], on_ready: Callable[[], None]) -> None:
        """Take over the sending side of ``stream``. ``on_ready`` is called when it is busy no more, or was closed."""
        stream.set_nodelay(True)
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_LIMIT)
        self._stream = stream
        self._socket = None if isinstance(stream, SSLIOStream) else stream.socket
        """None where the stream must encrypt: everything goes through it, up to ``SEND_LIMIT`` at a time."""
        self._clock = clock
        self._on_ready = on_ready
        self.busy = False
        """Whether something was partly sent: nothing else can be."""
        self._until = 0
        """Bytes the stream will have written, of all it ever was given, when it is ready."""
        self._mark = 0
        """Those it had written when it was last seen to have written more,"""
        self._moved = 0.0
        """and when that was."""
        if stream.writing():
            self._begin(b"")

    @property
    def unsent(self) -> int:
        """Bytes of what was partly sent that the kernel has not taken."""
        return self._until - self._written() if self.busy else 0

    @property
    def closed(self) -> bool:
        """Whether the socket is closed, by us or because the peer was lost."""
        return self._stream.closed()

    def send(self, pieces: list[bytes]) -> int:
        """Send pieces, while not busy, with one call; return how many were begun: the last of them perhaps partly.

        Raises:
            OSError: If the peer is lost.
        """
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if self._socket is None:
            self._begin(data)
            return len(pieces)
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent == len(data):
            return len(pieces)
        first = 0
        while sent >= len(pieces[first]):
            sent -= len(pieces[first])
            first += 1
        self._begin(memoryview(pieces[first])[sent:])
        return first + 1

    def stalled_s(self, now: float) -> float:
        """Seconds, while busy, since the kernel was last seen to take something."""
        written = self._written()
        if self._mark != written:
            self._mark, self._moved = written, now
        return now - self._moved

    def close(self) -> None:
        """Close the socket; what the kernel has taken is still sent, unless the peer has stopped reading."""
        if self.busy and not self._stream.closed():
            # Without this the kernel would keep it for minutes.
            self._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._stream.close()
        self.busy = False
        self._on_ready = nothing

    def _begin(self, rest: bytes | memoryview) -> None:
        self._mark, self._moved = self._written(), self._clock()
        write = self._stream.write(rest)
        self._until = self._stream._total_write_index  # noqa: SLF001 - public is only whether anything is left
        self.busy = True
        write.add_done_callback(self._end)

    def _end(self, _write: asyncio.Future[None]) -> None:
        self.busy = False
        self._on_ready()

    def _written(self) -> int:
        return self._stream._total_write_done_index  # noqa: SLF001 - as above


def nothing() -> None:
    """Take the place of a callback that is needed no more, and would keep its owner alive."""
