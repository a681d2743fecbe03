"""Figures that grow with something: each is measured at several sizes, and drawn as a curve."""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

from benchmarks.bench import Bench
from benchmarks.figures.fanout import deliveries_to
from benchmarks.figures.nodes import NODES, on_nodes
from benchmarks.figures.reads import page_of
from benchmarks.figures.rows import printed_rate, row
from benchmarks.figures.sessions import BEHIND, memory_of, missing
from benchmarks.load.task import Result
from benchmarks.parts import python
from benchmarks.report.row import Aim, Row

MEMBERS = (10, 100, 1000, 10_000)
SESSIONS = (1000, 5000, 10_000)
STORED = (1000, 10_000, 100_000, 1_000_000)
SENDERS = (1, 4, 16, 50, 64, 256)
WINDOW = 16
BASE, DEARER = 100, 1.25
"""A delivery to a larger room than this may cost so much of one to that."""

FLAT = 0.9
"""History counts as flat when any number of stored messages leaves at least this much of the speed at the fewest."""

OTHERS = 20
"""People with short rooms who come back before, so that no code runs for the first time when it is measured."""


def delivery(bench: Bench) -> Sequence[Row]:
    """Measure what a delivery costs by how many members a room has."""
    rows = []
    for members in MEMBERS:
        if members <= len(bench.everybody().crowd):
            results = deliveries_to(bench, members, (WINDOW,))
            rows.append(row(bench, f"deliveries/s, window {WINDOW}", f"w{WINDOW}", results, x=members))
    base = next(row for row in rows if row.x == BASE)
    flat = Aim("cost", DEARER * median(base.costs), least=False, words=f"≤ {DEARER} of what it costs at {BASE}")
    for later in rows:
        later.aims = (flat,) if later.x > BASE else ()
    return rows


def memory(bench: Bench) -> Sequence[Row]:
    """Measure the memory of a session by how many there are."""
    sizes = [size for size in SESSIONS if size <= len(bench.everybody().crowd)]
    return [row(bench, "KiB a session", "kib", memory_of(bench, sessions), x=sessions) for sessions in sizes]


def sends(bench: Bench) -> Sequence[Row]:
    """Measure acknowledged sends to one room by how many people send."""
    rows = []
    for senders in SENDERS:
        seconds = bench.seconds(1.5)
        script = python(f"benchmarks/floor_sends_{bench.store}.py", bench.url or bench.place, seconds, 1)
        parley = partial(bench.measure, "sends", size=senders, seconds=seconds, options={"rooms": "sized"})
        results = bench.compare(parley, partial(printed_rate, script))
        rows.append(row(bench, "acknowledged sends/s, one room", "per_s", results, x=senders))
        rows.append(row(bench, "send → ack, one room, p99, ms", "ack_p99", (results[0], []), x=senders))
    return rows


def stored(bench: Bench) -> Sequence[Row]:
    """Measure history and resume by how many messages a room holds."""
    rows: list[Row] = []
    for count in STORED:
        newest = bench.size(count, 1000)
        room = bench.everybody().rooms.missed[0]
        bench.fill(messages={room: newest})
        pages = row(bench, "GET messages/s", "per_s", page_of(bench, room, newest, crowd=True), x=newest)
        if rows:
            pages.aims = (Aim("value", FLAT * median(rows[0].samples), words=f"≥ {FLAT} of {STORED[0]:,}'s"),)
        rows.append(pages)
        rows.append(row(bench, f"resume of {BEHIND} missed items, ms", "resume_max", resumed(bench), x=newest))
    return rows


def resumed(bench: Bench) -> tuple[list[Result], list[Result]]:
    """Measure one person's coming back to a long room, each time on a node that does not know it yet."""
    parley, floor = [], []
    for _ in range(bench.runs):
        more = missing(bench, people=OTHERS + 1)
        more["options"]["uncounted"] = OTHERS
        parley.append(bench.measure("resume", **more))
        with bench.floor("resume", *bench.data()) as measure:
            floor.append(measure("resume", **more))
    return parley, floor


def nodes(bench: Bench) -> Sequence[Row]:
    """Measure what one, two and three nodes do together."""
    return [one for count in NODES for one in on_nodes(bench, count)]


GROWING: dict[str, tuple[Callable[[Bench], Sequence[Row]], tuple[str, ...]]] = {
    "delivery": (delivery, ("sqlite",)),
    "memory": (memory, ("sqlite",)),
    "sends": (sends, ("sqlite", "mongo")),
    "nodes": (nodes, ("sqlite", "mongo")),
    "stored": (stored, ("sqlite", "mongo")),
}
"""Name to what measures it, and the stores on which it matters."""
