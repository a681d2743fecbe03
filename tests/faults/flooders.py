"""People who mean no good: five ways to ask for more than anybody should have."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator

from tests.client.wire import frame, handshake
from tests.faults.device import Person
from tests.faults.link import LOST

TEXT, CONTINUATION, PING = 1, 0, 9

AT_ONCE = 32
"""Frames written in one piece."""
PAUSE_S = 0.005
"""Pause between two pieces: some thousand frames a second, and the rig has to live on the same machine."""
BACK_S = 0.2
"""Pause before coming back after having been closed."""

Shape = Callable[["Flooder"], Iterator[bytes]]


class Flooder:
    """One of them: comes, floods, is closed, comes back, until time is up."""

    def __init__(self, shape: str, person: Person, room: str, address: tuple[str, int], source: str) -> None:
        self.shape = shape
        self.person = person
        self.room = room
        self.codes: Counter[int] = Counter()
        """How its connections ended: close codes, 1006 for none, HTTP statuses of refused handshakes."""
        self.errors: Counter[str] = Counter()
        """Codes of refusals."""
        self.sent = 0
        self._address = address
        self._source = source
        self._calls = 0

    def call(self, op: str, **d: object) -> bytes:
        """Return a call as a frame."""
        self._calls += 1
        return frame(TEXT, json.dumps({"op": op, "id": self._calls, "d": d}).encode())

    async def run(self, seconds: float) -> None:
        """Flood."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                async with asyncio.timeout(max(0.1, until - time.monotonic())):
                    await self._once()
            await asyncio.sleep(BACK_S)

    async def _once(self) -> None:
        reader, writer = await asyncio.open_connection(*self._address, local_addr=(self._source, 0), limit=1 << 20)
        reading: asyncio.Task[None] | None = None
        try:
            writer.write(handshake(f"{self._address[0]}:{self._address[1]}", "/ws", "parley.v1", None)[0])
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.codes[int(head.split()[1])] += 1
                return
            reading = asyncio.ensure_future(self._read(reader))
            frames = SHAPES[self.shape](self)
            while not reading.done():
                writer.write(b"".join(next(frames) for _ in range(AT_ONCE)))
                self.sent += AT_ONCE
                await asyncio.sleep(PAUSE_S)
                await writer.drain()
        finally:
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Count refusals, until the server ends the connection."""
        try:
            while True:
                first, second = await reader.readexactly(2)
                size = second & 0x7F
                if size >= 126:
                    size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
                payload = await reader.readexactly(size)
                if first & 0x0F == 8:
                    self.codes[int.from_bytes(payload[:2], "big")] += 1
                    return
                if b'"err":' in payload[:60]:
                    self.errors[json.loads(payload)["err"]["code"]] += 1
        except (OSError, asyncio.IncompleteReadError):
            self.codes[LOST] += 1


def _messages(one: Flooder) -> Iterator[bytes]:
    yield one.call("hello", token=one.person.token)
    while True:
        yield one.call("message.send", room=one.room, text="buy this", cid=f"flood-{one.sent}-{one._calls}")


def _pings(one: Flooder) -> Iterator[bytes]:
    yield one.call("hello", token=one.person.token)
    while True:
        yield frame(PING, b"are you there?")


def _fragments(one: Flooder) -> Iterator[bytes]:
    yield one.call("hello", token=one.person.token)
    yield frame(TEXT, b"{", fin=False)
    while True:
        yield frame(CONTINUATION, b" ", fin=False)


def _moves(one: Flooder) -> Iterator[bytes]:
    yield one.call("hello", token=one.person.token)
    while True:
        yield one.call("room.leave", room=one.room)
        yield one.call("room.join", room=one.room)


def _hellos(one: Flooder) -> Iterator[bytes]:
    while True:
        yield one.call("hello", token=one.person.token)


SHAPES: dict[str, Shape] = {
    "messages": _messages,
    "pings": _pings,
    "fragments": _fragments,
    "joins and leaves": _moves,
    "hellos": _hellos,
}
"""Frames without an end, for each shape of a flood."""
