"""The guard of the figures: ``python -m benchmarks.guard`` fails where an operation costs half more than it did.

It measures what a delivery, an acknowledged send and a hello cost in processor time beside what they cost their floors
in the same run, and compares these ratios with those that were kept in ``guard.json``. A ratio hardly depends on the
machine, and processor time little on what else that does; but a machine that tests fill has shown too little, so ``make
check`` measures at its end, alone. It takes some twenty seconds, on Linux, whose account of processor time it reads.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.bench import Bench, bench
from benchmarks.figures.rows import Results, beside, printed_rate, row
from benchmarks.parts import ROOT, Broken, python

KEPT = ROOT / "benchmarks" / "guard.json"
MEMBERS = 100
WINDOW = 16
SENDERS = 50
COMING = 16

SECONDS = 0.4
"""Of each load. More runs tell more than longer ones."""

SETTLE_S = 0.1
"""Around each load."""

RUNS = (3, 7)
"""Runs of the first look, and of the second, where the first finds something."""

FALL = 2 / 3
"""A ratio that is less than this of what it was has fallen by a third."""

Ratios = dict[str, float]
"""By what is done: the floor's processor time for one operation over Parley's."""


def deliveries(made: Bench) -> Results:
    """Deliver to a room."""
    more = {"size": MEMBERS, "seconds": SECONDS, "settle_s": SETTLE_S}
    return beside(made, "deliveries", made.keeping(), "deliveries", **more, options={"windows": [WINDOW]})


def sends(made: Bench) -> Results:
    """Send to one room from many sockets; the floor writes alone."""
    script = python("benchmarks/floor_sends_sqlite.py", made.place, SECONDS, 1)
    more = {"size": SENDERS, "seconds": SECONDS, "settle_s": SETTLE_S, "options": {"rooms": "one"}}
    return made.compare(lambda: made.measure("sends", **more), lambda: printed_rate(script))


def hello(made: Bench) -> Results:
    """Come back to rooms where nothing happened."""
    return beside(made, "hello", (), "hello", size=COMING, seconds=SECONDS)


MEASURED: dict[str, tuple[Callable[[Bench], Results], str]] = {
    "delivery": (deliveries, f"w{WINDOW}"),
    "send": (sends, "per_s"),
    "hello": (hello, "per_s"),
}


def measured(runs: int, names: Sequence[str] = ()) -> Ratios:
    """Return the medians of these ratios, or of all; nothing is left of one that could not be measured."""
    ratios = {}
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-guard-")), "sqlite")
        made = stack.enter_context(bench("sqlite", place, runs, 1))
        made.prepare(MEMBERS)
        for name in names or MEASURED:
            measure, key = MEASURED[name]
            try:
                ratios[name] = median(row(made, f"{name}/s", key, measure(made)).by_processor)
            except Broken:
                ratios[name] = 0.0
    return ratios


def fallen(ratios: Ratios, kept: Ratios) -> Ratios:
    """Return what share is left of those that have fallen by a third or more."""
    left = {name: ratio / kept[name] for name, ratio in ratios.items()}
    return {name: share for name, share in left.items() if share <= FALL}


def judged(measure: Callable[[int, Sequence[str]], Ratios], kept: Ratios) -> Ratios:
    """Return what has fallen, looking twice at what seems to have."""
    found: Sequence[str] = tuple(kept)
    left: Ratios = {}
    for runs in RUNS:
        left = fallen(measure(runs, found), kept)
        found = tuple(left)
        if not found:
            break
    return left


def read_kept() -> Ratios:
    """Return the ratios that are kept."""
    return msgspec.json.decode(KEPT.read_bytes(), type=Ratios)


def main() -> None:
    """Compare, or keep what is measured now."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard", description="Ratios that may not fall.")
    parser.add_argument("--write", action="store_true", help="keep what is measured now in benchmarks/guard.json")
    if parser.parse_args().write:
        ratios = {name: round(ratio, 3) for name, ratio in measured(max(RUNS)).items()}
        KEPT.write_bytes(msgspec.json.format(msgspec.json.encode(ratios)) + b"\n")
        print(f"{KEPT.relative_to(ROOT)}: {ratios}")
    elif sys.platform != "linux":
        print("the guard measures on Linux alone")
    elif left := judged(measured, read_kept()):
        sys.exit(f"fallen to this share of what they were: {left}")


if __name__ == "__main__":
    main()
