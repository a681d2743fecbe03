"""The figures of the main table: what is loaded, beside which floor, and what it should reach."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.bench import Bench
from benchmarks.figures.accounts import guesses, rush
from benchmarks.figures.calls import CALLERS, abuse, calls, rings
from benchmarks.figures.fanout import MEMBERS, deliveries, latency, paced
from benchmarks.figures.reads import changes, history, rooms, same_page
from benchmarks.figures.sessions import RETURNING, SESSIONS, hello, memory, resume
from benchmarks.figures.writing import sends
from benchmarks.report.row import Row

BOTH = ("sqlite", "mongo")
ONE = ("sqlite",)


class Figure(NamedTuple):
    """A figure, or a few that are measured together."""

    measure: Callable[[Bench], Sequence[Row]]
    crowd: int
    """How many people it needs."""
    stores: tuple[str, ...]
    """Where it is measured unless a store is asked for: on one where the store makes no difference to speak of."""


FIGURES = {
    "latency": Figure(latency, 0, BOTH),
    "deliveries": Figure(deliveries, MEMBERS, ONE),
    "paced": Figure(paced, MEMBERS, ONE),
    "sends": Figure(sends, 0, BOTH),
    "hello": Figure(hello, RETURNING, BOTH),
    "memory": Figure(memory, SESSIONS, ONE),
    "resume": Figure(resume, RETURNING, BOTH),
    "same": Figure(same_page, 0, ONE),
    "history": Figure(history, 0, ONE),
    "changes": Figure(changes, 0, ONE),
    "rooms": Figure(rooms, 0, ONE),
    "guesses": Figure(guesses, 0, ONE),
    "rush": Figure(rush, 0, ONE),
    "calls": Figure(calls, CALLERS, BOTH),
    "abuse": Figure(abuse, CALLERS, ONE),
    "rings": Figure(rings, CALLERS, BOTH),
}
"""By name, in the order in which they are measured."""
