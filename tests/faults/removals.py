"""People are removed from busy rooms and let in again: nothing above their removal reaches them, live or resuming.

And into a room whose history begins with one's join people come late: nothing older is ever seen.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from tests.client.account import Account
from tests.faults.deeds import Deed, do
from tests.faults.device import Device
from tests.faults.figures import Outcome
from tests.faults.judging import judge
from tests.faults.rig import Rig, rigged, until
from tests.faults.timeline import Timeline
from tests.faults.traffic import Traffic, places

AWAY_S = 0.05
"""How long somebody who was removed stays out, at most."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    rooms: int
    """Busy rooms; every other one shows only what comes after one's join."""
    writers: int
    """Who write in each."""
    victims: int
    """Who are removed from each, again and again, with two devices each."""
    removals: int
    rate: float


SHORT = Size(2, 2, 2, 24, 80)
LONG = Size(6, 3, 6, 1000, 150)


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("removals", seed, store)
    async with rigged("removals", folder, seed, store=store) as rig:
        owners, victims = await _people(rig, size)
        await rig.begin()
        writing = [device for device in rig.devices if device not in victims]
        traffic = Traffic(places(rig, writing), size.rate, rig.rng)
        began = time.monotonic()
        talking = asyncio.ensure_future(traffic.run())
        pairs = list(zip(victims[::2], victims[1::2], strict=True))
        each = -(-size.removals // len(pairs))
        await asyncio.gather(
            *(
                _again(rig, owners[at // size.victims], rig.rooms[at // size.victims].id, pair, each)
                for at, pair in enumerate(pairs)
            )
        )
        traffic.stop()
        await talking
        outcome.seconds = time.monotonic() - began
        outcome.figures["to have everything, s"] = await rig.finish(20)
    _prove(outcome, judge(outcome, folder), size)
    return outcome


async def _people(rig: Rig, size: Size) -> tuple[list[Device], list[Device]]:
    """Make rooms with an owner, writers and victims; return the owners' devices and the victims', two each."""
    owners, victims = [], []
    for number in range(size.rooms):
        owner, *others = await rig.people(1 + size.writers + size.victims)
        await rig.room(owner, others, history="joined" if number % 2 else "all")
        owners.append(rig.device(owner))
        for writer in others[: size.writers]:
            rig.device(writer)
        for victim in others[size.writers :]:
            victims += _two_devices(rig, victim)
    return owners, victims


def _two_devices(rig: Rig, person: Account) -> list[Device]:
    """Return two devices of a person, on different nodes."""
    return [rig.device(person, len(rig.devices) % 3), rig.device(person, (len(rig.devices) + 1) % 3)]


async def _again(rig: Rig, owner: Device, room: str, devices: tuple[Device, Device], times: int) -> None:
    """Remove somebody while one of the devices resumes, and let them in again."""
    for _ in range(times):
        await until(lambda: all(room in device.cursors and device.live.is_set() for device in devices), 30, "being in")
        one = rig.rng.choice(devices)
        one.cut()
        await asyncio.sleep(rig.rng.uniform(0, 0.1))
        await do(owner, Deed("room.remove", room, user=one.person.id))
        await asyncio.sleep(rig.rng.uniform(0, AWAY_S))
        await do(rig.rng.choice(devices), Deed("room.join", room))
        await asyncio.sleep(rig.rng.uniform(0, 0.1))


def _prove(outcome: Outcome, timeline: Timeline, size: Size) -> None:
    """Demand that people were removed while something was said that they must not see."""
    removals, while_away = 0, 0
    for room in timeline.rooms:
        revs = [item.rev for item in timeline.truth_of(room).values() if not item.notice]
        for user in {session.opened.user for session in timeline.sessions.values()}:
            member = timeline.membership(room, user)
            removals += len(member.removals)
            for removal in member.removals:
                back = min((join for join in member.joins if join > removal), default=0)
                while_away += any(removal < rev < back for rev in revs)
    outcome.proofs["removals"] = removals
    outcome.proofs["removals after which something was said"] = while_away
    if removals < size.removals or not while_away:
        outcome.wrong.append(f"only {removals} removals, {while_away} with something said before the way back")
