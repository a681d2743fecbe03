"""A socket, both its ends: the one module that touches it once its handshake is done."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Final

SEND_LIMIT: Final = 64 * 1024
"""Size of the kernel's send buffer, and the most that is joined for one send."""

READ_SIZE: Final = 64 * 1024
"""Bytes read at once, and size of the kernel's receive buffer, which would grow to megabytes by itself."""

_RESET: Final = struct.pack("ii", 1, 0)
"""The SO_LINGER with which closing frees what the kernel holds."""


class Pipe:
    """Sends pieces, and keeps nothing but the rest of the one that was partly sent: the next must begin where it ends.

    The loop tells when there is something to read and when the kernel takes more, and does nothing else: a stream of
    Tornado costs 10 us more for each read and some KiB of memory, a transport keeps a copy of what it cannot send.
    """

    __slots__ = (
        "_clock", "_moved", "_on_closed", "_on_readable", "_on_ready", "_rest", "_socket", "busy", "closed", "deaf",
        "receive", "try_send",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, clock: Callable[[], float], on_ready: Callable[[], None]) -> None:
        """Take over a connected socket. ``on_ready`` is called when it is busy no more, or the peer is lost."""
        sock.setblocking(False)
        with contextlib.suppress(OSError):  # the peer is lost already, as some systems tell here
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_LIMIT)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READ_SIZE)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.receive: Callable[..., bytes] = sock.recv
        """The socket's own ``recv``."""
        self.try_send: Callable[[bytes], int] = sock.send
        """The socket's own ``send``, for whoever gives ``rest`` what it did not take. Not while busy."""
        self.busy = False
        """Whether something was partly sent: nothing else can be."""
        self.closed = False
        """Whether the socket is closed, by us or because the peer was lost."""
        self.deaf = True
        """Whether nobody is told when there is something to read."""
        self._socket = sock
        self._clock = clock
        self._on_ready = on_ready
        self._on_closed = self._on_readable = nothing
        self._rest: bytes | memoryview = b""
        """What was begun and not sent."""
        self._moved = 0.0
        """When the kernel took something last, while busy."""

    @property
    def unsent(self) -> int:
        """Bytes of what was partly sent that the kernel has not taken."""
        return len(self._rest)

    def own(self, on_readable: Callable[[], None], on_closed: Callable[[], None]) -> None:
        """Name who is told, once ``hear`` was called, when there is something to read; and, once, that it is closed.

        The second is told on its own, never from within ``close``.
        """
        self._on_readable = on_readable
        self._on_closed = on_closed

    def hear(self) -> None:
        """Tell from now on when there is something to read, or the peer has ended."""
        if self.deaf and not self.closed:
            self.deaf = False
            asyncio.get_running_loop().add_reader(self._socket, self._on_readable)

    def deafen(self) -> None:
        """Tell nothing until ``hear``: the kernel holds what comes, and then the peer does."""
        if not self.deaf:
            self.deaf = True
            asyncio.get_running_loop().remove_reader(self._socket)

    def send(self, pieces: list[bytes]) -> int:
        """Send pieces, while not busy, with one call; return how many were begun: the last of them perhaps partly.

        Raises:
            OSError: If the peer is lost.
        """
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        return len(pieces) if sent == len(data) else self.rest(pieces, sent)

    def rest(self, pieces: list[bytes], sent: int) -> int:
        """Send later what is left of a piece, after so many bytes of them all; return how many were begun."""
        first = 0
        while sent >= len(pieces[first]):
            sent -= len(pieces[first])
            first += 1
        self._rest = memoryview(pieces[first])[sent:]
        self._moved = self._clock()
        self.busy = True
        asyncio.get_running_loop().add_writer(self._socket, self._more)
        return first + 1

    def stalled_s(self, now: float) -> float:
        """Seconds, while busy, since the kernel took something."""
        return now - self._moved

    def close(self) -> None:
        """Close the socket; what the kernel has taken is still sent, unless the peer has stopped reading."""
        if self.closed:
            return
        self.closed = True
        unread = self.deaf
        self.deafen()
        with contextlib.suppress(OSError):  # the peer is lost already
            if self.busy:
                self._idle()
                # Without this the kernel would keep it for minutes.
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            elif unread:
                # Closed with something to read, the kernel would reset the connection, and the last words may be lost.
                self.receive(2 * READ_SIZE)
        self._socket.close()
        asyncio.get_running_loop().call_soon(self._on_closed)
        self._on_closed = self._on_ready = self._on_readable = nothing

    def _idle(self) -> None:
        self.busy = False
        self._rest = b""
        asyncio.get_running_loop().remove_writer(self._socket)

    def _more(self) -> None:
        """Send more of the rest; the loop calls it when the kernel takes more, or the peer is lost."""
        try:
            sent = self._socket.send(self._rest)
        except BlockingIOError:
            return
        except OSError:
            ready = self._on_ready
            self.close()
            ready()
            return
        if sent:
            self._moved = self._clock()
            self._rest = self._rest[sent:]
        if not self._rest:
            self._idle()
            self._on_ready()


def nothing() -> None:
    """Take the place of a callback that is needed no more, and would keep its owner alive."""
