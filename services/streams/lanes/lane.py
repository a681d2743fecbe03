"""One lane: the appends that wait for one stream, and how far that stream has come."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from services.errors import Unavailable
from services.streams.append import Append
from services.streams.batch import Batch
from services.streams.reading import READ_LIMIT, read_batch, read_head
from store.database import Database
from store.errors import StoreError

RETRY_JITTER_S = 0.004
"""Longest pause after another node was first, before looking what it wrote: else two nodes refuse each other in step.
Never between that look and the next write: the longer that takes, the surer somebody is first again."""

LOOKS = 5
"""Looks for what was first: it refuses before it is kept by a majority, and is seen only then."""


HEARD = 32
"""Batches of others that are remembered while a flight is under way."""


class Lane:
    """The appends that wait for one stream, and its head as far as this node knows."""

    __slots__ = ("behind", "busy", "head", "heard", "held", "stream", "waiting")

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.head: int | None = None
        self.behind = False
        """Whether others have written above ``head``, which is to be read before the next write."""
        self.waiting: deque[Append] = deque()
        self.busy = False
        self.heard: deque[tuple[int, int]] = deque(maxlen=HEARD)
        """What others said that they wrote while a flight was under way: after which rev, and up to which."""
        self.held: asyncio.TimerHandle | None = None
        """Ends the time that is left to others, to write or to say what they wrote."""

    def catch_up(self) -> bool:
        """Take what was heard as written above ``head``; tell whether there was any."""
        before = self.head
        for prev, last in self.heard:
            if self.head is not None and prev <= self.head < last:
                self.head = last
        self.heard.clear()
        if self.head == before:
            return False
        self.behind = False
        return True

    def let_go(self) -> None:
        """Leave no more time to others."""
        if self.held is not None:
            self.held.cancel()
            self.held = None


async def learn(database: Database, lanes: Iterable[Lane], learned: Callable[[Batch], None]) -> None:
    """Learn where streams stand and what others wrote there."""
    unseen = [lane for lane in lanes if lane.head is None or lane.behind]
    if len(unseen) == 1:
        await look(database, unseen[0], learned)
    elif unseen:
        await asyncio.gather(*(look(database, lane, learned) for lane in unseen))


async def look(database: Database, lane: Lane, learned: Callable[[Batch], None]) -> None:
    """Read the stream's head, or what is above the one known; where that cannot be read, the head is None."""
    looks = LOOKS
    try:
        while lane.head is not None:
            batch = await read_batch(database, lane.stream, lane.head)
            if batch.events:
                learned(batch)
                lane.head = batch.last
                lane.behind = False
            looks -= 1
            if len(batch.events) < READ_LIMIT and not (lane.behind and looks):
                return
            if lane.behind:
                await asyncio.sleep(RETRY_JITTER_S / 2)
    except StoreError:
        lane.head = None
    try:
        lane.head = (await read_head(database, lane.stream))[0]
    except StoreError:
        return
    # Whoever believes in an older head has missed something, and may not be believed.
    learned(Batch(lane.stream, lane.head, lane.head, []))


def give_up(appends: Iterable[Append]) -> None:
    """Tell callers that nothing was written."""
    for append in appends:
        append.fail(Unavailable())
