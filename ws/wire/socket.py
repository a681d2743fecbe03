"""A websocket after its handshake: how it is read, and what a session sees of it."""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from typing import Final, Protocol

from tornado.httputil import HTTPServerRequest

from services.loop.turns import Turns
from services.operations.eager import Waits, rest, step
from ws.wire.codes import CloseCode
from ws.wire.flusher import Flusher
from ws.wire.frames import Close, FrameError, FrameReader, Message, Ping, Text, pong_frame
from ws.wire.outbox import CLOSE_S, Outbox
from ws.wire.pipe import READ_SIZE as READ_SIZE
from ws.wire.throttle import FAR_S, Throttle

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

        Up to where it first waits it runs outside of any task: what needs one awaits ``eager.in_task`` before.
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
        "_closing", "_code", "_pipe", "_reader", "_receiver", "_task", "_timer", "_turns", "_unfinished_since",
        "origin", "outbox", "remote_ip", "throttle", "user_agent",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, flusher: Flusher, turns: Turns, request: HTTPServerRequest) -> None:
        """Take over a connected socket; nothing is read before ``start``."""
        self.outbox = Outbox(sock, flusher, self._slow)
        """Everything that is sent."""
        self.remote_ip = request.remote_ip or ""
        """The peer's address, or what a trusted proxy said it is."""
        self.origin = sys.intern(request.headers.get("Origin", ""))
        """The origin of the page that opened it: one of a few; empty where it was a program."""
        self.throttle: Throttle | None = None
        """What bounds how much the client may send, where anything does."""
        self.user_agent = request.headers.get("User-Agent", "")
        self._pipe = self.outbox.pipe
        self._turns = turns
        self._reader = FrameReader()
        self._receiver: Receiver | None = None
        self._closing = False
        self._code: int | None = None
        self._unfinished_since: float | None = None
        """When a message began that is not finished; None too while we do not read."""
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        """What was read and waits, where anything does: nothing more is read then."""
        self._pipe.own(self._readable, self._ended)

    def start(self, accept: "Callable[[Connection], Receiver]", early: bytes = b"") -> None:
        """Read until the end, for the receiver that ``accept`` returns; what came ``early`` is read first."""
        try:
            self._receiver = accept(self)
        except Exception:
            log.exception("a connection was not accepted")
            self.close(CloseCode.INTERNAL_ERROR)
        asyncio.get_running_loop().call_soon(self._begin, early)

    def close(self, code: int, reason: str = "") -> None:
        """Close as ``Outbox.close`` does; the receiver's ``closed`` is called at the end of it, never from here."""
        if not self._closing:
            self._closing = True
            self._code = code
        self.outbox.close(code, reason)

    def _begin(self, early: bytes) -> None:
        self._pipe.hear()
        if early and not self._pipe.closed:
            self._take(early)

    def _readable(self) -> None:
        """Read once; the loop calls it when there is something to read, or the peer has ended."""
        if self._task is not None:
            self._peek()
            return
        try:
            data = self._pipe.receive(READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._take(data)
        else:
            self.outbox.abort()

    def _peek(self) -> None:
        """Leave to the kernel what comes before it may be read; that the peer has ended is noticed all the same."""
        try:
            more = self._pipe.receive(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if more:
            self._pipe.deafen()
        else:
            self.outbox.abort()

    def _take(self, data: bytes) -> None:
        """Do what was read asks for: at once, as most can be, or else in a task."""
        try:
            step(self._read(data))
        except Waits as waits:
            self._task = asyncio.get_running_loop().create_task(self._wait(waits))
        except Exception:
            log.exception("a connection failed")
            self.outbox.abort()

    async def _wait(self, waits: Waits) -> None:
        try:
            await rest(waits)
        except Exception:
            log.exception("a connection failed")
            self.outbox.abort()
        finally:
            self._task = None
            self._pipe.hear()

    async def _read(self, data: bytes) -> None:
        """Do what was read asks for; return when more may be read."""
        # Whoever sends without a pause must not have the loop alone: the loop calls once in each of its rounds.
        if self._turns.crowded:
            await self._turns.next()
        messages, error, pause = self._parse(data)
        since, self._unfinished_since = self._unfinished_since, None
        if self._receiver is not None:
            self._receiver.alive()
        if len(messages) == 1 and type(messages[0]) is Text:
            await self._receive(messages[0].payload)
        elif messages:
            await self._answer(messages)
        if pause or self._reader.partial or self._reader.ended:
            await self._follow(messages, error, pause, since)

    async def _follow(
        self, messages: list[Message], error: FrameError | None, pause: float, since: float | None
    ) -> None:
        """Do what is still to be done when messages were received, for the few who do not just go on."""
        if pause:
            await self._pause(pause)
        if self._reader.partial:
            self._unfinished(since, messages)
            return
        if error is not None:
            self.close(error.code, error.reason)
        if self._reader.ended and not self._pipe.closed:
            await asyncio.sleep(DISCARD_S)

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
        controls = 0 if len(messages) == 1 and type(messages[0]) is Text else _controls(messages)
        pause = self.throttle.spend(now, len(data), reader.frames - frames, controls)
        if pause > FAR_S:
            self.close(CloseCode.TOO_MANY_ERRORS, "far more than anybody may send")
        return messages, error, pause

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

    def _unfinished(self, since: float | None, messages: list[Message]) -> None:
        """See to it that the message which has begun is finished in time. ``since`` is of what began before."""
        loop = asyncio.get_running_loop()
        same = since is not None and self._reader.fragmented and not any(type(one) is Text for one in messages)
        self._unfinished_since = since if same else loop.time()
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
        """Tell the receiver. The pipe calls it once, on its own, when it has closed for whatever reason."""
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


def _controls(messages: list[Message]) -> int:
    return sum(type(one) is not Text for one in messages)
