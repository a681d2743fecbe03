"""The load driver: ``python -m benchmarks.driver`` reads a task from its standard input and prints its result.

A process of its own, on a core of its own where there are two. Compiled clients on uvloop.
"""

import asyncio
import gc
import os
import sys
from collections.abc import Awaitable, Callable

import msgspec
import uvloop

from benchmarks.load import calls, deliveries, guesses, hello, latency, memory, prepare, reads, resume, rush, sends
from benchmarks.load.task import Result, Task

LOADS: dict[str, Callable[[Task], Awaitable[Result]]] = {
    "prepare": prepare.load,
    "deliveries": deliveries.load,
    "sends": sends.load,
    "latency": latency.load,
    "memory": memory.load,
    "hello": hello.load,
    "reads": reads.load,
    "leave": resume.leave,
    "resume": resume.load,
    "guesses": guesses.load,
    "rush": rush.load,
    "calls": calls.load,
    "abuse": calls.abuse,
    "rings": calls.rings,
}

LONGEST_S = 300
"""No load takes longer, whatever goes wrong."""


async def run(task: Task) -> Result:
    """Run one load."""
    async with asyncio.timeout(LONGEST_S):
        return await LOADS[task.load](task)


def main() -> None:
    """Do the task on the last core of those that this process may use."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    gc.disable()  # nothing here lives in cycles for long, and a collection would be seen as a stall of the server
    result = uvloop.run(run(task))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
