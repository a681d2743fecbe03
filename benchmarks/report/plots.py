"""Which plots are made of which rows."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from benchmarks.report.chart import Line, Point, curves, ratios
from benchmarks.report.row import Row


class Plot(NamedTuple):
    """A plot of what grows: the figures that are drawn in it, and what is told of each."""

    title: str
    x_label: str
    y_label: str
    figures: tuple[str, ...]
    """How the figures' names begin."""
    costs: bool = False
    """Whether processor time is drawn, instead of what was measured."""


PLOTS = {
    "delivery": Plot(
        "Processor time of one delivery, by members of the room", "members", "µs", ("deliveries/s, window",), costs=True
    ),
    "memory": Plot("Memory of a session, by sessions", "sessions", "KiB", ("KiB a session",)),
    "history": Plot("Reads of the newest page, by messages stored", "messages stored", "a second", ("GET messages/s",)),
    "resume": Plot("Coming back after 200 missed messages", "messages stored", "ms", ("resume of",)),
    "sends": Plot("Acknowledged sends to one room, by senders", "senders", "a second", ("acknowledged sends/s, one",)),
    "nodes-deliveries": Plot(
        "Deliveries, by nodes that share a machine", "nodes", "a second", ("deliveries/s over nodes",)
    ),
    "nodes-sends": Plot("Sends, by nodes that share a machine", "nodes", "a second", ("acknowledged sends/s over",)),
}
"""Plots of growth, by the name of their file."""

NAMES = {"sqlite": "SQLite", "mongo": "MongoDB"}


def point(x: float, values: Sequence[float]) -> Point:
    """Return the median of some runs, and their range."""
    return Point(x, median(values), min(values), max(values))


def drawn(plot: Plot, rows: Sequence[Row]) -> str:
    """Return a plot of these rows; nothing where none is of its figures."""
    lines = list(_lines(plot, rows))
    return curves(plot.title, plot.x_label, plot.y_label, lines) if lines else ""


def _lines(plot: Plot, rows: Sequence[Row]) -> Iterator[Line]:
    mine = [row for row in rows if row.figure.startswith(plot.figures) and row.x]
    for store, figure in dict.fromkeys((row.store, row.figure) for row in mine):
        of = [row for row in mine if (row.store, row.figure) == (store, figure)]
        place = figure.rpartition(", ")[2] if len({row.figure for row in mine}) > 1 else ""
        name = f"Parley, {NAMES[store]}{f', {place}' if place else ''}"
        yield Line(name, [point(row.x, row.costs if plot.costs else row.samples) for row in of])
        floors = [(row.x, row.floor_costs if plot.costs else row.floors) for row in of]
        if all(values for _, values in floors):
            yield Line("floor", [point(*floor) for floor in floors], is_floor=True)


def beside_floors(rows: Sequence[Row], store: str) -> str:
    """Return a plot of all ratios to floors on one store: those of rates by processor time."""
    named = [(row.figure, row.by_processor or row.ratios) for row in rows if row.store == store and row.ratios]
    label = "ratio to the floor, of rates by processor time; of times and sizes less is better"
    title = f"Parley on {NAMES[store]} beside its floors"
    return ratios(title, label, [(name, point(1, values)) for name, values in named]) if named else ""
