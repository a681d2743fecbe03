"""Lanes: one queue per stream that this node writes to, so that senders share a write and a stream has one order."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from services import tasks
from services.errors import Unavailable
from services.streams.append import Append, Outcome
from services.streams.batch import Batch
from services.streams.flight import Flight
from services.streams.reading import read_batch, read_head
from store.database import Database
from store.errors import StoreError

log = logging.getLogger(__name__)

FLIGHT_LIMIT = 256
"""Appends that share one write: enough to hide a disk sync behind it, few enough to stay under 20 ms of work."""

TRANSACTION_LIMIT = 64
"""Appends that share one transaction: a refusal makes all of them plan again."""

FLIGHTS = 2
"""Writes under way at once on a node: while one waits for the disk the next is prepared."""

WAITING_LIMIT = 8192
"""Appends waiting on a node; more are refused at once, before they grow old in a queue."""

LANES_KEPT = 20_000
"""Idle lanes remembered (their heads spare a read); about 300 bytes each."""


class Lane:
    """The appends that wait for one stream, and its head as far as this node knows."""

    __slots__ = ("busy", "head", "stream", "waiting")

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.head: int | None = None
        self.waiting: deque[Append] = deque()
        self.busy = False


class Lanes:
    """All lanes of a node. ``deliver`` is called with every batch in the order of its stream, once it is durable."""

    def __init__(self, database: Database, deliver: Callable[[Batch], None]) -> None:
        self._database = database
        self._deliver = deliver
        self._lanes: dict[str, Lane] = {}
        self._ready: dict[str, Lane] = {}
        self._flights: set[asyncio.Task[None]] = set()
        self._waiting = 0
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
        if self._closed or self._waiting >= WAITING_LIMIT:
            raise Unavailable("too many writes are waiting")
        for stream in append.streams:
            lane = self._lane(stream)
            lane.waiting.append(append)
            if not lane.busy:
                self._ready[stream] = lane
        self._waiting += 1
        self._wake()
        return append.future

    async def close(self) -> None:
        """Take nothing more, and return when everything that was taken is decided."""
        self._closed = True
        while self._flights or self._waiting:
            if self._flights:
                await asyncio.wait(self._flights)
            else:
                await asyncio.sleep(0)

    async def stop(self) -> None:
        """Give up what is not decided yet: only the store knows what became of it."""
        self._closed = self._stopped = True
        await tasks.end(*self._flights)

    def _lane(self, stream: str) -> Lane:
        lane = self._lanes.pop(stream, None) or Lane(stream)
        self._lanes[stream] = lane  # the newest last: the dictionary is the order of last use
        if len(self._lanes) > LANES_KEPT:
            oldest = next(iter(self._lanes.values()))
            if not oldest.busy and not oldest.waiting:
                del self._lanes[oldest.stream]
        return lane

    def _wake(self) -> None:
        if not self._pumping and len(self._flights) < FLIGHTS:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        while self._ready and len(self._flights) < FLIGHTS and not self._stopped:
            lanes, appends = self._take()
            if not appends:
                return
            task = asyncio.create_task(self._fly(lanes, appends))
            self._flights.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flights.discard(task)
        self._wake()

    def _take(self) -> tuple[dict[str, Lane], list[Append]]:
        """Take the next appends of one sort (plain items, or plans) and make their lanes busy."""
        lanes: dict[str, Lane] = {}
        appends: list[Append] = []
        for lane in list(self._ready.values()):
            while lane.waiting and self._fits(lane.waiting[0], appends, lanes):
                append = lane.waiting[0]
                for stream in append.streams:
                    taken = self._lanes[stream]
                    taken.waiting.popleft()
                    lanes[stream] = taken
                appends.append(append)
        for stream, lane in lanes.items():
            lane.busy = True
            self._ready.pop(stream, None)
        self._waiting -= len(appends)
        return lanes, appends

    def _fits(self, append: Append, taken: list[Append], mine: dict[str, Lane]) -> bool:
        """Tell whether an append may join a flight: of its sort, not full, and next in all of its lanes."""
        if taken:
            plain = taken[0].item is not None
            limit = FLIGHT_LIMIT if plain else TRANSACTION_LIMIT
            if len(taken) >= limit or (append.item is not None) != plain:
                return False
        lanes = [self._lanes[stream] for stream in append.streams]
        return all((not lane.busy or lane.stream in mine) and lane.waiting[0] is append for lane in lanes)

    async def _fly(self, lanes: dict[str, Lane], appends: list[Append]) -> None:
        flight = Flight(self._database, self._deliver, {stream: lane.head for stream, lane in lanes.items()})
        behind: set[str] = set(lanes)
        back: list[Append] = appends
        try:
            for lane in lanes.values():
                if lane.head is None:
                    lane.head = (await read_head(self._database, lane.stream))[0]
                    flight.heads[lane.stream] = lane.head
                    # Whoever believes in an older head has missed something, and may not be believed.
                    self._deliver(Batch(lane.stream, lane.head, lane.head, []))
            back, behind = await flight.run(appends)
        except Exception as error:
            if not isinstance(error, StoreError):
                log.exception("a flight failed")
            # Of the store only reads are left to fail here: what was written is decided.
            back = []
            for append in appends:
                if not append.future.done():
                    append.future.set_exception(Unavailable())
        finally:
            for stream, lane in lanes.items():
                lane.head = flight.heads.get(stream)
            await self._land(lanes, back, behind)

    async def _land(self, lanes: dict[str, Lane], back: list[Append], behind: set[str]) -> None:
        """Learn what others wrote, put back what has to be tried again, and free the lanes."""
        for stream in behind:
            lane = lanes[stream]
            try:
                await self._catch_up(lane)
            except StoreError:
                lane.head = None
        self._put_back(back, lanes)
        for stream, lane in lanes.items():
            lane.busy = False
            if lane.waiting:
                self._ready[stream] = lane

    def _put_back(self, back: list[Append], held: dict[str, Lane]) -> None:
        """Let appends be first in their lanes again, with a plan; those given up by their callers are not written."""
        for append in reversed(back):
            if append.future.done():
                continue
            append.attempts += 1
            append.item = None
            for stream in append.streams:
                lane = held.get(stream) or self._lane(stream)
                lane.waiting.appendleft(append)
                if not lane.busy:
                    self._ready[stream] = lane
            self._waiting += 1

    async def _catch_up(self, lane: Lane) -> None:
        if lane.head is None:
            return
        while (batch := await read_batch(self._database, lane.stream, lane.head)).events:
            self._deliver(batch)
            lane.head = batch.last
