"""The rig: three nodes on one store, a Redis behind a proxy for each, people, rooms, a history, and its end."""

import asyncio
import contextlib
import random
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tests.client.account import Account
from tests.client.rest import Rest
from tests.faults.device import Device, Person, Place
from tests.faults.history import Begin, End, Fault, Final, History, RoomMade
from tests.faults.link import Item
from tests.faults.proxy import Proxy
from tests.parts import Mongo, Redis
from tests.processes import ServerProcess

NODES = 3
OPENING = 24
"""People who are made, or let in, at the same time."""
LOOK_S = 0.02
"""How often the rig looks whether something holds by now, for which nobody rings."""


@dataclass(eq=False)
class Node:
    """A node of the rig, and its own road to Redis."""

    name: str
    server: ServerProcess
    road: Proxy
    rest: Rest = field(default_factory=lambda: Rest(("127.0.0.1", 0)))
    up: bool = False

    async def start(self) -> None:
        """Start it, again on its port."""
        await asyncio.to_thread(self.server.start)
        if self.rest.address[1] == 0:
            self.rest.address = self.server.address
        self.up = True

    async def kill(self) -> None:
        """End it at once."""
        self.up = False
        await asyncio.to_thread(self.server.kill)

    async def start_again(self, **variables: str) -> None:
        """Stop it and start it with other settings."""
        await self.stop()
        self.server._variables.update(variables)
        await self.start()

    async def stop(self) -> tuple[int, float]:
        """Ask it to end; return its exit code and how long it took."""
        self.up, began = False, time.monotonic()
        code = await asyncio.to_thread(self.server.stop)
        return code, time.monotonic() - began

    async def meters(self) -> dict[str, float]:
        """Return what it counts, by name with labels."""
        text = (await self.rest.request("GET", "/metrics")).body.decode()
        pairs = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}


@dataclass(eq=False)
class Room:
    """A room of the rig: who made it, and who is in it."""

    id: str
    owner: Account
    members: list[Account]
    history: str


class Rig:
    """One run: its parts, its people, what they do, and what was broken. ``rigged`` makes one."""

    def __init__(self, nodes: list[Node], redis: Redis, history: History, rng: random.Random) -> None:
        self.nodes = nodes
        self.redis = redis
        self.history = history
        self.rng = rng
        self.rooms: list[Room] = []
        self.devices: list[Device] = []
        self.places = [Place(node.name, lambda node=node: node.server.address) for node in nodes]  # type: ignore[misc]
        self._names = 0

    # People

    async def people(self, count: int) -> list[Account]:
        """Make accounts."""
        gate, run = asyncio.Semaphore(OPENING), uuid.uuid4().hex[:6]

        async def one(number: int) -> Account:
            async with gate:
                return await Account.register(self.nodes[number % NODES].rest, f"p{run}-{number}")

        made = await asyncio.gather(*(one(self._names + number) for number in range(count)))
        self._names += count
        return made

    async def room(self, owner: Account, members: Sequence[Account], *, history: str = "all") -> Room:
        """Make a public room and let people in."""
        body = {"name": f"room {len(self.rooms)}", "kind": "public", "history": history}
        made = await owner.post("rooms", body=body)
        room = Room(made["id"], owner, [owner, *members], history)
        self.history.write(RoomMade(at=self.history.now(), room=room.id, history=history))
        gate = asyncio.Semaphore(OPENING)

        async def enter(member: Account) -> None:
            async with gate:
                await member.post("rooms", room.id, "members", body={})

        await asyncio.gather(*(enter(member) for member in members))
        self.rooms.append(room)
        return room

    def device(self, account: Account, at: int | None = None) -> Device:
        """Return a device of somebody, which comes to a node first, in turn where none is named."""
        number = len(self.devices)
        person, rng = Person(account.id, account.token), random.Random(self.rng.random())
        where = number % NODES if at is None else at
        device = Device(f"{account.username}.{number}", person, self.places, self.history, rng, where)
        self.devices.append(device)
        return device

    async def begin(self, seconds: float = 60.0) -> None:
        """Let all devices come that have not yet, some at a time, and wait until they are live."""
        fresh = [device for device in self.devices if device.session == 0]
        for at in range(0, len(fresh), 4 * OPENING):
            for device in fresh[at : at + 4 * OPENING]:
                device.begin()
            await until(lambda: all(device.live.is_set() for device in fresh[: at + 4 * OPENING]), seconds, "live")  # noqa: B023

    # Faults

    def broke(self, name: str, target: str, since: float, **facts: int | float | str) -> None:
        """Note what was broken from a moment until now."""
        now = self.history.now()
        self.history.write(Fault(at=since, name=name, target=target, until=now, facts=facts))

    # The end

    async def finish(self, seconds: float) -> float:
        """Wait until everybody has everything, or until so many seconds passed; write down how all ends.

        Returns how long it took.
        """
        began = time.monotonic()
        heads = {room.id: await self._head(room) for room in self.rooms}

        def whole() -> bool:
            return all(
                device.settled and all(device.cursors.get(room, head) >= head for room, head in heads.items())
                for device in self.devices
            )

        with contextlib.suppress(AssertionError):  # who misses what is the checker's to say
            await until(whole, seconds, "having everything")
        took = time.monotonic() - began
        for device in self.devices:
            mine = tuple(room.id for room in self.rooms if room.id in device.cursors)
            self.history.write(End(at=self.history.now(), device=device.name, rooms=mine))
        for room in self.rooms:
            for node in self._up:
                items = [item.seen(users=True) for item in await self._items(room, node)]
                head = max((item.rev for item in items), default=0)
                at = self.history.now()
                self.history.write(Final(at=at, node=node.name, room=room.id, head=head, items=tuple(items)))
        return took

    @property
    def _up(self) -> list[Node]:
        return [node for node in self.nodes if node.up]

    async def _items(self, room: Room, node: Node) -> list[Item]:
        """Fetch a whole room from a node."""
        room.owner.rest = node.rest
        return [msgspec.convert(item, Item) for item in await room.owner.history(room.id)]

    async def _head(self, room: Room) -> int:
        """Return the newest rev of what every member sees."""
        items = await self._items(room, self._up[0])
        joins = [item.seq for item in items if item.type == "joined"] if room.history == "joined" else []
        return max((item.rev for item in items if item.seq >= max(joins, default=0)), default=0)

    async def leave(self) -> None:
        """Let everybody go."""
        await asyncio.gather(*(device.leave() for device in self.devices))


