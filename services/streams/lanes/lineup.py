"""Which lanes may write next: those with something waiting, once it is not the turn of others."""

import asyncio
from collections.abc import Callable

from services.streams.batch import Batch
from services.streams.lanes.gathering import Gathering
from services.streams.lanes.lane import Lane
from services.streams.lanes.rivals import Rivals


class LineUp:
    """The lanes of a node that are not in a flight."""

    def __init__(self, rivals: Rivals, gathering: Gathering) -> None:
        self.ready: dict[str, Lane] = {}
        self.racing: dict[str, Lane] = {}
        """The same where another node was first."""
        self._rivals = rivals
        self._gathering = gathering

    def waits(self, lane: Lane) -> None:
        """Take in a lane in which one more append waits; it may be here, or in a flight."""
        if not lane.busy and lane.held is None and lane.stream not in self.racing:
            self._come(lane)

    def back(self, lane: Lane) -> None:
        """Take in a lane whose first append came back."""
        if not lane.busy and lane.held is None:
            self.ready.pop(lane.stream, None)
            self._come(lane)

    def free(self, lane: Lane) -> None:
        """Take in a lane whose flight is over."""
        lane.busy = False
        if lane.waiting:
            self._come(lane)

    def enter(self, lane: Lane) -> None:
        """Let a lane write, whosever turn it is."""
        lane.busy = False
        ready = self.racing if lane.waiting[0].attempts else self.ready
        ready[lane.stream] = lane

    def leave(self, stream: str) -> None:
        """Let a lane go: into a flight, or because nothing waits there any more."""
        self.ready.pop(stream, None)
        self.racing.pop(stream, None)

    def hold(self, lane: Lane, seconds: float, then: Callable[[Lane], None]) -> None:
        """Leave others time, to write or to say what they wrote; unless that is heard, ``then`` is called."""
        lane.held = asyncio.get_running_loop().call_later(seconds, then, lane)

    def heard(self, lane: Lane, batch: Batch) -> None:
        """Learn of what others wrote."""
        lane.heard.append((batch.prev, batch.last))
        if lane.busy and lane.held is None:
            return  # a flight is under way, and lands first
        lane.catch_up()
        if lane.held is not None and not lane.behind:
            lane.let_go()
            self.free(lane)
            self._gathering.hurry()

    def _come(self, lane: Lane) -> None:
        if seconds := self._rivals.wait_s(lane.stream):
            self.hold(lane, seconds, self._overdue)
        else:
            self.enter(lane)

    def _overdue(self, lane: Lane) -> None:
        """Let a lane write: those whose turn it is did not."""
        lane.let_go()
        if lane.waiting:
            self.enter(lane)
            self._gathering.hurry()
