"""The store is broken while people write through two nodes: no false acknowledgement, no wait over five seconds."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.client.mirror import Mirror
from tests.client.rest import Rest
from tests.client.site import Site
from tests.client.truth import converged
from tests.client.wire import VIOLATIONS
from tests.faults.figures import Outcome, percentile
from tests.faults.judging import at_most
from tests.faults.stores import Store, opened
from tests.faults.talkers import Record, Talker, judge
from tests.parts import Redis
from tests.processes import ServerProcess, running

ROOMS = 4
NODES = 2

ANSWER_S = 5.0
"""Seconds within which every request is answered, whatever the answer."""

AGAIN_S = 5.0
"""Seconds from the election, or the end of the fault, to the first message kept on each node."""

QUEUE = 500
"""Appends that may wait on a node whose store stands still."""

LOOK_S = 0.2
"""Pause between two looks at what waits."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    people: int
    faults: tuple[str, ...]
    """By name; none are all that the store knows."""
    seconds: float
    """How long a fault lasts, where that can be chosen."""
    calm_s: float
    """Time before each fault, and after it."""


SHORT = Size(12, ("held", "stepped down", "without a majority"), 5.5, 1.0)
LONG = Size(20, (), 20.0, 4.0)


@dataclass
class Stage:
    """The store, the nodes, those who write and those who listen."""

    store: Store
    servers: list[ServerProcess]
    talkers: list[Talker] = field(default_factory=list)
    mirrors: list[Mirror] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    record: Record = field(default_factory=Record)
    waiting: list[float] = field(default_factory=list)
    """Appends that waited on a node, at each look."""


@contextlib.asynccontextmanager
async def staged(kind: str, folder: Path, seed: int, people: int) -> AsyncIterator[Stage]:
    """Start a store and two nodes, and let people in: every third one speaks through REST, and one a node listens."""
    rng = random.Random(seed)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        store = stack.enter_context(opened(kind, folder))
        redis = stack.enter_context(Redis())
        stage = Stage(store, [])
        for number in range(NODES):
            data, more = store.arguments(number)
            server = ServerProcess(data, *more, "--redis-url", redis.url, "--node", f"n{number}")
            stage.servers.append(await stack.enter_async_context(running(server)))
        sites = [await stack.enter_async_context(Site(server.address)) for server in stage.servers]
        owner = await sites[0].register("owner")
        for number in range(ROOMS):
            made = await owner.post("rooms", body={"name": f"room {number}", "kind": "public"})
            stage.rooms.append(made["id"])
        for number in range(people + NODES):
            site = sites[number % NODES]
            account = await site.register("person")
            for room in stage.rooms:
                await account.post("rooms", room, "members", body={})
            if number >= people:
                stage.mirrors.append(Mirror(site, account))
                await stage.mirrors[-1].connect()
                continue
            talker = Talker(number % NODES, account, stage.rooms, stage.record, rng)
            if number % 3:
                talker.socket = await site.connect(account, deaf=True)
            stage.talkers.append(talker)
        yield stage


@contextlib.asynccontextmanager
async def talking(stage: Stage) -> AsyncIterator[None]:
    """Let everybody write inside the block; at its end all is answered."""
    going = asyncio.Event()
    going.set()
    talks = [asyncio.ensure_future(talker.talk(going)) for talker in stage.talkers]
    watch = asyncio.ensure_future(_watch(stage))
    try:
        yield
        going.clear()
        await asyncio.gather(*talks)
    finally:
        for task in (watch, *talks):
            task.cancel()
        await asyncio.gather(watch, *talks, return_exceptions=True)


async def _watch(stage: Stage) -> None:
    """Look again and again how many appends wait on the nodes."""
    rests = [Rest(server.address) for server in stage.servers]
    try:
        while True:
            for rest in rests:
                page = (await rest.request("GET", "/metrics")).body.decode()
                lines = (line.split() for line in page.splitlines())
                stage.waiting += [float(line[1]) for line in lines if line[0] == "parley_appends_waiting"]
            await asyncio.sleep(LOOK_S)
    finally:
        for rest in rests:
            await rest.close()


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("store", seed, store)
    VIOLATIONS.clear()
    async with staged(store, folder, seed, size.people) as stage:
        began = time.monotonic()
        for name in stage.store.faults:
            if not size.faults or name in size.faults:
                await _broken(outcome, stage, name, size)
        outcome.seconds = time.monotonic() - began
        kept = await judge(stage.record, [stage.talkers[node].account for node in range(NODES)], stage.rooms)
        outcome.figures["messages, each kept once and in order"] = kept
        for mirror in stage.mirrors:
            assert mirror.socket is not None
            if mirror.socket.closed.done():
                outcome.wrong.append(f"the socket of somebody who listens was closed: {mirror.socket.closed.result()}")
            elif mirror.seen["reset"]:
                outcome.wrong.append("rooms were taken for restored ones")
            else:
                await converged(mirror)
    outcome.wrong += VIOLATIONS[:3]
    return outcome


async def _broken(outcome: Outcome, stage: Stage, name: str, size: Size) -> None:
    """Break the store in one way under load, and note the figures."""
    stage.record.answers.clear()
    stage.waiting.clear()
    async with talking(stage):
        await asyncio.sleep(size.calm_s)
        began = time.monotonic()
        again = await stage.store.faults[name](size.seconds)
        await asyncio.sleep(size.calm_s)
    stage.store.mend()
    answers = stage.record.answers
    done = [one.took for one in answers if one.code == "ok"]
    refused = [one.took for one in answers if one.code != "ok"]
    outcome.figures[f"{name}: could be kept again after, s"] = again - began
    at_most(outcome, f"{name}: kept on each node again after, s", stage.record.gap(NODES, again), AGAIN_S)
    outcome.figures[f"{name}: acknowledged"] = len(done)
    outcome.figures[f"{name}: acknowledged, p99 s"] = percentile(done, 99)
    at_most(outcome, f"{name}: acknowledged, longest s", max(done), ANSWER_S)
    outcome.figures[f"{name}: refused with 503"] = len(refused)
    at_most(outcome, f"{name}: refused, longest s", max(refused, default=0.0), ANSWER_S)
    at_most(outcome, f"{name}: waiting on a node, most", max(stage.waiting), QUEUE)
    if again - began > ANSWER_S and not refused:
        outcome.wrong.append(f"{name}: nobody was refused anything, so nothing was broken")
