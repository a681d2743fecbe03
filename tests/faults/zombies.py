"""A node stands still until all think it dead, with a batch under way, and then goes on as if nothing had happened."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.figures import Outcome, closed_by_server
from tests.faults.judging import at_most, judge
from tests.faults.rig import Node, Rig, rigged, until
from tests.faults.timeline import Timeline
from tests.faults.traffic import Traffic, people_in_rooms, places

FILLED_S = 7.0
"""From the moment when it goes on until its watchers have what was said meanwhile."""
BURST = 24
"""Deeds that are begun at once on a node that is about to stand still."""
BATCH_S = 0.006
"""It stops at a random moment of such a batch."""
CALM_S = 3.0
"""Pause after it went on."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    people: int
    rooms: int
    rate: float
    stops_s: tuple[float, ...]
    """How long a node stands still, each time: under and over the 5 s after which the others take it for dead."""


SHORT = Size(9, 2, 60, (6.5,))
LONG = Size(60, 6, 150, (2, 7, 12, 7, 15, 3))


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("zombies", seed, store)
    async with rigged("zombies", folder, seed, store=store) as rig:
        await people_in_rooms(rig, size.people, size.rooms, each=2)
        await rig.begin()
        traffic = Traffic(places(rig, rig.devices), size.rate, rig.rng)
        began, since = time.monotonic(), rig.history.now()
        talking = asyncio.ensure_future(traffic.run())
        slowest = 0.0
        for seconds in size.stops_s:
            await asyncio.sleep(0.3)
            inhabited = {device.node for device in rig.devices if device.live.is_set()}
            node = rig.rng.choice([node for node in rig.nodes if node.name in inhabited])
            slowest = max(slowest, await _stand_still(rig, node, traffic, seconds))
        traffic.stop()
        await talking
        outcome.seconds = time.monotonic() - began
        outcome.figures["to have everything, s"] = await rig.finish(20)
    timeline = judge(outcome, folder)
    at_most(outcome, "after it went on, to have what was said before, s", slowest, FILLED_S)
    outcome.figures["sockets closed"] = len(closed_by_server(timeline, since))
    _prove(outcome, timeline)
    return outcome


async def _stand_still(rig: Rig, node: Node, traffic: Traffic, seconds: float) -> float:
    """Freeze a node; return how long its watchers took, once it went on, to have what was said by then."""
    traffic.burst(BURST, node.name)
    await asyncio.sleep(rig.rng.uniform(0, BATCH_S))
    if not traffic.open_at(node.name):
        traffic.burst(BURST, node.name)  # it was faster than that
    since, under_way = rig.history.now(), traffic.open_at(node.name)
    node.server.freeze()
    try:
        await asyncio.sleep(seconds)
        others = [device for device in rig.devices if device.node != node.name]
        heads = {room.id: max((device.cursors.get(room.id, 0) for device in others), default=0) for room in rig.rooms}
    finally:
        node.server.thaw()
    began = time.monotonic()
    mine = [device for device in rig.devices if device.node == node.name]
    rig.broke("node stood still", node.name, since, under_way=under_way, watchers=len(mine), seconds=seconds)

    def filled() -> bool:
        return all(
            device.cursors[room] >= head
            for device in mine
            if device.live.is_set()
            for room, head in heads.items()
            if room in device.cursors
        )

    await until(filled, 60, "what was said meanwhile")
    took = time.monotonic() - began
    await asyncio.sleep(CALM_S if len(rig.devices) > 30 else 0.3)
    return took


def _prove(outcome: Outcome, timeline: Timeline) -> None:
    under_way = [float(fault.facts["under_way"]) for fault in timeline.faults]
    outcome.proofs["times a node stood still"] = len(under_way)
    outcome.proofs["calls under way then"] = sum(under_way)
    meanwhile = sum(
        1
        for fault in timeline.faults
        for call in timeline.calls.values()
        if call.ok is not None and fault.at < call.ok_at < fault.until and call.attempts[-1].node != fault.target
    )
    outcome.proofs["calls that others were answered meanwhile"] = meanwhile
    # Nobody is answered where it stopped in the middle of a write to the one SQLite file: it holds the lock.
    if not all(under_way):
        outcome.wrong.append(f"nothing was under way: {under_way}")
