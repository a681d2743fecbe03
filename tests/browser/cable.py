"""The cable between a browser and the server: it can be cut, blocked and mended."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

CHUNK_BYTES = 64 * 1024


class Cable:
    """A TCP proxy on a port of its own. An async context manager; addresses in it carry no state of the protocol."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.port = 0
        self.accepted = 0
        """Connections that were let through so far."""
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._cut = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._answers = asyncio.Event()
        self._answers.set()

    @property
    def url(self) -> str:
        """Where a browser finds the server through it."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """End every connection at once, and take no new one."""
        self._cut = True
        self._release()
        for writer in tuple(self._writers):
            writer.transport.abort()

    def block(self) -> None:
        """Carry nothing any more, and tell nobody: as when a laptop's lid is shut."""
        self._flows.clear()

    def lose_answers(self) -> None:
        """Carry what the browser sends, and nothing back."""
        self._answers.clear()

    def mend(self) -> None:
        """Carry again."""
        self._cut = False
        self._release()

    def _release(self) -> None:
        self._flows.set()
        self._answers.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.transport.abort()
            return
        self.accepted += 1
        with contextlib.suppress(OSError):
            try:
                there, back = await asyncio.open_connection(*self.target)
            except OSError:
                writer.transport.abort()  # as the server itself would refuse it
                raise
            self._writers |= {writer, back}
            try:
                await asyncio.gather(
                    self._pipe(reader, back, self._flows), self._pipe(there, writer, self._flows, self._answers)
                )
            finally:
                self._writers -= {writer, back}
                for end in (writer, back):
                    end.transport.abort()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *gates: asyncio.Event) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                for gate in gates:
                    await gate.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
