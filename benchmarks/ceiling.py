"""What the driver itself can take: a compiled server (picows) that does nothing but answer and deliver.

``python -m benchmarks.ceiling PORT``: every message goes to every socket, all of a tick joined, one write a socket.
Its figures bound what the driver may say of anybody else.
"""

import asyncio
import os
import sys

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

peers: "set[Peer]" = set()
waiting: "list[tuple[Peer, bytes]]" = []


class Peer(WSListener):
    """One socket of the load."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Join everybody else; see ``WSListener``."""
        self.transport = transport
        peers.add(self)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Leave; see ``WSListener``."""
        peers.discard(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Keep the message until the end of the tick."""
        if not waiting:
            asyncio.get_running_loop().call_soon(flush)
        waiting.append((self, frame.get_payload_as_bytes()))


def framed(payload: bytes) -> bytes:
    """Return a text frame around a payload of middle size."""
    return b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload


def flush() -> None:
    """Deliver everything that waits to everybody, then answer."""
    taken, waiting[:] = waiting[:], []
    joined = b"".join(framed(b'{"ev":"message","d":' + payload + b" " * 200 + b"}") for _, payload in taken)
    for peer in peers:
        peer.transport.underlying_transport.write(joined)
    for peer, _ in taken:
        peer.transport.send(WSMsgType.TEXT, b'{"re":0,"ok":{}}')


def accept(_request: WSUpgradeRequest) -> Peer:
    """Take every connection."""
    return Peer()


async def serve(port: int) -> None:
    """Listen until this process is ended."""
    server = await ws_create_server(accept, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    uvloop.run(serve(int(sys.argv[1])))
