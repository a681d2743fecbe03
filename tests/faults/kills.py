"""Nodes are killed again and again while people write, change and react: nothing is lost, doubled or reordered."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults import proofs
from tests.faults.figures import Outcome, percentile, resumes
from tests.faults.judging import judge
from tests.faults.rig import Rig, rigged
from tests.faults.traffic import Traffic, people_in_rooms, places

BURST = 24
"""Deeds that are begun at once on a node that is about to be killed, so that a batch is under way."""
BATCH_S = 0.006
"""The kill comes at a random moment of such a batch: about so long it takes."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    writers: int
    listeners: int
    rooms: int
    deeds: int
    rate: float
    every_s: float
    """Pause between two kills."""
    down_s: float
    """How long a node stays away."""
    kills: int
    """How many kills have to hit something under way; more is written until they have."""
    within_s: float
    """How long everybody may take to have everything, at the end."""


SHORT = Size(6, 3, 2, 240, 120, 0.8, 0.1, 2, 20)
LONG = Size(20, 10, 10, 10_000, 500, 2.0, 0.5, 10, 30)


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("kills", seed, store)
    async with rigged("kills", folder, seed, store=store) as rig:
        await people_in_rooms(rig, size.writers + size.listeners, size.rooms, each=3)
        await rig.begin()
        traffic = Traffic(places(rig, rig.devices[: size.writers]), size.rate, rig.rng)
        began = time.monotonic()
        killing = asyncio.ensure_future(_kill(rig, size, traffic))
        await traffic.run()
        outcome.seconds = time.monotonic() - began
        await killing
        outcome.figures["to have everything, s"] = await rig.finish(size.within_s)
    _judge(outcome, folder, size)
    return outcome


async def _kill(rig: Rig, size: Size, traffic: Traffic) -> None:
    """Kill one node after the other until enough is written and enough was killed; then let the writers stop."""
    hits = 0
    while hits < size.kills or traffic.done < size.deeds:
        await asyncio.sleep(size.every_s * rig.rng.uniform(0.7, 1.3))
        inhabited = {device.node for device in rig.devices if device.live.is_set()}
        node = rig.rng.choice([node for node in rig.nodes if node.name in inhabited])
        traffic.burst(BURST, node.name)
        await asyncio.sleep(rig.rng.uniform(0, BATCH_S))
        since = rig.history.now()
        hits += traffic.open_at(node.name) > 0
        await node.kill()
        await asyncio.sleep(size.down_s)
        await node.start()
        rig.broke("node killed", node.name, since)
    traffic.stop()


def _judge(outcome: Outcome, folder: Path, size: Size) -> None:
    timeline = judge(outcome, folder)
    hits = proofs.kills(timeline)
    outcome.wrong += proofs.missed(hits, size.kills)
    kept, missing = proofs.found(timeline)
    outcome.proofs["kills"] = len(hits)
    outcome.proofs["kills with calls unanswered"] = sum(1 for hit in hits if hit.under_way)
    outcome.proofs["calls unanswered at kills"] = sum(hit.under_way for hit in hits)
    outcome.proofs["unanswered messages that were kept"] = kept
    outcome.proofs["unanswered messages that were not"] = missing
    outcome.figures["resume, p99 ms"] = percentile(resumes(timeline), 99) * 1000
