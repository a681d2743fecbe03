"""Redis dies, forgets, falls silent and loses messages under load: all is answered, delivered, and no socket closed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import redis.asyncio

from tests.faults.figures import Outcome, answers, closed_by_server, deliveries, percentile
from tests.faults.judging import at_most, judge, unanswered
from tests.faults.proofs import redis_deaths
from tests.faults.rig import Rig, rigged
from tests.faults.timeline import Timeline
from tests.faults.traffic import TALK, Traffic, people_in_rooms, places

COMPLETE_S = 2.0
"""From the return of Redis until all that was answered before is everywhere."""
AWAY_S = 2.0
"""Until a message is on the other nodes while Redis is away."""
FILLED_S = 7.0
"""Until what was lost in silence is everywhere."""
QUIET_S = 4.0
"""Pause after a fault, so that what it did is not taken for the doing of the next."""

LOSS = 0.01
"""Share of published messages that are lost; in the short form it is tenfold, that some are."""

Break = Callable[[Rig, float], Awaitable[None]]


async def _killed(rig: Rig, seconds: float) -> None:
    await asyncio.to_thread(rig.redis.kill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(rig.redis.start)


async def _flushed(rig: Rig, seconds: float) -> None:
    async with redis.asyncio.Redis(port=rig.redis.port) as client:
        await client.flushall()
    await asyncio.sleep(seconds)


async def _subscribers_killed(rig: Rig, seconds: float) -> None:
    async with redis.asyncio.Redis(port=rig.redis.port) as client:
        await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")  # type: ignore[no-untyped-call]
    await asyncio.sleep(seconds)


async def _black_hole(rig: Rig, seconds: float) -> None:
    for node in rig.nodes:
        node.road.black_hole()
    await asyncio.sleep(seconds)
    for node in rig.nodes:
        node.road.heal()


async def _one_in_the_dark(rig: Rig, seconds: float) -> None:
    road = rig.rng.choice(rig.nodes).road
    road.mute()
    await asyncio.sleep(seconds)
    road.heal()


async def _frozen(rig: Rig, seconds: float) -> None:
    rig.redis.freeze()
    await asyncio.sleep(seconds)
    rig.redis.thaw()


async def _lossy(rig: Rig, seconds: float) -> None:
    share = LOSS if len(rig.devices) > 100 else 10 * LOSS
    for node in rig.nodes:
        node.road.loses = lambda: rig.rng.random() < share
    await asyncio.sleep(seconds)
    for node in rig.nodes:
        node.road.heal()


FAULTS: dict[str, Break] = {
    "killed": _killed,
    "flushed": _flushed,
    "subscribers killed": _subscribers_killed,
    "black hole": _black_hole,
    "one node in the dark": _one_in_the_dark,
    "frozen": _frozen,
    "pushes dropped": _lossy,
}
SILENT = frozenset({"black hole", "one node in the dark", "frozen", "pushes dropped"})
"""Faults of which no connection tells: they have to be noticed."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    people: int
    rooms: int
    rate: float
    faults: tuple[tuple[str, float], ...]
    """Names and seconds, in the order in which they come."""
    quiet_s: float


SHORT = Size(12, 3, 60, (("killed", 0.5), ("subscribers killed", 0.3), ("flushed", 0.3), ("pushes dropped", 1.5)), 0.3)
LONG = Size(
    300,
    10,
    200,
    (
        ("killed", 0.5),
        ("killed", 3),
        ("killed", 10),
        ("flushed", 0),
        ("subscribers killed", 0),
        ("black hole", 8),
        ("one node in the dark", 8),
        ("frozen", 6),
        ("pushes dropped", 15),
    ),
    QUIET_S,
)


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("redis", seed, store)
    async with rigged("redis", folder, seed, store=store) as rig:
        await people_in_rooms(rig, size.people, size.rooms)
        await rig.begin()
        began, since = time.monotonic(), rig.history.now()
        traffic = Traffic(places(rig, rig.devices), size.rate, rig.rng, TALK)
        talking = asyncio.ensure_future(traffic.run())
        await asyncio.sleep(size.quiet_s)
        for name, seconds in size.faults:
            lost_before, fault_at = sum(node.road.lost for node in rig.nodes), rig.history.now()
            await FAULTS[name](rig, seconds)
            lost = sum(node.road.lost for node in rig.nodes) - lost_before
            rig.broke(name, "redis", fault_at, seconds=seconds, lost=lost)
            await asyncio.sleep(size.quiet_s)
        traffic.stop()
        await talking
        outcome.seconds = time.monotonic() - began
        outcome.figures["to have everything, s"] = await rig.finish(20)
    _measure(outcome, judge(outcome, folder), since)
    return outcome


def _measure(outcome: Outcome, timeline: Timeline, since: float) -> None:
    closed = closed_by_server(timeline, since)
    outcome.figures["sockets closed"] = len(closed)
    outcome.wrong += [f"{len(closed)} sockets were closed: {closed[:3]}"] if closed else []
    again = unanswered(timeline)
    outcome.figures["calls not answered at once"] = len(again)
    outcome.wrong += [f"{len(again)} calls were not answered at once: {again[:3]}"] if again else []
    for number, hit in enumerate(redis_deaths(timeline, *FAULTS)):
        fault = hit.fault
        name = f"{fault.name} {fault.facts['seconds']} s"
        if not hit.under_way:
            outcome.wrong.append(f"{name}: nothing was on its way")
        outcome.proofs[f"{number + 1}. {name}: messages on their way"] = hit.under_way
        if fault.name == "pushes dropped":
            outcome.proofs[f"{number + 1}. pushes lost"] = float(fault.facts["lost"])
            outcome.wrong += [] if fault.facts["lost"] else ["no push was lost"]
        late = deliveries(timeline, fault.at, fault.until)
        outcome.figures[f"{name}: answer, p99 ms"] = percentile(answers(timeline, fault.at, fault.until), 99) * 1000
        outcome.figures[f"{name}: to another node, p50 ms"] = percentile(late, 50) * 1000
        target = FILLED_S if fault.name in SILENT else AWAY_S
        at_most(outcome, f"{name}: to another node, longest s", max(late, default=0.0), target)
        if fault.name == "killed":
            at_most(outcome, f"{name}: complete after the return, s", _complete(timeline, fault.until), COMPLETE_S)


def _complete(timeline: Timeline, back: float) -> float:
    """Return how long after a moment the last arrived of what had been answered before it."""
    sent = {call.ok.item for call in timeline.calls.values() if call.ok is not None and call.ok_at < back}
    last = back
    for session in timeline.sessions.values():
        for spans in session.spans.values():
            for heard in (heard for span in spans for heard in span.heard):
                if heard.at > last and heard.item is not None and heard.item.id in sent:
                    last = heard.at
    return last - back
