"""Whether faults hit: a run in which nothing was under way when something broke proves nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.history import Fault
from tests.faults.timeline import NEVER, Call, Timeline

NEAR_S = 0.25
"""A message that was answered so close to the death of Redis was on its way to other nodes, or did not get there."""


@dataclass(frozen=True)
class Hit:
    """A fault, and what was under way when it came."""

    fault: Fault
    under_way: int


def kills(timeline: Timeline) -> list[Hit]:
    """Return each kill of a node, and the calls that it had not answered."""
    return [
        Hit(fault, sum(_open_at(call, fault) for call in timeline.calls.values()))
        for fault in timeline.faults
        if fault.name == "node killed"
    ]


def _open_at(call: Call, fault: Fault) -> bool:
    """Tell whether a node that was killed had got a call and not answered it."""
    for attempt in call.attempts:
        if attempt.node == fault.target and attempt.at < fault.at:
            ended = min((unknown.at for unknown in call.unknown if unknown.at > attempt.at), default=NEVER)
            if min(call.ok_at, ended) > fault.at and not (call.ok_at < fault.at):
                return True
    return False


def found(timeline: Timeline) -> tuple[int, int]:
    """Return of the messages whose first answer was lost: how many were kept by then, and how many were not.

    A message was kept at its first attempt if somebody heard of it, or others got higher places, before it was sent
    again.
    """
    kept = missing = 0
    heard = _first_heard(timeline)
    for call in timeline.calls.values():
        if call.first.name == "message.send" and call.ok is not None and len(call.attempts) > 1:
            if heard.get(call.ok.item, NEVER) < call.attempts[-1].at or _overtaken(timeline, call):
                kept += 1
            else:
                missing += 1
    return kept, missing


def _first_heard(timeline: Timeline) -> dict[str, float]:
    first: dict[str, float] = {}
    for session in timeline.sessions.values():
        for spans in session.spans.values():
            for span in spans:
                for heard in span.heard:
                    if heard.item is not None:
                        first[heard.item.id] = min(heard.at, first.get(heard.item.id, NEVER))
    return first


def _overtaken(timeline: Timeline, call: Call) -> bool:
    """Tell whether something that was answered before the last attempt stands above it."""
    assert call.ok is not None
    for other in timeline.sends(call.first.room):
        assert other.ok is not None
        if other.ok.seq > call.ok.seq and other.ok_at < call.attempts[-1].at:
            return True
    return False


def redis_deaths(timeline: Timeline, *names: str) -> list[Hit]:
    """Return each fault of these names, and the messages that were answered so close to it that they were in flight."""
    return [
        Hit(fault, sum(1 for call in _answered(timeline) if abs(call.ok_at - fault.at) < NEAR_S))
        for fault in timeline.faults
        if fault.name in names
    ]


def _answered(timeline: Timeline) -> Iterator[Call]:
    return (call for call in timeline.calls.values() if call.ok is not None)


def missed(hits: list[Hit], least: int) -> list[str]:
    """Return in words what these faults do not prove: at least so many have to have hit."""
    good = sum(1 for hit in hits if hit.under_way)
    return [] if good >= least else [f"only {good} of {len(hits)} faults hit something under way, not {least}"]
