"""Latency on a quiet node: one message after another at a fixed pace, whether or not the last one has arrived."""

import asyncio
from functools import partial
from time import perf_counter

from picows import WSFrame, WSTransport

from benchmarks.load.deliveries import SETTLE_S
from benchmarks.load.dialect import Dialect
from benchmarks.load.dialects import dialect
from benchmarks.load.sockets import Socket, sockets, until
from benchmarks.load.task import Failed, Result, Task, read_people

PACE_S = 0.02
"""Between two messages: 50 a second leave a node of any speed idle most of the time."""

DRAINED_WITHIN_S = 10
"""The longest wait for the last copies."""


class Watch:
    """When messages were written to the socket, and how long answers and copies took."""

    def __init__(self) -> None:
        self.sent: list[float] = []
        self.acks: list[float] = []
        self.copies: list[float] = []
        self.refused = ""


class Member(Socket):
    """One member; its nth copy is the nth message, since there is one order for everybody."""

    __slots__ = ("seen", "watch")

    def __init__(self, dialect: Dialect, number: int, watch: Watch) -> None:
        super().__init__(dialect, number)
        self.watch = watch
        self.seen = 0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take the time of an answer or a copy."""
        now = perf_counter()
        watch = self.watch
        if not watch.sent:
            self.greeted(frame)
            return
        copies = self.dialect.copies(frame)
        for _ in range(copies):
            watch.copies.append(now - watch.sent[min(self.seen, len(watch.sent) - 1)])
            self.seen += 1
        try:
            answers = self.dialect.answers(frame)
        except Failed as error:
            watch.refused, answers = str(error), 1
        for _ in range(answers):
            watch.acks.append(now - watch.sent[min(len(watch.acks), len(watch.sent) - 1)])
        if not copies and not answers:
            self.greeted(frame)


def percentile(times: list[float], share: float) -> float:
    """Return in milliseconds the time that this share of ``times`` does not exceed."""
    times = sorted(times)
    return times[min(len(times) - 1, int(share * len(times)))] * 1000


async def load(task: Task) -> Result:
    """Measure p50 and p99 of send to answer and of send to each member's copy, in a room of ``size``."""
    people = None if task.strangers else read_people(task)
    speech = dialect(task, people.talkers, people.rooms.hundred) if people else dialect(task, (), "")
    watch = Watch()
    makers = [partial(Member, speech, number, watch) for number in range(task.size)]
    async with sockets(task.port, makers) as members:
        await asyncio.sleep(SETTLE_S)
        await paced(members[0], watch, round(task.seconds / PACE_S))
        wanted = len(watch.sent) * len(members)
        await until(lambda: len(watch.copies) >= wanted and len(watch.acks) >= len(watch.sent), DRAINED_WITHIN_S)
        await asyncio.sleep(SETTLE_S)
    if watch.refused or len(watch.copies) != wanted or len(watch.acks) != len(watch.sent):
        raise Failed(f"{len(watch.copies)} copies and {len(watch.acks)} answers of {wanted} {watch.refused}")
    return {
        f"{what}_p{share}": percentile(times, share / 100)
        for what, times in (("ack", watch.acks), ("deliver", watch.copies))
        for share in (50, 99)
    }


async def paced(sender: Member, watch: Watch, count: int) -> None:
    """Send ``count`` messages, each at its own time."""
    began = perf_counter()
    for number in range(1, count + 1):
        await asyncio.sleep(max(0.0, began + (number - 1) * PACE_S - perf_counter()))
        watch.sent.append(perf_counter())
        sender.say(sender.dialect.message(number))
