"""One connection to one Redis: commands in a row, answers in order, and pushes as they come.

It stands on the parser of ``hiredis`` and on nothing else of the driver. What the driver offers for pub/sub returns
before the server has confirmed a subscription, subscribes again in silence after a link broke, and asks the shards of a
cluster one after the other.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import hiredis

from store.errors import Unavailable
from store.redis.address import Endpoint, Login

CONNECT_S: Final = 1.5
"""Seconds for a connection with TLS and log-in. The kernel repeats a lost first packet after one."""

TEXT_LIMIT: Final = 300
"""Characters of the server's text in our errors."""

_MORE: Final = object()
_KEEPALIVE: Final = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))
"""Seconds of silence, seconds between probes, and probes: for what the pings of those who use the wire do not see."""

Word = str | bytes | int
Push = Callable[[list[Any]], None]


class _Asked:
    """Commands that wait for their answers: for a number of them, or for all until one is the token."""

    __slots__ = ("_left", "_token", "answers", "future")

    def __init__(self, future: asyncio.Future[list[Any]], left: int, token: bytes | None) -> None:
        self.future = future
        self._left = left
        self._token = token
        self.answers: list[Any] = []

    def take(self, answer: Any) -> bool:
        """Take an answer, and tell whether it was the last."""
        if self._token is not None and answer == self._token:
            return True
        self.answers.append(answer)
        self._left -= 1
        return self._left == 0


class Wire(asyncio.Protocol):
    """See above. Whoever opened it closes it; ``lost`` is called once, when it has ended for whatever reason."""

    def __init__(self, pushed: Push, lost: Callable[[], None]) -> None:
        self._pushed = pushed
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(notEnoughData=_MORE)
        self._asked: deque[_Asked] = deque()
        self._transport: asyncio.Transport | None = None
        self._ended = self._loop.create_future()
        self._tokens = 0
        self.heard_at = 0.0
        """When something last came (the loop's time)."""

    @classmethod
    async def open(
        cls,
        endpoint: Endpoint,
        login: Login,
        tls: ssl.SSLContext | None,
        name: str,
        pushed: Push = lambda _: None,
        lost: Callable[[], None] = lambda: None,
    ) -> "Wire":
        """Connect and log in. The name is shown in the server's list of clients.

        Raises:
            Unavailable: If that fails, or takes too long; ``lost`` may or may not be called then.
        """
        made: list[Wire] = []

        def protocol() -> Wire:
            made.append(cls(pushed, lost))
            return made[0]

        host, port = endpoint
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                await loop.create_connection(protocol, host, port, ssl=tls, server_hostname=host if tls else None)
                await made[0].greet(login, name)
        except TimeoutError:
            await cls._give_up(made)
            raise Unavailable(f"no answer from {host}:{port} in {CONNECT_S} s") from None
        except (OSError, Unavailable) as error:
            await cls._give_up(made)
            raise Unavailable(f"{host}:{port}: {error}"[:TEXT_LIMIT]) from None
        except asyncio.CancelledError:
            await cls._give_up(made)
            raise
        return made[0]

    @staticmethod
    async def _give_up(made: Sequence["Wire"]) -> None:
        for wire in made:
            await wire.close()

    async def greet(self, login: Login, name: str) -> None:
        """Log in; ``open`` does it.

        Raises:
            Unavailable: If the server refuses.
        """
        # Of RESP 3 pushes are a kind of their own, so that they cannot be taken for answers.
        words: list[Word] = ["HELLO", 3]
        if login.password is not None:
            words += ["AUTH", login.username or "default", login.password]
        # Asked now, for a server that permits no PING would look like a dead one later.
        for answer in await self.ask([(*words, "SETNAME", name), ("PING",)]):
            if isinstance(answer, Exception):
                raise Unavailable(str(answer))

    async def ask(self, commands: Sequence[tuple[Word, ...]]) -> list[Any]:
        """Return the answers to commands; a refusal among them is an exception, returned.

        Whoever gives up waiting closes the wire if he wants to be sure that nothing of it happens later.

        Raises:
            Unavailable: If the wire ended first.
        """
        return await self._ask(b"".join(map(_packed, commands)), len(commands), None)

    async def say(self, commands: Sequence[tuple[Word, ...]]) -> list[Any]:
        """Send commands that are answered by pushes alone; return their refusals when all have been answered.

        Raises:
            Unavailable: If the wire ended first.
        """
        self._tokens += 1
        token = b"%d" % self._tokens
        return await self._ask(b"".join(map(_packed, [*commands, ("PING", token)])), 0, token)

    async def _ask(self, packed: bytes, left: int, token: bytes | None) -> list[Any]:
        if self._transport is None or self._transport.is_closing():
            raise Unavailable("the connection has ended")
        asked = _Asked(self._loop.create_future(), left, token)
        self._asked.append(asked)
        self._transport.write(packed)
        return await asked.future

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._transport is not None and not self._transport.is_closing()

    def abort(self) -> None:
        """End it now, whatever is on its way."""
        if self._transport is not None:
            self._transport.abort()

    async def ended(self) -> None:
        """Return when it has ended."""
        await asyncio.shield(self._ended)

    async def close(self) -> None:
        """End it, and return when it has ended."""
        if self._transport is not None:
            self._transport.abort()
            await self.ended()

    # What the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are of no class of asyncio's
        self.heard_at = self._loop.time()
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            if hasattr(socket, option):  # Not every system has all of them.
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        self.heard_at = self._loop.time()
        reader, pushed = self._reader, self._pushed
        reader.feed(data)
        try:
            while (answer := reader.gets()) is not _MORE:
                if isinstance(answer, hiredis.PushNotification):
                    pushed(answer)
                else:
                    self._answered(answer)
        except hiredis.ProtocolError:
            self.abort()

    def _answered(self, answer: Any) -> None:
        if not self._asked:
            self.abort()  # Redis says so much without being asked only when it ends the connection.
            return
        asked = self._asked[0]
        if asked.take(answer):
            self._asked.popleft()
            if not asked.future.done():
                asked.future.set_result(asked.answers)

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        while self._asked:
            asked = self._asked.popleft()
            if not asked.future.done():
                # Always the same words, however it was closed: the log tells a reason when it changes.
                asked.future.set_exception(Unavailable("the connection was closed"))
        self._ended.set_result(None)
        self._lost()


def _packed(command: tuple[Word, ...]) -> bytes:
    return hiredis.pack_command(command)  # type: ignore[no-any-return, arg-type]  # its stub has tuples of one
