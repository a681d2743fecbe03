"""Hello: connect, resume with everything up to date, disconnect; ``size`` at the same time, as often as it goes."""

import asyncio
from functools import partial
from time import perf_counter
from typing import Any

import msgspec
from picows import WSFrame, WSTransport

from benchmarks.load.dialect import Dialect
from benchmarks.load.dialects import dialect
from benchmarks.load.parley import Floor, Parley
from benchmarks.load.sockets import Socket, connect, hello
from benchmarks.load.task import Failed, Person, Result, Stopwatch, Task, read_people

MOST_HELLOS = 100_000
"""Bound of one load, whatever the time."""

RETURNING = 200
"""People who take turns in coming back."""


class Visit(Socket):
    """A socket that only says hello."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take the greeting."""
        self.greeted(frame)


async def resuming(port: int, person: Person) -> bytes:
    """Visit once and return the hello with which this person comes back."""
    visit = await connect(port, lambda: Visit(Parley([hello(person.token)], ""), 0))
    answer: dict[str, Any] = msgspec.json.decode(visit.live.result())["ok"]
    visit.close()
    return hello(person.token, answer["epoch"], {room["id"]: room["head"] for room in answer["rooms"]})


def check_answer(answer: bytes) -> None:
    """Check that a resume was one.

    Raises:
        Failed: If any room is not ``ok``: nothing happened meanwhile.
    """
    states = {room["state"] for room in msgspec.json.decode(answer)["ok"]["rooms"]}
    if states != {"ok"}:
        raise Failed(f"a resume found its rooms in the states {sorted(states)}")


async def greetings(task: Task) -> Dialect:
    """Return how a connection begins: Parley resumes, a floor echoes, of a peer a room is joined."""
    if task.floor:
        return Floor(b"x" * 400)
    if task.dialect:
        return dialect(task, (), "")
    returning = read_people(task).crowd[:RETURNING]
    return Parley([await resuming(task.port, person) for person in returning], "")


async def load(task: Task) -> Result:
    """Measure connections with a resumed hello per second."""
    speech = await greetings(task)
    count, answer = 0, b""
    watch = Stopwatch(task.pid, *task.more_pids)
    until = watch.began + task.seconds

    async def visitor() -> None:
        nonlocal count, answer
        while perf_counter() < until and count < MOST_HELLOS:
            number, count = count, count + 1
            visit = await connect(task.port, partial(Visit, speech, number))
            answer = visit.live.result()
            visit.close()

    await asyncio.gather(*[visitor() for _ in range(task.size)])
    ended = perf_counter()
    shares = watch.shares(ended)
    if not task.strangers:
        check_answer(answer)
    return {"per_s": count / (ended - watch.began)} | shares
