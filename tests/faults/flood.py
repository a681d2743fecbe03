"""Flooders next to people who talk: the people notice nothing, the node does not grow, the flooders are stopped."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.device import Person
from tests.faults.figures import Outcome, answers, closed_by_server, deliveries, percentile
from tests.faults.flooders import SHAPES, Flooder
from tests.faults.judging import at_most, judge
from tests.faults.rig import Rig, rigged
from tests.faults.traffic import TALK, Traffic, people_in_rooms, places

GROWTH_MIB = 5.0
"""By how much a node may grow while it is flooded."""
SLOWER = 1.5
"""How much longer others may wait, of a hundred all but one."""
LOOK_S = 0.2
MIB = 1024 * 1024


@dataclass(frozen=True)
class Size:
    """How much of it."""

    people: int
    rooms: int
    rate: float
    seconds: float
    """Of each shape, and of quiet before."""


SHORT = Size(9, 3, 6, 1.0)
LONG = Size(200, 10, 20, 30)


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("flood", seed, store)
    async with rigged("flood", folder, seed, store=store) as rig:
        await people_in_rooms(rig, size.people, size.rooms)
        mob = await rig.people(len(SHAPES))
        room = await rig.room(mob[0], mob[1:])
        for node in rig.nodes:
            await node.start_again(PARLEY_LIMITS="on")
        for at, device in enumerate(rig.devices):
            device.source = f"127.0.{1 + at // 200}.{1 + at % 200}"  # limits are by address too
        await rig.begin()
        traffic = Traffic(places(rig, rig.devices), size.rate, rig.rng, TALK)
        talking = asyncio.ensure_future(traffic.run())
        began = time.monotonic()
        since = rig.history.now()
        await asyncio.sleep(size.seconds)
        spans: dict[str, tuple[float, float]] = {"quiet": (since, rig.history.now())}
        flooders: list[Flooder] = []
        for shape, person in zip(SHAPES, mob, strict=True):
            target = rig.nodes[len(flooders) % len(rig.nodes)].server
            ill = Person(person.id, person.token)
            flooders.append(Flooder(shape, ill, room.id, target.address, f"127.0.9.{len(flooders) + 1}"))
            start, before = rig.history.now(), [node.server.resident() for node in rig.nodes]
            growth = await _flood(rig, flooders[-1], size.seconds, before)
            spans[shape] = (start, rig.history.now())
            rig.broke("flood", shape, start, sent=flooders[-1].sent, grown_mib=growth / MIB)
            at_most(outcome, f"{shape}: growth of a node, MiB", growth / MIB, GROWTH_MIB)
        traffic.stop()
        await talking
        outcome.seconds = time.monotonic() - began
        rig.rooms.remove(room)  # what they made of it is theirs
        await rig.finish(20)
    timeline = judge(outcome, folder)
    closed = closed_by_server(timeline, since)
    outcome.wrong += [f"others were closed: {closed[:3]}"] if closed else []
    usual = max(percentile(answers(timeline, *spans["quiet"]), 99), 0.001)
    for shape, span in spans.items():
        outcome.figures[f"{shape}: others' answer, p99 ms"] = percentile(answers(timeline, *span), 99) * 1000
        at_most(outcome, f"{shape}: against quiet", percentile(answers(timeline, *span), 99) / usual, SLOWER)
        outcome.figures[f"{shape}: others' to another node, p99 ms"] = (
            percentile(deliveries(timeline, *span), 99) * 1000
        )
    _stopped(outcome, flooders)
    return outcome


async def _flood(rig: Rig, flooder: Flooder, seconds: float, before: Sequence[int]) -> int:
    """Let somebody flood; return by how many bytes the node grew most that grew most."""
    flooding, most = asyncio.ensure_future(flooder.run(seconds)), 0
    while not flooding.done():
        await asyncio.wait({flooding}, timeout=LOOK_S)
        grown = [node.server.resident() - was for node, was in zip(rig.nodes, before, strict=True)]
        most = max(most, *grown)
    await flooding
    return most


def _stopped(outcome: Outcome, flooders: Sequence[Flooder]) -> None:
    """Demand that every flooder was closed."""
    for flooder in flooders:
        name = flooder.shape
        outcome.proofs[f"{name}: frames sent"] = flooder.sent
        outcome.figures[f"{name}: rate_limited"] = flooder.errors["rate_limited"]
        outcome.figures[f"{name}: times closed"] = sum(flooder.codes.values())
        for code, count in sorted(flooder.codes.items()):
            outcome.figures[f"{name}: closed with {code}"] = count
        if not flooder.codes:
            outcome.wrong.append(f"{name}: never closed, though refused: {dict(flooder.errors)}")
        if flooder.sent < 100:
            outcome.wrong.append(f"{name}: only {flooder.sent} frames were sent")
