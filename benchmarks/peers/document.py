"""docs/performance-peers.md: its tables, made of the latest outcome.

``python -m benchmarks.peers.document`` makes them anew without measuring anything.
"""

from collections.abc import Sequence

from benchmarks.parts import ROOT, Broken
from benchmarks.peers.outcome import Entry, Outcome, kept
from benchmarks.peers.tell import READING, deliveries, pages, sockets, verdicts
from benchmarks.report.page import filled
from benchmarks.report.table import markdown

PAGE = ROOT / "docs" / "performance-peers.md"


def settings(entries: Sequence[Entry]) -> str:
    """Return what each peer is, as a list."""
    lines = (
        f"* **{one.name}**: {one.versions}. {one.settings[:1].upper()}{one.settings[1:]}."
        + (f" Keeps, before it delivers: {one.keeps}.\n" if one.keeps else "\n")
        for one in entries
        if one.versions
    )
    return "".join(lines)


def told(outcome: Outcome) -> str:
    """Return the whole part in Markdown."""
    where = outcome.machine
    quick = " A first look, with a fifth of everything." if outcome.quick else ""
    others = f"; other programs used up to {outcome.others:.1f} cores before a turn" if outcome.others else ""
    machine = f"{where.processor}, {where.cores} cores, {where.system}, Python {where.python}"
    run = f"{machine}, {where.at}; {outcome.runs} runs"
    tables = [markdown(table[0], table[1:]) for table in (deliveries(outcome), sockets(outcome), pages(outcome))]
    notes = [*verdicts(outcome), *(f"{name} was not at hand: {why}" for name, why in outcome.missing.items())]
    notes += [f"{one.name} broke off: {trouble}" for one in outcome.entries for trouble in one.troubles]
    parts = [f"{run}{others}.{quick}\n", *tables, "".join(f"* {note}\n" for note in notes), f"{READING}\n"]
    return "\n".join([*parts, settings(outcome.entries + outcome.pages)])


def fill_page() -> str:
    """Put the latest outcome into the page and return where that is.

    Raises:
        Broken: If nothing was measured yet.
    """
    if (outcome := kept()) is None:
        raise Broken("nothing was measured yet")
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), {"peers": told(outcome)}), encoding="utf-8")
    return str(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    fill_page()
