"""The other nodes, as presence knows them: how they are told, and doing work for many people a part at a time."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

import msgspec

from ws.relay.envelopes import Kind
from ws.wheel import Wheel

AT_ONCE = 500
"""People in one question or one telling: a few milliseconds of Redis."""

RETRY_S = 1.0
"""Pause after the place where presence is kept did not answer."""

CHUNK = 200
"""People in one part of work that is spread."""

CHANNEL = "p_"
"""Begins the channels on which nodes tell of one person; no stream is called so."""

T = TypeVar("T")


class Others(Protocol):
    """What presence asks of the relay."""

    @property
    def degraded(self) -> bool:
        """Whether other nodes' messages may not arrive."""

    def want(self, channel: str) -> None:
        """Hear of a channel from soon on."""

    def drop(self, channel: str) -> None:
        """Hear nothing more of a channel."""

    def send(self, channel: str, kind: Kind, body: bytes) -> None:
        """Tell other nodes something, at most once."""


class Said(msgspec.Struct, frozen=True, array_like=True):
    """How somebody is on the node that says so; None where they are there no more, with the time of it."""

    user: str
    status: str | None
    seen: int = 0


def witness(node: str) -> str:
    """Return the one whom a node puts besides its people: where it is not found, entries were lost."""
    return f"~{node}"


def spread(
    wheel: Wheel, people: Sequence[T], delay_s: float, over_s: float, work: Callable[[Sequence[T]], None]
) -> None:
    """Do work for people after a while, a part of them at a time."""
    parts = [people[start : start + CHUNK] for start in range(0, len(people), CHUNK)]
    for number, part in enumerate(parts):
        wheel.schedule(delay_s + over_s * number / len(parts), partial(work, part))


class Round:
    """Everybody of a list, a part each second, in so many seconds; then the list as it is by then."""

    def __init__(self, source: Callable[[], list[str]], seconds: float) -> None:
        self._source = source
        self._seconds = seconds
        self._left: list[str] = []
        self._step = 1

    def part(self) -> list[str]:
        """Return the next part."""
        if not self._left:
            self._left = self._source()
            self._step = math.ceil(len(self._left) / self._seconds) or 1
        part, self._left = self._left[: self._step], self._left[self._step :]
        return part
