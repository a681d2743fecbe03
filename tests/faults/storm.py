"""Everybody is cut off again and again while others talk, and comes back to another node: no gap, nothing twice."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.device import Device
from tests.faults.figures import Outcome, percentile, resumes
from tests.faults.judging import at_most, judge, states
from tests.faults.rig import Rig, rigged, until
from tests.faults.traffic import Traffic, people_in_rooms, places

RESUME_MS = 300.0
"""From connecting to having everything, for 99 of 100."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    people: int
    talkers: int
    """Those of them who write, and are not cut off."""
    rooms: int
    rate: float
    cuts: int
    """How often each of the others is cut off."""
    seconds: float


SHORT = Size(18, 4, 3, 60, 3, 3)
LONG = Size(330, 30, 10, 100, 5, 60)


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("storm", seed, store)
    async with rigged("storm", folder, seed, store=store) as rig:
        await people_in_rooms(rig, size.people, size.rooms)
        await rig.begin()
        traffic = Traffic(places(rig, rig.devices[: size.talkers]), size.rate, rig.rng)
        began = time.monotonic()
        talking = asyncio.ensure_future(traffic.run())
        await asyncio.gather(*(_cut(rig, device, size) for device in rig.devices[size.talkers :]))
        traffic.stop()
        await talking
        outcome.seconds = time.monotonic() - began
        outcome.figures["to have everything, s"] = await rig.finish(20)
    timeline = judge(outcome, folder)
    took = [took * 1000 for took in resumes(timeline)]
    deltas = sum(state == "delta" for _, state in states(timeline))
    outcome.proofs["sessions that came back"] = len(took)
    outcome.proofs["rooms in which something was missed"] = deltas
    if len(took) < (size.people - size.talkers) * size.cuts or not deltas:
        outcome.wrong.append(f"only {len(took)} sessions came back, {deltas} had missed something")
    outcome.figures["resume, p50 ms"] = percentile(took, 50)
    at_most(outcome, "resume, p99 ms", percentile(took, 99), RESUME_MS)
    return outcome


async def _cut(rig: Rig, device: Device, size: Size) -> None:
    """Cut a device off at random moments, spread over the run."""
    moments = sorted(rig.rng.uniform(0, size.seconds) for _ in range(size.cuts))
    began = time.monotonic()
    for moment in moments:
        await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
        await device.live.wait()
        session = device.session
        device.cut()
        await until(lambda: device.session > session, 30, "coming back")  # noqa: B023 - it is called at once
