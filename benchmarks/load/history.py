"""History: the 50 newest messages of a room, over and over, on ``size`` keep-alive connections."""

import asyncio
from time import perf_counter

import msgspec

from benchmarks.load.rest import Connection, connections, request
from benchmarks.load.task import Failed, Result, Stopwatch, Task, read_people

PAGE = 50
MOST_READS = 200_000
"""Bound of one load, whatever the time."""


def check_page(content: bytes, newest: int) -> None:
    """Check that an answer is the page that was asked for.

    Raises:
        Failed: If it is not 50 messages, the last of them the newest.
    """
    items = msgspec.json.decode(content)["items"]
    if len(items) != PAGE or items[-1]["seq"] != newest:
        raise Failed(f"{len(items)} items up to {items[-1]['seq'] if items else None}, not {PAGE} up to {newest}")


async def load(task: Task) -> Result:
    """Measure reads per second; the option ``newest`` is the seq of the room's newest message."""
    people = read_people(task)
    path = f"/api/rooms/{people.rooms.history}/messages?limit={PAGE}"
    wanted = request("GET", path, people.talkers[0].token)
    reads, status, content = 0, 0, b""
    watch = Stopwatch(task.pid)
    until = watch.began + task.seconds

    async def reader(connection: Connection) -> None:
        nonlocal reads, status, content
        while perf_counter() < until and reads < MOST_READS:
            reads += 1
            status, content = await connection.ask(wanted)
            if status != 200:
                raise Failed(f"GET {path}: {status} {content[:300]!r}")

    async with connections(task.port, task.size) as opened:
        await asyncio.gather(*[reader(connection) for connection in opened])
        ended = perf_counter()
        shares = watch.shares(ended)
    check_page(content, task.options["newest"])
    return {"per_s": reads / (ended - watch.began)} | shares
