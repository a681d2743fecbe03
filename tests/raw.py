"""A websocket client that may send anything: raw frames, legal or not, over a plain socket of the test's loop."""

import asyncio
import base64
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Self

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0

WAIT_S = 5.0
"""Seconds a server has for anything: the longest that a closing connection may take."""


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    reserved: int = 0,
    masked: bool = True,
    declared: int | None = None,
    width: int | None = None,
    key: bytes | None = None,
) -> bytes:
    """Return a frame as a client sends it.

    Args:
        opcode: The low four bits of the first byte.
        payload: What is sent, masked where ``masked``.
        fin: Whether it is the last fragment.
        reserved: The reserved bits: 0x40, 0x20, 0x10.
        masked: Whether it has a mask, as a client's must.
        declared: The length in the header, where it is to differ from that of the payload.
        width: Bytes of the extended length (0, 2 or 8), where it is not to be the shortest.
        key: The mask; random where none is given.
    """
    size = len(payload) if declared is None else declared
    if width is None:
        width = 0 if size < 126 else 2 if size < 65536 else 8
    short = {0: size, 2: 126, 8: 127}[width]
    head = bytes(((0x80 if fin else 0) | reserved | opcode, (0x80 if masked else 0) | short))
    head += size.to_bytes(width, "big") if width else b""
    if not masked:
        return head + payload
    key = os.urandom(4) if key is None else key
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


def text(payload: bytes | str) -> bytes:
    """Return a whole text message."""
    return frame(TEXT, payload.encode() if isinstance(payload, str) else payload)


def close(code: int | None = 1000, reason: bytes = b"") -> bytes:
    """Return a close frame, legal or not."""
    return frame(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of the server."""

    opcode: int
    payload: bytes

    @property
    def code(self) -> int | None:
        """The code of a close frame."""
        return int.from_bytes(self.payload[:2], "big") if len(self.payload) >= 2 else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What answered the handshake."""

    status: int
    headers: dict[str, str]
    """By name in lower case."""
    body: bytes


@dataclass
class Raw:
    """A connection that does nothing by itself: it answers no ping and no close."""

    sock: socket.socket
    buffer: bytearray = field(default_factory=bytearray)

    @classmethod
    async def connect(cls, port: int, *, receive_buffer: int | None = None) -> Self:
        """Open a connection to this machine, with a kernel buffer of that size where one is given."""
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        return cls(sock)

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        async with asyncio.timeout(WAIT_S):
            await asyncio.get_running_loop().sock_sendall(self.sock, data)

    async def ask(self, *, method: str = "GET", changes: dict[str, str | None] | None = None) -> Answer:
        """Send a handshake and return its answer.

        Args:
            method: What to ask with.
            changes: Headers by name (``_`` is -), changed, added or, with None, left out.
        """
        fields: dict[str, str | None] = {
            "host": f"127.0.0.1:{self.sock.getpeername()[1]}",
            "upgrade": "websocket",
            "connection": "Upgrade",
            "sec-websocket-key": base64.b64encode(os.urandom(16)).decode(),
            "sec-websocket-version": "13",
        }
        fields |= {name.replace("_", "-"): value for name, value in (changes or {}).items()}
        rows = [f"{name}: {value}" for name, value in fields.items() if value is not None]
        await self.send("\r\n".join([f"{method} /ws HTTP/1.1", *rows, "", ""]).encode())
        head, _, rest = (await self._until(b"\r\n\r\n")).partition(b"\r\n\r\n")
        first, *others = head.decode().split("\r\n")
        got = {name.lower(): value for name, _, value in (line.partition(": ") for line in others)}
        self.buffer[:] = rest
        length = int(got.get("content-length", "0"))
        while len(self.buffer) < length:
            await self._more()
        body = bytes(self.buffer[:length])
        del self.buffer[:length]
        return Answer(int(first.split()[1]), got, body)

    async def open(self, **headers: str | None) -> Self:
        """Shake hands, successfully."""
        answer = await self.ask(changes=headers)
        assert answer.status == 101, answer
        return self

    async def receive(self) -> Frame:
        """Return the next frame of the server.

        Raises:
            EOFError: If the connection ended instead.
        """
        first, second = await self._take(2)
        assert not second & 0x80, "a server must not mask"
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await self._take(2 if size == 126 else 8), "big")
        assert first & 0x80, "this server does not fragment"
        return Frame(first & 0x7F, await self._take(size))

    async def ended(self) -> bool:
        """Read to the end of the connection; tell whether nothing came before it."""
        nothing = not self.buffer
        with contextlib.suppress(EOFError):
            while True:
                await self._more()
                nothing = False
        return nothing

    def close(self) -> None:
        """Let go of the socket."""
        self.sock.close()

    async def _take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            await self._more()
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    async def _until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            await self._more()
        taken = bytes(self.buffer)
        self.buffer.clear()
        return taken

    async def _more(self) -> None:
        async with asyncio.timeout(WAIT_S):
            try:
                data = await asyncio.get_running_loop().sock_recv(self.sock, 65536)
            except ConnectionError:
                data = b""
        if not data:
            raise EOFError
        self.buffer += data


@contextlib.asynccontextmanager
async def raw(port: int, *, receive_buffer: int | None = None, **headers: str | None) -> AsyncIterator[Raw]:
    """Yield a connection whose handshake is done."""
    connection = await Raw.connect(port, receive_buffer=receive_buffer)
    try:
        yield await connection.open(**headers)
    finally:
        connection.close()
