"""Three nodes behind the load balancer as it is shipped: what clients see of one that drains, dies or misses Redis."""

import asyncio
import contextlib
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.balancer import Balancer
from tests.client.rest import Rest
from tests.client.site import Site
from tests.client.wire import Rejected
from tests.conftest import running as part
from tests.parts import Redis
from tests.people import Live, Person
from tests.processes import ROOT, ServerProcess, all_running

pytestmark = [pytest.mark.redis, pytest.mark.timeout(120)]


@dataclass
class Cluster:
    """Nodes, what joins them, and clients who know the load balancer alone."""

    nodes: list[ServerProcess]
    balancer: Balancer
    redis: Redis
    site: Site

    def node_of(self, live: Live) -> ServerProcess:
        """Return the node that a socket is open to."""
        name = live.hello["node"].rpartition("-")[0]
        return self.nodes[int(name.removeprefix("node"))]

    async def usable(self, count: int) -> None:
        """Wait until the load balancer sends people to so many nodes."""
        async with asyncio.timeout(20):
            while len({(await self.hello()).hello["node"] for _ in range(count)}) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.1)  # nobody tells

    async def hello(self) -> Live:
        """Open a websocket as somebody."""
        return await self.person.connect()

    person: Person = field(init=False)


@pytest.fixture
def redis_of_ours() -> Iterator[Redis]:
    """A Redis that a test may kill."""
    yield from part(Redis)


@pytest.fixture
async def cluster(tmp_path: Path, redis_of_ours: Redis) -> AsyncIterator[Cluster]:
    """Three nodes over one file, joined by Redis."""
    shared = ("--redis-url", redis_of_ours.url, "--trusted-proxies", "127.0.0.1")
    nodes = [ServerProcess(tmp_path / "data", *shared, "--node", f"node{number}") for number in range(3)]
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(all_running(nodes))
        for balancer in part(lambda: Balancer([node.port for node in nodes])):
            async with Site(("127.0.0.1", balancer.port), balancer.tls) as site:
                cluster = Cluster(nodes, balancer, redis_of_ours, site)
                cluster.person = await Person.register(site, "ann")
                await cluster.usable(3)
                yield cluster


