"""Connected sockets: the server's side, and the peer's as a bare socket that reads when told to."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds; it may take its time on a machine under load."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.002)


@dataclass
class Peer:
    """The other end of a socket. Its buffers are small, and it reads only when told to."""

    near: socket.socket
    """The server's end."""
    sock: socket.socket

    def closed(self) -> bool:
        """Tell whether the server has closed its end."""
        return self.near.fileno() < 0

    def received(self) -> bytes:
        """Return what has come by now."""
        taken = bytearray()
        with contextlib.suppress(BlockingIOError):
            while data := self.sock.recv(65536):
                taken += data
        return bytes(taken)

    async def read(self, size: int) -> bytes:
        """Read so many bytes."""
        taken = bytearray()
        async with asyncio.timeout(20):
            while len(taken) < size:
                data = await asyncio.get_running_loop().sock_recv(self.sock, min(65536, size - len(taken)))
                assert data, f"the connection ended after {len(taken)} of {size} bytes"
                taken += data
        return bytes(taken)

    async def rest(self) -> bytes:
        """Read to the end of the connection."""
        taken = bytearray()
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionResetError):
                while data := await asyncio.get_running_loop().sock_recv(self.sock, 65536):
                    taken += data
        return bytes(taken)

    def reset(self) -> None:
        """Go away without a word."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()


@contextlib.contextmanager
def connections() -> Iterator[Callable[[], Peer]]:
    """Yield what makes connections, which end with it. To be used while a loop runs."""
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
            peers.append(Peer(server, client))
            return peers[-1]

        yield make
    for peer in peers:
        peer.sock.close()
        if not peer.closed():
            asyncio.get_running_loop().remove_reader(peer.near)
            asyncio.get_running_loop().remove_writer(peer.near)
            peer.near.close()
