"""A node dies between a commit and its announcement: what it wrote reaches everybody by the store alone."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.deeds import Answer, Deed, do
from tests.faults.figures import Outcome
from tests.faults.judging import at_most, judge
from tests.faults.rig import Rig, rigged, until
from tests.faults.timeline import Timeline
from tests.faults.traffic import people_in_rooms

REACHED_S = 10.0
"""From the death of a node until everybody on the others has what it never told."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    people: int
    rooms: int
    deaths: int
    calm_s: float
    """Pause before each: after a start nodes look into the store more often."""


SHORT = Size(6, 2, 1, 2)
LONG = Size(30, 5, 6, 8)


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("orphans", seed, store)
    async with rigged("orphans", folder, seed, store=store) as rig:
        await people_in_rooms(rig, size.people, size.rooms, each=2)
        for device in rig.devices:
            device.stays = True  # else nobody is left to watch elsewhere
        await rig.begin()
        began = time.monotonic()
        for number in range(size.deaths):
            await asyncio.sleep(size.calm_s)
            await _orphan(rig, number)
        outcome.seconds = time.monotonic() - began
        await rig.finish(20)
    timeline = judge(outcome, folder)
    _reached(outcome, timeline)
    return outcome


async def _orphan(rig: Rig, number: int) -> None:
    """Let a node keep a message that it cannot tell the others, kill it, and wait until everybody has it."""
    node = rig.nodes[number % len(rig.nodes)]
    here = [device for device in rig.devices if device.live.is_set() and device.node == node.name]
    author = rig.rng.choice(here)
    room = next(room.id for room in rig.rooms if any(member.id == author.person.id for member in room.members))
    others = [device for device in rig.devices if room in device.cursors and device not in here]
    for device in here:
        device.holds_back.clear()  # who comes back asks, and asking is no way to be told
    held_before = node.road.held_up
    node.road.black_hole()
    answer = await do(author, Deed("message.send", room, cid=f"orphan-{number}", text="who tells of me?"))
    assert isinstance(answer, Answer)
    await asyncio.sleep(rig.rng.uniform(0, 0.02))
    since = rig.history.now()
    told = sum(1 for device in others if device.cursors[room] >= answer.rev)
    await node.kill()
    node.road.cut()
    node.road.heal()
    rig.broke(
        "node killed",
        node.name,
        since,
        orphan=answer.id,
        told=told,
        watchers=len(others),
        held=node.road.held_up - held_before,
    )
    await until(lambda: all(device.cursors[room] >= answer.rev for device in others), 60, "the orphan")
    await node.start()
    for device in here:
        device.holds_back.set()
    await until(lambda: all(device.live.is_set() for device in here), 30, "being live again")


def _reached(outcome: Outcome, timeline: Timeline) -> None:
    """Measure how long each orphan took, and demand that it was one."""
    slowest, told, held, watchers = 0.0, 0, 0, []
    for fault in timeline.faults:
        told += int(fault.facts["told"])
        held += int(fault.facts["held"])
        watchers.append(int(fault.facts["watchers"]))
        for session in timeline.sessions.values():
            for spans in session.spans.values():
                for heard in (heard for span in spans for heard in span.heard):
                    if heard.item is not None and heard.item.id == fault.facts["orphan"] and session.live is not None:
                        slowest = max(slowest, heard.at - fault.at if session.live.at < fault.at else 0.0)
    outcome.proofs["orphans"] = len(timeline.faults)
    outcome.proofs["bytes that were never told"] = held
    outcome.proofs["watchers on other nodes, fewest"] = min(watchers)
    if told or not held or not min(watchers):
        outcome.wrong.append(
            f"no orphans: {told} devices knew before the death, {held} bytes were held back, watchers {watchers}"
        )
    at_most(outcome, "orphan to everybody, s", slowest, REACHED_S)
