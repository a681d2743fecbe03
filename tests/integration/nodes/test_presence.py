"""Who is there, over several nodes and one Redis, while both of them break."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
import redis

from tests.client.account import Account
from tests.client.checks import Json
from tests.client.rest import Refused
from tests.client.site import Site
from tests.client.socket import Socket
from tests.integration.conftest import Store
from tests.parts import Redis
from tests.processes import ServerProcess, running

pytestmark = [
    pytest.mark.redis,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.parametrize("store", ["sqlite"], indirect=True),
]

CLEAN_S, KILLED_S, FLUSHED_S = 7.0, 15.0, 10.0
"""When the truth has to be known: after a clean close, a node's death, the loss of everything in Redis."""

SOON_S = 20.0
"""Longest that a test waits for what is not measured."""


@dataclass
class Watcher:
    """Somebody who watches, and what they were told, each with its moment."""

    socket: Socket
    told: list[tuple[float, str, str]] = field(default_factory=list)

    @classmethod
    async def connect(cls, site: Site, account: Account) -> "Watcher":
        """Connect somebody."""
        told: list[tuple[float, str, str]] = []

        def take(event: Json) -> None:
            if event["ev"] == "presence":
                told.append((time.monotonic(), event["d"]["user"], event["d"]["status"]))

        return cls(await site.connect(account, take), told)

    async def watch(self, *accounts: Account) -> list[str]:
        """Watch people; return how they are."""
        answer = await self.socket.call("presence.watch", {"users": [account.id for account in accounts]})
        return [one["status"] for one in answer]

    async def see(self, accounts: Sequence[Account], statuses: list[str]) -> None:
        """Watch people until they are so; what was told until then is forgotten."""
        async with asyncio.timeout(SOON_S):
            while await self.watch(*accounts) != statuses:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        self.told.clear()

    @property
    def statuses(self) -> list[str]:
        """What was told, without moments and names."""
        return [status for _, _, status in self.told]

    async def until(self, *statuses: str) -> float:
        """Wait until just these were told; return the moment of the last."""
        async with asyncio.timeout(SOON_S):
            while self.statuses != list(statuses):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        return self.told[-1][0]


@dataclass
class Cluster:
    """Two nodes or more, clients of each, and people who share a room."""

    servers: list[ServerProcess]
    sites: list[Site]

    async def settle(self, *, ready: bool = True) -> None:
        """Wait until all nodes are ready, or none is."""
        async with asyncio.timeout(SOON_S):
            for site in self.sites:
                while ((await site.rest.request("GET", "/health/ready")).status == 200) is not ready:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

    async def acquaint(self, count: int) -> Sequence[Account]:
        """Make people who share a room."""
        first, *others = people = await self.sites[0].register_all("who", count)
        room = (await first.post("rooms", body={"name": "room", "kind": "public"}))["id"]
        for other in others:
            await other.post("rooms", room, "members", body={})
        return people


@contextlib.asynccontextmanager
async def cluster(store: Store, part: Redis, count: int = 2) -> AsyncIterator[Cluster]:
    """Run nodes that are joined by a Redis."""
    async with contextlib.AsyncExitStack() as stack:
        nodes = Cluster([], [])
        for _ in range(count):
            server = await stack.enter_async_context(running(store.server(PARLEY_REDIS_URL=part.url)))
            nodes.servers.append(server)
            nodes.sites.append(await stack.enter_async_context(Site(server.address)))
        await nodes.settle()
        yield nodes


