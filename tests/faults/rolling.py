"""All nodes are restarted one after the other while everybody talks: nothing lost, nobody silent for long."""

import asyncio
import contextlib
import ssl
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.balancer import Balancer
from tests.client.rest import Rest
from tests.faults.device import Place
from tests.faults.figures import Outcome, percentile
from tests.faults.judging import at_most, judge, unanswered
from tests.faults.posters import Poster
from tests.faults.rig import Node, Rig, rigged
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
    """Those of them who write on their websockets."""
    posters: int
    """Those who write through REST."""
    rooms: int
    rate: float
    pause_s: float
    """Pause between one restart and the next."""
    nodes: int
    """How many of the nodes are restarted."""
    balanced: bool
    """Whether all come through the load balancer; else they go round the nodes."""


SHORT = Size(15, 6, 2, 3, 60, 0.3, 2, balanced=False)
LONG = Size(1000, 100, 10, 50, 300, 8, 3, balanced=True)

USABLE_S = 30.0
"""Longest wait until the balancer sees all nodes."""


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once.

    Raises:
        Missing: If there is no load balancer here, where one is asked for.
    """
    outcome = Outcome("rolling", seed, store)
    codes: list[int] = []
    with contextlib.ExitStack() as stack:
        async with rigged("rolling", folder, seed, store=store) as rig:
            tls, address = await _balanced(rig, stack) if size.balanced else (None, rig.nodes[-1].server.address)
            await people_in_rooms(rig, size.people, size.rooms)
            posters = _posters(rig, size, Rest(address, tls))
            for device in rig.devices if tls is not None else ():
                device.places = [Place("balancer", lambda: address, tls)]
            await rig.begin()
            began = time.monotonic()
            traffic, stop = Traffic(places(rig, rig.devices[: size.talkers]), size.rate, rig.rng), asyncio.Event()
            talking = asyncio.gather(traffic.run(), *(poster.run(stop) for poster in posters))
            for node in rig.nodes[: size.nodes]:
                await asyncio.sleep(size.pause_s)
                codes.append(await _restart(rig, node, traffic))
            await asyncio.sleep(size.pause_s)
            traffic.stop()
            stop.set()
            await talking
            outcome.seconds = time.monotonic() - began
            outcome.figures["to have everything, s"] = await rig.finish(30)
            await posters[0].rest.close()
    outcome.wrong += [f"exit codes {codes}"] if any(codes) else []
    _requests(outcome, posters)
    _measure(outcome, judge(outcome, folder))
    return outcome


async def _balanced(rig: Rig, stack: contextlib.ExitStack) -> tuple[ssl.SSLContext, tuple[str, int]]:
    """Start the load balancer as it is shipped, and wait until it sees the nodes."""
    balancer = stack.enter_context(Balancer([node.server.port for node in rig.nodes]))
    address, tls = ("127.0.0.1", balancer.port), balancer.tls
    rest = Rest(address, tls)
    async with asyncio.timeout(USABLE_S):
        while (await rest.request("GET", "/health/ready")).status != 200:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)
    await rest.close()
    return tls, address


def _posters(rig: Rig, size: Size, rest: Rest) -> list[Poster]:
    return [
        Poster(room.members[at % len(room.members)], room.id, rest, rig.history)
        for at in range(size.posters)
        for room in [rig.rooms[at % len(rig.rooms)]]
    ]


async def _restart(rig: Rig, node: Node, traffic: Traffic) -> int:
    """Ask a node to end, start it again, and return its exit code."""
    since = rig.history.now()
    here, under_way = sum(device.node == node.name for device in rig.devices), traffic.open_at(node.name)
    code, took = await node.stop()
    await node.start()
    rig.broke("node restarted", node.name, since, clients=here, under_way=under_way, seconds=took)
    return code


def _requests(outcome: Outcome, posters: Sequence[Poster]) -> None:
    """Demand that every request was answered."""
    statuses = sum((poster.statuses for poster in posters), Counter[int]())
    for status, count in sorted(statuses.items()):
        outcome.figures[f"requests answered {status}"] = count
    dropped = [text for poster in posters for text in poster.dropped]
    outcome.figures["requests without an answer"] = len(dropped)
    if dropped:
        outcome.wrong.append(f"{len(dropped)} requests were dropped: {dropped[:3]}")


def _measure(outcome: Outcome, timeline: Timeline) -> None:
    slowest = max(float(fault.facts["seconds"]) for fault in timeline.faults)
    at_most(outcome, "SIGTERM to exit, longest s", slowest, GONE_S)
    outcome.proofs["clients who were sent away"] = sum(float(fault.facts["clients"]) for fault in timeline.faults)
    if not outcome.proofs["clients who were sent away"]:
        outcome.wrong.append("nobody was sent away")
    outcome.figures["calls that had to be said again"] = len(unanswered(timeline))
    quiet = silences(timeline)
    outcome.figures["silence of a client, p50 s"] = percentile(quiet, 50)
    at_most(outcome, "silence of a client, p99 s", percentile(quiet, 99), SILENCE_S)
    outcome.figures["comings back a second, most"] = _most_a_second(timeline)


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
