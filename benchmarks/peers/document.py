"""The part of the page about performance that is made of the latest outcome."""

from collections.abc import Sequence

from benchmarks.parts import ROOT, Broken
from benchmarks.peers.outcome import Entry, Outcome, kept
from benchmarks.peers.tell import READING, deliveries, pages, sockets, verdicts
from benchmarks.report.table import markdown

PAGE = ROOT / "docs" / "performance-peers.md"
BEGIN = "<!-- Made by `python -m benchmarks.peers --write`. -->"
END = "<!-- The end of what is made. -->"


def between(text: str, made: str) -> str:
    """Return a page with what stands between the marks replaced.

    Raises:
        Broken: If the marks are not there.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise Broken("the page has no place for the figures of the peers")
    return f"{head}{BEGIN}\n\n{made}\n{END}{tail}"


def settings(entries: Sequence[Entry]) -> str:
    """Return what each peer is, as a list."""
    lines = (
        f"* **{one.name}**: {one.versions}. {one.settings}. Keeps, before it delivers: {one.keeps}.\n"
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
        Broken: If nothing was measured yet, or the page has no place for it.
    """
    if (outcome := kept()) is None:
        raise Broken("nothing was measured yet")
    PAGE.write_text(between(PAGE.read_text(), told(outcome)))
    return str(PAGE.relative_to(ROOT))
