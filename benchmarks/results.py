"""What was measured, where, and keeping it: JSON files in ``benchmarks/results``, one for each kind of run."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import msgspec
import psutil

from benchmarks.bench import Bench
from benchmarks.parts import CORES, ROOT, Broken
from benchmarks.report.row import Row

PLACE = ROOT / "benchmarks" / "results"


class Machine(msgspec.Struct):
    """What a reader has to know of where something was measured."""

    python: str
    system: str
    processor: str
    cores: int
    load_average: float
    """Over the last minute, before anything was measured."""
    at: str


class Results(msgspec.Struct):
    """One run."""

    machine: Machine
    quick: bool
    """Whether it was a first look, with a fifth of everything."""
    runs: int
    rows: list[Row]


def machine() -> Machine:
    """Return what this machine is, and how much it has to do."""
    models = [line for line in read("/proc/cpuinfo").splitlines() if line.startswith("model name")]
    return Machine(
        python=platform.python_version(),
        system=platform.system() + " " + platform.release(),
        processor=models[0].partition(": ")[2] if models else platform.machine(),
        cores=len(CORES),
        load_average=os.getloadavg()[0],
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )


def read(path: str) -> str:
    """Return a file of the kernel's, or nothing where there is none."""
    try:
        with open(path) as file:  # noqa: PTH123  # not one of the file system's
            return file.read()
    except OSError:
        return ""


def others() -> float:
    """Return how many cores are in use by whatever else runs here, looking for a third of a second."""
    return float(psutil.cpu_percent(0.3)) / 100 * (os.cpu_count() or 1)


def whole(store: str, measure: Callable[[], None]) -> None:
    """Measure on a store; where it cannot be had, that is told."""
    try:
        measure()
    except Broken as error:
        say(f"{store}: FAILED: {error}")


def attempt(made: Bench, name: str, measure: Callable[[Bench], Sequence[Row]]) -> list[Row]:
    """Measure a figure and tell how long it took; one that fails is told of, and leaves the others as they were."""
    elsewhere, began = others(), time.monotonic()
    say(f"{made.store}: {name} ({elsewhere:.1f} of {len(CORES)} cores are in use by other programs)")
    try:
        rows = list(measure(made))
    except (Broken, subprocess.TimeoutExpired) as error:
        say(f"{made.store}: {name} FAILED: {error}")
        made.restart()
        return []
    for row in rows:
        row.others = elsewhere
    say(f"{made.store}: {name} took {time.monotonic() - began:.0f} s")
    return rows


def say(text: str) -> None:
    """Tell how far it has come."""
    print(text, file=sys.stderr, flush=True)


def added(old: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """Return old rows with those that were measured again in their places, and the others behind, store by store."""
    again = {(row.store, row.figure, row.x): row for row in new}
    rows = [again.pop((row.store, row.figure, row.x), row) for row in old] + list(again.values())
    stores = list(dict.fromkeys(row.store for row in rows))
    return sorted(rows, key=lambda row: stores.index(row.store))


def keep(name: str, results: Results, *, add: bool = False) -> str:
    """Write results and return where; with ``add``, beside what was measured before and is not in them."""
    before = kept(name) if add else None
    if before is not None:
        results.rows = added(before.rows, results.rows)
    PLACE.mkdir(exist_ok=True)
    path = PLACE / f"{name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    return str(path.relative_to(ROOT))


def kept(name: str) -> Results | None:
    """Return the results of the latest such run; None where there was none."""
    path = PLACE / f"{name}.json"
    return msgspec.json.decode(path.read_bytes(), type=Results) if path.exists() else None
