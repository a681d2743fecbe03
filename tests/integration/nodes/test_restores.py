"""A backup is brought back: who comes with what is no more is told so, and ends with what the server has."""

import asyncio
import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.client.account import Account
from tests.client.mirror import Mirror
from tests.client.site import Site
from tests.client.truth import converged
from tests.integration.conftest import Store
from tests.parts import Redis
from tests.processes import ROOT, START_SECONDS, ServerProcess, all_running, environment, running

pytestmark = [pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(120)]

PEOPLE = 10
DEVICES = 5
"""Of each of them: fifty clients."""
PATIENCE_S = 60.0


def command(server: ServerProcess, *words: str) -> None:
    """Run ``server.py`` with the settings of a server, as an operator would."""
    line = [sys.executable, str(ROOT / "server.py"), *words, "--data-dir", str(server.data), *server.arguments]
    subprocess.run(line, env=environment(), cwd=ROOT, timeout=START_SECONDS, check=True)


async def say(account: Account, room: str, count: int) -> str:
    """Send messages and change the last; return its id."""
    item = ""
    for number in range(count):
        body = {"text": f"{number}", "cid": f"{account.username}-{time.monotonic_ns()}"}
        item = (await account.post("rooms", room, "messages", body=body))["id"]
    await account.request("PATCH", f"/api/rooms/{room}/messages/{item}", {"text": "changed"})
    return item


async def furnish(people: list[Account]) -> str:
    """Make a room with everybody in it, and say something there."""
    room: str = (await people[0].post("rooms", body={"name": "room", "kind": "public"}))["id"]
    for person in people[1:]:
        await person.post("rooms", room, "members", body={})
    await say(people[1], room, 5)
    return room


async def marked(site: Site, account: Account, room: str) -> None:
    """Wait until it is kept that somebody has read what they said."""
    mine = [
        item["seq"] for item in await account.history(room) if item["author"] and item["author"]["id"] == account.id
    ]
    path = f"/api/rooms/{room}/members?limit=100"
    async with asyncio.timeout(PATIENCE_S):
        while True:
            members = (await site.rest.request("GET", path, token=account.token)).ok()["items"]
            if any(member["user"]["id"] == account.id and member["read"] >= mine[-1] for member in members):
                return
            await asyncio.sleep(0.05)


async def ready(site: Site) -> tuple[int, list[str]]:
    """Return what a node says of itself to a load balancer."""
    answer = await site.rest.request("GET", "/health/ready")
    return answer.status, answer.json["reasons"]


async def all_settled(mirrors: list[Mirror]) -> None:
    """Wait until every client is live and has fetched what it wants."""
    for mirror in mirrors:
        await mirror.until(mirror.live.is_set, "being live", seconds=PATIENCE_S)
        await mirror.settled()


async def all_equal(mirrors: list[Mirror]) -> None:
    """Wait until every client has what the server has."""
    await all_settled(mirrors)
    for mirror in mirrors:
        await converged(mirror)


async def test_clients_of_a_restored_store_are_told_and_end_equal_to_it(
    store: Store, redis_part: Redis, tmp_path: Path
) -> None:
    servers = [store.server(PARLEY_REDIS_URL=redis_part.url) for _ in range(2)]
    backup = tmp_path / "backup"
    async with contextlib.AsyncExitStack() as stack:
        nodes = await stack.enter_async_context(all_running(servers))
        sites = [await stack.enter_async_context(Site(node.address)) for node in nodes]
        people = await sites[0].register_all("who", PEOPLE)
        for number, person in enumerate(people):
            person.rest = sites[number % 2].rest  # where their devices are: read marks are a second late elsewhere
        kept = await furnish(people)
        mirrors = [Mirror(sites[number % 2], people[number % PEOPLE]) for number in range(PEOPLE * DEVICES)]
        staying = [asyncio.ensure_future(mirror.stay(unit=0.02)) for mirror in mirrors]
        stack.callback(lambda: [task.cancel() for task in staying])
        await all_settled(mirrors)
        await marked(sites[0], people[1], kept)
        await asyncio.to_thread(command, servers[0], "backup", str(backup))
        epoch = mirrors[0].epoch
        lost = await furnish(people)
        await say(people[2], kept, 10)
        (await people[0].request("DELETE", f"/api/rooms/{kept}/members/{people[9].id}")).ok()
        await all_settled(mirrors)
        for mirror in mirrors:
            out = mirror.account is people[9]
            await mirror.until(lambda: (kept not in mirror.rooms) is out and lost in mirror.rooms, "moving")  # noqa: B023

        for node in nodes:
            assert await asyncio.to_thread(node.stop) == 0
        await asyncio.to_thread(command, servers[0], "restore", str(backup), "--force")
        for node in nodes:
            await asyncio.to_thread(node.start)
        began = time.monotonic()
        await all_settled(mirrors)
        print(f"settled after {time.monotonic() - began:.2f} s on {store.name}")
        await all_equal(mirrors)
        print(f"equal after {time.monotonic() - began:.2f} s on {store.name}")
        assert all(mirror.seen["hello:reset"] for mirror in mirrors)
        assert all(kept in mirror.rooms and lost not in mirror.rooms for mirror in mirrors)
        assert {mirror.epoch for mirror in mirrors} != {epoch}
        # What is said from now on is heard, though the revs are those of things that are no more.
        await say(people[9], kept, 3)
        await all_equal(mirrors)
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)


@pytest.mark.parametrize("store", [pytest.param("mongo", marks=pytest.mark.mongo)], indirect=True)
async def test_a_node_whose_store_was_replaced_under_it_is_not_ready_until_it_is_started_again(
    store: Store, tmp_path: Path
) -> None:
    server, backup = store.server(), tmp_path / "backup"
    async with running(server), Site(server.address) as site:
        await site.register("ann")
        await asyncio.to_thread(command, server, "backup", str(backup))
        assert await ready(site) == (200, [])
        await asyncio.to_thread(command, server, "restore", str(backup), "--force")
        status, reasons = await ready(site)
        assert (status, len(reasons)) == (503, 1)
        assert "replaced" in reasons[0]
        assert await asyncio.to_thread(server.stop) == 0
        await asyncio.to_thread(server.start)
        assert await ready(site) == (200, [])
