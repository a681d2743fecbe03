"""A TCP proxy in front of a real part, which breaks what passes through it as it is told."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable

from tests.faults.resp import Splitter, is_push

CHUNK = 64 * 1024
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a port of its own and passes bytes on to a target, both ways.

    All that it can do to connections holds for those that are open and those that come. What is held back is not lost:
    it goes on when the proxy is healed, as a network's would, unless the connections were cut before.
    """

    def __init__(self, target: tuple[str, int], *, resp: bool = False) -> None:
        self.target = target
        self.port = 0
        self.delay_s = 0.0
        """By how much each piece is late, each way."""
        self.bytes_per_s: float | None = None
        """How fast bytes go to the client; None: as they come."""
        self.refusing = False
        """Whether those who come are sent away at once."""
        self.loses: Callable[[], bool] | None = None
        """Asked for each message that Redis publishes to a subscriber: whether it is lost. Needs ``resp``."""
        self.pushes = 0
        self.lost = 0
        """Published messages that passed, and that were lost."""
        self.held_up = 0
        """Bytes that went towards the target into a black hole."""
        self._resp = resp
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self.heal()
        self._pairs: dict[asyncio.Task[None], tuple[asyncio.StreamWriter, asyncio.StreamWriter | None]] = {}
        self._server: asyncio.Server | None = None

    @property
    def connections(self) -> int:
        """Connections that are open."""
        return len(self._pairs)

    async def start(self) -> None:
        """Listen; on the same port as before, where there was one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End everything."""
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = list(self._pairs)
        self.cut()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def black_hole(self) -> None:
        """Pass nothing on, in either direction; nobody is told."""
        self._up.clear()
        self._down.clear()

    def mute(self) -> None:
        """Pass nothing on to the client, which is half open now: what it says arrives."""
        self._down.clear()

    def heal(self) -> None:
        """Pass everything on as it comes."""
        self.delay_s, self.bytes_per_s, self.refusing, self.loses = 0.0, None, False, None
        self._up.set()
        self._down.set()

    def cut(self) -> None:
        """Reset all connections; what was held back is lost."""
        for ends in self._pairs.values():
            for writer in ends:
                if writer is not None:
                    sock = writer.get_extra_info("socket")
                    with contextlib.suppress(OSError):
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    writer.transport.abort()
        for task in self._pairs:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pairs[task] = (writer, None)
        there: asyncio.StreamWriter | None = None
        try:
            if not self.refusing:
                await self._up.wait()  # a black hole answers no handshake either
                back, there = await asyncio.open_connection(*self.target, limit=CHUNK)
                self._pairs[task] = (writer, there)
                await self._both(reader, writer, back, there)
        except (OSError, asyncio.CancelledError):
            pass  # an end is gone, or all was cut: the other end goes too
        finally:
            del self._pairs[task]
            for end in (writer, there):
                if end is not None:
                    end.transport.abort()

    async def _both(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamReader,
        there: asyncio.StreamWriter,
    ) -> None:
        ways = {asyncio.ensure_future(self._upward(reader, there)), asyncio.ensure_future(self._downward(back, writer))}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _upward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            if not self._up.is_set():
                self.held_up += len(data)
            await self._up.wait()
            await asyncio.sleep(self.delay_s)
            writer.write(data)
            await writer.drain()

    async def _downward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        splitter = Splitter()
        while data := await reader.read(CHUNK):
            await self._down.wait()
            pause = self.delay_s + (len(data) / self.bytes_per_s if self.bytes_per_s else 0.0)
            await asyncio.sleep(pause)
            writer.write(b"".join(self._kept(splitter.feed(data))) if self._resp else data)
            await writer.drain()

    def _kept(self, values: list[bytes]) -> list[bytes]:
        kept = []
        for value in values:
            if is_push(value):
                self.pushes += 1
                if self.loses is not None and self.loses():
                    self.lost += 1
                    continue
            kept.append(value)
        return kept
