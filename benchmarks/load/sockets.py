"""Websockets of the load: picows, so that the driver is compiled where it matters."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.load.dialect import Dialect
from benchmarks.load.task import Failed

OPENING = 32
"""Sockets that are being opened at the same time."""

OPENED_WITHIN_S = 60
"""The longest wait until all sockets of a load are live."""

FILLER = "a chat message of about a hundred characters, as people type them when they tell how it was. "

RUN = secrets.token_hex(4)
"""Makes the cids of one driver unlike those of any other."""


def hello(token: str, epoch: str = "", cursors: dict[str, int] | None = None) -> bytes:
    """Return the payload of the first frame; with an epoch, one that resumes."""
    details: dict[str, object] = {"token": token}
    if epoch:
        details |= {"epoch": epoch, "cursors": cursors or {}}
    return msgspec.json.encode({"op": "hello", "id": 0, "d": details})


def chat(room: str, number: int, sender: int = 0) -> bytes:
    """Return message ``number`` of ``sender``: the same text and cid whatever they are wrapped in."""
    return f'{{"room":"{room}","text":"{FILLER}{number:08d}","cid":"{RUN}-{sender}-{number}"}}'.encode()


def send(room: str, number: int, sender: int = 0) -> bytes:
    """Return the payload that sends message ``number`` of ``sender`` to a room; its request id is ``number``."""
    return b'{"op":"message.send","id":%d,"d":%b}' % (number, chat(room, number, sender))


class Socket(WSListener):
    """One websocket, a member once it is live."""

    __slots__ = ("answer", "dialect", "latest", "live", "steps", "transport")

    def __init__(self, dialect: Dialect, number: int) -> None:
        self.dialect = dialect
        self.steps = list(dialect.greeting(number))
        """What is left of the greeting."""
        self.live: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        """Resolves to the answer of the last thing said, once the greeting is through."""
        self.transport: WSTransport | None = None
        self.answer = b""
        self.latest = b""
        """The latest frame of the greeting, for whoever asks why it failed."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Begin the greeting; see ``WSListener``."""
        self.transport = transport
        self.step()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Give up a greeting under way; see ``WSListener``."""
        self.transport = None
        if not self.live.done():
            self.live.set_exception(Failed(f"closed before live; the last frame was {self.latest[:300]!r}"))

    def step(self) -> None:
        """Say what the present step says, or be live after the last."""
        if not self.steps:
            self.live.set_result(self.answer)
        elif self.steps[0].say:
            self.say(self.steps[0].say)

    def greeted(self, frame: WSFrame) -> None:
        """Take a frame that is no copy and no answer: of the greeting, or a ping."""
        if self.live.done() or not self.steps:
            if reply := self.dialect.reply(frame):
                self.say(reply)
            return
        self.latest = frame.get_payload_as_bytes()
        if self.latest.startswith(self.steps[0].until):
            if self.steps.pop(0).say:
                self.answer = self.latest
            self.step()

    def say(self, payload: bytes) -> None:
        """Send a text frame."""
        if self.transport is not None:
            self.transport.send(WSMsgType.TEXT, payload)

    def close(self) -> None:
        """Close the TCP connection."""
        if self.transport is not None:
            self.transport.disconnect()


def is_message(frame: WSFrame) -> bool:
    """Tell ``{"ev":"message"`` from every other frame of protocol.md by one byte, since this runs for every copy."""
    return frame.get_payload_as_memoryview()[9] == ord("s")


def is_answer(frame: WSFrame) -> bool:
    """Tell an answer, which starts with ``{"re"``, from an event."""
    return frame.get_payload_as_memoryview()[2] == ord("r")


async def until(ready: Callable[[], bool], seconds: float) -> None:
    """Wait until something counted elsewhere is complete, looking every 10 ms: nobody signals for each frame.

    Raises:
        TimeoutError: If it is not within ``seconds``.
    """
    async with asyncio.timeout(seconds):
        while not ready():  # noqa: ASYNC110  # see above
            await asyncio.sleep(0.01)


S = TypeVar("S", bound=Socket)


async def connect(port: int, make: Callable[[], S]) -> S:
    """Open one socket and return it when it is live.

    Raises:
        Failed: If the server closes it before, or lets it wait too long.
    """
    socket = make()
    await ws_connect(lambda: socket, f"ws://127.0.0.1:{port}{socket.dialect.path}")
    try:
        async with asyncio.timeout(OPENED_WITHIN_S):
            await socket.live
    except TimeoutError:
        raise Failed(f"not live; the last frame was {socket.latest[:300]!r}") from None
    return socket


@asynccontextmanager
async def sockets(ports: Sequence[int], makers: Sequence[Callable[[], S]]) -> AsyncIterator[list[S]]:
    """Open a socket with each of ``makers``, in their order and at ``ports`` in turn, and close all at the end."""
    gate = asyncio.Semaphore(OPENING)

    async def one(number: int, make: Callable[[], S]) -> S:
        async with gate:
            return await connect(ports[number % len(ports)], make)

    async with asyncio.timeout(OPENED_WITHIN_S):
        opened = await asyncio.gather(*[one(*numbered) for numbered in enumerate(makers)])
    try:
        yield opened
    finally:
        for socket in opened:
            socket.close()
