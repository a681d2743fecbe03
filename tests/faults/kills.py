"""Nodes are killed again and again while people write, change and react: nothing is lost, doubled or reordered."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults import proofs
from tests.faults.checker import check, told
from tests.faults.figures import Outcome, answers, deliveries, percentile, resumes
from tests.faults.history import read
from tests.faults.rig import Rig, rigged
from tests.faults.timeline import Timeline
from tests.faults.traffic import Traffic


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
        await _people(rig, size)
        await rig.begin()
        writers = [
            (device, room.id)
            for device in rig.devices[: size.writers]
            for room in rig.rooms
            if any(member.id == device.person.id for member in room.members)
        ]
        traffic = Traffic(writers, size.rate, rig.rng)
        began = time.monotonic()
        killing = asyncio.ensure_future(_kill(rig, size, traffic))
        await traffic.run()
        outcome.seconds = time.monotonic() - began
        await killing
        outcome.figures["to have everything, s"] = await rig.finish(size.within_s)
    _judge(outcome, folder, size)
    return outcome


async def _people(rig: Rig, size: Size) -> None:
    """Put each person into every room where they are few, and into three where they are many."""
    people = await rig.people(size.writers + size.listeners)
    crowds: list[list[int]] = [[] for _ in range(size.rooms)]
    for number in range(len(people)):
        for place in rig.rng.sample(range(size.rooms), min(3, size.rooms)):
            crowds[place].append(number)
    for crowd in crowds:
        owner, *others = [people[number] for number in crowd or [0]]
        await rig.room(owner, others)
    for person in people:
        rig.device(person)


async def _kill(rig: Rig, size: Size, traffic: Traffic) -> None:
    """Kill one node after the other until enough is written and enough was killed; then let the writers stop."""
    hits = 0
    while hits < size.kills or traffic.done < size.deeds:
        await asyncio.sleep(size.every_s * rig.rng.uniform(0.7, 1.3))
        inhabited = {device.place.name for device in rig.devices if device.live.is_set()}
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
    timeline = Timeline(read(folder / "history.jsonl"))
    verdicts = check(read(folder / "history.jsonl"))
    outcome.wrong += [told(verdicts)] if verdicts else []
    hits = proofs.kills(timeline)
    outcome.wrong += proofs.missed(hits, size.kills)
    kept, missing = proofs.found(timeline)
    outcome.proofs["kills"] = len(hits)
    outcome.proofs["kills with calls unanswered"] = sum(1 for hit in hits if hit.under_way)
    outcome.proofs["calls unanswered at kills"] = sum(hit.under_way for hit in hits)
    outcome.proofs["unanswered messages that were kept"] = kept
    outcome.proofs["unanswered messages that were not"] = missing
    done = answers(timeline)
    outcome.figures["answered"] = len(done)
    outcome.figures["answered a second"] = len(done) / outcome.seconds
    outcome.figures["answer, p50 ms"] = percentile(done, 50) * 1000
    outcome.figures["answer, p99 ms"] = percentile(done, 99) * 1000
    outcome.figures["to another node, p50 ms"] = percentile(deliveries(timeline), 50) * 1000
    outcome.figures["to another node, p99 ms"] = percentile(deliveries(timeline), 99) * 1000
    outcome.figures["resume, p99 ms"] = percentile(resumes(timeline), 99) * 1000
