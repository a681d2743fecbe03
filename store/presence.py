"""The presence seam: which nodes live, and who is there on each of them.

Everything in it may be lost at any moment: nodes put again what they know. ``presence_memory`` and ``presence_redis``
implement it; one contract suite holds them to each other.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

LEASE_S = 5.0
"""How long a node counts as living after a beat, by the clock of the place where leases are kept."""

BEAT_S = 1.0
"""Pause between two beats: four may be lost before anybody is missed."""

ENTRY_S = 120.0
"""How long something lasts that nobody puts again: what a node left behind that died."""

COMMAND_S = 0.5
"""Longest that anything here takes: whoever asks goes on with what the node itself knows."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What a node learns when it says that it lives."""

    living: frozenset[str]
    """The nodes whose leases run, one's own among them.

    After a loss of everything the others appear with their own next beats: where ``forgotten`` is true, a node that is
    missing here may live all the same, and is judged after ``LEASE_S``.
    """
    forgotten: bool
    """Whether one's own lease was not there any more: at the first beat, after a loss, after a pause over ``LEASE_S``.

    Then everything of this node has to be put again.
    """


class Presence(Protocol):
    """What nodes tell each other of themselves and of the people who are there.

    An entry counts only while the lease of its node runs, so nobody renews anything for each person every few seconds.
    All methods but ``close`` raise ``Unavailable`` within ``COMMAND_S`` where the place cannot be reached; then it is
    not known whether anything was changed.
    """

    async def beat(self, node: str) -> Beat:
        """Say that a node lives, for ``LEASE_S`` from now; tell which others do. Independent of who is there."""

    async def clock(self) -> int:
        """Return the time by the clock of the place where leases are kept, in milliseconds since 1970."""

    async def leave(self, node: str) -> None:
        """End a node's lease at once, and with it the weight of all that it has put."""

    async def put(self, node: str, statuses: Mapping[str, str | None]) -> None:
        """Say how people are on a node, None for who is not there. Good for ``ENTRY_S``, while the node lives."""

    async def get(self, users: Collection[str]) -> dict[str, dict[str, str]]:
        """Return how people are on each living node where they are, by user and node; who is nowhere is left out."""

    async def fill(self, node: str, room: str, users: Collection[str]) -> None:
        """Say who of a room is there on a node, all of them. Good for ``ENTRY_S``, while the node lives."""

    async def count(self, room: str) -> int:
        """Return how many different people of a room are there on all living nodes; it may be 2 % off above 100."""

    async def close(self) -> None:
        """Close links; what was put ends with the lease."""
