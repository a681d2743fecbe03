"""The frames that wait to be sent to one socket, bounded in bytes and in time.

``push`` only notes a reference. Once per tick of the loop the flusher has each outbox join what it was given and send
it with one call to the kernel. What the kernel does not take waits here, as references to bytes that all outboxes
share, so that a hundred readers who have stopped cost as much memory as one.
"""

import asyncio
import socket
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from ws.wire.flusher import Flusher as Flusher
from ws.wire.frames import close_frame
from ws.wire.pipe import SEND_LIMIT, Pipe, nothing

EPHEMERAL_LIMIT: Final = 256 * 1024
"""Queued bytes over which ephemeral frames are dropped."""

QUEUE_LIMIT: Final = 1024 * 1024
"""Queued bytes over which a reader is slow."""

STALL_S: Final = 10.0
"""Seconds without progress, while something is queued, after which a reader is slow."""

CLOSE_S: Final = 2.0
"""Seconds a peer has to read the close frame and to answer it."""


class _State(Enum):
    OPEN = auto()
    SLOW = auto()
    """Given up on; the owner was told and should close."""
    CLOSING = auto()
    """The close frame is on its way, or its answer."""
    CLOSED = auto()


class Outbox:
    """What one socket is sent, and all that it is sent. A peer that is lost raises nothing and logs nothing."""

    __slots__ = (
        "_busy", "_dirty", "_flusher", "_on_slow", "_peer_done", "_pieces", "_said", "_size", "_state", "_timer",
        "_try_send", "_urgent", "_waiters", "pacing", "pipe",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, flusher: Flusher, on_slow: Callable[[], None]) -> None:
        """Take over a connected socket. ``on_slow`` is called at most once, and should ``close``."""
        self.pacing = False
        """Whether a catch-up that awaits ``drained`` is under way: then ``QUEUE_LIMIT`` does not apply."""
        self._flusher = flusher
        self._on_slow = on_slow
        self._pieces: list[bytes] = []
        """What was pushed and not begun."""
        self._urgent: bytes | None = None
        """The pong, or at the end the close frame, that goes before them."""
        self._size = 0
        """Bytes in both."""
        self._dirty = False
        """Whether the flusher is going to flush it."""
        self._busy = False
        """Whether a flush must do more than send the pieces."""
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._state = _State.OPEN
        self._said = False
        """Whether the kernel has all of the close frame."""
        self._peer_done = False
        """Whether the peer's close frame has come."""
        self._timer: asyncio.TimerHandle | None = None
        self.pipe = Pipe(sock, flusher.clock, self._ready)
        """The socket, for whoever reads of it."""
        self._try_send = self.pipe.try_send

    @property
    def queued(self) -> int:
        """Bytes not yet taken by the kernel."""
        return self._size + self.pipe.unsent if self.pipe.busy else self._size

    @property
    def closing(self) -> bool:
        """Whether it is slow, closed from either side or has lost its peer: what is pushed is dropped."""
        return self._state is not _State.OPEN

    def lead(self, data: bytes) -> None:
        """Send at once, before anything else, what is no frame: the answer to the handshake."""
        try:
            self.pipe.send([data])
        except OSError:
            self.abort()
        else:
            self._watch()

    def push(self, frame: bytes) -> None:
        """Send one or more whole frames with the next flush; they are kept by reference."""
        self._pieces.append(frame)
        self._size += len(frame)
        if not self._dirty:
            self._dirty = True
            # As ``Flusher.add`` does: this is called for each member of a room.
            flusher = self._flusher
            flusher.dirty.append(self)
            if not flusher.woken:
                flusher.wake()

    def push_ephemeral(self, frame: bytes) -> None:
        """Send a frame that may be lost: dropped where over ``EPHEMERAL_LIMIT`` are queued."""
        if self.queued <= EPHEMERAL_LIMIT:
            self.push(frame)

    def pong(self, frame: bytes) -> None:
        """Send a pong before all that has not begun, in place of an earlier pong that still waits."""
        if self._state is not _State.OPEN:
            return
        self._size += len(frame) - len(self._urgent or b"")
        self._urgent = frame
        self._busy = True
        if not self._dirty:
            self._dirty = True
            self._flusher.add(self)

    async def drained(self, below: int = SEND_LIMIT) -> bool:
        """Wait until fewer than ``below`` bytes are queued; tell whether the outbox is still open."""
        if self._state is _State.OPEN and self.queued >= below:
            self._busy = True
            waiter = (below, asyncio.get_running_loop().create_future())
            self._waiters.append(waiter)
            try:
                await waiter[1]
            finally:
                self._waiters.remove(waiter)
        return self._state is _State.OPEN

    def flush(self) -> None:
        """Send what was pushed; the flusher calls it."""
        self._dirty = False
        pieces = self._pieces
        if self._busy or self._size > SEND_LIMIT:
            self._flush_more()
            return
        # As ``Pipe.send`` does, without a call of its own for each member of a room.
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        try:
            sent = self._try_send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.abort()
            return
        if sent == len(data):
            pieces.clear()
            self._size = 0
        else:
            del pieces[: self.pipe.rest(pieces, sent)]
            self._size = sum(map(len, pieces))
            self._watch()

    def check(self, now: float) -> bool:
        """Tell whether nothing has moved for ``STALL_S``, and call ``on_slow`` then; the flusher calls it."""
        if not self.pipe.busy or self.pipe.stalled_s(now) < STALL_S:
            self._wake()
            return False
        self._give_up()
        return True

    def close(self, code: int | None, reason: str = "") -> None:
        """Drop what was not begun, send a close frame, and close the socket when the peer has answered it.

        The peer has ``CLOSE_S``; one that has let us send nothing for as long already is cut off at once. Without a
        code the frame is empty. Nothing happens where it was closed before.
        """
        if self._state in (_State.CLOSING, _State.CLOSED):
            return
        self._drop(_State.CLOSING)
        if self.pipe.busy and self.pipe.stalled_s(self._flusher.clock()) >= CLOSE_S:
            self.abort()
            return
        self._timer = asyncio.get_running_loop().call_later(CLOSE_S, self.abort)
        self._urgent = close_frame(code, reason)
        self._size = len(self._urgent)
        self._pump()

    def peer_closed(self) -> None:
        """Note that the peer's close frame has come: the socket closes as soon as ours is sent."""
        self._peer_done = True
        if self._said:
            self.abort()

    def abort(self) -> None:
        """Close the socket at once. What the kernel has taken is still sent, unless the peer has stopped reading."""
        if self._state is not _State.CLOSED:
            self._drop(_State.CLOSED)
            self._on_slow = nothing
            self._flusher.unwatch(self)
            if self._timer is not None:
                self._timer.cancel()
            self.pipe.close()

    def _flush_more(self) -> None:
        if self._state is not _State.OPEN:
            self._size -= sum(map(len, self._pieces))
            self._pieces.clear()
            return
        self._pump()
        if self.queued > QUEUE_LIMIT and not self.pacing:
            self._give_up()

    def _pump(self) -> None:
        """Send until nothing waits or the kernel takes no more."""
        while not self.pipe.busy:
            pieces = self._take()
            if not pieces:
                self._rest()
                break
            try:
                begun = self.pipe.send(pieces)
            except OSError:
                self.abort()
                return
            self._pieces[:0] = pieces[begun:]
            self._size += sum(map(len, pieces[begun:]))
        self._watch()
        self._wake()

    def _take(self) -> list[bytes]:
        """Take the pieces of the next send: at most ``SEND_LIMIT`` bytes, or one piece."""
        taken, size, count = [], 0, 0
        if self._urgent is not None:
            taken.append(self._urgent)
            size = len(self._urgent)
            self._urgent = None
        for piece in self._pieces if self._state is _State.OPEN else ():
            if taken and size + len(piece) > SEND_LIMIT:
                break
            taken.append(piece)
            size += len(piece)
            count += 1
        del self._pieces[:count]
        self._size -= size
        return taken

    def _ready(self) -> None:
        """Go on after what was partly sent; the pipe calls it."""
        self._flusher.unwatch(self)
        if self.pipe.closed:
            self.abort()
        else:
            self._pump()

    def _rest(self) -> None:
        """Note that the kernel has everything."""
        if self._state is _State.OPEN:
            self._busy = False
        elif self._state is _State.CLOSING:
            self._said = True
            if self._peer_done:
                self.abort()

    def _watch(self) -> None:
        """Have the flusher look whether the peer still reads, where something was partly sent."""
        if self.pipe.busy:
            self._busy = True
            self._flusher.watch(self)

    def _wake(self) -> None:
        """Wake those who wait until less is queued."""
        for below, waiter in self._waiters:
            if not waiter.done() and (self._state is not _State.OPEN or self.queued < below):
                waiter.set_result(None)

    def _give_up(self) -> None:
        if self._state is _State.OPEN:
            self._drop(_State.SLOW)
            self._on_slow()

    def _drop(self, state: _State) -> None:
        """Enter a state in which nothing more is sent, but what is partly sent."""
        self._state = state
        self._busy = True
        self._pieces.clear()
        self._urgent = None
        self._size = 0
        self._wake()
