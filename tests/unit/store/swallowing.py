"""A road to a server on which an answer can be lost: the command arrives and is done, and nobody is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Road:
    """A TCP proxy on a port of its own."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.lost = 0
        """Answers that were lost so far."""
        self._target = port
        self._word: bytes | None = None
        self._times = 0

    def lose(self, command: str, times: int = 1) -> None:
        """Lose the answers to the next commands of this name, and their connections with them."""
        # The name of a command is a key in BSON, which ends with a zero.
        self._word = command.encode() + b"\x00"
        self._times = times

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it, or an answer is lost."""
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        losing = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._out(reader, far_writer, losing))
                group.create_task(self._back(far_reader, writer, losing))
        except* (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            for each in (writer, far_writer):
                each.close()

    async def _out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        while chunk := await reader.read(1 << 20):
            if self._word is not None and self._times and self._word in chunk:
                self._times -= 1
                losing.set()
            writer.write(chunk)
            await writer.drain()
        raise ConnectionResetError

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        while chunk := await reader.read(1 << 20):
            if losing.is_set():
                self.lost += 1
                raise ConnectionResetError
            writer.write(chunk)
            await writer.drain()
        raise ConnectionResetError


@contextlib.asynccontextmanager
async def road_to(port: int) -> AsyncIterator[Road]:
    """Open a road to a server of this machine."""
    road = Road(port)
    server = await asyncio.start_server(road.serve, "127.0.0.1", 0)
    road.port = server.sockets[0].getsockname()[1]
    async with server:
        yield road
