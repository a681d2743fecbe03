"""Peers in Python: a server of one file each, in an environment of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.parts import free_port, serving
from benchmarks.peers.installing import PEERS, pinned, python_of
from benchmarks.peers.peer import Peer, Running


class PythonPeer(Peer):
    """A ``server.py`` in a folder of its own, started with its port."""

    def __init__(self, name: str, folder: str, packages: tuple[str, ...], settings: str) -> None:
        """Take the name, the folder, the packages whose versions matter, and the settings in words."""
        self.name = name
        self.dialect = "socketio"
        self.keeps = "nothing"
        self.settings = settings
        self.folder = folder
        self.packages = packages

    def install(self) -> str:
        """Make its environment; see ``Peer``."""
        python_of(self.folder)
        return pinned(PEERS / self.folder / "requirements.txt", *self.packages)

    def command(self, port: int, *more: str) -> list[str]:
        """Return the command that starts it."""
        return [str(python_of(self.folder)), str(PEERS / self.folder / "server.py"), str(port), *more]

    @contextmanager
    def running(self, place: Path) -> Iterator[Running]:
        """Start it; see ``Peer``."""
        port = free_port()
        with serving(self.command(port), port, place / f"{self.folder}.log") as pid:
            yield Running(port, (pid,))


class KeepingPeer(PythonPeer):
    """The same with one row written to SQLite, and synced, before each message is delivered."""

    def __init__(self, name: str, folder: str, packages: tuple[str, ...], settings: str) -> None:
        """See ``PythonPeer``."""
        super().__init__(name, folder, packages, settings)
        self.keeps = "one SQLite row a message, WAL, synchronous=FULL"

    @contextmanager
    def running(self, place: Path) -> Iterator[Running]:
        """Start it on an empty file; see ``Peer``."""
        port, kept = free_port(), place / f"{self.folder}.db"
        kept.unlink(missing_ok=True)
        with serving(self.command(port, str(kept)), port, place / f"{self.folder}.log") as pid:
            yield Running(port, (pid,))


SOCKETIO = ("python-socketio", "uvicorn", "uvloop", "websockets")
UVICORN = "uvicorn with uvloop, httptools and websockets; no compression, no access log, one worker"
FLASK = ("flask-socketio", "flask", "gevent", "simple-websocket", "python-socketio")

PYTHONS = (
    PythonPeer("python-socketio", "python_socketio", SOCKETIO, f"`AsyncServer` on {UVICORN}"),
    KeepingPeer("python-socketio + SQLite", "python_socketio", SOCKETIO, f"`AsyncServer` on {UVICORN}"),
    PythonPeer(
        "Flask-SocketIO", "flask_socketio", FLASK, "`socketio.run` on gevent's `pywsgi`; no compression, no log"
    ),
)
