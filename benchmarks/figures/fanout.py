"""Figures of the fan-out: how much is delivered, and how soon."""

from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.figures.rows import Results, beside, row
from benchmarks.report.row import Aim, Row

WINDOWS = (1, 16, 64)
MEMBERS = 1000
WATCHERS = 100

QUIET_PACE_S = 0.02
"""Between two messages: 50 a second leave a node of any speed idle most of the time."""

BUSY_PACE_S = 0.1
"""10 messages a second to 1,000 members are 10,000 deliveries a second."""

AIMS = {1: (Aim("ratio", 0.8),), 16: (Aim("core", 1_000_000), Aim("ratio", 0.8))}
"""Of deliveries, by window."""

LEAST_20_MS = Aim("value", 20, least=False)


def deliveries_to(bench: Bench, members: int, windows: Sequence[int]) -> Results:
    """Measure deliveries in a room of so many."""
    more = {"size": members, "seconds": bench.seconds(1), "options": {"windows": windows}}
    return beside(bench, "deliveries", bench.keeping(), "deliveries", **more)


def deliveries(bench: Bench) -> Sequence[Row]:
    """Measure deliveries in a big room at each window."""
    members = bench.size(MEMBERS, 100)
    results = deliveries_to(bench, members, WINDOWS)
    return [
        row(bench, f"deliveries/s, {members:,} members, window {window}", f"w{window}", results, *AIMS.get(window, ()))
        for window in WINDOWS
    ]


def latency(bench: Bench) -> Sequence[Row]:
    """Measure how long an answer and a copy take on a quiet node."""
    more = {"size": WATCHERS, "seconds": bench.seconds(1.5), "options": {"room": "hundred", "pace_s": QUIET_PACE_S}}
    results = beside(bench, "latency", bench.keeping(), "latency", **more)
    aims = {("deliver", "p50"): (Aim("ratio", 1.5, least=False),)}
    return [
        row(
            bench,
            f"send → {what}, room of {WATCHERS}, {share}, ms",
            f"{what}_{share}",
            results,
            *aims.get((what, share), ()),
        )
        for what in ("ack", "deliver")
        for share in ("p50", "p99")
    ]


def paced(bench: Bench) -> Sequence[Row]:
    """Measure how long a copy takes at 10,000 deliveries a second, and for how long the loop stood still."""
    members = bench.size(MEMBERS, 100)
    more = {"size": members, "seconds": bench.seconds(3), "options": {"room": "thousand", "pace_s": BUSY_PACE_S}}
    results = beside(bench, "latency", bench.keeping(), "latency", **more)
    what = f"{members / BUSY_PACE_S:,.0f}/s, room of {members:,}"
    rows = [
        row(bench, f"send → deliver, {what}, {share}, ms", f"deliver_{share}", results, *aims)
        for share, aims in {"p50": (), "p99": (LEAST_20_MS,), "p99.9": (), "max": ()}.items()
    ]
    rows.append(row(bench, f"longest stall of the loop, {what}, ms at most", "stall", results, LEAST_20_MS))
    return rows
