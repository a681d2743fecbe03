"""Rows of figures, and how they are told: a table for people, JSON for programs."""

from collections.abc import Sequence
from itertools import groupby
from statistics import median

import msgspec

SATURATED = 0.9
"""Share of its core above which the driver, not the server, may be what was measured."""


class Aim(msgspec.Struct, frozen=True):
    """What a figure should reach."""

    of: str
    """``value`` or ``ratio``."""
    bound: float
    least: bool = True
    """Whether ``bound`` is the least; else it is the most."""
    words: str = ""
    """How it is told, where its number alone would not say what it means."""

    def __str__(self) -> str:
        if self.words:
            return self.words
        return f"{'ratio ' if self.of == 'ratio' else ''}{'≥' if self.least else '≤'} {self.bound:,.10g}"


class Row(msgspec.Struct, kw_only=True):
    """One figure on one store: a sample a run, each with the floor's of the same run."""

    figure: str
    """With its unit."""
    store: str
    samples: list[float]
    floors: list[float]
    aims: tuple[Aim, ...] = ()
    driver: list[float] = []
    """The driver's share of its core while Parley was measured; empty where it was not taken."""
    server: list[float] = []
    """Parley's share of one core, all its threads together."""
    floor_server: list[float] = []
    """The floor's."""
    others: float = 0.0
    """Cores in use by other programs just before: whatever is not small here makes rates mean little."""

    @property
    def ratios(self) -> list[float]:
        """Parley's sample over the floor's, run by run."""
        return [sample / floor for sample, floor in zip(self.samples, self.floors, strict=False) if floor]

    @property
    def by_processor(self) -> list[float]:
        """Run by run, the floor's processor time for one operation over Parley's.

        Where a core is saturated it is the ratio. It holds too where other programs take turns on the core, or the
        driver is the limit, which a rate does not.
        """
        runs = zip(self.samples, self.server, self.floors, self.floor_server, strict=False)
        return [(floor_used / floor) / (used / rate) for rate, used, floor, floor_used in runs if used]

    def meets(self, aim: Aim) -> bool:
        """Tell whether the median reaches an aim."""
        values = self.ratios if aim.of == "ratio" else self.samples
        return median(values) >= aim.bound if aim.least else median(values) <= aim.bound

    def cells(self) -> list[str]:
        """Return the row as text."""
        verdicts = ", ".join(f"{aim} {'met' if self.meets(aim) else 'MISSED'}" for aim in self.aims)
        driver = max(self.driver, default=0.0)
        cores = f"{median(self.server):.0%}, {driver:.0%}{' !' if driver > SATURATED else ''}" if driver else ""
        return [self.figure, *map(spread, (self.samples, self.floors, self.ratios, self.by_processor)), verdicts, cores]


HEAD = ["median (min - max)", "value", "floor", "ratio", "by processor time", "aim", "server, driver"]


def number(value: float) -> str:
    """Return a number with three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(values: Sequence[float]) -> str:
    """Return median and range."""
    if not values:
        return ""
    return f"{number(median(values))} ({number(min(values))} - {number(max(values))})"


def table(rows: Sequence[Row]) -> str:
    """Return all rows as one table, a part for each store."""
    lines = [HEAD]
    for store, part in groupby(rows, lambda row: row.store):
        lines += [[""] * len(HEAD), [store.upper(), *[""] * (len(HEAD) - 1)], *(row.cells() for row in part)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([text[0], "─" * sum(widths, 2 * (len(widths) - 1)), *text[2:]])
