"""A websocket client without a library: RFC 6455 over one transport, strict about what a server may send."""

import asyncio
import base64
import hashlib
import os
import socket as sockets
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

SERVER_FRAME_LIMIT = 1024 * 1024
"""The protocol's bound of a frame that the server sends."""


@dataclass(eq=False)
class Rejected(Exception):
    """The server answered the handshake with something else than 101."""

    status: int
    head: str


@dataclass(eq=False)
class Closed(Exception):
    """The connection is no more. ``code`` 1006: it ended without a close frame."""

    code: int
    reason: str


class Violation(AssertionError):
    """The server did what the protocol forbids."""


VIOLATIONS: list[str] = []
"""What clients of this process saw a server do wrong; a test fails that leaves any here."""


def mask(data: bytes) -> bytes:
    """Return a fresh masking key followed by ``data`` masked with it."""
    key = os.urandom(4)
    pad = key * (len(data) // 4 + 1)
    masked = int.from_bytes(data, "little") ^ int.from_bytes(pad[: len(data)], "little")
    return key + masked.to_bytes(len(data), "little")


def frame(opcode: int, data: bytes, *, fin: bool = True) -> bytes:
    """Return a masked client frame."""
    size = len(data)
    first = (0x80 if fin else 0) | opcode
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, 0xFE, size)
    else:
        head = struct.pack("!BBQ", first, 0xFF, size)
    return head + mask(data)


def handshake(host: str, path: str, protocol: str | None, origin: str | None) -> tuple[bytes, str]:
    """Return the request that opens a websocket, and the accept value that must answer it."""
    key = base64.b64encode(os.urandom(16))
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key.decode()}",
        "Sec-WebSocket-Version: 13",
    ]
    if protocol is not None:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    if origin is not None:
        lines.append(f"Origin: {origin}")
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest()).decode()
    return ("\r\n".join(lines) + "\r\n\r\n").encode(), accept


class Wire(asyncio.Protocol):
    """One websocket: text frames in by a callback, out by ``send``. Pings are answered."""

    def __init__(self, on_text: Callable[[str], None], on_close: Callable[[Closed], None]) -> None:
        self._on_text = on_text
        self._on_close = on_close
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._closed: Closed | None = None
        self._accept = ""
        self._protocol: str | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport
        self._read_pause: float | None = None
        self.pings = 0
        """Pings the server has sent."""

    @classmethod
    async def open(
        cls,
        address: tuple[str, int],
        on_text: Callable[[str], None],
        on_close: Callable[[Closed], None],
        *,
        path: str = "/ws",
        protocol: str | None = "parley.v1",
        origin: str | None = None,
        receive_buffer: int | None = None,
        read_pause: float | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> "Wire":
        """Connect and shake hands. With ``read_pause`` so many seconds pass between one read and the next.

        Raises:
            Rejected: If the server refuses the handshake.
            OSError: If it cannot be reached.
        """
        loop = asyncio.get_running_loop()
        sock = sockets.socket()
        sock.setblocking(False)
        if receive_buffer is not None:
            sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, receive_buffer)
        try:
            await loop.sock_connect(sock, address)
        except BaseException:
            sock.close()
            raise
        name = None if tls is None else address[0]
        _, wire = await loop.create_connection(lambda: cls(on_text, on_close), sock=sock, ssl=tls, server_hostname=name)
        request, wire._accept = handshake(f"{address[0]}:{address[1]}", path, protocol, origin)
        wire._protocol = protocol
        wire._read_pause = read_pause
        wire.transport.write(request)
        try:
            await wire.opened
        except BaseException:
            wire.transport.abort()
            raise
        return wire

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are none by name

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        closed = self._closed or Closed(1006, "")
        if not self.opened.done():
            self.opened.set_exception(ConnectionResetError("closed during the handshake"))
        else:
            self._on_close(closed)

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        self._buffer += data
        if self._read_pause is not None:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_later(self._read_pause, self._resume)
        try:
            if self.opened.done() or self._shake():
                self._frames()
        except (Violation, UnicodeDecodeError) as error:
            VIOLATIONS.append(str(error))
            self.transport.abort()

    def _resume(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def _shake(self) -> bool:
        """Read the answer to the handshake; tell whether it is complete and good."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[:end]).decode("latin-1")
        del self._buffer[: end + 4]
        status, *lines = head.split("\r\n")
        code = int(status.split()[1])
        if code != 101:
            self.opened.set_exception(Rejected(code, head))
            return False
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.get("sec-websocket-accept") != self._accept:
            self.opened.set_exception(Violation("wrong Sec-WebSocket-Accept"))
            return False
        if headers.get("sec-websocket-protocol") != self._protocol:
            self.opened.set_exception(Violation(f"sub-protocol {headers.get('sec-websocket-protocol')!r}"))
            return False
        self.opened.set_result(None)
        return True

    def _frames(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            first, second = buffer[at], buffer[at + 1]
            start, size = at + 2, second & 0x7F
            if size >= 126:
                width = 2 if size == 126 else 8
                if len(buffer) < start + width:
                    break
                size = int.from_bytes(buffer[start : start + width], "big")
                start += width
            if second & 0x80 or first & 0x70:
                raise Violation(f"frame head {first:#x} {second:#x}: masked or reserved bits")
            if size > SERVER_FRAME_LIMIT:
                raise Violation(f"a frame of {size} bytes")
            if len(buffer) < start + size:
                break
            at = start + size
            self._frame(first & 0x0F, bool(first & 0x80), bytes(buffer[start:at]))
        del buffer[:at]

    def _frame(self, opcode: int, fin: bool, data: bytes) -> None:
        if self._closed is not None:
            raise Violation("a frame after the close frame")
        if opcode == PING:
            self.pings += 1
            self._write(frame(PONG, data))
        elif opcode == CLOSE:
            code = int.from_bytes(data[:2], "big") if len(data) >= 2 else 1005
            self._closed = Closed(code, data[2:].decode())
            self._write(frame(CLOSE, data[:2]))
            self.transport.close()
        elif opcode in (0, TEXT):
            self._part(opcode, fin, data)
        elif opcode != PONG:
            raise Violation(f"opcode {opcode}: text frames only")

    def _part(self, opcode: int, fin: bool, data: bytes) -> None:
        if bool(self._parts) != (opcode == 0):
            raise Violation("a continuation without a start, or a start inside a message")
        self._parts.append(data)
        if fin:
            text = b"".join(self._parts).decode()
            self._parts.clear()
            self._on_text(text)

    def send(self, text: str) -> None:
        """Send one text frame."""
        self._write(frame(TEXT, text.encode("utf-8", "surrogatepass")))

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def close(self, code: int = 1000) -> None:
        """Begin the closing handshake."""
        if self._closed is None:
            self._write(frame(CLOSE, code.to_bytes(2, "big")))

    def cut(self) -> None:
        """End the connection as a dead network would: without a word."""
        self.transport.abort()
