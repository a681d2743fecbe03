"""The clock of one node jumps by hours and years, or was wrong when it started: it says so, and nobody else notices."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.client.account import Account
from tests.faults.figures import Outcome
from tests.faults.judging import at_most, judge
from tests.faults.rig import Node, Rig, rigged, until
from tests.faults.timeline import Timeline
from tests.faults.traffic import Traffic, people_in_rooms, places
from tests.parts import faketime_library

TOLD_S = 10.0
"""From the jump to the word of the node that its clock is wrong."""
GIVEN_UP_S = 30.0
ASK_S = 0.1
HOUR, YEAR = 3600, 365 * 86_400
NEAR = 20
"""Seconds by which clocks may differ with nobody noticing: tokens of one node are good on the others."""
WRONG = 1
"""The node whose clock is moved."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    people: int
    rooms: int
    rate: float
    hold_s: float
    """How long a clock stays wrong: over 25 s the silent are asked whether they are there, and answer."""
    near: tuple[int, ...]
    """Seconds by which it is wrong and nobody notices."""
    jumps: tuple[int, ...]
    """Seconds by which the clock of a node that runs jumps."""
    starts: tuple[int, ...]
    """Seconds by which it is wrong at a start."""


SHORT = Size(6, 2, 30, 0.2, (NEAR,), (YEAR,), (-HOUR,))
LONG = Size(60, 6, 100, 30.0, (NEAR, -NEAR), (HOUR, -HOUR, YEAR, -YEAR), (HOUR, -HOUR, YEAR, -YEAR))


class Clock:
    """What a node takes for the time: the offset in a file that the library reads once a second."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.move(0)

    def move(self, seconds: int) -> None:
        """Let it be wrong by so much from now on."""
        self._file.write_text(f"{seconds:+d}\n")

    def variables(self) -> dict[str, str]:
        """Return the environment of a process that is to believe it.

        Raises:
            Missing: If the library is not on this machine.
        """
        return {
            "LD_PRELOAD": faketime_library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            # What counts seconds goes on as ever, as it does where somebody sets a clock.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Else threads that wait for the interpreter do so without rest.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once.

    Raises:
        Missing: If clocks cannot be moved on this machine.
    """
    outcome = Outcome("clocks", seed, store)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    clock = Clock(folder / "clock")
    async with rigged("clocks", folder, seed, store=store, of_node={WRONG: clock.variables()}) as rig:
        await people_in_rooms(rig, size.people, size.rooms)
        await rig.begin()
        # Every other one only listens: they are asked whether they are there.
        traffic = Traffic(places(rig, rig.devices[::2]), size.rate, rig.rng)
        began, since = time.monotonic(), rig.history.now()
        talking = asyncio.ensure_future(traffic.run())
        for seconds in size.near:
            await _near(rig, clock, seconds, outcome)
        for seconds in size.jumps:
            clock.move(seconds)
            await _wrong(rig, seconds, "jumped", outcome, size.hold_s)
        await _right(rig, clock)
        jumped = rig.history.now()
        for seconds in size.starts:
            async with _started_wrong(rig, clock, seconds, traffic):
                await _wrong(rig, seconds, "started", outcome, size.hold_s)
                await _right(rig, clock)
        traffic.stop()
        await talking
        outcome.seconds = time.monotonic() - began
        outcome.figures["to have everything, s"] = await rig.finish(20)
    _noticed(outcome, judge(outcome, folder), since, jumped)
    return outcome


async def _near(rig: Rig, clock: Clock, seconds: int, outcome: Outcome) -> None:
    """Let a clock be a little wrong: tokens of each node are good on the others."""
    clock.move(seconds)
    async with asyncio.timeout(GIVEN_UP_S):
        while abs(await _ahead(rig) - seconds) > NEAR / 2:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(ASK_S)
    outcome.proofs[f"{seconds:+} s: ahead, by Redis"] = await _ahead(rig)
    for account in await rig.people(len(rig.nodes)):
        for node in rig.nodes:
            answer = await node.rest.request("GET", "/api/users/me", token=account.token)
            if answer.status != 200:
                outcome.wrong.append(f"{seconds:+} s: a token of one node is not good on {node.name}")
    for node in rig.nodes:
        outcome.wrong += [f"{seconds:+} s: {node.name} says {reason}" for reason in await _says(node)]


async def _ahead(rig: Rig) -> float:
    """Return how far the clock of the wrong node is ahead, as it counts itself."""
    return (await rig.nodes[WRONG].meters())["parley_clock_ahead_seconds"]


async def _says(node: Node) -> list[str]:
    """Return what a node says of its clock."""
    answer = await node.rest.request("GET", "/health/ready")
    return [reason for reason in answer.json["reasons"] if "clock" in reason]


async def _wrong(rig: Rig, seconds: int, how: str, outcome: Outcome, hold_s: float) -> None:
    """Wait until the node says that its clock is wrong, and a while longer; the others say nothing of theirs."""
    name, since, began = f"{how} {seconds:+} s", rig.history.now(), time.monotonic()
    said, wanted = "", (f"{abs(seconds) // 10}", "ahead" if seconds > 0 else "behind")
    while not all(word in said for word in wanted) and time.monotonic() < began + GIVEN_UP_S:
        await asyncio.sleep(ASK_S)
        said = "".join(await _says(rig.nodes[WRONG]))
    at_most(outcome, f"{name}: told after, s", time.monotonic() - began, TOLD_S)
    await asyncio.sleep(hold_s)
    outcome.wrong += [] if said else [f"{name}: the node does not say that its clock is wrong"]
    for node in rig.nodes:
        if node is not rig.nodes[WRONG]:
            outcome.wrong += [f"{name}: {node.name} says {reason}" for reason in await _says(node)]
    rig.broke("clock " + how, rig.nodes[WRONG].name, since, seconds=seconds)


async def _right(rig: Rig, clock: Clock) -> None:
    """Set the clock right, and wait until the node is content."""
    clock.move(0)
    async with asyncio.timeout(GIVEN_UP_S):
        while await _says(rig.nodes[WRONG]):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(ASK_S)


@contextlib.asynccontextmanager
async def _started_wrong(rig: Rig, clock: Clock, seconds: int, traffic: Traffic) -> AsyncIterator[None]:
    """Start the node with a wrong clock, and let somebody write there whose token it has issued itself.

    That token is not good anywhere else, nor later: they stay for as long as the block lasts.
    """
    node, room = rig.nodes[WRONG], rig.rooms[0]
    clock.move(seconds)
    await node.stop()
    await node.start()
    account = await Account.register(node.rest, f"wrong-{abs(seconds) % 10**6}{'-' if seconds < 0 else ''}")
    await account.post("rooms", room.id, "members", body={})
    device = rig.device(account, WRONG)
    device.stays = True
    await rig.begin()
    others = traffic.writers
    traffic.writers = [*others, *[(device, room.id)] * len(others)]
    yield
    traffic.writers = others
    await until(lambda: not traffic.open_at(node.name), GIVEN_UP_S, "answers")
    rig.devices.remove(device)
    await device.leave()


def _noticed(outcome: Outcome, timeline: Timeline, since: float, until: float) -> None:
    """Demand that no session was ended while clocks jumped, and count the calls that were not answered at once."""
    outcome.wrong += [
        f"{session.name} was closed with {session.closed.code}"
        for session in timeline.sessions.values()
        if session.closed is not None and not session.closed.ours and since <= session.closed.at <= until
    ]
    late = [call for call in timeline.calls.values() if call.unknown or call.failed is not None]
    said = sum(since <= call.first.at < until for call in late)
    at_most(outcome, "calls not answered at once", said, 0)
