"""Latency on a quiet node: one message after another at a fixed pace, whether or not the last one has arrived."""

import asyncio
from functools import partial
from time import perf_counter

from picows import WSFrame, WSTransport

from benchmarks.load.deliveries import SETTLE_S
from benchmarks.load.sockets import Socket, greetings, is_answer, is_message, send, sockets, until
from benchmarks.load.task import Failed, Person, Result, Task, read_people

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
        self.refused = b""


class Member(Socket):
    """One member; its nth copy is the nth message, since there is one order for everybody."""

    __slots__ = ("seen", "watch")

    def __init__(self, first: bytes, watch: Watch) -> None:
        super().__init__(first)
        self.watch = watch
        self.seen = 0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take the time of an answer or a copy."""
        now = perf_counter()
        watch = self.watch
        if not watch.sent:
            self.greeted(frame)
        elif is_message(frame):
            watch.copies.append(now - watch.sent[min(self.seen, len(watch.sent) - 1)])
            self.seen += 1
        elif is_answer(frame):
            if b'"err"' in (payload := frame.get_payload_as_bytes())[:40]:
                watch.refused = payload[:300]
            watch.acks.append(now - watch.sent[min(len(watch.acks), len(watch.sent) - 1)])


def percentile(times: list[float], share: float) -> float:
    """Return in milliseconds the time that this share of ``times`` does not exceed."""
    times = sorted(times)
    return times[min(len(times) - 1, int(share * len(times)))] * 1000


async def load(task: Task) -> Result:
    """Measure p50 and p99 of send to answer and of send to each member's copy, in a room of ``size``."""
    if task.floor:
        talkers, room = [Person("", "", "", 0.0)] * task.size, "floor"
    else:
        people = read_people(task)
        talkers, room = people.talkers[: task.size], people.rooms.hundred
    watch = Watch()
    makers = [partial(Member, first, watch) for first in greetings(talkers, task.floor)]
    async with sockets(task.port, makers) as members:
        await asyncio.sleep(SETTLE_S)
        await paced(members[0], watch, room, round(task.seconds / PACE_S))
        wanted = len(watch.sent) * len(members)
        await until(lambda: len(watch.copies) >= wanted and len(watch.acks) >= len(watch.sent), DRAINED_WITHIN_S)
        await asyncio.sleep(SETTLE_S)
    if watch.refused or len(watch.copies) != wanted or len(watch.acks) != len(watch.sent):
        raise Failed(f"{len(watch.copies)} copies and {len(watch.acks)} answers of {wanted}; {watch.refused!r}")
    return {
        f"{what}_p{share}": percentile(times, share / 100)
        for what, times in (("ack", watch.acks), ("deliver", watch.copies))
        for share in (50, 99)
    }


async def paced(sender: Member, watch: Watch, room: str, count: int) -> None:
    """Send ``count`` messages, each at its own time."""
    began = perf_counter()
    for number in range(1, count + 1):
        await asyncio.sleep(max(0.0, began + (number - 1) * PACE_S - perf_counter()))
        watch.sent.append(perf_counter())
        sender.say(send(room, number))
