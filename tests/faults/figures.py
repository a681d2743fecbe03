"""Figures of runs: what is measured from a history, and how it is told."""

import os
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.faults.timeline import Session, Timeline


@dataclass
class Outcome:
    """What a run of a scenario came to."""

    scenario: str
    seed: int
    store: str
    figures: dict[str, float] = field(default_factory=dict)
    """By name with its unit."""
    proofs: dict[str, float] = field(default_factory=dict)
    """What was broken, and how often it hit."""
    wrong: list[str] = field(default_factory=list)
    """What must not be: verdicts of the checker, and faults that did not hit."""
    slow: list[str] = field(default_factory=list)
    """Figures beyond their targets, which hold on a machine of one's own alone."""
    seconds: float = 0.0
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    """The load average when it began."""


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value that so many of a hundred are not above; 0 of none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share / 100 * len(ordered)))]


def answers(timeline: Timeline, since: float = 0.0, until: float = float("inf")) -> list[float]:
    """Return the seconds from the first sending to the answer, of what was sent in a span of time."""
    return [
        call.ok_at - call.first.at
        for call in timeline.calls.values()
        if call.ok is not None and since <= call.first.at < until
    ]


def deliveries(timeline: Timeline, since: float = 0.0, until: float = float("inf")) -> list[float]:
    """Return the seconds from the answer of a message to its arrival at each device on another node.

    Of what was answered in a span of time, and live devices: what comes by resuming is not counted.
    """
    sent = {
        call.ok.item: (call.ok_at, call.attempts[-1].node)
        for call in timeline.calls.values()
        if call.ok is not None and call.first.name == "message.send" and since <= call.ok_at < until
    }
    late = []
    for session in timeline.sessions.values():
        began = session.live.at if session.live is not None else float("inf")
        for spans in session.spans.values():
            for heard in (heard for span in spans for heard in span.heard):
                found = sent.get(heard.item.id) if heard.item is not None and heard.item.seq == heard.rev else None
                if found is not None and found[0] > began and found[1] != session.node:
                    late.append(max(0.0, heard.at - found[0]))
    return late


def resumes(timeline: Timeline) -> list[float]:
    """Return the seconds from connecting to live, of sessions that came back."""
    return [session.live.took for session in _resumed(timeline) if session.live is not None]


def _resumed(timeline: Timeline) -> Iterator[Session]:
    return (session for session in timeline.sessions.values() if session.opened.cursors)


def closed_by_server(timeline: Timeline, since: float = 0.0) -> list[str]:
    """Return the sessions that a server ended, or that were lost, with their close codes."""
    return [
        f"{session.name}: {session.closed.code}"
        for session in timeline.sessions.values()
        if session.closed is not None and not session.closed.ours and session.closed.at >= since
    ]


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the figures of a scenario's runs: median, least and most of all seeds; proofs; what is wrong."""
    lines = []
    for scenario, store in dict.fromkeys((outcome.scenario, outcome.store) for outcome in outcomes):
        runs = [outcome for outcome in outcomes if (outcome.scenario, outcome.store) == (scenario, store)]
        loads = [run.load for run in runs]
        seeds = ", ".join(str(run.seed) for run in runs)
        lines.append(f"{scenario} on {store}: seeds {seeds}; load average {min(loads):.1f} to {max(loads):.1f}")
        lines += _rows("", [run.figures for run in runs])
        lines += _rows("proof: ", [run.proofs for run in runs])
        lines += [f"  SLOW  seed {run.seed}: {text}" for run in runs for text in run.slow]
        lines += [f"  WRONG seed {run.seed}: {text}" for run in runs for text in run.wrong]
        bad = sum(bool(run.wrong) for run in runs)
        lines.append(f"  {len(runs) - bad} of {len(runs)} runs without a fault")
    return "\n".join(lines)


def _rows(kind: str, runs: Sequence[dict[str, float]]) -> Iterator[str]:
    for name in dict.fromkeys(name for run in runs for name in run):
        values = [run[name] for run in runs if name in run]
        spread = f"{min(values):,.3f} to {max(values):,.3f}"
        yield f"  {kind + name:<58} {statistics.median(values):>12,.3f}   {spread}"