async def until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: If it does not in time.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        await asyncio.sleep(LOOK_S)


def store_arguments(store: str, folder: Path, mongo: str | None) -> Callable[[int], tuple[Path, tuple[str, ...]]]:
    """Return what gives each node its data directory and its arguments."""

    def arguments(number: int) -> tuple[Path, tuple[str, ...]]:
        if store == "sqlite":
            return folder / "data", ()
        assert mongo is not None
        data = folder / f"node{number}"
        data.mkdir(exist_ok=True)
        return data, ("--mongo-url", mongo)

    return arguments


@contextlib.asynccontextmanager
async def rigged(
    scenario: str,
    folder: Path,
    seed: int,
    *,
    store: str = "sqlite",
    variables: dict[str, str] | None = None,
    of_node: Mapping[int, Mapping[str, str]] | None = None,
    joined: bool = True,
) -> AsyncIterator[Rig]:
    """Start the parts; end them when all is over, and demand that no node left a traceback.

    ``variables`` are of the environment of every node, ``of_node`` of single ones. Unless ``joined`` the nodes know
    nothing of each other but the store.

    Raises:
        Missing: If a part cannot run here.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        mongo = stack.enter_context(Mongo()).url + "/parley" if store == "mongo" else None
        redis = stack.enter_context(Redis())
        history = stack.enter_context(History(folder / "history.jsonl"))
        nodes = []
        arguments = store_arguments(store, folder, mongo)
        for number in range(NODES):
            road = Proxy(("127.0.0.1", redis.port), resp=True)
            await road.start()
            stack.push_async_callback(road.close)
            data, more = arguments(number)
            mine = {**(variables or {}), **(of_node or {}).get(number, {})}
            url = ("--redis-url", f"redis://127.0.0.1:{road.port}") if joined else ()
            server = ServerProcess(data, *more, *url, "--node", f"n{number + 1}", variables=mine)
            nodes.append(Node(f"n{number + 1}", server, road))
            stack.push_async_callback(asyncio.to_thread, server.kill)
        await nodes[0].start()  # it makes the store and the secrets
        await asyncio.gather(*(node.start() for node in nodes[1:]))
        history.write(Begin(at=history.now(), scenario=scenario, seed=seed, store=store))
        rig = Rig(nodes, redis, history, random.Random(seed))
        try:
            yield rig
        finally:
            await rig.leave()
            for node in nodes:
                await node.rest.close()
        for node in nodes:
            await asyncio.to_thread(server_ended, node.server)


def server_ended(server: ServerProcess) -> None:
    """Demand that a server wrote no traceback."""
    assert not server.trouble(), server.trouble()[0]


def forget(folder: Path) -> None:
    """Remove what a run that went well left."""
    shutil.rmtree(folder, ignore_errors=True)
