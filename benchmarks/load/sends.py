"""Acknowledged sends: ``size`` people, each with one message on the way; the next one goes when it is answered."""

import asyncio
from functools import partial
from time import perf_counter

from picows import WSFrame, WSTransport

from benchmarks.load.dialect import Dialect
from benchmarks.load.dialects import dialect
from benchmarks.load.histogram import Histogram
from benchmarks.load.meters import contention, read_meters
from benchmarks.load.sockets import Socket, is_answer, is_message, send, sockets, until
from benchmarks.load.task import Failed, Person, Result, Stopwatch, Task, read_people

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
        self.took = Histogram()
        """From a message to its answer. Each talker waits for one before the next goes."""


class Talker(Socket):
    """One person with one message on the way."""

    __slots__ = ("acked", "began", "clock", "number", "room", "seen", "talking")

    def __init__(self, dialect: Dialect, room: str, number: int, clock: Clock) -> None:
        super().__init__(dialect, number)
        self.room = room
        self.number = number
        self.clock = clock
        self.talking = False
        self.began = 0.0
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
        self.clock.took.record(self.clock.last - self.began)
        if self.clock.last < self.clock.until and self.acked < MOST_SENDS:
            self.next()
        else:
            self.talking = False

    def next(self) -> None:
        """Send the next message."""
        self.talking = True
        self.began = perf_counter()
        self.say(send(self.room, self.acked + 1, self.number))


def placed(task: Task) -> tuple[list[Person], list[str]]:
    """Return who sends, and where each of them does.

    The option ``rooms`` is ``one`` for the room of the first 50 talkers, ``own`` for a room each, or ``sized`` for the
    room that holds as many of the crowd.
    """
    people, count = read_people(task), task.size
    if task.options["rooms"] == "sized":
        return people.crowd[:count], [people.rooms.sized[count]] * count
    return people.talkers[:count], {"one": [people.rooms.fifty] * count, "own": people.rooms.own[:count]}[
        task.options["rooms"]
    ]


async def load(task: Task) -> Result:
    """Measure acknowledged sends per second, how long each took, and what the nodes did for them."""
    (people, rooms), clock = placed(task), Clock()
    speech = dialect(task, people, "")
    makers = [partial(Talker, speech, rooms[n], n, clock) for n in range(task.size)]
    async with sockets(task.ports, makers) as talkers:
        await asyncio.sleep(task.settle_s)
        for talker in talkers:
            talker.seen = 0
        before = await read_meters(task.ports)
        watch = Stopwatch(task.pid, *task.more_pids)
        clock.until = watch.began + task.seconds
        for talker in talkers:
            talker.next()
        await until(lambda: not any(talker.talking for talker in talkers), task.seconds + DRAINED_WITHIN_S)
        shares = watch.shares(clock.last)
        await asyncio.sleep(task.settle_s)
        after = await read_meters(task.ports)
    acked = judged(talkers, clock, shared=task.options["rooms"] != "own")
    rate = {"per_s": acked / (clock.last - watch.began)}
    return rate | clock.took.told("ack") | contention(before, after, acked) | shares


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
