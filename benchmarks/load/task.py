"""What the driver is told, and what it answers: one JSON object each way."""

from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import msgspec

Result = dict[str, float]
"""Figures by name. Rates are per second, times in milliseconds, sizes in KiB."""


class Failed(Exception):
    """A load did not go as the protocol says; its figures mean nothing."""


class Person(msgspec.Struct):
    """A registered user and a token that was good at ``made_at``."""

    name: str
    id: str
    token: str
    made_at: float


class Rooms(msgspec.Struct):
    """The rooms that were prepared; a list holds the ids in the order of their owners."""

    thousand: str
    """The first 1,000 of the crowd (all of a smaller one)."""
    hundred: str
    """All talkers."""
    fifty: str
    """The first 50 talkers."""
    own: list[str]
    """For each of the first 50 talkers a room with nobody else in it."""
    history: str
    """A room of the first talker alone, filled by ``benchmarks.fill``."""
    missed: list[str]
    """For each of the first of the crowd a room with nobody else in it."""
    sized: dict[int, str] = {}
    """Rooms by how many of the crowd, from the first on, are in them."""


class People(msgspec.Struct):
    """Everybody who takes part in a run over one store."""

    crowd: list[Person]
    """Each is in five rooms."""
    talkers: list[Person]
    rooms: Rooms


class Task(msgspec.Struct, kw_only=True):
    """One load against one server."""

    load: str
    """Name of the load, a key of ``driver.LOADS``."""
    port: int
    floor: bool = False
    """Whether the server is a floor: it asks for no hello and knows no rooms."""
    dialect: str = ""
    """Name of what a peer speaks, a key of ``DIALECTS``; empty for Parley and floors."""
    pid: int = 0
    """Process of the server, whose memory is read."""
    more_pids: list[int] = []
    """Processes that a server is made of beside ``pid``; their memory and their processor time count like its own."""
    more_ports: list[int] = []
    """Ports of further nodes."""
    people: str = ""
    """Path of the file with the ``People``; written by the load ``prepare``, read by the others."""
    seconds: float = 2.0
    """How long to load."""
    size: int = 0
    """Members, sessions, connections or window: what the load takes as its size."""
    settle_s: float = 0.5
    """Pause between opening and loading, and between loading and counting what came too much."""
    options: dict[str, Any] = {}

    @property
    def ports(self) -> list[int]:
        """Where the server listens: sockets take turns in these."""
        return [self.port, *self.more_ports]

    @property
    def strangers(self) -> bool:
        """Whether nobody was registered for this: the server is a floor or a peer."""
        return self.floor or bool(self.dialect)


class Stopwatch:
    """Time since it was made, and the processor time that the driver and the server have used in it."""

    def __init__(self, *server: int) -> None:
        """Take the process ids of the server, or 0 where nobody asks."""
        self._server = server
        self._server_used = sum(map(used_s, server))
        self._used = process_time()
        self.began = perf_counter()

    def shares(self, until: float, prefix: str = "") -> Result:
        """Return what share of one core the driver (``busy``) and the server (``server``) used, just after ``until``.

        With a driver near 1 it is the driver that was measured. A server far below 1 waited: for its store, its clients
        or, on a machine with other work, for its turn.
        """
        elapsed = until - self.began
        server = (sum(map(used_s, self._server)) - self._server_used) / elapsed
        return {f"{prefix}busy": (process_time() - self._used) / elapsed, f"{prefix}server": server}


def used_s(pid: int) -> float:
    """Return the processor time that the threads of a process have used."""
    if pid == 0:
        return 0.0
    # In nanoseconds; what the process itself is said to have used comes in hundredths of a second.
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def read_people(task: Task) -> People:
    """Return the people prepared for this task.

    Raises:
        Failed: If the task names none.
    """
    if not task.people:
        raise Failed(f"{task.load} needs people")
    return msgspec.json.decode(Path(task.people).read_bytes(), type=People)
