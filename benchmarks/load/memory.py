"""Memory: what the server's resident set grows by for each connected session."""

import asyncio
from functools import partial
from pathlib import Path

from benchmarks.load.dialects import dialect
from benchmarks.load.hello import Visit
from benchmarks.load.rest import Connection, connections
from benchmarks.load.sockets import sockets
from benchmarks.load.task import Person, Result, Task, read_people

WARM = 50
"""Sessions that come and go before the first reading, so that no code or room is loaded for the first time."""

ASKING = 8
"""Connections on which people are read before the first reading."""

SETTLE_S = 1
"""Before each reading."""


def resident_kib(task: Task) -> int:
    """Return the resident set of the server's processes. What the kernel holds for its sockets is not in it."""
    lines = [
        line for pid in (task.pid, *task.more_pids) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    ]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


async def read_records(task: Task, people: list[Person]) -> None:
    """Have the server read everybody and their rooms once: the pages of its database are no part of a session."""
    async with connections(task.port, ASKING) as opened:
        waiting = iter(people)

        async def reader(connection: Connection) -> None:
            for person in waiting:
                await connection.call("GET", "/api/users/me", person.token)
                await connection.call("GET", "/api/rooms", person.token)

        await asyncio.gather(*[reader(connection) for connection in opened])


async def load(task: Task) -> Result:
    """Measure KiB a session with ``size`` sessions connected and idle."""
    people = [] if task.strangers else read_people(task).crowd[: task.size]
    speech = dialect(task, people, "")
    makers = [partial(Visit, speech, number) for number in range(task.size)]
    if people:
        await read_records(task, people)
    async with sockets(task.ports, makers[:: max(1, task.size // WARM)]):
        await asyncio.sleep(SETTLE_S)
    await asyncio.sleep(SETTLE_S)
    before = resident_kib(task)
    async with sockets(task.ports, makers):
        await asyncio.sleep(SETTLE_S)
        after = resident_kib(task)
    return {"kib": (after - before) / task.size}
