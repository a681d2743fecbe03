"""Random lives over several nodes that break at random: who watches is told the truth in the end, and never flaps."""

import itertools
import random
from dataclasses import dataclass, field

import pytest

from services.presence.statuses import merged
from tests.unit.ws.presence.town import Device, Node, Town, settle
from ws.presence.here import GRACE_S
from ws.presence.looking import HOLD_S

USERS = ("ann", "bob", "cid", "dan", "eve")
STEPS = 60
QUIET_S = 45
"""After so long without anything happening everything is known: a round of looks, a grace, and a little."""


@dataclass
class Life:
    """The town, who is where, and what the watchers saw."""

    town: Town
    rng: random.Random
    watchers: list[tuple[Node, Device]] = field(default_factory=list)
    devices: list[tuple[Node, Device, str]] = field(default_factory=list)
    first: dict[Device, dict[str, str]] = field(default_factory=dict)
    """What the watchers were answered."""
    flaps: list[str] = field(default_factory=list)
    names: int = 0

    def truth(self, user: str) -> str:
        """Return how somebody is."""
        return merged(status for node, device, status in self.devices if device.user == user and node.alive)

    async def begin(self) -> None:
        """Build nodes, and let somebody watch on each."""
        for _ in range(3):
            await self.build()

    async def build(self) -> None:
        """Begin a node."""
        self.names += 1
        (node,) = await self.town.build(f"n{self.names}")
        watcher = node.connect(f"watcher {self.names}")
        self.first[watcher] = await node.watch(watcher, *USERS)
        self.watchers.append((node, watcher))

    async def step(self) -> None:
        """Let something happen, and some time pass."""
        deeds = [self._come, self._come, self._go, self._move, self._say, self._say, self._die, self._flush, self._mute]
        await self.rng.choice(deeds)()
        await settle()
        await self.town.forward(self.rng.choice((0, 1, 1, 2, 3, 8, 20)))

    def _alive(self) -> list[Node]:
        return [node for node in self.town.nodes.values() if node.alive]

    async def _come(self) -> None:
        node = self.rng.choice(self._alive())
        self.devices.append((node, node.connect(self.rng.choice(USERS)), "online"))

    async def _go(self) -> None:
        if self.devices:
            node, device, _ = self.devices.pop(self.rng.randrange(len(self.devices)))
            node.disconnect(device)

    async def _move(self) -> None:
        """Somebody changes nodes in less than the grace: nobody may be told."""
        if not self.devices or self.town.place.down:
            return
        node, device, _ = self.devices.pop(self.rng.randrange(len(self.devices)))
        marks = [len(watcher.told) for _, watcher in self.watchers]
        node.disconnect(device)
        await self.town.forward(self.rng.randrange(int(GRACE_S) - 1))
        fresh = self.rng.choice(self._alive())
        self.devices.append((fresh, fresh.connect(device.user), "online"))
        await settle()
        await self.town.forward(int(GRACE_S) + 2)
        for (at, watcher), mark in zip(self.watchers, marks, strict=True):
            if at.alive and not self.town.deaf and (device.user, "offline") in watcher.told[mark:]:
                self.flaps.append(f"{device.user} moved from {node.name} to {fresh.name}, and {at.name} said offline")

    async def _say(self) -> None:
        if self.devices:
            at = self.rng.randrange(len(self.devices))
            node, device, _ = self.devices[at]
            status = self.rng.choice(("online", "away", "busy"))
            node.desk.declare(device.session, status)
            self.devices[at] = (node, device, status)

    async def _die(self) -> None:
        alive = self._alive()
        if len(alive) > 2 and self.rng.random() < 0.5:
            node = self.rng.choice(alive)
            await node.kill()
            self.devices = [device for device in self.devices if device[0] is not node]
            self.watchers = [watcher for watcher in self.watchers if watcher[0] is not node]
        elif len(alive) < 4:
            await self.build()

    async def _flush(self) -> None:
        """Lose everything; who is there stays there."""
        there = {user for user in USERS if self.truth(user) != "offline"}
        marks = [len(watcher.told) for _, watcher in self.watchers]
        self.town.place.clear()
        await self.town.forward(12)
        for (node, watcher), mark in zip(self.watchers, marks, strict=True):
            gone = {user for user, status in watcher.told[mark:] if status == "offline"} & there
            if gone and not self.town.deaf:
                self.flaps.append(f"{gone} were told to be away on {node.name} after a flush")

    async def _mute(self) -> None:
        """Take Redis away for a while, or let a node hear nothing."""
        if self.rng.random() < 0.5:
            self.town.deaf = {self.rng.choice(self._alive()).name} if not self.town.deaf else set()
            return
        self.town.place.down = True
        for node in self._alive():
            node.line.degraded = True
        await self.town.forward(self.rng.choice((3, 10, HOLD_S + 10)))
        if self.rng.random() < 0.5:
            self.town.place.clear()
        self.town.place.down = False
        for node in self._alive():
            node.line.degraded = False
            node.ledger.recovered()


@pytest.mark.parametrize("seed", range(25))
async def test_everybody_is_told_the_truth_in_the_end(town: Town, seed: int) -> None:
    life = Life(town, random.Random(seed))
    await life.begin()
    for _ in range(STEPS):
        await life.step()
    await town.forward(QUIET_S)
    for node, watcher in life.watchers:
        for user in USERS:
            assert node.desk.status(user) == life.truth(user), (node.name, user)
            shown = [life.first[watcher][user], *(status for name, status in watcher.told if name == user)]
            assert shown[-1] == life.truth(user), (node.name, user)
            assert all(one != other for one, other in itertools.pairwise(shown)), "the same twice"
    assert life.flaps == []
