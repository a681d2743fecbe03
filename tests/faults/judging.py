"""What every scenario does with its history at the end."""

from collections.abc import Iterator
from pathlib import Path

from tests.faults.checker import check, told
from tests.faults.figures import Outcome, answers, deliveries, percentile
from tests.faults.history import read
from tests.faults.timeline import Timeline

HISTORY = "history.jsonl"


def judge(outcome: Outcome, folder: Path) -> Timeline:
    """Let the checker look at a run, note its verdicts and the figures that all runs have; return its timeline."""
    timeline = Timeline(read(folder / HISTORY))
    verdicts = check(read(folder / HISTORY))
    outcome.wrong += [told(verdicts)] if verdicts else []
    resets = [name for name, state in states(timeline) if state == "reset"]
    if resets:  # nothing was restored, pruned or forgotten
        outcome.wrong.append(f"{len(resets)} times a room was reset: {resets[:3]}")
    done = answers(timeline)
    outcome.figures["answered"] = len(done)
    if outcome.seconds:
        outcome.figures["answered a second"] = len(done) / outcome.seconds
    outcome.figures["answer, p50 ms"] = percentile(done, 50) * 1000
    outcome.figures["answer, p99 ms"] = percentile(done, 99) * 1000
    late = deliveries(timeline)
    outcome.figures["deliveries to other nodes"] = len(late)
    outcome.figures["to another node, p50 ms"] = percentile(late, 50) * 1000
    outcome.figures["to another node, p99 ms"] = percentile(late, 99) * 1000
    return timeline


def states(timeline: Timeline) -> Iterator[tuple[str, str]]:
    """Give each session with the state of each room in its hello, and with what it was told later."""
    for session in timeline.sessions.values():
        if session.greeted is not None:
            for state, _ in session.greeted.rooms.values():
                yield session.name, state
        for told_ in session.told:
            yield session.name, told_.what


def at_most(outcome: Outcome, name: str, value: float, target: float) -> None:
    """Note a figure, and that it is beyond its target if it is."""
    outcome.figures[name] = value
    if value > target:
        outcome.slow.append(f"{name} is {value:,.3f}, not at most {target:g}")


def unanswered(timeline: Timeline) -> list[str]:
    """Return the calls that had to be said again, or were refused."""
    return [
        f"{call.first.name} by {call.first.device}: {', '.join(lost.why for lost in call.unknown)}"
        + (f" refused: {call.failed.code}" if call.failed is not None else "")
        for call in timeline.calls.values()
        if call.unknown or call.failed is not None or call.ok is None
    ]
