"""Reads: one GET over and over, on ``size`` connections that are kept alive."""

import asyncio
import random
from time import perf_counter

import msgspec

from benchmarks.load.histogram import Histogram
from benchmarks.load.meters import questions, read_meters
from benchmarks.load.rest import Connection, connections, request
from benchmarks.load.task import Failed, People, Result, Stopwatch, Task, read_people

MOST_READS = 200_000
"""Bound of one load, whatever the time."""


class Tally:
    """What all readers did."""

    def __init__(self, task: Task, until: float) -> None:
        self.path = task.options["path"]
        self.places = task.options.get("places", 0)
        """Of how many places one is drawn for each read; 0 where the path says it all."""
        self.until = until
        self.reads = 0
        self.took = Histogram()
        self.content = b""
        """The latest answer."""

    def wanted(self, token: str) -> bytes:
        """Return the next request."""
        place = f"&before={random.randint(100, self.places)}" if self.places else ""
        return request("GET", f"{self.path}{place}", token)

    async def read(self, connection: Connection, token: str) -> None:
        """Read until the time is over; the connection's next read waits for its last."""
        same = self.wanted(token)
        while (began := perf_counter()) < self.until and self.reads < MOST_READS:
            self.reads += 1
            status, self.content = await connection.ask(self.wanted(token) if self.places else same)
            self.took.record(perf_counter() - began)
            if status != 200:
                raise Failed(f"GET {self.path}: {status} {self.content[:300]!r}")


def check_page(content: bytes, task: Task) -> None:
    """Check that an answer is the page that was asked for: so many ``items``, the last of them ``newest``.

    Raises:
        Failed: If it is not.
    """
    items = msgspec.json.decode(content)["items"]
    newest = task.options.get("newest")
    if len(items) != task.options["items"] or (newest and items[-1]["seq"] != newest):
        raise Failed(f"{len(items)} items up to {items[-1] if items else None}, not up to {newest}")


def tokens(people: People, task: Task) -> list[str]:
    """Return whose each connection is: talker ``talker``'s, the first of the crowd's, or another talker's each."""
    if "talker" in task.options:
        return [people.talkers[task.options["talker"]].token] * task.size
    if task.options.get("crowd"):
        return [people.crowd[0].token] * task.size
    return [people.talkers[number % len(people.talkers)].token for number in range(task.size)]


async def load(task: Task) -> Result:
    """Measure reads of the option ``path`` per second, how long each took, and what each asked of the store."""
    asking = tokens(read_people(task), task)
    ports = [] if task.floor else [task.port]
    async with connections(task.port, task.size) as opened:
        before = await read_meters(ports)
        watch = Stopwatch(task.pid)
        tally = Tally(task, watch.began + task.seconds)
        await asyncio.gather(*[tally.read(*pair) for pair in zip(opened, asking, strict=True)])
        ended = perf_counter()
        shares = watch.shares(ended)
        after = await read_meters(ports)
    check_page(tally.content, task)
    asked = {} if task.floor else {"questions": questions(before, after)["all"] / tally.reads}
    return {"per_s": tally.reads / (ended - watch.began)} | tally.took.told("read") | asked | shares
