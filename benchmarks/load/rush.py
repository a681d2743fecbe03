"""A rush: many people log in at once while others are there already, and go on."""

import asyncio
from collections import Counter
from functools import partial
from time import perf_counter

from picows import WSFrame, WSTransport

from benchmarks.load.dialect import Dialect
from benchmarks.load.guesses import fresh
from benchmarks.load.histogram import Histogram
from benchmarks.load.meters import read_meters, stall_ms
from benchmarks.load.parley import Parley
from benchmarks.load.prepare import PASSWORD, every, register
from benchmarks.load.rest import connections, request
from benchmarks.load.sockets import Socket, hello, is_answer, sockets, until
from benchmarks.load.task import Failed, Result, Task, read_people

PACE_S = 0.02
"""Between two pings of one socket."""

ANSWERED_WITHIN_S = 10
"""The longest wait for the last answers."""

REGISTERING = 4
"""People who register at once beforehand, with the work that a hash has now."""

QUIET_S = 2.0
"""For as long there are pings and no log-ins: the floor."""


class Pinging(Socket):
    """A socket that asks for pings, one after the other, each at its own time."""

    __slots__ = ("due", "took")

    def __init__(self, dialect: Dialect, number: int) -> None:
        super().__init__(dialect, number)
        self.due: list[float] = []
        self.took = Histogram()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take the time of an answer, from when its ping was due."""
        if self.live.done() and self.due and is_answer(frame):
            self.took.record(perf_counter() - self.due.pop(0))
        else:
            self.greeted(frame)

    async def go_on(self, end: asyncio.Event) -> None:
        """Ping until the end, and wait for the last answer."""
        began, number = perf_counter(), 0
        while not end.is_set():
            number += 1
            due = began + number * PACE_S
            await asyncio.sleep(max(0.0, due - perf_counter()))
            self.due.append(due)
            self.say(b'{"op":"ping","id":%d,"d":{}}' % number)
        await until(lambda: not self.due, ANSWERED_WITHIN_S)


async def pinged(members: list[Pinging], end: asyncio.Event) -> Result:
    """Ping on all sockets until the end; return the percentiles."""
    for member in members:
        member.took = Histogram()
    await asyncio.gather(*(member.go_on(end) for member in members))
    every = Histogram()
    for member in members:
        every.merge(member.took)
    return every.told("ping")


async def quiet(members: list[Pinging]) -> Result:
    """Ping while nothing else is asked."""
    end = asyncio.Event()
    asyncio.get_running_loop().call_later(QUIET_S, end.set)
    return await pinged(members, end)


async def rush(port: int, names: list[str], end: asyncio.Event) -> Result:
    """Log all these people in at once; return how many came in, how many have to come again, and how long it took."""
    async with connections(port, len(names)) as pool:
        began = perf_counter()
        asked = [request("POST", "/api/auth/login", body={"login": name, "password": PASSWORD}) for name in names]
        answers = await asyncio.gather(*(one.ask(wanted) for one, wanted in zip(pool, asked, strict=True)))
        took = perf_counter() - began
        waits = [one.head for one in pool if b" 503 " in one.head[:16]]
    end.set()
    statuses = Counter(status for status, _ in answers)
    if set(statuses) - {200, 503} or not all(b"retry-after:" in head for head in waits):
        raise Failed(f"log-ins were answered {statuses}, or not told when to come back")
    return {"came_in": statuses[200], "told_to_wait": statuses[503], "rush_s": took}


async def load(task: Task) -> Result:
    """Measure pings of the first ten talkers, first alone, then while ``size`` others log in at once."""
    people = read_people(task)
    pinging, names = people.talkers[:10], [fresh() for _ in range(task.size)]
    async with connections(task.port, REGISTERING) as pool:
        await every(pool, [register(name) for name in names])
    speech = Parley([hello(person.token) for person in pinging], "")
    makers = [partial(Pinging, speech, number) for number in range(len(pinging))]
    async with sockets([task.port], makers) as members:
        await asyncio.sleep(task.settle_s)
        before = await read_meters([task.port])
        floor = await quiet(members)
        between, end = await read_meters([task.port]), asyncio.Event()
        result, told = await asyncio.gather(pinged(members, end), rush(task.port, names, end))
        after = await read_meters([task.port])
    result |= told | {f"floor_{name}": value for name, value in floor.items()}
    return result | {"stall": stall_ms(between, after), "floor_stall": stall_ms(before, between)}
