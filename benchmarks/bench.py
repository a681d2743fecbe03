"""One store under measurement: Parley on it, the driver against it, and who takes part."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from benchmarks.load.task import People, Result, Task
from benchmarks.parts import CORES, ROOT, SERVER_CORE, Broken, free_port, mongo, python, redis, serving

DRIVEN_WITHIN_S = 360


def run(module: str, asked: bytes) -> bytes:
    """Run a program of ours, tell it what is asked, and return what it prints.

    Raises:
        Broken: If it fails.
    """
    done = subprocess.run(
        python("-m", module), cwd=ROOT, input=asked, stdout=subprocess.PIPE, timeout=DRIVEN_WITHIN_S, check=False
    )
    if done.returncode:
        raise Broken(f"{module} failed at {asked[:300]!r}")
    return done.stdout


def drive(task: Task) -> Result:
    """Run the driver on a task and return what it measured.

    Raises:
        Broken: If it fails.
    """
    return msgspec.json.decode(run("benchmarks.driver", msgspec.json.encode(task)), type=Result)


def sqlite_file(directory: Path) -> Path:
    """Return the database file of a data directory.

    Raises:
        Broken: If there is not exactly one.
    """
    found = [path for path in directory.iterdir() if path.is_file() and path.open("rb").read(15) == b"SQLite format 3"]
    if len(found) != 1:
        raise Broken(f"{directory} holds {len(found)} databases")
    return found[0]


class Bench:
    """Parley on one store, with what every figure needs of it."""

    def __init__(self, store: str, place: Path, url: str, runs: int, scale: float) -> None:
        self.store = store
        self.place = place
        """A directory of this bench alone."""
        self.url = url
        """The address of the Mongo; empty with SQLite."""
        self.runs = runs
        self.scale = scale
        """1, or less for a quick look: times, crowds and stored messages shrink by it."""
        self.cost = 4
        """Of hashing a password: the cheapest, but for what is measured of it."""
        self.limits = "off"
        self.people = place / "people.json"
        self.ports: list[int] = []
        """Where the nodes listen: one, but while several are ``joined``."""
        self.pids: list[int] = []
        """Processes of the nodes, and of the Redis that joins them."""
        self._server = ExitStack()

    def size(self, full: int, least: int) -> int:
        """Return a number of people, sessions or messages at this scale."""
        return max(least, round(full * self.scale))

    def seconds(self, full: float) -> float:
        """Return how long to load at this scale."""
        return max(0.5, full * self.scale)

    def restart(self) -> None:
        """Start Parley afresh on the data that it has."""
        self.stop()
        self._start(SERVER_CORE)

    @contextmanager
    def hashing(self, cost: int) -> Iterator[None]:
        """Run the node with this cost of a hash; those who were registered before keep theirs."""
        self.cost, before = cost, self.cost
        self.restart()
        yield
        self.cost = before
        self.restart()

    @contextmanager
    def limiting(self) -> Iterator[None]:
        """Run the node with its limits on."""
        self.limits = "on"
        self.restart()
        yield
        self.limits = "off"
        self.restart()

    @contextmanager
    def joined(self, nodes: int) -> Iterator[None]:
        """Run so many nodes on the same store, joined by a Redis. They share all cores, with the driver too."""
        self.stop()
        with redis(self.place) as (url, pid):
            for _ in range(nodes):
                self._start(set(CORES), "--redis-url", url)
            self.pids.append(pid)
            yield
            self.stop()
        self.restart()

    def _start(self, cores: set[int], *more: str) -> None:
        port = free_port()
        command = [
            "env",
            f"PARLEY_LIMITS={self.limits}",
            f"PARLEY_BCRYPT_COST={self.cost}",
            *python("server.py", "--port", port),
            *more,
        ]
        command += ["--data-dir", str(self.place / "data"), *(["--mongo-url", self.url] if self.url else [])]
        self.pids.append(self._server.enter_context(serving(command, port, self.place / "server.log", cores)))
        self.ports.append(port)

    def stop(self) -> None:
        """Stop Parley."""
        self._server.close()
        self.ports.clear()
        self.pids.clear()

    def prepare(self, crowd: int, sizes: Sequence[int] = ()) -> None:
        """Register everybody and make rooms of these sizes too, or renew the tokens of those who are registered.

        The first time Parley starts afresh afterwards: what it still had to say of so many joins is no part of a load.
        """
        new = not self.people.exists()
        self.measure("prepare", size=crowd, options={"sizes": sizes})
        if new:
            self.restart()

    def measure(self, load: str, **more: object) -> Result:
        """Run a load against Parley."""
        task = {"load": load, "port": self.ports[0], "more_ports": self.ports[1:], "people": str(self.people)}
        task |= {"pid": self.pids[0], "more_pids": self.pids[1:], **more}
        return drive(msgspec.convert(task, Task))

    @contextmanager
    def floor(self, name: str, *place: str | Path) -> Iterator[Callable[..., Result]]:
        """Run the server ``floor_NAME.py`` and give what runs a load against it."""
        port = free_port()
        with serving(python(f"benchmarks/floor_{name}.py", port, *place), port, self.place / "floor.log") as pid:

            def measure(load: str, **more: object) -> Result:
                task = {"load": load, "port": port, "pid": pid, "people": str(self.people), "floor": True, **more}
                return drive(msgspec.convert(task, Task))

            yield measure

    def everybody(self) -> People:
        """Return who was registered."""
        return msgspec.json.decode(self.people.read_bytes(), type=People)

    def fill(self, **wanted: object) -> None:
        """Write what a ``benchmarks.fill.Filling`` says, with Parley stopped meanwhile."""
        self.stop()
        asked = {"source": self.data()[1], "author": self.everybody().talkers[0], **wanted}
        run("benchmarks.fill", msgspec.json.encode(asked))
        self.restart()

    def data(self) -> tuple[str, str]:
        """Return kind and place of Parley's own store."""
        return (self.store, self.url or str(sqlite_file(self.place / "data")))

    def keeping(self) -> tuple[str, str]:
        """Return kind and place of the store for a floor that keeps something of its own."""
        return (self.store, self.url or str(self.place))

    def turns(self) -> Iterator[str]:
        """Give ``parley`` and ``floor`` once a run, in alternating order, so that a drift of the machine hits both."""
        for run in range(self.runs):
            yield from ("parley", "floor") if run % 2 == 0 else ("floor", "parley")

    def compare(self, parley: Callable[[], Result], floor: Callable[[], Result]) -> tuple[list[Result], list[Result]]:
        """Measure both, interleaved."""
        results: dict[str, list[Result]] = {"parley": [], "floor": []}
        for turn in self.turns():
            results[turn].append(parley() if turn == "parley" else floor())
        return results["parley"], results["floor"]


@contextmanager
def bench(store: str, place: Path, runs: int, scale: float) -> Iterator[Bench]:
    """Give a store with nothing in it, and end all that was started on it."""
    place.mkdir(parents=True)
    with ExitStack() as parts:
        url = parts.enter_context(mongo(place)) if store == "mongo" else ""
        made = Bench(store, place, url, runs, scale)
        parts.callback(made.stop)
        made.restart()
        yield made
