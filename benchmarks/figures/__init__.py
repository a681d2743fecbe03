"""The figures of the main table: what is loaded, beside which floor, and what it should reach."""

from collections.abc import Callable, Sequence

from benchmarks.bench import Bench
from benchmarks.figures.fanout import MEMBERS, deliveries, latency, paced
from benchmarks.figures.reads import changes, history, rooms, same_page
from benchmarks.figures.sessions import RETURNING, SESSIONS, hello, memory, resume
from benchmarks.figures.writing import sends
from benchmarks.report.row import Row

FIGURES: dict[str, tuple[Callable[[Bench], Sequence[Row]], int]] = {
    "latency": (latency, 0),
    "deliveries": (deliveries, MEMBERS),
    "paced": (paced, MEMBERS),
    "sends": (sends, 0),
    "hello": (hello, RETURNING),
    "memory": (memory, SESSIONS),
    "resume": (resume, RETURNING),
    "same": (same_page, 0),
    "history": (history, 0),
    "changes": (changes, 0),
    "rooms": (rooms, 0),
}
"""Name to what measures it, and the crowd that it needs; in the order in which they are measured."""
