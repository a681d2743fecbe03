"""Measure how Parley's figures grow: ``python -m benchmarks.growth``, about a quarter of an hour."""

import argparse
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from benchmarks.bench import bench
from benchmarks.figures import BOTH
from benchmarks.figures.growing import GROWING, MEMBERS, SENDERS
from benchmarks.report.page import write
from benchmarks.report.row import Row
from benchmarks.report.table import table
from benchmarks.results import Results, attempt, keep, machine, say, whole

CROWD = {"sqlite": max(MEMBERS), "mongo": 1000}
"""What needs more people does not depend on the store."""

QUICK = 0.2


def measure(store: str, names: Sequence[str], place: Path, runs: int, scale: float, rows: list[Row]) -> None:
    """Add the rows of what grows on one store."""
    with bench(store, place, runs, scale) as made:
        crowd = made.size(CROWD[store], max(SENDERS))
        sizes = sorted({size for size in (*MEMBERS, *SENDERS) if size <= crowd})
        for name in names:
            began = time.monotonic()
            made.prepare(crowd, sizes)
            say(f"{store}: everybody is there after {time.monotonic() - began:.0f} s")
            rows += attempt(made, name, GROWING[name][0])


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description="How figures grow.")
    parser.add_argument("--only", choices=GROWING, action="append", help="what grows; may be given again")
    parser.add_argument("--store", choices=BOTH, action="append", help="a store (default: both)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each figure (default: 3)")
    parser.add_argument("--quick", action="store_true", help="a fifth of time, people and messages: for a first look")
    parser.add_argument("--add", action="store_true", help="keep what was measured before and is not measured now")
    parser.add_argument("--write", action="store_true", help="put tables and plots into docs/performance.md")
    asked = parser.parse_args()
    where, began, rows = machine(), time.monotonic(), list[Row]()
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as place:
        for store in asked.store or BOTH:
            names = [name for name in GROWING if name in (asked.only or GROWING) and store in GROWING[name][1]]
            if names:
                scale = QUICK if asked.quick else 1.0
                whole(store, partial(measure, store, names, Path(place) / store, asked.runs, scale, rows))
    kept = keep("growth", Results(where, asked.quick, asked.runs, rows), add=asked.add)
    print(table([replace(row, figure=f"{row.figure}: {row.x:,.0f}") for row in rows]))
    say(f"written to {kept} after {time.monotonic() - began:.0f} s")
    if asked.write:
        say(f"and into {', '.join(write('growth'))}")


if __name__ == "__main__":
    main()
