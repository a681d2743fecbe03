"""Many calls at once on one node, an answer that other devices hear of, and one who abuses signals."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import cycle
from time import perf_counter

from picows import WSError

from benchmarks.load.calling import Line, Phone, Took, gathered, lines, paced
from benchmarks.load.meters import read_meters, stall_ms
from benchmarks.load.parley import Parley
from benchmarks.load.prepare import PASSWORD
from benchmarks.load.rest import connections
from benchmarks.load.sockets import connect, hello
from benchmarks.load.task import Failed, Person, Result, Stopwatch, Task, read_people

BEGINNING_PER_S = 25
"""Calls that begin in a second."""

SAYING_PER_S = 500
"""Signals in a second while all go on, each way half of them: every phone says something each other second."""

QUIET_LINES = 8
"""Calls beside the one that is abused: with limits on, no more sockets are let in at once."""
QUIET_PER_S = 64
"""Signals in a second in these."""

ABUSE_PER_S = 1000

RINGING_PER_S = 10
"""Calls answered in a second where others hear of it."""


async def speaking(held: Sequence[Line], per_s: float, seconds: float, *, pinging: bool = False) -> None:
    """Have so many signals sent a second, over all lines in turn; with ``pinging`` a ping beside each pair of them."""

    async def once(line: Line) -> None:
        line.speak()
        if pinging:
            await line.caller.ask("ping")

    turns = cycle(held)
    await paced([partial(once, next(turns)) for _ in range(round(per_s / 2 * seconds))], per_s / 2)
    await asyncio.sleep(0.2)


async def load(task: Task) -> Result:
    """Hold ``size`` calls at once, each begun, spoken in and ended."""
    people = read_people(task).crowd[: 2 * task.size]
    async with lines(task, people) as held:
        before, watch = await read_meters(task.ports), Stopwatch(task.pid)
        await paced([line.begin for line in held], BEGINNING_PER_S)
        begun = gathered(held)
        shares = watch.shares(perf_counter(), "begin_")
        watch = Stopwatch(task.pid)
        await speaking(held, SAYING_PER_S, task.seconds, pinging=True)
        said = gathered(held)
        shares |= watch.shares(perf_counter(), "said_")
        await paced([line.hang_up for line in held], 2 * BEGINNING_PER_S)
        ended = gathered(held)
        after = await read_meters(task.ports)
    everything = Took()
    for part in (begun, said, ended):
        for name, histogram in part.of.items():
            everything.of[name].merge(histogram)
    result = everything.told() | {f"said_{name}": value for name, value in said.told().items()}
    return result | shares | {"stall": stall_ms(before, after)}


async def abuse(task: Task) -> Result:
    """Measure signals in some calls, alone and while in another one somebody sends far more than anybody may."""
    people = read_people(task).crowd[: 2 * (QUIET_LINES + 1)]
    async with lines(task, people) as held:
        await paced([line.begin for line in held], BEGINNING_PER_S)
        bad, *good = held
        await speaking(good, QUIET_PER_S, task.seconds)
        gathered(held)
        await speaking(good, QUIET_PER_S, task.seconds)
        floor = gathered(good)
        end = asyncio.Event()
        flood = asyncio.create_task(flooding(task, bad, end))
        await asyncio.sleep(task.settle_s)
        watch = Stopwatch(task.pid)
        await speaking(good, QUIET_PER_S, task.seconds)
        shares = watch.shares(perf_counter())
        end.set()
        sent = await flood
        result = gathered(good).told()
        for line in held:
            await line.callee.ask("call.leave", call=line.call)
    return result | shares | {f"floor_{name}": value for name, value in floor.told().items()} | sent


async def flooding(task: Task, line: Line, end: asyncio.Event) -> Result:
    """Send signals until the end, as one who comes back whenever the server closes; return what became of them."""
    phone, began, sent, closed = line.caller, perf_counter(), 0, 0
    codes = phone.codes
    while not end.is_set():
        if phone.transport is None:
            closed += 1
            speech = Parley([hello(phone.person.token)], "")
            try:
                phone = await connect(task.port, partial(Phone, speech, 0, phone.person))
            except (Failed, WSError):
                await asyncio.sleep(1)  # it is let in as often
                continue
            phone.codes = codes
        due = int((perf_counter() - began) * ABUSE_PER_S)
        for _ in range(min(due - sent, 50)):
            phone.signal(line.call, line.legs[1])
        sent = due
        await asyncio.sleep(0.005)
    phone.close()
    return {"abuse_per_s": sent / (perf_counter() - began), "abuse_taken": codes["ok"] / sent, "closed": float(closed)}


@asynccontextmanager
async def second_phones(task: Task, held: Sequence[Line]) -> AsyncIterator[list[Phone]]:
    """Give another phone, at the last node, of each of those who are called."""
    opened: list[Phone] = []
    port = task.ports[-1]
    async with connections(port, 1) as (pool,):
        for line in held:
            person = line.callee.person
            body = {"login": person.name, "password": PASSWORD}
            token = (await pool.call("POST", "/api/auth/login", body=body))["access_token"]
            mine = Person(person.name, person.id, token, person.made_at)
            opened.append(await connect(port, partial(Phone, Parley([hello(token)], ""), 0, mine)))
    try:
        yield opened
    finally:
        for phone in opened:
            phone.close()


async def rings(task: Task) -> Result:
    """Measure how soon a second device of who answers rings no more: it is at the other node, if there are two."""
    people = read_people(task).crowd[: 2 * task.size]
    first = Task(load=task.load, port=task.port, people=task.people)
    async with lines(first, people) as held, second_phones(task, held) as phones:

        async def once(line: Line, phone: Phone) -> None:
            await line.ring()
            await phone.knows("rang", perf_counter(), lambda call: call["id"] == line.call)
            due = perf_counter()
            quiet = phone.knows("quiet", due, lambda call: call["id"] == line.call and call["state"] == "connecting")
            await asyncio.gather(quiet, line.answer())
            await line.connect()
            await line.hang_up()

        took = Took()
        for _ in range(task.options.get("rounds", 3)):
            await paced([partial(once, line, phone) for line, phone in zip(held, phones, strict=True)], RINGING_PER_S)
        for phone in phones:
            took.of["quiet"].merge(phone.took.of["quiet"])
    return took.of["quiet"].told("quiet")
