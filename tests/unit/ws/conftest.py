"""Connected sockets: the server's side as a stream, the peer's as a bare socket."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from tornado.iostream import IOStream


@dataclass
class Peer:
    """The other end of a stream. Its buffers are small, and it reads only when told to."""

    stream: IOStream
    sock: socket.socket

    def received(self) -> bytes:
        """Return what has come by now."""
        taken = bytearray()
        try:
            while data := self.sock.recv(65536):
                taken += data
        except BlockingIOError:
            pass
        return bytes(taken)

    async def read(self, size: int, *, pause_s: float = 0.0, at_once: int = 65536) -> bytes:
        """Read so many bytes, at most ``at_once`` in one go, with pauses between."""
        taken = bytearray()
        async with asyncio.timeout(20):
            while len(taken) < size:
                data = await asyncio.get_running_loop().sock_recv(self.sock, min(at_once, size - len(taken)))
                assert data, f"the connection ended after {len(taken)} of {size} bytes"
                taken += data
                await asyncio.sleep(pause_s)
        return bytes(taken)

    async def rest(self) -> bytes:
        """Read to the end of the connection."""
        taken = bytearray()
        async with asyncio.timeout(5):
            try:
                while data := await asyncio.get_running_loop().sock_recv(self.sock, 65536):
                    taken += data
            except ConnectionResetError:
                pass
        return bytes(taken)

    def reset(self) -> None:
        """Go away without a word."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()


@pytest.fixture
async def connect() -> "Iterator[Callable[[], Peer]]":  # type: ignore[misc]  # an async fixture yields to the test
    """Make connections, which end with the test."""
    peers: list[Peer] = []
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:

        def make() -> Peer:
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            # Loopback's segments of 64 KiB do not fit into so little, and TCP would wait for its timers.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            client.connect(listener.getsockname())
            client.setblocking(False)
            server, _ = listener.accept()
            peers.append(Peer(IOStream(server), client))
            return peers[-1]

        yield make
    for peer in peers:
        peer.sock.close()
        peer.stream.close()


@pytest.fixture
def peer(connect: "Callable[[], Peer]") -> Peer:
    """One connection."""
    return connect()
