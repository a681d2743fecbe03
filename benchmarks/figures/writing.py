"""Figures of writing: acknowledged sends, in one room and in many."""

from collections.abc import Sequence
from functools import partial

from benchmarks.bench import Bench
from benchmarks.figures.rows import printed_rate, row
from benchmarks.parts import python
from benchmarks.report.row import Aim, Row

SENDERS = 50

AIMS = {
    ("sqlite", "one"): Aim("value", 20_000),
    ("sqlite", "own"): Aim("value", 15_000),
    ("mongo", "one"): Aim("ratio", 0.4),
    ("mongo", "own"): Aim("ratio", 0.25),
}


def sends(bench: Bench) -> Sequence[Row]:
    """Measure acknowledged sends of many senders in one room, and in a room each."""
    rows = []
    for rooms, streams in (("one", 1), ("own", SENDERS)):
        seconds = bench.seconds(1.5)
        script = python(f"benchmarks/floor_sends_{bench.store}.py", bench.url or bench.place, seconds, streams)
        parley = partial(bench.measure, "sends", size=SENDERS, seconds=seconds, options={"rooms": rooms})
        results = bench.compare(parley, partial(printed_rate, script))
        where = "one room" if rooms == "one" else f"{SENDERS} rooms"
        figure = f"acknowledged sends/s, {SENDERS} senders, {where}"
        rows.append(row(bench, figure, "per_s", results, AIMS[bench.store, rooms]))
    return rows
