"""Latency: an open loop. Each message has its time, whether or not the last one has arrived.

Times count from when a message was due, not from when it was sent: what keeps the driver from sending is in them too.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from time import perf_counter

from picows import WSFrame, WSTransport

from benchmarks.load.dialect import Dialect
from benchmarks.load.dialects import dialect
from benchmarks.load.histogram import Histogram
from benchmarks.load.meters import read_meters, stall_ms
from benchmarks.load.sockets import Socket, sockets, until
from benchmarks.load.task import Failed, Person, Result, Stopwatch, Task, read_people

PACE_S = 0.02
"""Between two messages, where the option ``pace_s`` says nothing else."""

DRAINED_WITHIN_S = 10
"""The longest wait for the last copies."""


class Watch:
    """When messages were due, and how long answers and copies took."""

    def __init__(self, nodes: int) -> None:
        self.due: list[float] = []
        self.acks = Histogram()
        self.copies = [Histogram() for _ in range(nodes)]
        """For each node those of its members."""
        self.refused = ""

    def since(self, number: int) -> float:
        """Return how long it is since message ``number``, from 0, was due."""
        return perf_counter() - self.due[min(number, len(self.due) - 1)]

    def count(self) -> int:
        """Return how many copies have come."""
        return sum(copies.count for copies in self.copies)


class Member(Socket):
    """One member; its nth copy is the nth message, since there is one order for everybody."""

    __slots__ = ("seen", "took", "watch")

    def __init__(self, dialect: Dialect, number: int, watch: Watch) -> None:
        super().__init__(dialect, number)
        self.watch = watch
        self.took = watch.copies[number % len(watch.copies)]
        self.seen = 0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take the time of an answer or a copy."""
        watch = self.watch
        if not watch.due:
            self.greeted(frame)
            return
        copies = self.dialect.copies(frame)
        for _ in range(copies):
            self.took.record(watch.since(self.seen))
            self.seen += 1
        try:
            answers = self.dialect.answers(frame)
        except Failed as error:
            watch.refused, answers = str(error), 1
        for _ in range(answers):
            watch.acks.record(watch.since(watch.acks.count))
        if not copies and not answers:
            self.greeted(frame)


def spoken(task: Task) -> Dialect:
    """Return the dialect of the room that the option ``room`` names: in ``hundred`` are the talkers, else the crowd."""
    if task.strangers:
        return dialect(task, (), "")
    people = read_people(task)
    members: Sequence[Person] = people.talkers
    if task.options.get("room") == "thousand":
        members = people.crowd
    return dialect(task, members[: task.size], getattr(people.rooms, task.options.get("room", "hundred")))


async def load(task: Task) -> Result:
    """Measure send to answer and send to each member's copy in a room of ``size``, a message each ``pace_s``."""
    speech, watch, pace_s = spoken(task), Watch(len(task.ports)), task.options.get("pace_s", PACE_S)
    makers = [partial(Member, speech, number, watch) for number in range(task.size)]
    nodes = [] if task.strangers else task.ports
    async with sockets(task.ports, makers) as members:
        await asyncio.sleep(task.settle_s)
        before, work = await read_meters(nodes), Stopwatch(task.pid, *task.more_pids)
        await paced(members[0], watch, round(task.seconds / pace_s), pace_s)
        wanted = len(watch.due) * len(members)
        await until(lambda: watch.count() >= wanted and watch.acks.count >= len(watch.due), DRAINED_WITHIN_S)
        shares = work.shares(perf_counter())
        await asyncio.sleep(task.settle_s)
        after = await read_meters(nodes)
    if watch.refused or watch.count() != wanted or watch.acks.count != len(watch.due):
        raise Failed(f"{watch.count()} copies and {watch.acks.count} answers of {wanted} {watch.refused}")
    return told(watch) | ({"stall": stall_ms(before, after)} if nodes else {}) | shares


def told(watch: Watch) -> Result:
    """Return the percentiles of answers and of copies; where there are several nodes, of each node's too."""
    every, result = Histogram(), watch.acks.told("ack")
    for number, copies in enumerate(watch.copies):
        every.merge(copies)
        result |= copies.told(f"deliver{number}") if len(watch.copies) > 1 else {}
    return result | every.told("deliver")


async def paced(sender: Member, watch: Watch, count: int, pace_s: float) -> None:
    """Send ``count`` messages, each at its own time."""
    began = perf_counter()
    for number in range(1, count + 1):
        due = began + (number - 1) * pace_s
        await asyncio.sleep(max(0.0, due - perf_counter()))
        watch.due.append(due)
        sender.say(sender.dialect.message(number))
