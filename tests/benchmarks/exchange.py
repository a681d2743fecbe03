"""A server's side in the hands of a test, to see what a dialect makes of what it says."""

import asyncio
from collections.abc import Sequence

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from benchmarks.load.dialect import Dialect
from benchmarks.load.sockets import Socket, connect
from benchmarks.load.task import Failed

WORD = b"word"


class Told(WSListener):
    """What a server was told; it says ``opening`` first, then to each frame the next of ``answers``."""

    def __init__(self, answers: Sequence[bytes | tuple[bytes, ...]], told: list[bytes], opening: bytes = b"") -> None:
        self.answers = list(answers)
        self.told = told
        self.opening = opening

    def on_ws_connected(self, transport: WSTransport) -> None:
        if self.opening:
            transport.send(WSMsgType.TEXT, self.opening)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.told.append(frame.get_payload_as_bytes())
        if self.answers:
            answer = self.answers.pop(0)
            for payload in answer if isinstance(answer, tuple) else (answer,):
                transport.send(WSMsgType.TEXT, payload)


class Counting(Socket):
    """A member that notes what its dialect makes of a frame after the greeting."""

    def __init__(self, dialect: Dialect, number: int) -> None:
        super().__init__(dialect, number)
        self.counts: asyncio.Future[tuple[int, int, bytes]] = asyncio.get_running_loop().create_future()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if not self.live.done():
            self.greeted(frame)
            return
        try:
            dialect = self.dialect
            self.counts.set_result((dialect.copies(frame), dialect.answers(frame), dialect.reply(frame)))
        except Failed as error:
            self.counts.set_exception(error)


async def exchanged(
    dialect: Dialect, greeting: Sequence[bytes | tuple[bytes, ...]], frame: bytes, opening: bytes = b""
) -> tuple[int, int, bytes]:
    """Greet a server that answers as told, say a word, and return what the dialect makes of the answer to it."""
    told: list[bytes] = []

    def accept(_request: WSUpgradeRequest) -> Told:
        return Told([*greeting, frame], told, opening)

    server = await ws_create_server(accept, "127.0.0.1", 0)
    async with asyncio.timeout(10), server:
        socket = await connect(server.sockets[0].getsockname()[1], lambda: Counting(dialect, 3))
        socket.say(WORD)
        try:
            return await socket.counts
        finally:
            socket.close()
            assert told == [*(step.say for step in dialect.greeting(3) if step.say), WORD]
