"""Connections come and go in great numbers, in order and not: what a node holds is what it held before."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis.asyncio

from tests.client.wire import handshake
from tests.faults.figures import Outcome
from tests.faults.judging import at_most
from tests.faults.link import Gone, Link
from tests.faults.rig import Node, Rig, rigged, until

AT_ONCE = 48
"""Connections under way at the same time."""
WARM = 0.1
"""Share of the cycles after which a node is as warm as it gets: memory is compared from there on."""
MEMORY_PERCENT = 5.0
SETTLE_S = 70.0
"""Longest wait until nothing is left: leases and idle connections run out within a minute."""
NONE = ("parley_sessions", "parley_appends_waiting", "parley_degraded")
"""Meters that are 0 where nobody is there and Redis carries."""
AS_BEFORE = ("parley_tasks", "parley_watched_streams", "parley_subscribed_channels")
"""Meters that are what they were before."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    cycles: int
    people: int


SHORT = Size(400, 6)
LONG = Size(100_000, 100)


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("cycles", seed, store)
    async with rigged("cycles", folder, seed, store=store) as rig:
        people = await rig.people(size.people)
        room = await rig.room(people[0], people[1:])
        tokens = [person.token for person in people]
        began = time.monotonic()
        for node in rig.nodes:  # streams stay in memory for a while: all of them on every node
            for token in tokens:
                await _visit(node, token, rig.rng, 1.0)
        await _cycles(rig, tokens, max(AT_ONCE, int(size.cycles * WARM)), rig.rng)
        await _settled(rig, outcome, None)
        before = await _held(rig)
        done = await _cycles(rig, tokens, size.cycles, rig.rng)
        outcome.seconds = time.monotonic() - began
        await _settled(rig, outcome, before)
        after = await _held(rig)
        outcome.proofs["cycles"] = done
        outcome.figures["cycles a second"] = done / outcome.seconds
        for name, value in after.items():
            outcome.figures[f"{name}, before"] = before[name]
            outcome.figures[f"{name}, after"] = value
            if name.endswith("MiB"):
                at_most(outcome, f"{name}, grown by %", 100 * (value / before[name] - 1), MEMORY_PERCENT)
        assert (await room.owner.history(room.id)) is not None
    return outcome


async def _cycles(rig: Rig, tokens: list[str], count: int, rng: random.Random) -> int:
    left = count

    async def some() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            node, token = rng.choice(rig.nodes), rng.choice(tokens)
            with contextlib.suppress(OSError, Gone, asyncio.IncompleteReadError):
                await (_abort if rng.random() < 0.2 else _visit)(node, token, rng)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return count


async def _visit(node: Node, token: str, rng: random.Random, stays: float = 0.8) -> None:
    """Come, say hello, and go: mostly when the answer is there, else at once."""
    link = await Link.open(node.server.address, lambda frame: None)
    answer = link.start("hello", {"token": token})
    if rng.random() < stays:
        await answer
    link.cut()
    await link.closed


async def _abort(node: Node, token: str, rng: random.Random) -> None:
    """Go in the middle of the handshake."""
    del token
    _, writer = await asyncio.open_connection(*node.server.address)
    request = handshake("localhost", "/ws", "parley.v1", None)[0]
    writer.write(request[: rng.randrange(len(request))])
    await asyncio.sleep(rng.uniform(0, 0.01))
    writer.transport.abort()


async def _held(rig: Rig) -> dict[str, float]:
    """Return what all nodes hold, and what they hold in Redis."""
    held: dict[str, float] = {}
    for node in rig.nodes:
        process = psutil.Process(node.server.pid)
        meters = await node.meters()
        held[f"{node.name} files"] = process.num_fds()
        held[f"{node.name} threads"] = process.num_threads()
        held[f"{node.name} memory, MiB"] = process.memory_info().rss / 2**20
        for gauge in NONE + AS_BEFORE:
            held[f"{node.name} {gauge}"] = meters[gauge]
    async with redis.asyncio.Redis(port=rig.redis.port) as client:
        held["keys in Redis"] = await client.dbsize()
        held["channels in Redis"] = len(await client.pubsub_channels())
    return held


async def _settled(rig: Rig, outcome: Outcome, before: dict[str, float] | None) -> None:
    """Wait until nothing more is held than before, or than a few."""
    held: dict[str, float] = {}

    async def look() -> None:
        while True:
            held.update(await _held(rig))
            await asyncio.sleep(0.25)

    def back() -> bool:
        if not held:
            return False
        if before is None:
            return all(value == 0 for name, value in held.items() if name.endswith(NONE))
        # The rig's own questions keep a connection or two open at any moment.
        return all(held[name] <= value + 3 for name, value in before.items() if not name.endswith("MiB"))

    looking = asyncio.ensure_future(look())
    try:
        await until(back, SETTLE_S, "everything to be let go")
    except AssertionError:
        more = {name: (value, (before or {}).get(name, 0)) for name, value in held.items()}
        outcome.wrong.append(f"not all was let go: {more}")
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
