"""Whose turn it is to write where several nodes write to one stream: what they say of their batches tells, for nothing.

Whoever writes at once on hearing a batch meets all others who do so too, and the store refuses all but one of them. So
the nodes that write to a stream take turns: the one that has not written for longest writes first, each further one
waits a step longer, and who hears another batch meanwhile starts anew. Everybody hears the same batches, so all come to
the same order, by and large. It is a hint and no lock: where a word is lost or late, two nodes write at once, and the
index refuses one of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

HERE = ""
"""This node, among the names of the others."""

FORGET_S = 2.0
"""Seconds after the last batch of others in which a stream counts as theirs, too."""

MISSES = 2
"""Batches that others write while it is a node's turn, before they wait for it no more: one may have been quicker."""

STEPS_S = (0.004, 0.3)
"""Least and most time that a node is given for its turn. Less is within what a loop is late anyway; more would let all
wait long for a node that has just died. With less, nodes whose store is slow write over each other again."""

STEP_FLIGHTS = 3.0
"""The same in flights as they took lately: the batch has to be kept, told and heard."""

SHARE = 0.1
"""Weight of the newest flight in how long they take."""

STREAMS = 10_000
"""Streams that are remembered; of more the oldest are forgotten."""


@dataclass(slots=True)
class _Ring:
    """Who writes to a stream."""

    heard_at: float = 0.0
    """When others wrote last."""
    at: float = 0.0
    """When anybody did."""
    misses: dict[str, int] = field(default_factory=dict)
    """The nodes in their order, the next one first, with the turns that each let pass since it wrote."""

    def wrote(self, node: str, now: float) -> None:
        """Let a node be the last in the order; those before it, where it had its place, have let their turn pass."""
        if node in self.misses:
            passed = list(self.misses)
            for name in passed[: passed.index(node)]:
                self.misses[name] += 1
                if self.misses[name] >= MISSES:
                    del self.misses[name]
            del self.misses[node]
        self.misses[node] = 0
        self.at = now


class Rivals:
    """What this node knows of others that write to the streams it writes to."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._rings: dict[str, _Ring] = {}
        self._flight_s = 0.0

    def heard(self, stream: str, node: str) -> None:
        """Note that another node has written to a stream."""
        now = self._clock()
        ring = self._rings.pop(stream, None)
        if ring is None or now - ring.heard_at > FORGET_S:
            ring = _Ring()
        self._rings[stream] = ring
        ring.wrote(node, now)
        ring.heard_at = now
        if len(self._rings) > STREAMS:
            del self._rings[next(iter(self._rings))]

    def wrote(self, stream: str) -> None:
        """Note that this node has."""
        if self.any(stream):
            self._rings[stream].wrote(HERE, self._clock())

    def took(self, seconds: float) -> None:
        """Note how long a flight took."""
        self._flight_s += (seconds - self._flight_s) * (SHARE if self._flight_s else 1.0)

    def any(self, stream: str) -> bool:
        """Tell whether another node has written to a stream lately, and says so: what it writes next is heard of."""
        ring = self._rings.get(stream)
        if ring is None:
            return False
        if self._clock() - ring.heard_at <= FORGET_S:
            return True
        del self._rings[stream]
        return False

    @property
    def step_s(self) -> float:
        """How long a turn may take."""
        return min(max(self._flight_s * STEP_FLIGHTS, STEPS_S[0]), STEPS_S[1])

    def wait_s(self, stream: str) -> float:
        """Return how long to leave a stream to others; 0 where it is this node's turn, or nobody else writes there."""
        if stream not in self._rings or not self.any(stream):
            return 0.0
        ring = self._rings[stream]
        if HERE not in ring.misses:
            return 0.0
        before = list(ring.misses).index(HERE)
        return max(0.0, ring.at + before * self.step_s - self._clock()) if before else 0.0
