"""Websockets on Tornado's streams: the read loop, and what a session sees of a connection."""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final, Protocol

from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream, StreamClosedError

from services.turns import Turns
from ws.wire.codes import CloseCode
from ws.wire.flusher import Flusher
from ws.wire.frames import Close, FrameError, FrameReader, Message, Ping, Text, pong_frame
from ws.wire.outbox import CLOSE_S, Outbox
from ws.wire.throttle import FAR_S, Throttle

READ_SIZE: Final = 64 * 1024
"""Bytes read at once, and size of the kernel's receive buffer, which would grow to megabytes by itself."""

UNFINISHED_S: Final = 10.0
"""Seconds a client has to finish a message."""

DISCARD_S: Final = 0.05
"""Seconds between two reads of what can mean nothing any more: to notice the end, and not at the price of others."""

log = logging.getLogger(__name__)


class Receiver(Protocol):
    """Who a connection speaks to. Nothing is called after ``closed``."""

    async def receive(self, payload: bytes) -> None:
        """Take one text message, valid UTF-8.

        Messages come in order, one at a time: nothing more is read while this waits, but for the rest of what was read
        with the message, whose pings are answered at once. An exception is logged and closes with 1011.
        """

    def alive(self) -> None:
        """Note that bytes have arrived."""

    def closed(self, code: int | None) -> None:
        """Note that the connection has ended, once; a ``receive`` may still be waiting.

        ``code`` is that of the first close frame, the peer's or ours; None where it had none, or there was no frame.
        """


class Connection:
    """One websocket after its handshake."""

    __slots__ = (
        "_closing", "_code", "_reader", "_receiver", "_stream", "_task", "_timer", "_turns",
        "_unfinished_since", "outbox",
        "remote_ip", "throttle", "user_agent",
    )  # fmt: skip

    def __init__(self, stream: IOStream, flusher: Flusher, turns: Turns, request: HTTPServerRequest) -> None:
        """Take over a stream; nothing is read before ``start``."""
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READ_SIZE)
        self.outbox = Outbox(stream, flusher, self._slow)
        """Everything that is sent."""
        self.remote_ip = request.remote_ip or ""
        """The peer's address, or what a trusted proxy said it is."""
        self.throttle: Throttle | None = None
        """What bounds how much the client may send, where anything does."""
        self.user_agent = request.headers.get("User-Agent", "")
        self._stream = stream
        self._turns = turns
        self._reader = FrameReader()
        self._receiver: Receiver | None = None
        self._closing = False
        self._code: int | None = None
        self._unfinished_since: float | None = None
        """When a message began that is not finished; None too while we do not read."""
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        stream.set_close_callback(self._ended)

    def start(self, accept: "Callable[[Connection], Receiver]") -> None:
        """Read until the end, for the receiver that ``accept`` returns."""
        self._task = asyncio.get_running_loop().create_task(self._run(accept))

    def close(self, code: int, reason: str = "") -> None:
        """Close as ``Outbox.close`` does; the receiver's ``closed`` is called at the end of it, never from here."""
        if not self._closing:
            self._closing = True
            self._code = code
        self.outbox.close(code, reason)

    async def _run(self, accept: "Callable[[Connection], Receiver]") -> None:
        try:
            self._receiver = accept(self)
        except Exception:
            log.exception("a connection was not accepted")
            self.close(CloseCode.INTERNAL_ERROR)
        try:
            while True:
                await self._read()
        except StreamClosedError:
            pass
        except Exception:
            log.exception("a connection failed")
        finally:
            self.outbox.abort()

    async def _read(self) -> None:
        """Read once, and do what it asks for."""
        if self._reader.ended:
            await asyncio.sleep(DISCARD_S)
        data = self._stream.read_bytes(READ_SIZE, partial=True)
        if not self._stream.reading():
            # It is there already: whoever sends without a pause must not have the loop alone.
            await asyncio.sleep(0)
        messages, error, pause = self._parse(await self._turns.after(data))
        since, self._unfinished_since = self._unfinished_since, None
        if self._receiver is not None:
            self._receiver.alive()
        if pause > FAR_S:
            self.close(CloseCode.TOO_MANY_ERRORS, "far more than anybody may send")
        if messages:
            await self._answer(messages)
        await self._pause(pause)
        if error is not None:
            self.close(error.code, error.reason)
        elif self._reader.partial:
            same = since is not None and self._reader.fragmented and not any(type(one) is Text for one in messages)
            self._unfinished(since if same else None)

    def _parse(self, data: bytes) -> tuple[list[Message], FrameError | None, float]:
        """Return messages, the mistake that ends them, and the seconds for which not to read."""
        reader, error = self._reader, None
        frames = reader.frames
        try:
            messages = reader.feed(data)
        except FrameError as caught:
            messages, error = caught.before, caught
        if self.throttle is None or reader.ended:
            return messages, error, 0.0
        now = asyncio.get_running_loop().time()
        controls = sum(type(one) is not Text for one in messages)
        return messages, error, self.throttle.spend(now, len(data), reader.frames - frames, controls)

    async def _pause(self, seconds: float) -> None:
        """Read nothing for a while: the client's own queue fills, and it can send no more."""
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while not self._closing and (now := clock()) < until:  # noqa: ASYNC110  nobody rings at the end
            await asyncio.sleep(min(until - now, DISCARD_S))  # in steps: the socket may end meanwhile

    async def _answer(self, messages: list[Message]) -> None:
        ping = next((one for one in reversed(messages) if type(one) is Ping), None)
        if ping is not None:
            self.outbox.pong(pong_frame(ping.payload))
        last = messages[-1]
        waiting = None
        if type(last) is Close:
            if not self._closing:
                self._code = last.code
            # The answer must not wait for long behind messages that take their time.
            waiting = asyncio.get_running_loop().call_later(CLOSE_S, self._answer_close, last)
        for message in messages:
            if type(message) is Text:
                if self._turns.over:
                    await self._turns.next()
                await self._receive(message.payload)
        if waiting is not None and type(last) is Close:
            waiting.cancel()
            self._answer_close(last)

    async def _receive(self, payload: bytes) -> None:
        if self._receiver is None or self._closing:
            return
        try:
            await self._receiver.receive(payload)
        except Exception:
            log.exception("a receiver failed")
            self.close(CloseCode.INTERNAL_ERROR)

    def _answer_close(self, close: Close) -> None:
        if not self._closing:
            self._closing = True
            self._code = close.code
        self.outbox.close(close.code)
        self.outbox.peer_closed()

    def _slow(self) -> None:
        self.close(CloseCode.SLOW, "slow")

    def _unfinished(self, since: float | None) -> None:
        """See to it that the message which has begun is finished in time."""
        loop = asyncio.get_running_loop()
        self._unfinished_since = loop.time() if since is None else since
        if self._timer is None:
            self._timer = loop.call_later(UNFINISHED_S, self._judge_unfinished)

    def _judge_unfinished(self) -> None:
        self._timer = None
        if self._unfinished_since is None or self._closing:
            return
        loop = asyncio.get_running_loop()
        left = self._unfinished_since + UNFINISHED_S - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._judge_unfinished)
        else:
            self.close(CloseCode.POLICY_VIOLATION, "message not finished in time")

    def _ended(self) -> None:
        """Tell the receiver. Tornado calls it once, on its own, when the stream has closed for whatever reason."""
        self._closing = True
        self.outbox.abort()
        if self._timer is not None:
            self._timer.cancel()
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            try:
                receiver.closed(self._code)
            except Exception:
                log.exception("a receiver failed to close")
