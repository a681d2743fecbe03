"""Several nodes in one process, as far as presence goes, with a clock that is moved by hand."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from typing import Any

from services.loop import tasks
from services.metrics import Metrics
from services.presence.seen import LastSeen
from store.database import Database
from store.errors import Unavailable
from store.presence import Beat
from store.presence_memory import MemoryPresence
from tests.unit.ws.ears import Ear, frames
from ws.hub.hub import Hub
from ws.presence.desk import Desk
from ws.presence.ledger import Ledger
from ws.relay.envelopes import Kind
from ws.relay.leases import Leases
from ws.wheel import Wheel
from ws.wire.flusher import Flusher


class Device(Ear):
    """Somebody's session, as far as presence knows of sessions."""

    gone = False
    closed_code: int | None = None

    @property
    def told(self) -> list[tuple[str, str]]:
        """Who was told to be how, in order."""
        return [(event["user"], event["status"]) for event in self.events]

    @property
    def events(self) -> list[Any]:
        """What was told, in order."""
        found = [event for frame in self.outbox.ephemeral for event in frames(frame)]
        assert all(event["ev"] == "presence" for event in found)
        return [event["d"] for event in found]

    def forget(self) -> None:
        """Begin to listen anew."""
        self.outbox.ephemeral.clear()


class Place(MemoryPresence):
    """Where presence is kept, as far as it can be reached."""

    def __init__(self, town: "Town") -> None:
        super().__init__(lambda: town.now)
        self.down = False
        self.questions = 0

    def _ask(self) -> None:
        self.questions += 1
        if self.down:
            raise Unavailable("it is down")

    async def beat(self, node: str) -> Beat:
        """See ``Presence.beat``."""
        self._ask()
        return await super().beat(node)

    async def put(self, node: str, statuses: Mapping[str, str | None]) -> None:
        """See ``Presence.put``."""
        self._ask()
        await super().put(node, statuses)

    async def get(self, users: Collection[str]) -> dict[str, dict[str, str]]:
        """See ``Presence.get``."""
        self._ask()
        return await super().get(users)

    async def count(self, room: str) -> int:
        """See ``Presence.count``."""
        self._ask()
        return await super().count(room)


class Line:
    """One node's line to the others: it implements ``ws.presence.others.Others``."""

    def __init__(self, town: "Town", name: str) -> None:
        self.degraded = False
        self.wanted: set[str] = set()
        self._town = town
        self._name = name

    def want(self, channel: str) -> None:
        """See ``Others.want``."""
        self.wanted.add(channel)

    def drop(self, channel: str) -> None:
        """See ``Others.drop``."""
        self.wanted.discard(channel)

    def send(self, channel: str, kind: Kind, body: bytes) -> None:
        """See ``Others.send``."""
        assert kind is Kind.PRESENCE
        self._town.carry(self._name, channel, body)


class Node:
    """One node."""

    def __init__(self, town: "Town", name: str, database: Database) -> None:
        self.name = name
        self.line = Line(town, name)
        self.wheel = Wheel(lambda: town.now)
        self.hub = Hub(database, Flusher(), Metrics())
        self.seen = LastSeen(database)
        self.desk = Desk(name, town.place, self.line, database, self.hub, self.wheel, self.seen)
        ledger = self.desk._ledger
        assert ledger is not None
        self.ledger: Ledger = ledger
        self.leases = Leases(town.place, name)
        self.leases._clock = lambda: town.now
        self.leases.gone.append(ledger.node_gone)
        self.leases.forgotten.append(ledger.forgotten)
        self.alive = True
        self._tasks = [tasks.start(ledger.telling.run()), tasks.start(ledger.looking.run())]

    def connect(self, user: str) -> Device:
        """Bring a device of somebody's."""
        device = Device(user)
        self.hub.add(device.session, user)
        self.desk.arrive(device.session)
        return device

    def disconnect(self, device: Device) -> None:
        """End a device's session."""
        device.gone = True
        self.hub.remove(device.session, device.user, ())
        self.desk.leave(device.session)

    async def watch(self, device: Device, *users: str) -> dict[str, str]:
        """Let a device watch people; return how they are."""
        await self.desk.watch(device.session, users)
        return {user: self.desk.status(user) for user in users}

    async def beat(self) -> None:
        """Say that the node lives, as far as that can be said."""
        try:
            await self.leases.beat()
        except Unavailable:
            return

    async def kill(self) -> None:
        """End it without a word."""
        self.alive = False
        await tasks.end(*self._tasks)


class Town:
    """The nodes, what they share, and the time."""

    def __init__(self, database: Database) -> None:
        self.now = 1000.0
        self.place = Place(self)
        self.nodes: dict[str, Node] = {}
        self.deaf: set[str] = set()
        """Nodes that nothing reaches that others say."""
        self._database = database

    async def build(self, *names: str) -> list[Node]:
        """Begin nodes."""
        made = [Node(self, name, self._database) for name in names]
        self.nodes |= {node.name: node for node in made}
        await self.forward(1)
        return made

    def carry(self, sender: str, channel: str, body: bytes) -> None:
        """Hand on what a node says."""
        if self.place.down:
            return
        for node in self.nodes.values():
            if node.alive and node.name not in {sender, *self.deaf} and channel in node.line.wanted:
                node.desk.heard(channel, sender, body)

    async def forward(self, seconds: int) -> None:
        """Let time pass, second by second."""
        for _ in range(seconds):
            self.now += 1
            for node in self.nodes.values():
                if node.alive:
                    await node.beat()
                    node.wheel.turn(self.now)
                    node.ledger.turn()
            await settle()

    async def close(self) -> None:
        """End all nodes."""
        async with AsyncExitStack() as stack:
            for node in self.nodes.values():
                stack.push_async_callback(node.kill)


async def settle() -> None:
    """Let what is under way go on as far as it can without time passing."""
    for _ in range(30):
        await asyncio.sleep(0)