class Asking:
    """Somebody who asks without a pause, through REST and by opening sockets, and notes what comes of it."""

    def __init__(self, cluster: Cluster, room: str) -> None:
        self.statuses: Counter[int | str] = Counter()
        self.sent: list[str] = []
        self.failed_at: list[float] = []
        self._cluster = cluster
        self._room = room
        self._stop = False

    def _note(self, status: int | str) -> None:
        self.statuses[status] += 1
        if not isinstance(status, int) or status >= 400:
            self.failed_at.append(time.monotonic())

    async def _read(self) -> None:
        while not self._stop:
            try:
                self._note((await self._cluster.person.answer("users.me")).status)
            except (OSError, EOFError) as error:
                self._note(type(error).__name__)

    async def _send(self) -> None:
        while not self._stop:
            cid = f"c{len(self.sent)}-{id(self)}"
            self.sent.append(cid)
            body = {"room": self._room, "text": cid, "cid": cid}
            try:
                self._note((await self._cluster.person.answer("message.send", **body)).status)
            except (OSError, EOFError) as error:
                self._note(type(error).__name__)

    async def _open(self) -> None:
        while not self._stop:
            try:
                socket = await self._cluster.site.open()
                await socket.close()
                self._note(101)
            except (OSError, Rejected) as error:
                self._note(getattr(error, "status", type(error).__name__))

    @contextlib.asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Ask all the while."""
        tasks = [asyncio.create_task(work()) for work in (self._read, self._send, self._open, self._read, self._send)]
        try:
            yield
        finally:
            self._stop = True
            await asyncio.gather(*tasks)


async def test_page_and_websocket_come_over_tls(cluster: Cluster) -> None:
    rest = cluster.site.rest
    page = await rest.request("GET", "/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert (await rest.request("GET", "/metrics")).status == 404
    room = await cluster.person.create()
    one, other = await cluster.hello(), await cluster.hello()
    while cluster.node_of(other) is cluster.node_of(one):
        other = await cluster.hello()
    await one.call("message.send", room=room, text="to the other node", cid="c1")
    while (item := (await other.next("message"))["d"])["kind"] != "text":
        assert item["kind"] == "notice"
    assert item["text"] == "to the other node"
    host = f"127.0.0.1:{cluster.balancer.port}"
    await cluster.site.open(origin=f"https://{host}")
    with pytest.raises(Rejected) as refused:
        await cluster.site.open(origin=f"http://{host}")
    assert refused.value.status == 403, "the nodes know that it was asked by TLS"


async def test_node_that_drains_is_left_without_an_error(cluster: Cluster) -> None:
    room = await cluster.person.create()
    lives = [await cluster.hello() for _ in range(12)]
    node = cluster.node_of(lives[0])
    here = [live for live in lives if cluster.node_of(live) is node]
    asking = Asking(cluster, room)
    async with asking.going_on():
        began = time.monotonic()
        assert await asyncio.to_thread(node.stop) == 0
        assert time.monotonic() - began < 10
        for live in here:
            await live.next("goaway")
            assert await live.code() == 4000
            assert cluster.node_of(await cluster.hello()) is not node
        await asyncio.to_thread(node.start)
        await cluster.usable(3)
    assert set(asking.statuses) == {101, 200, 201}, asking.statuses
    assert sorted(await cluster.person.texts(room)) == sorted(asking.sent)
    assert all(not live.socket.closed.done() for live in lives if live not in here)


async def test_node_that_is_killed_is_left(cluster: Cluster) -> None:
    room = await cluster.person.create()
    live = await cluster.hello()
    node = cluster.node_of(live)
    asking = Asking(cluster, room)
    async with asking.going_on():
        killed_at = time.monotonic()
        await asyncio.to_thread(node.kill)
        assert await live.code() == 1006
        assert cluster.node_of(await cluster.hello()) is not node
        await asyncio.sleep(2)
        await asyncio.to_thread(node.start)
        await cluster.usable(3)
    assert all(at - killed_at < 1 for at in asking.failed_at), asking.statuses
    assert len(asking.failed_at) <= 5, "only what the node was answering when it died"


async def test_node_that_hangs_is_left(cluster: Cluster) -> None:
    live = await cluster.hello()
    node = cluster.node_of(live)
    node.freeze()
    try:
        good = 0
        async with asyncio.timeout(20):
            while good < 9:  # three for each, if they came in turn
                try:
                    async with asyncio.timeout(1):
                        await cluster.hello()
                    good += 1
                except TimeoutError:
                    good = 0
    finally:
        node.thaw()
    await cluster.usable(3)
    assert await live.call("ping") == {}, "nobody cut it off"


async def test_without_redis_nodes_that_are_not_ready_serve_all_the_same(cluster: Cluster) -> None:
    lives = [await cluster.hello() for _ in range(3)]
    await asyncio.to_thread(cluster.redis.kill)
    ready = [Rest(node.address) for node in cluster.nodes]
    async with asyncio.timeout(20):
        for rest in ready:
            while (await rest.request("GET", "/health/ready")).status != 503:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.2)
    for rest in ready:
        await rest.close()
    asking = Asking(cluster, await cluster.person.create())
    async with asking.going_on():
        await asyncio.sleep(3)
    assert set(asking.statuses) == {101, 200, 201}, asking.statuses
    assert not any(live.socket.closed.done() for live in lives)
    await asyncio.to_thread(cluster.redis.start)


async def test_without_any_node_people_are_told_so(cluster: Cluster) -> None:
    for node in cluster.nodes:
        await asyncio.to_thread(node.kill)
    answer = await cluster.person.answer("users.me")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "unavailable", "2")
    for node in cluster.nodes:
        await asyncio.to_thread(node.start)


async def test_cluster_starts_and_ends_by_one_command(tmp_path: Path) -> None:
    """What `make cluster` runs: told where it is, used, interrupted."""
    balancer = next(part(lambda: Balancer([])))  # skips where there is none
    command = [sys.executable, str(ROOT / "tools" / "cluster.py"), "--port", str(balancer.port)]
    balancer.kill()
    process = await asyncio.create_subprocess_exec(
        *command, "--data-dir", str(tmp_path), "--limits", "off", "--bcrypt-cost", "4", stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    said: list[str] = []
    async with asyncio.timeout(60):
        while not said or "listens on https://" not in said[-1]:
            line = (await process.stdout.readline()).decode()
            assert line, said
            said.append(line)
    tls = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    async with Site(("127.0.0.1", balancer.port), tls) as site:
        ann = await Person.register(site, "ann")
        live = await ann.connect()
        process.send_signal(2)
        await live.next("goaway")
        assert await live.code() == 4000
        async with asyncio.timeout(20):
            said.append((await process.stdout.read()).decode())
            assert await process.wait() == 0, said
    assert said[-1].count("ended (0)") >= 4, said[-1]
