"""Lanes: one queue per stream that this node writes to, so that senders share a write and a stream has one order."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from services.errors import Unavailable
from services.loop import tasks
from services.streams.append import Append, Outcome
from services.streams.batch import Batch
from services.streams.lanes.flight import Flight
from services.streams.lanes.gathering import Gathering
from services.streams.lanes.lane import RETRY_JITTER_S, Lane, give_up, learn
from services.streams.lanes.lineup import LineUp
from services.streams.lanes.patience import Patience
from services.streams.lanes.rivals import Rivals
from store.database import Database
from store.errors import StoreError

log = logging.getLogger(__name__)

FLIGHT_LIMIT = 256
"""Appends that share one write: enough to hide a disk sync behind it, few enough to stay under 20 ms of work."""

TRANSACTION_LIMIT = 64
"""Appends that share one transaction: a refusal makes all of them plan again."""

RETRY_LIMITS = (TRANSACTION_LIMIT, 16, 4, 1)
"""The same by the tries there were, the last for all that follow: of two nodes the one whose transactions take longer
would never be first, and what is short is seldom refused."""

FLIGHTS = 2
"""Writes under way at once on a node: while one waits for the disk the next is prepared."""

RACES = 8
"""The same of those where another node was first: each is of one stream, and must not wait for its turn."""

WAITING_LIMIT = 8192
"""Appends waiting on a node; more are refused at once, before they grow old in a queue."""

STANDING_S = 1.0
"""Seconds without a write kept, while some are under way, after which the store is taken to stand still."""

STANDING_LIMIT = 500
"""Appends waiting then: whoever came later would have waited in vain, and is told so at once."""

LANES_KEPT = 20_000
"""Idle lanes remembered (their heads spare a read); about 300 bytes each."""


class Lanes:
    """All lanes of a node.

    ``kept`` is called with every batch that this node wrote, in the order of its stream, once it is durable; with one
    of no events where others should look how far a stream has come. ``learned`` is called with what others wrote.
    """

    def __init__(
        self, database: Database, kept: Callable[[Batch], None], learned: Callable[[Batch], None] | None = None
    ) -> None:
        self._database = database
        self._kept = kept
        self._learned = learned or kept
        self._lanes: dict[str, Lane] = {}
        self._flights: set[asyncio.Task[None]] = set()
        self._races: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._aloft = 0
        """Appends in a write."""
        self._patience = Patience()
        self._gathering = Gathering(self._wake)
        self.rivals = Rivals(asyncio.get_running_loop().time)
        """Who else writes to the streams that this node writes to; to be told of it."""
        self._line = LineUp(self.rivals, self._gathering)
        self._moved_at = 0.0
        """When something was kept last, or begun where nothing was under way."""
        self._swept_at = 0.0
        self._pumping = False
        self._closed = False
        self._stopped = False

    @property
    def waiting(self) -> int:
        """Appends not yet in a write."""
        return self._waiting

    def append(self, append: Append) -> asyncio.Future[Outcome]:
        """Queue an append at once; the future is done when it is durable, in the order of the calls per stream.

        Cancelling the future gives the append up where it has not been written yet. It raises the plan's error,
        ``CidConflict``, or ``Unavailable`` where nothing was written.

        Raises:
            Unavailable: If too many are waiting, or the node is closing.
        """
        if self._closed or not self._has_room():
            raise Unavailable("too many writes are waiting")
        for stream in append.streams:
            lane = self._lane(stream)
            lane.waiting.append(append)
            self._line.waits(lane)
        self._waiting += 1
        self._patience.comes(append)
        self._wake()
        return append.future

    def _has_room(self) -> bool:
        if not self._waiting and not self._flights and not self._races:
            self._moved_at = asyncio.get_running_loop().time()
        if self._waiting >= WAITING_LIMIT:
            self._sweep()
        if self._waiting < min(STANDING_LIMIT, WAITING_LIMIT):
            return True
        if self._waiting >= WAITING_LIMIT or self._patience.lost:
            return False
        return asyncio.get_running_loop().time() - self._moved_at < STANDING_S

    def _sweep(self) -> None:
        """Let go of appends that their callers have given up: they wait behind a stream of which nothing is known."""
        now = asyncio.get_running_loop().time()
        if now - self._swept_at < STANDING_S:
            return
        self._swept_at = now
        gone: set[Append] = set()
        for lane in self._lanes.values():
            gone.update(append for append in lane.waiting if append.future.done())
            lane.waiting = deque(append for append in lane.waiting if append not in gone)
            if not lane.waiting:
                self._line.leave(lane.stream)
        self._waiting -= len(gone)

    def heard(self, batch: Batch) -> None:
        """Learn from another node's batch how far a stream has come: the next append here need not be refused first."""
        lane = self._lanes.get(batch.stream)
        if lane is not None and batch.events:
            self._line.heard(lane, batch)

    async def close(self) -> None:
        """Take nothing more, and return when everything that was taken is decided."""
        self._closed = True
        while (under_way := self._flights | self._races) or self._waiting:
            if under_way:
                await asyncio.wait(under_way)
            else:
                await asyncio.sleep(RETRY_JITTER_S)

    async def stop(self) -> None:
        """Give up what is not decided yet: only the store knows what became of it."""
        self._closed = self._stopped = True
        await tasks.end(*self._flights, *self._races)

    def _lane(self, stream: str) -> Lane:
        lane = self._lanes.pop(stream, None) or Lane(stream)
        self._lanes[stream] = lane  # the newest last: the dictionary is the order of last use
        if len(self._lanes) > LANES_KEPT:
            oldest = next(iter(self._lanes.values()))
            if not oldest.busy and not oldest.waiting:
                del self._lanes[oldest.stream]
        return lane

    def _wake(self) -> None:
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        line = self._line
        for ready, under_way, limit in ((line.racing, self._races, RACES), (line.ready, self._flights, FLIGHTS)):
            while ready and len(under_way) < limit and not self._stopped:
                alive = self._waiting + self._aloft
                if ready is line.ready and not self._gathering.complete(self._waiting):
                    break
                lanes, appends = self._take(ready)
                if not appends:
                    break
                if ready is line.ready:
                    self._gathering.left(alive)
                self._start(self._fly(lanes, appends), under_way)

    def _start(self, flying: Coroutine[Any, Any, None], under_way: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(flying)
        under_way.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flights.discard(task)
        self._races.discard(task)
        self._wake()

    def _take(self, ready: dict[str, Lane]) -> tuple[dict[str, Lane], list[Append]]:
        """Take the next appends of one sort (plain items, or plans) and make their lanes busy."""
        lanes: dict[str, Lane] = {}
        appends: list[Append] = []
        for lane in list(ready.values()):
            while lane.waiting and self._fits(lane.waiting[0], appends, lanes):
                append = lane.waiting[0]
                for stream in append.streams:
                    taken = self._lanes[stream]
                    taken.waiting.popleft()
                    lanes[stream] = taken
                appends.append(append)
                self._patience.goes(append)
        for stream, lane in lanes.items():
            lane.busy = True
            lane.let_go()
            self._line.leave(stream)
        self._waiting -= len(appends)
        self._aloft += len(appends)
        return lanes, appends

    def _fits(self, append: Append, taken: list[Append], mine: dict[str, Lane]) -> bool:
        """Tell whether an append may join a flight: of its sort, not full, and next in all of its lanes."""
        if taken:
            plain = taken[0].item is not None
            attempts = max(append.attempts, taken[0].attempts)
            limit = FLIGHT_LIMIT if plain else RETRY_LIMITS[min(attempts, len(RETRY_LIMITS) - 1)]
            if len(taken) >= limit or (append.item is not None) != plain:
                return False
            if attempts and mine.keys().isdisjoint(append.streams):
                return False  # each further stream would make this one's write later
        lanes = [self._lanes[stream] for stream in append.streams]
        return all((not lane.busy or lane.stream in mine) and lane.waiting[0] is append for lane in lanes)

    async def _fly(self, lanes: dict[str, Lane], appends: list[Append]) -> None:
        heads: dict[str, int | None] = {}
        behind = set(lanes)
        back: list[Append] = []
        clock = asyncio.get_running_loop().time
        try:
            await learn(self._database, lanes.values(), self._learned)
            known = [append for append in appends if all(lanes[stream].head is not None for stream in append.streams)]
            give_up(set(appends).difference(known))
            heads |= {stream: lane.head for stream, lane in lanes.items()}
            if known:
                began, flight = clock(), Flight(self._database, self._keep, heads, self.rivals.any)
                back, behind = await flight.run(known)
                self.rivals.took(clock() - began)  # a look that writes nothing says nothing of how long that takes
            else:
                behind = set()
        except Exception as error:
            if not isinstance(error, StoreError):
                log.exception("a flight failed")
            # Of the store only reads are left to fail here: what was written is decided.
            give_up(appends)
        finally:
            self._aloft -= len(appends)
            for stream, lane in lanes.items():
                lane.head = heads.get(stream)
                lane.behind = stream in behind and lane.head is not None
                lane.catch_up()
            self._put_back(back, lanes)
            self._land(lanes, max((append.attempts for append in back), default=0))

    def _keep(self, batch: Batch) -> None:
        self._moved_at = asyncio.get_running_loop().time()
        if batch.events:
            self.rivals.wrote(batch.stream)
        self._kept(batch)

    def _land(self, lanes: dict[str, Lane], attempts: int) -> None:
        """Free the lanes; those where others were first when these say what they wrote, or a moment later."""
        for lane in lanes.values():
            if not lane.behind:
                self._line.free(lane)
            elif self.rivals.any(lane.stream):
                self._line.hold(lane, self.rivals.step_s, self._look)
            else:
                pause = random.uniform(0, RETRY_JITTER_S) * min(attempts, 4)  # noqa: S311  spreads those who met
                asyncio.get_running_loop().call_later(pause, self._look, lane)

    def _look(self, lane: Lane) -> None:
        """Let a lane write that has first to look what others wrote."""
        lane.let_go()
        if lane.waiting:
            self._line.enter(lane)
            self._wake()
        elif not self._stopped:
            # Nobody writes next, who would look first; and there are those who watch.
            self._start(self._fly({lane.stream: lane}, []), self._races)

    def _put_back(self, back: list[Append], held: dict[str, Lane]) -> None:
        """Let appends be first in their lanes again; those given up by their callers are not written."""
        for append in reversed(back):
            if append.future.done():
                continue
            append.attempts += 1
            for stream in append.streams:
                lane = held.get(stream) or self._lane(stream)
                lane.waiting.appendleft(append)
                self._line.back(lane)
            self._waiting += 1
