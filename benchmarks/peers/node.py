"""Socket.IO for Node."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.parts import free_port, serving
from benchmarks.peers.installing import PEERS, node_folder
from benchmarks.peers.peer import Peer, Running

FOLDER = "socketio_node"


class NodePeer(Peer):
    """The server that Socket.IO comes from."""

    name = "Socket.IO (Node)"
    dialect = "socketio"
    keeps = "nothing"
    settings = (
        "`socket.io` on Node's own HTTP server, websocket transport alone; no compression; bufferutil, and the first "
        "request of a socket let go, as its page on performance advises"
    )

    def install(self) -> str:
        """Install its packages; see ``Peer``."""
        node_folder(FOLDER)
        pins = msgspec.json.decode((PEERS / FOLDER / "package.json").read_bytes())["dependencies"]
        node = subprocess.run(["node", "--version"], capture_output=True, check=True, timeout=10)
        packages = ", ".join(f"{name} {pins[name]}" for name in ("socket.io", "bufferutil"))
        return f"{packages}, Node {node.stdout.decode().strip().lstrip('v')}"

    @contextmanager
    def running(self, place: Path) -> Iterator[Running]:
        """Start it; see ``Peer``."""
        port = free_port()
        server = node_folder(FOLDER) / "server.js"
        with serving(["env", "NODE_ENV=production", "node", str(server), str(port)], port, place / "node.log") as pid:
            yield Running(port, (pid,))


NODE = (NodePeer(),)
