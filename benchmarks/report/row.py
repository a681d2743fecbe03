"""Rows of figures: samples of Parley, those of the floor from the same runs, and what they should reach."""

from collections.abc import Sequence
from statistics import median

import msgspec

SATURATED = 0.9
"""Share of its core above which the driver, not the server, may be what was measured."""

QUIET = 0.1
"""Cores that other programs may use without a word about it."""

SIGNS = {True: "≥", False: "≤"}


class Aim(msgspec.Struct, frozen=True):
    """What a figure should reach."""

    of: str
    """``value``, ``ratio``, ``core`` (for each core that the server used) or ``cost`` (microseconds for one)."""
    bound: float
    least: bool = True
    """Whether ``bound`` is the least; else it is the most."""
    words: str = ""
    """How it is told, where its number alone would not say what it means."""

    def __str__(self) -> str:
        bound = f"{SIGNS[self.least]} {self.bound:,.10g}"
        told = {"value": bound, "core": f"{bound} a core", "ratio": f"ratio {bound}", "cost": f"{bound} µs"}
        return self.words or told[self.of]


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
    x: float = 0.0
    """In growth: how many there were of what grows."""

    @property
    def ratios(self) -> list[float]:
        """Parley's sample over the floor's, run by run."""
        return [sample / floor for sample, floor in zip(self.samples, self.floors, strict=False) if floor]

    @property
    def is_rate(self) -> bool:
        """Whether it tells how many a second, so that what one costs can be told too."""
        return "/s" in self.figure.partition(",")[0]

    @property
    def costs(self) -> list[float]:
        """Microseconds of processor time for one operation, run by run; for rates alone."""
        if not self.is_rate:
            return []
        return [used / rate * 1e6 for rate, used in zip(self.samples, self.server, strict=False) if rate]

    @property
    def floor_costs(self) -> list[float]:
        """The same of the floor."""
        if not self.is_rate:
            return []
        return [used / rate * 1e6 for rate, used in zip(self.floors, self.floor_server, strict=False) if rate]

    @property
    def by_processor(self) -> list[float]:
        """Run by run, the floor's processor time for one operation over Parley's.

        Where a core is saturated it is the ratio. It holds too where other programs take turns on the core, or the
        driver is the limit, which a rate does not.
        """
        return [floor / cost for cost, floor in zip(self.costs, self.floor_costs, strict=False) if cost]

    @property
    def saturated(self) -> bool:
        """Whether the driver may be what was measured."""
        return max(self.driver, default=0.0) > SATURATED

    @property
    def is_disturbed(self) -> bool:
        """Whether the driver or other programs were the limit, so that rates say little.

        Processor time says what they do not, but not where much of it is another process's: a database's.
        """
        return self.store != "mongo" and (self.saturated or self.others > QUIET)

    def judged(self, aim: Aim) -> float:
        """Return the median that an aim is about: of a ratio that by processor time where it was disturbed."""
        if aim.of == "core":
            return median(1e6 / cost for cost in self.costs)
        if aim.of == "cost":
            return median(self.costs)
        if aim.of == "ratio":
            return median(self.by_processor if self.is_disturbed and self.by_processor else self.ratios)
        return median(self.samples)

    def meets(self, aim: Aim) -> bool:
        """Tell whether that median reaches it."""
        reached = self.judged(aim)
        return reached >= aim.bound if aim.least else reached <= aim.bound

    def verdicts(self) -> str:
        """Return the aims, and what became of each."""
        return ", ".join(self._verdict(aim) for aim in self.aims)

    def _verdict(self, aim: Aim) -> str:
        # What the columns beside it do not tell is told here.
        aside = aim.of in ("core", "cost") or (aim.of == "ratio" and self.is_disturbed)
        told = f" ({number(self.judged(aim))})" if aside else ""
        return f"{aim} {'met' if self.meets(aim) else 'MISSED'}{told}"

    def shares(self) -> str:
        """Return the shares of one core that server and driver used."""
        if not self.driver:
            return ""
        return f"{median(self.server):.0%}, {max(self.driver):.0%}{' !' if self.saturated else ''}"

    def cells(self) -> list[str]:
        """Return the row as text, under ``HEAD``."""
        values = map(spread, (self.samples, self.floors, self.ratios, self.by_processor))
        return [self.figure, *values, self.verdicts(), self.shares()]


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
    if min(values) == max(values):
        return number(values[0])
    return f"{number(median(values))} ({number(min(values))} - {number(max(values))})"
