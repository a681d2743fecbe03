"""Reading the newest page of a long room: Parley, and the same endpoint on FastAPI with uvicorn over the same data."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import jwt
import msgspec

from benchmarks.bench import Bench, drive
from benchmarks.load.task import People, Result, Task
from benchmarks.parts import free_port, serving
from benchmarks.peers.installing import PEERS, pinned, python_of
from benchmarks.peers.pythons import UVICORN

NAME = "FastAPI"
FOLDER = "fastapi"
SETTINGS = (
    f"`HTTPBearer` and PyJWT, a page declared as pydantic models, on {UVICORN}; the query by hand, on the loop with "
    "SQLite and by PyMongo's own asyncio with MongoDB; it does not ask who is a member"
)
PAGE = 50
READERS = 16
STORED = 1_000_000
SECRET = "known to this benchmark alone, and of no use elsewhere"
LIVE_S = 3600


def install() -> str:
    """Make the environment and return the versions that matter in one line.

    Raises:
        Missing: If that cannot be done here.
    """
    python_of(FOLDER)
    pins = PEERS / FOLDER / "requirements.txt"
    return pinned(pins, "fastapi", "pydantic", "pyjwt", "pymongo", "uvicorn", "uvloop", "httptools")


def fill(bench: Bench) -> int:
    """Bring the history room to its size and return the newest message's seq."""
    stored = bench.size(STORED, 10_000)
    bench.restart()
    bench.prepare(0)
    bench.fill(messages={bench.everybody().rooms.history: stored})
    return stored


def asked(bench: Bench, newest: int) -> dict[str, object]:
    """Return how the page is read, whoever serves it."""
    path = f"/api/rooms/{bench.everybody().rooms.history}/messages?limit={PAGE}"
    options = {"path": path, "items": PAGE, "newest": newest, "talker": 0}
    return {"size": READERS, "seconds": bench.seconds(1.5), "options": options}


def read_parley(bench: Bench, newest: int) -> Result:
    """Measure Parley, just started."""
    bench.restart()
    try:
        bench.prepare(0)
        bench.measure("reads", **{**asked(bench, newest), "seconds": 0.3})
        return bench.measure("reads", **asked(bench, newest))
    finally:
        bench.stop()


@contextmanager
def fastapi(bench: Bench) -> Iterator[Callable[..., Result]]:
    """Start the peer over Parley's data, and give how to load it."""
    people, port = bench.place / "fastapi-people.json", free_port()
    people.write_bytes(msgspec.json.encode(known(bench.everybody())))
    command = [str(python_of(FOLDER)), str(PEERS / FOLDER / "server.py"), str(port), *bench.data(), SECRET]
    with serving(command, port, bench.place / "fastapi.log") as pid:

        def measure(**more: object) -> Result:
            task = {"load": "reads", "port": port, "pid": pid, "people": str(people), "floor": True, **more}
            return drive(msgspec.convert(task, Task))

        yield measure


def known(people: People) -> People:
    """Return the same people with tokens that the peer knows."""
    until = int(time.time()) + LIVE_S
    talkers = [
        msgspec.structs.replace(one, token=jwt.encode({"sub": one.id, "exp": until}, SECRET, algorithm="HS256"))
        for one in people.talkers
    ]
    return msgspec.structs.replace(people, talkers=talkers)


def read_fastapi(bench: Bench, newest: int) -> Result:
    """Measure the peer, just started."""
    with fastapi(bench) as measure:
        measure(**{**asked(bench, newest), "seconds": 0.3})
        return measure(**asked(bench, newest))
