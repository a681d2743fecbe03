"""Thousands are cut off at one instant and come back at once: all live soon, and memory answers, not the store."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.deeds import Deed, do
from tests.faults.device import Device
from tests.faults.figures import Outcome, percentile, resumes
from tests.faults.judging import at_most, judge, states
from tests.faults.rig import OPENING, Rig, rigged, until
from tests.faults.traffic import TALK, Traffic, places

ALL_LIVE_S = 20.0
"""From the instant at which all may come back until the last one is live."""

PAUSE_S = 0.5
"""Until what was said is told everywhere, and the heads announced."""

HASHING = ("auth.login", "auth.register")


@dataclass(frozen=True)
class Size:
    """How much of it."""

    people: int
    devices: int
    """Of each person."""
    rooms: int
    missed: int
    """Messages that are said while everybody is away."""


SHORT = Size(20, 3, 4, 40)
LONG = Size(1000, 5, 50, 500)


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("mass-cut", seed, store)
    async with rigged("mass-cut", folder, seed, store=store) as rig:
        crowd = await rig.people(size.people)
        for room in range(size.rooms):
            owner, *others = crowd[room :: size.rooms]
            await rig.room(owner, others)
        for _ in range(size.devices):
            for person in crowd:
                rig.device(person, rig.rng.randrange(3))
        talkers = [rig.device(room.owner) for room in rig.rooms]
        await rig.begin()
        everybody = rig.devices[: -len(talkers)]
        gate = asyncio.Semaphore(OPENING)
        await asyncio.gather(*(_read_all(device, gate) for device in everybody[: size.people]))
        talking = places(rig, talkers)
        for where in ("on another node", "on the same node"):
            for device in everybody:
                device.stays = where == "on the same node"
            await _cut(rig, outcome, everybody, Traffic(talking, 200, rig.rng, TALK), size.missed, where)
        await rig.finish(20)
    timeline = judge(outcome, folder)
    outcome.proofs["clients cut off at once"] = len(everybody)
    outcome.proofs["rooms in which something was missed"] = sum(state == "delta" for _, state in states(timeline))
    if not outcome.proofs["rooms in which something was missed"]:
        outcome.wrong.append("nobody missed anything")
    outcome.figures["resume, p99 ms"] = percentile(resumes(timeline), 99) * 1000
    return outcome


async def _read_all(device: Device, gate: asyncio.Semaphore) -> None:
    """Mark what is there as read, as whoever looks at it does."""
    async with gate:
        for room, cursor in device.cursors.items():
            await do(device, Deed("room.read", room, seq=cursor))


async def _cut(
    rig: Rig, outcome: Outcome, everybody: Sequence[Device], traffic: Traffic, missed: int, where: str
) -> None:
    """Cut everybody off, say something, and let all come back at one instant."""
    for device in everybody:
        device.holds_back.clear()
    since = rig.history.now()
    for device in everybody:
        device.cut()
    await until(lambda: not any(device.live.is_set() for device in everybody), 30, "being cut off")
    await traffic.run(missed)
    await asyncio.sleep(PAUSE_S)
    before = await _meters(rig)
    began = time.monotonic()
    for device in everybody:
        device.holds_back.set()
    await until(lambda: all(device.live.is_set() for device in everybody), 120, "being live again")
    at_most(outcome, f"{where}: all live again, s", time.monotonic() - began, ALL_LIVE_S)
    after = await _meters(rig)
    rig.broke("all cut off", "clients", since, clients=len(everybody))
    _asked(outcome, before, after, len(everybody), where)


async def _meters(rig: Rig) -> Counter[str]:
    total: Counter[str] = Counter()
    for node in rig.nodes:
        for name, value in (await node.meters()).items():
            total[name] += round(value) if name.startswith(("parley_store_questions", "parley_operations_total")) else 0
    return total


def _asked(outcome: Outcome, before: Counter[str], after: Counter[str], clients: int, where: str) -> None:
    """Note what was asked of the store for each who came back, by table and verb."""
    grown = after - before
    questions: Counter[str] = Counter()
    for name, count in grown.items():
        if name.startswith("parley_store_questions_total"):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', name))
            questions[f"{labels['table']} {labels['verb']}"] += count
    outcome.figures[f"{where}: questions to the store, each client"] = sum(questions.values()) / clients
    for name, count in sorted(questions.items()):
        outcome.figures[f"{where}:   of them {name}"] = count / clients
    entries = sum(count for name, count in questions.items() if name.startswith("entries"))
    at_most(outcome, f"{where}: questions about entries", entries, 0)
    hashed = sum(count for name, count in grown.items() if any(f'operation="{one}"' in name for one in HASHING))
    outcome.figures[f"{where}: passwords hashed"] = hashed
    outcome.wrong += [f"{hashed} passwords were hashed"] if hashed else []
