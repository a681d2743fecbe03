"""One turn: everything that is measured of one contestant, on a server that has just started."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec

from benchmarks.bench import Bench, drive
from benchmarks.load.task import Result, Task
from benchmarks.parts import Broken
from benchmarks.peers.peer import Peer

Load = Callable[..., Result]
"""Runs a load by its name against a contestant that is up."""

FAILURES = (Broken, OSError, subprocess.SubprocessError)
"""What may become of a turn: a server that does not start or is gone, a driver that fails or does not end."""

WINDOWS = (1, 16, 64)
MEMBERS = 1000
WATCHERS = 100
COMING = 32
"""Sockets that are opened at the same time where connections a second are measured."""


class Contestant:
    """Parley on a store, or a peer, and how its server is brought up for a turn."""

    def __init__(self, name: str, up: Callable[[], AbstractContextManager[Load]]) -> None:
        """Take the name in tables, and what starts the server and gives how to load it."""
        self.name = name
        self.up = up


def of_parley(bench: Bench) -> Contestant:
    """Return Parley on the store of ``bench``, whose crowd is registered there."""

    @contextmanager
    def up() -> Iterator[Load]:
        bench.restart()
        try:
            bench.prepare(bench.size(MEMBERS, 200))
            bench.restart()  # what all their log-ins left in its memory is no part of sockets
            yield bench.measure
        finally:
            bench.stop()

    return Contestant(f"Parley on {'MongoDB' if bench.url else 'SQLite'}", up)


def of_peer(peer: Peer, place: Path) -> Contestant:
    """Return a peer that is installed."""

    @contextmanager
    def up() -> Iterator[Load]:
        with peer.running(place) as running:
            pid, *more_pids = running.pids

            def measure(load: str, **more: object) -> Result:
                options = {**running.options, **more.pop("options", {})}  # type: ignore[dict-item]  # a mapping
                task = {"load": load, "port": running.port, "pid": pid, "more_pids": more_pids, **more}
                return drive(msgspec.convert({**task, "dialect": peer.dialect, "options": options}, Task))

            yield measure

    return Contestant(peer.name, up)


def turn(contestant: Contestant, scale: float) -> tuple[Result, str]:
    """Measure a contestant once, and return its figures and what went wrong, mostly nothing.

    What was measured before something went wrong counts.
    """
    members, seconds = max(200, round(MEMBERS * scale)), max(0.5, scale)
    figures: Result = {}
    now = "its start"
    try:
        with contestant.up() as measure:
            now = "the memory of sockets"
            figures["kib"] = measure("memory", size=members)["kib"]
            now = "connections"
            figures |= prefixed("hello", measure("hello", size=COMING, seconds=1.5 * seconds))
            now = "latency"
            figures |= measure("latency", size=WATCHERS, seconds=2 * seconds)
            now = "deliveries"
            # What is measured first is measured cold: code not yet compiled, sockets with small windows.
            measure("deliveries", size=members, seconds=0.3, options={"windows": [16]})
            figures |= measure("deliveries", size=members, seconds=seconds, options={"windows": WINDOWS})
    except FAILURES as error:
        print(error, file=sys.stderr)
        return figures, f"failed at {now}"
    return figures, ""


def prefixed(load: str, result: Result) -> Result:
    """Return a result whose names say of which load they are."""
    return {f"{load}_{name}": value for name, value in result.items()}
