"""Acknowledged sends: ``size`` people, each with one message on the way; the next one goes when it is answered."""

import asyncio
from functools import partial
from time import perf_counter

from picows import WSFrame, WSTransport

from benchmarks.load.deliveries import SETTLE_S
from benchmarks.load.dialect import Dialect
from benchmarks.load.dialects import dialect
from benchmarks.load.sockets import Socket, is_answer, is_message, send, sockets, until
from benchmarks.load.task import Failed, Result, Stopwatch, Task, read_people

MOST_SENDS = 100_000
"""Bound for one sender, whatever the time."""

DRAINED_WITHIN_S = 30
"""The longest wait for the last answers and copies."""


class Clock:
    """What the senders share."""

    def __init__(self) -> None:
        self.until = 0.0
        self.last = 0.0
        """When the latest answer came."""
        self.refused = b""


class Talker(Socket):
    """One person with one message on the way."""

    __slots__ = ("acked", "clock", "number", "room", "seen", "talking")

    def __init__(self, dialect: Dialect, room: str, number: int, clock: Clock) -> None:
        super().__init__(dialect, number)
        self.room = room
        self.number = number
        self.clock = clock
        self.talking = False
        self.acked = 0
        self.seen = 0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Count a copy, or take an answer."""
        if is_message(frame):
            self.seen += 1
        elif not self.talking:
            self.greeted(frame)
        elif is_answer(frame):
            self.answered(frame.get_payload_as_bytes())

    def answered(self, payload: bytes) -> None:
        """Count an answer and go on while there is time."""
        if b'"err"' in payload[:40]:
            self.clock.refused = payload[:300]
        self.acked += 1
        self.clock.last = perf_counter()
        if self.clock.last < self.clock.until and self.acked < MOST_SENDS:
            self.next()
        else:
            self.talking = False

    def next(self) -> None:
        """Send the next message."""
        self.talking = True
        self.say(send(self.room, self.acked + 1, self.number))


async def load(task: Task) -> Result:
    """Measure acknowledged sends per second; the option ``rooms`` is ``one``, or ``own`` for a room each."""
    people = read_people(task)
    count, clock = task.size, Clock()
    shared = task.options["rooms"] == "one"
    rooms = [people.rooms.fifty] * count if shared else people.rooms.own[:count]
    speech = dialect(task, people.talkers, "")
    makers = [partial(Talker, speech, rooms[n], n, clock) for n in range(count)]
    async with sockets(task.port, makers) as talkers:
        await asyncio.sleep(SETTLE_S)
        for talker in talkers:
            talker.seen = 0
        watch = Stopwatch(task.pid)
        clock.until = watch.began + task.seconds
        for talker in talkers:
            talker.next()
        await until(lambda: not any(talker.talking for talker in talkers), task.seconds + DRAINED_WITHIN_S)
        shares = watch.shares(clock.last)
        await asyncio.sleep(SETTLE_S)
    return {"per_s": judged(talkers, clock, shared=shared) / (clock.last - watch.began)} | shares


def judged(talkers: list[Talker], clock: Clock, *, shared: bool) -> int:
    """Return how many sends were answered, once every copy is known to have come.

    Raises:
        Failed: If a send was refused, or a copy is missing or came twice.
    """
    if clock.refused:
        raise Failed(f"refused: {clock.refused!r}")
    acked = sum(talker.acked for talker in talkers)
    for talker in talkers:
        if talker.seen != (acked if shared else talker.acked):
            raise Failed(f"talker {talker.number} saw {talker.seen} of {acked if shared else talker.acked} messages")
    return acked
