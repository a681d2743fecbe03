"""Several nodes on one store and one Redis: to clients they are one server, with Redis or for a while without it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.client.account import Account
from tests.client.checks import Json
from tests.client.site import Site
from tests.client.socket import Socket
from tests.integration.conftest import Store
from tests.parts import Redis
from tests.processes import all_running

pytestmark = [pytest.mark.redis, pytest.mark.timeout(90)]

SQLITE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
"""For what does not depend on the store."""

SOON_S = 15.0
"""Longest that a test waits for something that takes no more than three or four seconds on a machine at leisure."""


@dataclass
class Cluster:
    """Nodes, and clients of each."""

    redis: Redis
    sites: list[Site]

    async def room(self, *others: Account, owner: Account) -> str:
        """Make a public room with these members."""
        id_: str = (await owner.post("rooms", body={"name": "room", "kind": "public"}))["id"]
        for other in others:
            await other.post("rooms", id_, "members", body={})
        return id_

    async def ready(self, number: int) -> tuple[int, list[str]]:
        """Return what a node says of itself to a load balancer."""
        answer = await self.sites[number].rest.request("GET", "/health/ready")
        return answer.status, answer.json["reasons"]

    async def settle(self, *, ready: bool = True) -> None:
        """Wait until all nodes are ready, or none is."""
        async with asyncio.timeout(SOON_S):
            for number in range(len(self.sites)):
                while ((await self.ready(number))[0] == 200) is not ready:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def cluster(store: Store, redis: Redis, count: int = 2) -> AsyncIterator[Cluster]:
    """Run nodes that are joined by a Redis."""
    async with contextlib.AsyncExitStack() as stack:
        servers = [store.server(PARLEY_REDIS_URL=redis.url) for _ in range(count)]
        nodes = await stack.enter_async_context(all_running(servers))
        sites = [await stack.enter_async_context(Site(node.address)) for node in nodes]
        yield Cluster(redis, sites)


async def event(socket: Socket, **wanted: Any) -> Json:
    """Return the next event with these fields; in ``d`` where they are not of the event itself."""
    async with asyncio.timeout(SOON_S):
        while True:
            found = await socket.events.get()
            fields = found.get("d", {}) | found
            if all(fields.get(name) == value for name, value in wanted.items()):
                return found


async def say(socket: Socket, room: str, text: str) -> Json:
    """Send a message and return it as it was acknowledged."""
    item: Json = await socket.call("message.send", {"room": room, "text": text, "cid": text})
    return item


async def test_what_one_node_keeps_is_told_on_the_others(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part, 3) as nodes:
        ann, bob, cid = [await site.register("who") for site in nodes.sites]
        room = await nodes.room(bob, cid, owner=ann)
        sockets = [await site.connect(who) for site, who in zip(nodes.sites, (ann, bob, cid), strict=True)]
        await nodes.settle()
        sent = [await say(socket, room, f"from {number}") for number, socket in enumerate(sockets)]
        await sockets[0].call("message.react", {"room": room, "message": sent[1]["id"], "emoji": ":+1:", "on": True})
        for socket in sockets:
            for item in sent:
                assert (await event(socket, ev="message", id=item["id"]))["d"]["text"] == item["text"]
            assert (await event(socket, ev="message", id=sent[1]["id"]))["d"]["reactions"][0]["count"] == 1


@SQLITE
async def test_what_is_not_kept_is_told_on_the_others_too(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        ann, bob = await here.register("ann"), await there.register("bob")
        room = await nodes.room(bob, owner=ann)
        one, two = await here.connect(ann), await there.connect(bob)
        second = await there.connect(await there.log_in(ann))
        await nodes.settle()
        item = await say(two, room, "read me")
        await one.call("room.typing", {"room": room})
        assert (await event(two, ev="typing", room=room))["d"]["user"]["id"] == ann.id
        await one.call("room.read", {"room": room, "seq": item["seq"]})
        assert (await event(second, ev="read", room=room))["d"] == {"user": ann.id, "seq": item["seq"]}


@SQLITE
async def test_rooms_joined_and_left_are_told_on_the_others(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        ann, bob = await here.register("ann"), await there.register("bob")
        two = await there.connect(bob)
        await nodes.settle()
        room = await nodes.room(owner=ann)
        await ann.post("rooms", room, "members", body={"user": bob.id})
        assert (await event(two, ev="room.joined"))["d"]["id"] == room
        one = await here.connect(ann)
        await say(one, room, "seen")
        await event(two, ev="message", text="seen")
        (await ann.request("DELETE", f"/api/rooms/{room}/members/{bob.id}")).ok()
        assert (await event(two, ev="room.left"))["d"]["reason"] == "removed"
        await say(one, room, "unseen")
        await two.call("ping", {})
        await asyncio.sleep(0.2)
        assert not [found for found in _left(two) if found.get("ev") == "message" and found["room"] == room]


def _left(socket: Socket) -> list[Json]:
    found = []
    while not socket.events.empty():
        found.append(socket.events.get_nowait())
    return found


@SQLITE
async def test_a_log_out_ends_the_sockets_and_tokens_of_its_log_in_everywhere(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        ann = await here.register("ann")
        two = await there.connect(ann)
        other = await there.connect(await there.log_in(ann))
        await nodes.settle()
        await ann.log_out()
        async with asyncio.timeout(SOON_S):
            assert (await two.closed).code == 4504
        answer = await there.rest.request("GET", "/api/users/me", token=ann.token)
        assert answer.status == 401
        await other.call("ping", {})


async def test_losing_redis_costs_latency_and_closes_nothing(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        ann, bob = await here.register("ann"), await there.register("bob")
        room = await nodes.room(bob, owner=ann)
        one, two = await here.connect(ann), await there.connect(bob)
        await nodes.settle()
        for number, change in enumerate((redis_part.kill, redis_part.start, redis_part.freeze, redis_part.thaw)):
            change()
            for part in range(3):
                await say(one, room, f"m{number}.{part}")
            for part in range(3):
                await event(two, ev="message", text=f"m{number}.{part}")
            await nodes.settle(ready=number % 2 == 1)
        assert not one.closed.done()
        assert not two.closed.done()
        assert await nodes.ready(0) == (200, [])


@SQLITE
async def test_a_log_out_ends_sockets_without_redis_too(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        ann = await here.register("ann")
        two = await there.connect(ann)
        await nodes.settle()
        redis_part.kill()
        await ann.log_out()
        async with asyncio.timeout(SOON_S):
            assert (await two.closed).code == 4504


@SQLITE
async def test_nodes_start_without_redis_and_say_so(store: Store, redis_part: Redis) -> None:
    redis_part.kill()
    async with cluster(store, redis_part) as nodes:
        status, reasons = await nodes.ready(0)
        assert status == 503
        assert "broker" in reasons[0]
        ann, bob = await nodes.sites[0].register("ann"), await nodes.sites[1].register("bob")
        room = await nodes.room(bob, owner=ann)
        one, two = await nodes.sites[0].connect(ann), await nodes.sites[1].connect(bob)
        await say(one, room, "without")
        await event(two, ev="message", text="without")
        redis_part.start()
        await nodes.settle()
        await say(one, room, "with")
        await event(two, ev="message", text="with")
