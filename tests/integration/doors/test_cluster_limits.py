"""Rate limits over three nodes that share a store and a Redis: the sum counts, wherever somebody asks."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.operations.limits import AWAY_S, LOGIN_ACCOUNT, REGISTER_ADDRESS, SEND_ROOM
from services.operations.settling import SETTLE_S
from tests.client.account import Account
from tests.client.rest import Rest
from tests.client.site import Site
from tests.parts import Redis
from tests.processes import ServerProcess, running

NODES = 3

pytestmark = [pytest.mark.slow, pytest.mark.redis, pytest.mark.timeout(120)]


@dataclass
class Cluster:
    """Three nodes on one SQLite file."""

    redis: Redis
    sites: list[Site]

    async def log_in(self, node: int, login: str) -> str:
        """Try a wrong password; return the code of the refusal."""
        body = {"login": login, "password": "not the right one"}
        answer = await self.sites[node % NODES].rest.request("POST", "/api/auth/login", body)
        return answer.code or "ok"

    async def register(self, number: int) -> int:
        """Try to make an account, on the node whose turn it is; return the status."""
        body = {"username": f"name{number}", "email": "a@example.org", "password": "four words nobody guesses"}
        return (await self.sites[number % NODES].rest.request("POST", "/api/auth/register", body)).status


@pytest.fixture
async def cluster(tmp_path: Path, redis_part: Redis) -> AsyncIterator[Cluster]:
    async with contextlib.AsyncExitStack() as stack:
        sites = []
        for number in range(NODES):
            more = ("--redis-url", redis_part.url, "--node", f"n{number}")
            server = ServerProcess(tmp_path / "data", *more, variables={"PARLEY_LIMITS": "on"})
            await stack.enter_async_context(running(server))
            sites.append(await stack.enter_async_context(Site(server.address)))
        yield Cluster(redis_part, sites)


async def send(account: Account, rest: Rest, room: str, cid: str) -> bool:
    """Try to say something on a node."""
    path = f"/api/rooms/{room}/messages"
    answer = await rest.request("POST", path, {"text": "x", "cid": cid}, token=account.token)
    assert answer.code in (None, "rate_limited"), answer
    return answer.code is None


async def test_one_person_says_no_more_on_three_nodes_than_on_one(cluster: Cluster) -> None:
    account = await cluster.sites[0].register("ann")
    room = (await account.post("rooms", body={"name": "room", "kind": "public"}))["id"]
    began = time.monotonic()
    said, number = 0, 0
    while time.monotonic() < began + 6:
        for site in cluster.sites:
            number += 1
            said += await send(account, site.rest, room, f"c{number}")
        await asyncio.sleep(0.15)
    took = time.monotonic() - began
    print(f"{said} of {number} in {took:.1f} s")
    # What a node gives before it has learnt that others gave it too.
    slack = (NODES - 1) * 2 * SETTLE_S / 0.15
    assert SEND_ROOM.burst <= said <= SEND_ROOM.burst + took / SEND_ROOM.every_s + slack


async def test_passwords_are_guessed_no_more_often_on_three_nodes_than_on_one(cluster: Cluster) -> None:
    account = await cluster.sites[0].register("ann")
    tries = [cluster.log_in(node, account.username) for node in range(4 * NODES)]
    codes = sorted(await asyncio.gather(*tries))
    assert codes == ["bad_credentials"] * LOGIN_ACCOUNT.burst + ["rate_limited"] * (4 * NODES - LOGIN_ACCOUNT.burst)


async def test_without_redis_nobody_guesses_passwords(cluster: Cluster) -> None:
    account = await cluster.sites[0].register("ann")
    assert await cluster.log_in(0, account.username) == "bad_credentials"
    await asyncio.to_thread(cluster.redis.kill)
    began = time.monotonic()
    codes = [await cluster.log_in(node, account.username) for node in range(2 * NODES)]
    assert codes == ["unavailable"] * 2 * NODES
    assert (time.monotonic() - began) / len(codes) < 0.5, "nobody waits for what is away"
    await asyncio.to_thread(cluster.redis.start)
    code = "unavailable"
    async with asyncio.timeout(10):
        while code == "unavailable":
            await asyncio.sleep(AWAY_S / 4)
            code = await cluster.log_in(0, account.username)
    assert code == "bad_credentials"


async def test_without_redis_each_node_lets_its_own_be_made(cluster: Cluster) -> None:
    await asyncio.to_thread(cluster.redis.kill)
    statuses = [await cluster.register(number) for number in range(6 * NODES)]
    assert statuses.count(201) == NODES * REGISTER_ADDRESS.burst
    assert statuses.count(429) == NODES


async def test_accounts_are_made_no_more_often_on_three_nodes_than_on_one(cluster: Cluster) -> None:
    statuses = await asyncio.gather(*(cluster.register(number) for number in range(3 * NODES)))
    assert statuses.count(201) == REGISTER_ADDRESS.burst
    assert statuses.count(429) == 3 * NODES - REGISTER_ADDRESS.burst
