"""Measure Parley on one node: ``python -m benchmarks``, about five minutes.

Every figure is measured beside its floor: a program of a page that does the least such a server must do, in the same
run, interleaved, on the same cores. The floor says what the machine gives at that moment; what is worth reading is the
ratio.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.bench import bench, drive
from benchmarks.figures import BOTH, FIGURES
from benchmarks.figures.fanout import MEMBERS, WINDOWS
from benchmarks.load.task import Task
from benchmarks.parts import CORES, free_port, python, serving
from benchmarks.report.page import write
from benchmarks.report.row import QUIET, Row
from benchmarks.report.table import table
from benchmarks.results import Results, attempt, keep, machine, say, whole

QUICK = 0.2

READING = """Ratio: value over floor of the same run. By processor time: what one operation
costs the floor over what it costs Parley; it holds too where other programs take turns on the core, as the ratio does
not. Server, driver: their shares of one core; ! means that the driver may be what was measured. With mongo, mongod
shares the cores with both."""


def ceiling(place: Path, scale: float) -> list[Row]:
    """Measure the driver itself: deliveries from a compiled server that does nothing else."""
    port, members = free_port(), max(100, round(MEMBERS * scale))
    with serving(python("-m", "benchmarks.ceiling", port), port, place / "ceiling.log") as pid:
        task = Task(load="deliveries", port=port, pid=pid, floor=True, size=members, options={"windows": WINDOWS})
        task.seconds = max(0.5, 1.5 * scale)
        result = drive(task)
    return [
        Row(
            figure=f"deliveries/s, {members:,} members, window {window}",
            store="the driver's own ceiling",
            samples=[result[f"w{window}"]],
            floors=[],
            driver=[result[f"w{window}_busy"]],
            server=[result[f"w{window}_server"]],
        )
        for window in WINDOWS
    ]


def measure(store: str, names: Sequence[str], place: Path, runs: int, scale: float, rows: list[Row]) -> None:
    """Add the rows of these figures on one store."""
    with bench(store, place, runs, scale) as made:
        crowd = max(FIGURES[name].crowd for name in names)
        for name in names:
            made.prepare(crowd and made.size(crowd, 200))
            rows += attempt(made, name, FIGURES[name].measure)


def arguments() -> argparse.Namespace:
    """Return what is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Figures of one node beside their floors."
    )
    parser.add_argument("--only", choices=FIGURES, action="append", help="a figure; may be given again (default: all)")
    parser.add_argument("--store", choices=BOTH, action="append", help="a store (default: both, where it matters)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each figure (default: 3)")
    parser.add_argument("--quick", action="store_true", help="a fifth of time, people and messages: for a first look")
    parser.add_argument("--add", action="store_true", help="keep what was measured before and is not measured now")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance.md")
    return parser.parse_args()


def main() -> None:
    """Measure, print the table, write the JSON."""
    asked = arguments()
    names = [name for name in FIGURES if name in (asked.only or FIGURES)]
    scale = QUICK if asked.quick else 1.0
    where, began = machine(), time.monotonic()
    if len(CORES) == 1:
        say("one core: the server shares it with the driver, and no figure but a ratio means anything")
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as place:
        rows = ceiling(Path(place), scale) if "deliveries" in names else []
        for store in asked.store or BOTH:
            mine = [name for name in names if asked.store or asked.only or store in FIGURES[name].stores]
            if mine:
                whole(store, partial(measure, store, mine, Path(place) / store, asked.runs, scale, rows))
    kept = keep("figures", Results(where, asked.quick, asked.runs, rows), add=asked.add)
    print(table(rows))
    print(f"\nRuns of each, interleaved: {asked.runs}. {READING}")
    if (most := max((row.others for row in rows), default=0.0)) > QUIET:
        print(f"This machine was not quiet: other programs used up to {most:.1f} of its {len(CORES)} cores.")
    say(f"written to {kept} after {time.monotonic() - began:.0f} s")
    if asked.write:
        say(f"and into {', '.join(write('figures'))}")


if __name__ == "__main__":
    main()