async def test_devices_on_several_nodes_are_one_person(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        ann, bob = await nodes.acquaint(2)
        watcher = await Watcher.connect(here, ann)
        assert await watcher.watch(bob) == ["offline"]
        phone = await there.connect(bob)
        await watcher.until("online")
        desk = await here.connect(bob)
        await phone.call("presence.set", {"status": "busy"})
        await watcher.until("online", "busy")
        assert await watcher.watch(bob) == ["busy"]
        await phone.call("presence.set", {"status": "away"})
        await watcher.until("online", "busy", "online")
        closed = time.monotonic()
        await desk.close()
        assert await watcher.until("online", "busy", "online", "away") - closed <= CLEAN_S
        closed = time.monotonic()
        await phone.close()
        assert await watcher.until("online", "busy", "online", "away", "offline") - closed <= CLEAN_S
        answer = await watcher.socket.call("presence.watch", {"users": [bob.id]})
        assert answer[0]["last_seen"] is not None


async def test_who_comes_back_on_another_node_was_never_away(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        ann, bob = await nodes.acquaint(2)
        watcher = await Watcher.connect(here, ann)
        socket = await there.connect(bob)
        await watcher.see([bob], ["online"])
        for site in (here, there, here):
            await socket.close()
            socket = await site.connect(bob)
        await asyncio.sleep(CLEAN_S + 1)
        assert watcher.told == []


async def test_people_of_a_node_that_is_killed_are_gone_in_time(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part, 3) as nodes:
        here, there, elsewhere = nodes.sites
        ann, *others = await nodes.acquaint(21)
        watcher = await Watcher.connect(here, ann)
        assert set(await watcher.watch(*others)) == {"offline"}
        for one in others:
            await there.connect(one)
        await watcher.until(*["online"] * 20)
        await asyncio.to_thread(nodes.servers[1].kill)
        killed = time.monotonic()
        for one in others[:10]:
            await elsewhere.connect(one)
        last = await watcher.until(*["online"] * 20, *["offline"] * 10)
        assert last - killed <= KILLED_S
        assert {user for _, user, status in watcher.told if status == "offline"} == {one.id for one in others[10:]}
        assert await watcher.watch(*others) == ["online"] * 10 + ["offline"] * 10
        await asyncio.to_thread(nodes.servers[1].start)  # it is stopped as the others are


async def test_loss_of_everything_in_redis_is_healed_unnoticed(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        ann, bob, cid = await nodes.acquaint(3)
        watcher = await Watcher.connect(here, ann)
        assert await watcher.watch(bob) == ["offline"]
        await there.connect(bob)
        await watcher.until("online")
        with redis.Redis(port=redis_part.port) as client:
            client.flushall()
        flushed = time.monotonic()
        fresh = await Watcher.connect(here, cid)
        while await fresh.watch(bob) != ["online"]:
            await fresh.watch()
            await asyncio.sleep(0.1)
        assert time.monotonic() - flushed <= FLUSHED_S
        await asyncio.sleep(max(0.0, flushed + FLUSHED_S + 2 - time.monotonic()))
        assert watcher.statuses == ["online"]


async def test_without_redis_a_node_knows_its_own_people_and_nothing_waits(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        ann, bob, cid = await nodes.acquaint(3)
        watcher = await Watcher.connect(here, ann)
        redis_part.kill()
        await nodes.settle(ready=False)
        own, other = await here.connect(bob), await there.connect(cid)
        began = time.monotonic()
        assert await watcher.watch(bob, cid) == ["online", "offline"]
        await own.call("presence.set", {"status": "away"})
        await other.call("presence.set", {"status": "busy"})
        assert time.monotonic() - began < 2
        await watcher.until("away")
        redis_part.start()
        back = time.monotonic()
        await watcher.see([cid], ["busy"])
        assert time.monotonic() - back <= FLUSHED_S
        assert await watcher.watch(bob) == ["away"]


async def test_what_is_seen_ends_with_the_room_that_is_shared(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        ann, bob = await nodes.acquaint(2)
        stranger = await there.register("eve")
        watcher = await Watcher.connect(here, ann)
        socket = await there.connect(bob)
        await there.connect(stranger)
        await watcher.see([bob, stranger], ["online", "offline"])
        room = (await bob.get("rooms"))["items"][0]["id"]
        await socket.call("room.leave", {"room": room})
        await watcher.until("offline")
        await socket.call("presence.set", {"status": "busy"})
        assert await watcher.watch(bob) == ["offline"]
        with pytest.raises(Refused, match="not_a_member"):
            await socket.call("room.presence", {"room": room})


async def test_people_of_a_large_room_are_counted_and_not_shown(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        people = await nodes.acquaint(205)
        sockets = [await (here, there)[number % 2].connect(one) for number, one in enumerate(people[:40])]
        sockets += [await there.connect(one) for one in people[:20:2]]
        room = (await people[0].get("rooms"))["items"][0]["id"]
        for socket in sockets[:2]:
            counted = await socket.call("room.presence", {"room": room})
            assert abs(counted["online"] - 40) <= 1, "who is on both nodes counts once"
            assert counted["member_count"] == 205
        watcher = await Watcher.connect(here, people[204])
        assert set(await watcher.watch(*people[:100])) == {"offline"}
