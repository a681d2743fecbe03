"""The checker: a pure function from a history to what a promise forbids."""

from collections.abc import Callable, Iterable, Iterator

from tests.faults import rules_audience, rules_views, rules_writes
from tests.faults.history import Line
from tests.faults.timeline import Timeline, Verdict

RULES: tuple[Callable[[Timeline], Iterator[Verdict]], ...] = (
    rules_writes.lost,
    rules_writes.duplicates,
    rules_writes.phantoms,
    rules_writes.order,
    rules_writes.nodes_agree,
    rules_views.revs_rise,
    rules_views.gaps,
    rules_views.page_holes,
    rules_views.complete,
    rules_views.one_state_a_rev,
    rules_views.own_writes_read,
    rules_audience.leaks,
    rules_audience.before_the_join,
    rules_audience.shut_out,
)

KINDS = frozenset(
    {
        "lost",
        "duplicate",
        "phantom",
        "order",
        "nodes differ",
        "gap",
        "resume hole",
        "resume duplicate",
        "states differ",
        "stale read",
        "leak",
        "before the join",
        "shut out",
        "history",
    }
)
"""Every kind of verdict."""


def check(records: Iterable[Line]) -> list[Verdict]:
    """Return what is wrong in a run; nothing where all promises were kept."""
    timeline = Timeline(records)
    verdicts = [Verdict("history", text) for text in timeline.orphan_answers]
    if not timeline.finals:
        verdicts.append(Verdict("history", "no final state: nothing can be said"))
    for rule in RULES:
        verdicts += rule(timeline)
    assert {verdict.kind for verdict in verdicts} <= KINDS
    return verdicts


def told(verdicts: list[Verdict], most: int = 5) -> str:
    """Return verdicts as text: how many of each kind, and the first few."""
    lines = []
    for kind in dict.fromkeys(verdict.kind for verdict in verdicts):
        found = [verdict.text for verdict in verdicts if verdict.kind == kind]
        lines += [f"{kind}: {len(found)}", *(f"  {text}" for text in found[:most])]
    return "\n".join(lines)
