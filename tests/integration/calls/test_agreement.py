"""Whatever people do on two nodes, cut off at times, whatever nodes do not hear of each other: all agree in the end."""

import asyncio
import random
from types import ModuleType

import pytest

from services.calls.keeping import tending
from services.calls.machine import begin, coming, legs, settling, timers
from store.tables import CALLS, ENDED, JOBS, KEEPERS
from tests.application import Parley
from tests.callers import Device, direct, group
from tests.client.checks import Json
from tests.client.rest import Refused
from tests.client.site import Site
from tests.client.wire import Closed
from tests.unstable import Fault
from ws.relay.envelopes import Kind
from ws.relay.relay import Heard

pytestmark = pytest.mark.redis

Nodes = tuple[Parley, Parley]

SEEDS = (1, 2)
ROUNDS = 300
GROUPS = 3

REFUSED = frozenset({"answered_elsewhere", "busy", "call_full", "call_over", "not_in_call", "unavailable"})
"""What may be answered to who asks for something that another one was faster to make impossible."""

OPS = frozenset({"accept", "cancel", "connected", "decline", "join", "leave", "ringing", "set", "signal", "start"})

AGREED_S = 20.0
"""Longest until all agree: the timers of the calls, a sweep, and the restlessness of this machine."""


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the states of calls last for less."""
    hurried = {"RING_S": 3, "CONNECT_S": 2, "GRACE_S": 1}
    modules: tuple[ModuleType, ...] = (begin, coming, legs, settling, timers)
    for module in modules:
        for name, value in hurried.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(tending, "SWEEP_TICKS", 3)


def fitting(device: Device, call: Json) -> list[str]:
    """Return what somebody may want who knows this of a call."""
    states = {leg["state"] for leg in call["legs"] if leg["user"]["id"] == device.account.id}
    if states & {"connecting", "connected", "reconnecting"}:
        return ["connected", "connected", "set", "set", "signal", "leave", "cancel", "join"]
    rung = any(one["user"]["id"] == device.account.id and one["state"] == "ringing" for one in call["invited"])
    return ["ringing", "ringing", "accept", "decline"] if rung else ["join"]


class World:
    """Four people with six devices at two nodes, and two rooms."""

    def __init__(self, nodes: Nodes, rng: random.Random) -> None:
        self.nodes, self.rng = nodes, rng
        self.devices: list[Device] = []
        self.rooms: list[str] = []
        self.done: set[str] = set()
        self.disagreed = 0
        """Rounds after which not all knew the same."""
        self.deaf = 0.0
        """How much of what others say of calls nodes do not hear."""

    async def begin(self) -> None:
        """Make the people and rooms, and let nodes be deaf at times."""
        here, there = self.nodes
        people = [await here.site.register(name) for name in ("ada", "bob", "cid", "dan")]
        ada, bob, cid, _ = people
        self.rooms = [await direct(ada, bob), *[await group(*people) for _ in range(GROUPS)]]
        people += [await there.site.log_in(ada), await there.site.log_in(cid)]
        self.devices = [await Device(one).connect(self._site()) for one in people]
        for node in self.nodes:
            node.store.spared = (JOBS, KEEPERS)
            relay = node.door.calls._relay
            assert relay is not None
            for kind in (Kind.CALL, Kind.CALL_TOLD):
                relay.on[kind] = self._half(relay.on[kind])

    def _half(self, heard: Heard) -> Heard:
        def hear(channel: str, node: str, body: bytes) -> None:
            if self.rng.random() >= self.deaf:
                heard(channel, node, body)

        return hear

    def _site(self) -> Site:
        return self.rng.choice(self.nodes).site

    async def act(self) -> None:
        """Let somebody do something, or be cut off, or come back."""
        device = self.rng.choice(self.devices)
        if device.socket.closed.done():
            await device.connect(self._site())
        elif self.rng.random() < 0.1:
            device.socket.cut()
        else:
            await self._ask(device)

    async def _ask(self, device: Device) -> None:
        op, given = self._chosen(device)
        try:
            await device.do(op, **given)
            self.done.add(op)
        except Refused as refused:
            if refused.code not in REFUSED:
                raise
        except Closed:
            self.done.add("cut")

    def _chosen(self, device: Device) -> tuple[str, Json]:
        live = [call for call in device.calls.values() if call["state"] != ENDED]
        if not live or self.rng.random() < 0.2:
            room = self.rng.choice(self.rooms if device.account.id in self.pair else self.rooms[1:])
            ring = [] if room == self.rooms[0] else self.rng.sample(self.others(device), self.rng.randrange(3))
            return "start", {"call": None, "room": room, "media": "audio", "ring": ring}
        call = self.rng.choice(live)
        op = self.rng.choice(sorted(OPS - {"start"}) if self.rng.random() < 0.1 else fitting(device, call))
        more: Json = {}
        if op == "set":
            more = {"muted": self.rng.random() < 0.5}
        elif op == "signal":
            more = {"to": self.rng.choice(call["legs"])["id"], "kind": "ice", "data": {}}
        return op, {"call": call["id"], **more}

    @property
    def pair(self) -> set[str]:
        """The two who have a room to themselves."""
        return {device.account.id for device in self.devices[:2]}

    def others(self, device: Device) -> list[str]:
        """Return everybody else."""
        return sorted({one.account.id for one in self.devices} - {device.account.id})

    async def trouble(self) -> None:
        """Let nodes hear or not, and the store fail for a while."""
        self.deaf = self.rng.choice((0.0, 0.5))
        if self.rng.random() < 0.1:
            self.rng.choice(self.nodes).store.fail(Fault.UNAVAILABLE, "together", times=self.rng.randrange(1, 6))

    async def stored(self) -> dict[str, tuple[str, int]]:
        """Return state and version of all calls that go on."""
        found = await self.nodes[0].database.find(CALLS, {"live": True}, by="id")
        return {call.id: (call.room, call.version) for call in found}

    def known(self, device: Device) -> dict[str, tuple[str, int]]:
        """Return the same of those that a device takes to go on."""
        return {call["id"]: (call["room"], call["version"]) for call in device.calls.values() if call["state"] != ENDED}

    async def differences(self) -> list[object]:
        """Return what devices, and nodes, know otherwise than the store."""
        wrong: list[object] = []
        stored = await self.stored()
        for device in self.devices:
            mine = {
                id_: one for id_, one in stored.items() if device.account.id in self.pair or one[0] != self.rooms[0]
            }
            if self.known(device) != mine:
                wrong.append((device.account.username, self.known(device), mine))
        for node in self.nodes:
            here = {call.id: (call.room, call.version) for call in node.application.calls.registry.all()}
            if here != stored:
                wrong.append((node.application.node, here, stored))
        return wrong


@pytest.mark.parametrize("seed", SEEDS)
async def test_all_agree_in_the_end(nodes: Nodes, seed: int) -> None:
    world = World(nodes, random.Random(seed))
    await world.begin()
    rounds = 0
    while rounds < ROUNDS or not world.done >= OPS:
        rounds += 1
        await world.trouble()
        await asyncio.gather(*(world.act() for _ in range(world.rng.randrange(1, 5))))
        world.disagreed += bool(await world.differences())
    assert world.disagreed, "all agreed all the while, whatever was not heard"
    world.deaf = 1.0  # what is not known by now is found in the store
    for node in nodes:
        node.store.heal()
    for device in world.devices:
        if device.socket.closed.done():
            await device.connect(nodes[0].site)
    try:
        async with asyncio.timeout(AGREED_S):
            while await world.differences():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(await world.differences()) from None
