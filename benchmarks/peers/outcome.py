"""What a run found, contestant by contestant, and keeping it beside the other results."""

from collections.abc import Sequence

import msgspec

from benchmarks.load.task import Result
from benchmarks.parts import ROOT
from benchmarks.results import PLACE, Machine

FILE = PLACE / "peers.json"


class Entry(msgspec.Struct, kw_only=True):
    """One contestant: a result a run."""

    name: str
    versions: str = ""
    settings: str = ""
    keeps: str = ""
    """What it does to keep a message before it delivers it; empty where that is not what it does."""
    results: list[Result] = []
    """What was measured in each turn; a turn that broke off holds what came before."""
    troubles: list[str] = []
    """What broke a turn off."""

    def samples(self, key: str) -> list[float]:
        """Return one figure, run by run, of the runs that have it."""
        return [result[key] for result in self.results if key in result]

    def costs(self, key: str) -> list[float]:
        """Return the microseconds of processor time that one operation cost, run by run; for rates alone."""
        had = [result for result in self.results if result.get(key)]
        return [result[f"{key}_server"] / result[key] * 1e6 for result in had]

    def worst(self, key: str) -> float:
        """Return the highest value of a figure; 0 where there is none."""
        return max(self.samples(key), default=0.0)


class Outcome(msgspec.Struct, kw_only=True):
    """One run."""

    machine: Machine
    quick: bool
    """Whether it was a first look, with a fifth of everything."""
    runs: int = 0
    """How many were done."""
    others: float = 0.0
    """The most cores that other programs used just before a turn: whatever is not small makes rates mean little."""
    entries: list[Entry] = []
    """Parley first."""
    pages: list[Entry] = []
    """The same for reading a page of history."""
    missing: dict[str, str]
    """Who could not be had here, and why."""


def keep(outcome: Outcome) -> str:
    """Write an outcome and return where."""
    PLACE.mkdir(exist_ok=True)
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(outcome)))
    return str(FILE.relative_to(ROOT))


def kept() -> Outcome | None:
    """Return the outcome of the latest run; None where there was none."""
    return msgspec.json.decode(FILE.read_bytes(), type=Outcome) if FILE.exists() else None


def times(one: Entry, other: Entry, key: str) -> list[float]:
    """Return how often the one's figure is the other's, run by run, of the runs that both have."""
    pairs = zip(one.results, other.results, strict=False)
    return [a[key] / b[key] for a, b in pairs if key in a and b.get(key)]


def called(entries: Sequence[Entry], name: str) -> Entry | None:
    """Return who has this name; None where nobody does."""
    return next((entry for entry in entries if entry.name == name), None)
