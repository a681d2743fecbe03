"""Websockets of the load: picows, so that the driver is compiled where it matters."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.load.task import Failed, Person

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


def send(room: str, number: int, sender: int = 0) -> bytes:
    """Return the payload that sends message ``number`` of ``sender`` to a room; its request id is ``number``."""
    return (
        f'{{"op":"message.send","id":{number},"d":{{"room":"{room}",'
        f'"text":"{FILLER}{number:08d}","cid":"{RUN}-{sender}-{number}"}}}}'
    ).encode()


class Socket(WSListener):
    """One websocket. Until it is live, frames go to ``on_greeting``; then to ``on_ws_frame`` of the subclass."""

    __slots__ = ("answer", "first", "live", "transport")

    def __init__(self, first: bytes = b"") -> None:
        self.first = first
        """The hello, or nothing for a server that wants none."""
        self.live: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        """Resolves to the answer of hello once the deltas are through."""
        self.transport: WSTransport | None = None
        self.answer = b""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Say hello; see ``WSListener``."""
        self.transport = transport
        if self.first:
            transport.send(WSMsgType.TEXT, self.first)
        else:
            self.live.set_result(b"")

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Give up a greeting under way; see ``WSListener``."""
        if not self.live.done():
            self.live.set_exception(Failed(f"closed before live; the last answer was {self.answer[:300]!r}"))

    def greeted(self, frame: WSFrame) -> bool:
        """Take the frame if it belongs to the greeting."""
        if self.live.done():
            return False
        payload = frame.get_payload_as_bytes()
        if payload.startswith(b'{"re":'):
            self.answer = payload
            if b'"err"' in payload[:40]:
                self.live.set_exception(Failed(f"hello refused: {payload[:300]!r}"))
        elif payload.startswith(b'{"ev":"live"'):
            self.live.set_result(self.answer)
        return True

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
    """Open one socket and return it when it is live."""
    _, opened = await ws_connect(make, f"ws://127.0.0.1:{port}/ws")
    socket: S = opened  # type: ignore[assignment]  # the listener that ``make`` made
    async with asyncio.timeout(OPENED_WITHIN_S):
        await socket.live
    return socket


@asynccontextmanager
async def sockets(port: int, makers: Sequence[Callable[[], S]]) -> AsyncIterator[list[S]]:
    """Open a socket with each of ``makers``, in their order, and close all at the end."""
    gate = asyncio.Semaphore(OPENING)

    async def one(make: Callable[[], S]) -> S:
        async with gate:
            return await connect(port, make)

    async with asyncio.timeout(OPENED_WITHIN_S):
        opened = await asyncio.gather(*[one(make) for make in makers])
    try:
        yield opened
    finally:
        for socket in opened:
            socket.close()


def greetings(people: Sequence[Person], floor: bool) -> list[bytes]:
    """Return the first frame of each person; nothing where the server is a floor."""
    return [b"" if floor else hello(person.token) for person in people]
