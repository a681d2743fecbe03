"""All nodes are restarted one after the other while everybody talks: nothing lost, nobody silent for long."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.figures import Outcome, percentile
from tests.faults.judging import at_most, judge, unanswered
from tests.faults.rig import rigged
from tests.faults.timeline import NEVER, Timeline
from tests.faults.traffic import Traffic, people_in_rooms, places

GONE_S = 15.0
"""From SIGTERM to the exit of a node."""
SILENCE_S = 3.0
"""Longest silence of a client, for 99 of 100."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    people: int
    talkers: int
    rooms: int
    rate: float
    pause_s: float
    """Pause between one restart and the next."""
    nodes: int
    """How many of the nodes are restarted."""


SHORT = Size(15, 6, 3, 60, 0.3, 2)
LONG = Size(1000, 100, 50, 300, 8, 3)


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("rolling", seed, store)
    slowest, codes = 0.0, []
    async with rigged("rolling", folder, seed, store=store) as rig:
        await people_in_rooms(rig, size.people, size.rooms)
        await rig.begin()
        began = time.monotonic()
        traffic = Traffic(places(rig, rig.devices[: size.talkers]), size.rate, rig.rng)
        talking = asyncio.ensure_future(traffic.run())
        for node in rig.nodes[: size.nodes]:
            await asyncio.sleep(size.pause_s)
            since = rig.history.now()
            here, under_way = sum(device.place.name == node.name for device in rig.devices), traffic.open_at(node.name)
            code, took = await node.stop()
            codes.append(code)
            slowest = max(slowest, took)
            await node.start()
            rig.broke("node restarted", node.name, since, clients=here, under_way=under_way, seconds=took)
        await asyncio.sleep(size.pause_s)
        traffic.stop()
        await talking
        outcome.seconds = time.monotonic() - began
        outcome.figures["to have everything, s"] = await rig.finish(30)
    timeline = judge(outcome, folder)
    outcome.wrong += [f"exit codes {codes}"] if any(codes) else []
    at_most(outcome, "SIGTERM to exit, longest s", slowest, GONE_S)
    outcome.proofs["clients who were sent away"] = sum(float(fault.facts["clients"]) for fault in timeline.faults)
    if not outcome.proofs["clients who were sent away"]:
        outcome.wrong.append("nobody was sent away")
    outcome.figures["calls that had to be said again"] = len(unanswered(timeline))
    quiet = silences(timeline)
    outcome.figures["silence of a client, p50 s"] = percentile(quiet, 50)
    at_most(outcome, "silence of a client, p99 s", percentile(quiet, 99), SILENCE_S)
    outcome.figures["comings back a second, most"] = _most_a_second(timeline)
    return outcome


def silences(timeline: Timeline) -> list[float]:
    """Return the longest time that each device was not live, from the end of a session to the next that is live."""
    longest: dict[str, float] = {}
    for session in timeline.sessions.values():
        if session.closed is None or session.closed.ours:
            continue
        device = session.opened.device
        back = [
            other.live.at
            for other in timeline.of_device(device)
            if other.live is not None and other.live.at > session.closed.at
        ]
        longest[device] = max(longest.get(device, 0.0), min(back, default=NEVER) - session.closed.at)
    return list(longest.values())


def _most_a_second(timeline: Timeline) -> float:
    counts: dict[int, int] = {}
    for session in timeline.sessions.values():
        if session.opened.cursors:
            counts[int(session.opened.at)] = counts.get(int(session.opened.at), 0) + 1
    return float(max(counts.values(), default=0))
