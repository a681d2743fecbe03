"""Nodes whose Redis is named by sentinels, and what happens when they name another."""

import contextlib
from collections.abc import Iterator

import pytest

from store.errors import Unavailable
from store.redis.address import parse
from store.redis.link import Link
from store.redis.places import Places
from tests.brokers import Ear, node, until, works
from tests.conftest import missing
from tests.parts import Missing
from tests.redis_parts import SentinelSet, documented, permissions

pytestmark = pytest.mark.redis

FAILOVER_S = 20.0
"""Seconds for an election among sentinels that see a death after half a second, and for nodes to follow."""


@pytest.fixture
def sentinels() -> Iterator[SentinelSet]:
    """Two servers and three sentinels."""
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(SentinelSet())
        except Missing as error:
            missing(str(error))
        yield made


async def hear_each_other(a: Ear, b: Ear, message: bytes) -> None:
    """See that a message passes, wherever the nodes have moved meanwhile."""

    def passed() -> bool:
        if not b.broker.subscribed >= {"room"}:
            return False
        a.broker.publish("room", message)
        return ("room", message) in b.heard

    while "room" not in b.broker.subscribed:
        await b.subscribe("room", seconds=FAILOVER_S)
    await until(passed, "a message passes", FAILOVER_S)


async def test_a_failover_is_followed_by_all(sentinels: SentinelSet) -> None:
    link = Link.of(sentinels.url)
    async with node(sentinels.url, "a") as a, node(sentinels.url, "b") as b:
        await b.subscribe("room")
        a.broker.publish("room", b"before")
        await b.hears("room", b"before")
        assert await link.execute("INCR", "n") == 1
        sentinels.leader().kill()
        await until(lambda: not b.broker.subscribed, "the loss")
        await until_moved(b, sentinels)
        await hear_each_other(a, b, b"after")
        assert await answers(link, "INCR", "m") == 1
    await link.close()


async def until_moved(ear: Ear, sentinels: SentinelSet) -> None:
    """Keep wanting a channel until it is subscribed at a server that leads."""
    await ear.subscribe("room", seconds=FAILOVER_S)
    with sentinels.leader().client() as client:
        assert client.execute_command("ROLE")[0] == "master"


async def answers(link: Link, *command: str) -> object:
    """Ask until there is an answer."""
    got: list[object] = []
    for _ in range(100):
        try:
            got.append(await link.execute(*command))
            break
        except Unavailable:
            continue
    return got[0]


async def test_a_leader_that_is_deposed_while_well_is_left(sentinels: SentinelSet) -> None:
    async with node(sentinels.url, "a") as a, node(sentinels.url, "b") as b:
        await b.subscribe("room")
        sentinels.fail_over()
        port = sentinels.leader().port
        with sentinels.leader().client() as client:
            name = "parley:test:room"

            def heard_there() -> bool:
                return bool(client.execute_command("PUBSUB", "NUMSUB", name)[1])

            while not heard_there():
                await b.subscribe("room")
                await until(lambda: heard_there() or "room" not in b.broker.subscribed, "the node moves", FAILOVER_S)
        await hear_each_other(a, b, b"after")
        assert sentinels.leader().port == port


async def test_a_server_that_follows_another_is_not_taken_for_the_leader(sentinels: SentinelSet) -> None:
    leader = sentinels.leader()
    places = Places(parse(sentinels.url), "test")
    (shard,) = await places.find()
    assert shard.endpoint == ("127.0.0.1", leader.port)
    follower = next(server for server in sentinels.servers if server is not leader)
    with pytest.raises(Unavailable, match="not the leader"):
        await places.connect(("127.0.0.1", follower.port), lambda _: None, lambda: None)


async def test_one_sentinel_is_enough_to_begin_with(sentinels: SentinelSet) -> None:
    sentinels.sentinels[0].kill()
    sentinels.sentinels[1].freeze()
    async with node(sentinels.url) as ear:
        await ear.subscribe("room")
    sentinels.sentinels[1].thaw()


async def test_a_service_that_nobody_knows_is_told(sentinels: SentinelSet, caplog: pytest.LogCaptureFixture) -> None:
    async with node(sentinels.url.replace("/chat", "/other"), linked=False) as ear:
        await until(lambda: caplog.records, "a line in the log")
        with pytest.raises(Unavailable):
            await ear.broker.subscribe(["room"])
    assert "no sentinel knows the service 'other'" in str(caplog.records[0].__dict__)


async def test_sentinels_may_ask_for_a_password_of_their_own(sentinels: SentinelSet) -> None:
    for sentinel in sentinels.sentinels:
        documented(sentinel, "watch", "other-word")
    url = f"{sentinels.url}?sentinel_username=watch&sentinel_password=other-word"
    with sentinels.leader().client() as client:
        for rules in permissions("parley", sentinels=True):
            client.execute_command("ACL", "SETUSER", "parley", *rules.replace("PASSWORD", "word").split())
    await works(url.replace(f"//:{sentinels.password}@", "//parley:word@"))
