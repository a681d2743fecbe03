"""Figures of several nodes on one store: what they do together, and what it costs that they are in each other's way."""

from collections.abc import Sequence
from typing import Any

from benchmarks.bench import Bench
from benchmarks.figures.fanout import MEMBERS, QUIET_PACE_S, WATCHERS
from benchmarks.figures.rows import row
from benchmarks.figures.writing import SENDERS
from benchmarks.load.task import Result
from benchmarks.report.row import Row

NODES = (1, 2, 3)
WINDOW = 16

CONTENTION = {
    "refused": "over nodes: writes to one room refused, share of all",
    "messages_a_write": "over nodes: messages a write, one room",
    "reads": "over nodes: reads of what others wrote, one room, for 1,000 sends",
    "gap_reads": "over nodes: those for gaps among what members were told, one room, for 1,000 sends",
}


def on_nodes(bench: Bench, nodes: int) -> Sequence[Row]:
    """Measure deliveries and sends on so many nodes, over which everybody is spread."""
    members = min(bench.size(MEMBERS, 100), len(bench.everybody().crowd))
    told: list[Row] = []

    def measured(load: str, **more: Any) -> list[Result]:
        return [bench.measure(load, seconds=bench.seconds(1.5), **more) for _ in range(bench.runs)]

    def tell(figure: str, key: str, results: list[Result]) -> None:
        told.append(row(bench, figure, key, (results, []), x=nodes))

    with bench.joined(nodes):
        soon = measured("latency", size=WATCHERS, options={"pace_s": QUIET_PACE_S})
        tell(f"over nodes: send → deliver, room of {WATCHERS}, p50, ms", "deliver_p50", soon)
        if nodes > 1:
            tell("over nodes: the same on another node than the sender's, p50, ms", "deliver1_p50", soon)
        fanned = measured("deliveries", size=members, options={"windows": [WINDOW]})
        tell(f"deliveries/s over nodes, {members:,} members, window {WINDOW}", f"w{WINDOW}", fanned)
        own = measured("sends", size=SENDERS, options={"rooms": "own"})
        tell(f"acknowledged sends/s over nodes, {SENDERS} senders, {SENDERS} rooms", "per_s", own)
        one = measured("sends", size=SENDERS, options={"rooms": "one"})
        tell(f"acknowledged sends/s over nodes, {SENDERS} senders, one room", "per_s", one)
        for key, figure in CONTENTION.items():
            tell(figure, key, one)
    return told
