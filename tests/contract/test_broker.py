"""What every broker does: one in a process, one on Redis."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from store.broker import QUEUE_BYTES, QUEUE_MESSAGES
from store.errors import Unavailable
from tests.brokers import ClusterSite, Ear, MemorySite, RedisSite, Site, until
from tests.conftest import missing
from tests.parts import Missing
from tests.redis_parts import RedisCluster

Join = Callable[[str], Awaitable[Ear]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    """A cluster, which each test leaves well."""
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(RedisCluster())
        except Missing as error:
            missing(str(error))
        yield made


@pytest.fixture(
    params=["memory", pytest.param("redis", marks=pytest.mark.redis), pytest.param("cluster", marks=pytest.mark.redis)]
)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """Where the nodes of a test meet, on each broker in turn."""
    if request.param == "memory":
        yield MemorySite()
    elif request.param == "redis":
        yield RedisSite(request.getfixturevalue("redis_part"))
    else:
        site = ClusterSite(request.getfixturevalue("cluster"))
        yield site
        site.up()


@pytest.fixture
async def join(site: Site) -> AsyncIterator[Join]:
    """Open a node at the site, linked."""
    async with AsyncExitStack() as stack:

        async def join(node: str) -> Ear:
            broker = site.broker(node)
            stack.push_async_callback(broker.close)
            ear = Ear(broker)
            await broker.open(ear.receive, ear.changed)
            await ear.subscribe(*broker.canaries())
            return ear

        yield join


async def test_all_subscribers_hear_everything_in_the_order_of_publishing(join: Join) -> None:
    a, b, c = await join("a"), await join("b"), await join("c")
    await a.subscribe("room")
    await b.subscribe("room", "other")
    sent = [b"%d" % number for number in range(3000)]
    for message in sent:
        c.broker.publish("room", message)
    await a.hears("room", sent[-1])
    await b.hears("room", sent[-1])
    assert a.of("room") == b.of("room") == sent
    assert (c.of("room"), c.broker.dropped) == ([], 0)


async def test_a_node_hears_itself(join: Join) -> None:
    a = await join("a")
    await a.subscribe("room")
    a.broker.publish("room", b"mine")
    await a.hears("room", b"mine")


async def test_a_confirmed_subscription_misses_nothing(join: Join) -> None:
    a, b = await join("a"), await join("b")
    for number in range(50):
        channel = f"room-{number}"
        await a.broker.subscribe([channel])
        assert channel in a.broker.subscribed
        b.broker.publish(channel, b"first")
    await until(lambda: len(a.heard) == 50, "all fifty")


async def test_thousands_of_channels_are_subscribed_at_once(join: Join) -> None:
    a, b = await join("a"), await join("b")
    channels = [f"room-{number}" for number in range(3000)]
    await a.broker.subscribe(channels)
    assert a.broker.subscribed >= set(channels)
    for channel in channels:
        b.broker.publish(channel, channel.encode())
    await until(lambda: len(a.heard) == 3000, "all of them")
    # Channels have no order among each other: they may go through several servers.
    assert dict(a.heard) == {channel: channel.encode() for channel in channels}


async def test_nothing_is_heard_after_unsubscribing(join: Join) -> None:
    a, b = await join("a"), await join("b")
    await a.subscribe("room", "stays")
    await a.broker.unsubscribe(["room", "never-was"])
    assert "room" not in a.broker.subscribed
    b.broker.publish("room", b"unheard")
    b.broker.publish("stays", b"heard")
    await a.hears("stays", b"heard")
    assert a.of("room") == []


async def test_a_channel_can_come_and_go_and_come(join: Join) -> None:
    a = await join("a")
    for _ in range(20):
        await a.broker.subscribe(["room"])
        await a.broker.subscribe(["room"])
        await a.broker.unsubscribe(["room"])
    await a.broker.subscribe(["room"])
    a.broker.publish("room", b"once")
    a.broker.publish(next(iter(a.broker.canaries())), b"after")
    await a.hears(next(iter(a.broker.canaries())), b"after")
    assert a.of("room") == [b"once"]


async def test_any_bytes_and_any_names_are_carried(join: Join) -> None:
    a, b = await join("a"), await join("b")
    channels = ["plain", "with space", "{braces}", "*", "[a-z]", "läßt—ß", "a:b", "x" * 200]
    messages = [b"", b"\x00", b"\r\n$5\r\n", bytes(range(256)), b"*" * 300_000]
    await a.subscribe(*channels)
    for channel in channels:
        for message in messages:
            b.broker.publish(channel, message)
    await until(lambda: len(a.heard) == len(channels) * len(messages), "all of them")
    assert all(a.of(channel) == messages for channel in channels)


async def test_listeners_are_counted_over_all_nodes(join: Join) -> None:
    a, b = await join("a"), await join("b")
    await a.subscribe("both", "one")
    await b.subscribe("both")
    assert await b.broker.listeners(["both", "one", "none"]) == {"both": 2, "one": 1, "none": 0}
    assert await b.broker.listeners([]) == {}


async def test_nothing_to_do_is_done_at_once(join: Join) -> None:
    a = await join("a")
    before = set(a.broker.subscribed)
    await a.broker.subscribe([])
    await a.broker.unsubscribe([])
    assert a.broker.subscribed == before


async def test_canaries_are_a_nodes_own_and_come_back(join: Join) -> None:
    a, b = await join("a"), await join("b")
    assert a.broker.canaries()
    assert not set(a.broker.canaries()) & set(b.broker.canaries())
    await a.subscribe(*a.broker.canaries())
    for canary in a.broker.canaries():
        a.broker.publish(canary, b"tweet")
        await a.hears(canary, b"tweet")
    assert b.heard == []


async def test_a_node_among_others_is_not_alone(join: Join) -> None:
    assert not (await join("a")).broker.alone


async def test_a_broken_link_takes_its_subscriptions_and_says_so(site: Site, join: Join) -> None:
    a = await join("a")
    await a.subscribe("room")
    changes = a.changes
    site.down()
    await until(lambda: a.changes > changes and not a.broker.subscribed, "the loss")
    for call in (a.broker.subscribe(["room"]), a.broker.listeners(["room"])):
        with pytest.raises(Unavailable):
            await call
    await a.broker.unsubscribe(["room"])
    assert a.broker.canaries()
    changes = a.changes
    site.up()
    await until(lambda: a.changes > changes, "the return")
    await a.subscribe("room")
    a.broker.publish("room", b"again")
    await a.hears("room", b"again")


async def test_publishing_without_a_link_keeps_the_newest_and_counts_the_rest(site: Site, join: Join) -> None:
    a = await join("a")
    site.down()
    await until(lambda: not a.broker.subscribed, "the loss")
    dropped = a.broker.dropped
    for number in range(QUEUE_MESSAGES + 500):
        a.broker.publish("room", b"%d" % number)
    assert a.broker.dropped - dropped == 500
    site.up()
    # Of what waits nothing is heard by a node that comes back later than it goes: that is what stores are for.
    await a.subscribe("room")
    a.broker.publish("room", b"new")
    await a.hears("room", b"new")


async def test_what_waits_is_bounded_in_bytes(site: Site, join: Join) -> None:
    a = await join("a")
    site.down()
    await until(lambda: not a.broker.subscribed, "the loss")
    dropped = a.broker.dropped
    for _ in range(100):
        a.broker.publish("room", bytes(199_900))
    assert 100 - (a.broker.dropped - dropped) == QUEUE_BYTES // 200_000


async def test_closing_publishes_what_waits(site: Site, join: Join) -> None:
    a = await join("a")
    await a.subscribe("room")
    b = await join("b")
    for number in range(2000):
        b.broker.publish("room", b"%d" % number)
    await b.broker.close()
    await a.hears("room", b"1999")
    assert len(a.of("room")) == 2000


async def test_a_closed_broker_is_quiet(site: Site, join: Join) -> None:
    a = await join("a")
    await a.broker.close()
    changes = a.changes
    a.broker.publish("room", b"nobody")
    with pytest.raises(Unavailable):
        await a.broker.subscribe(["room"])
    await a.broker.unsubscribe(["room"])
    site.down()
    await asyncio.sleep(0)
    assert a.changes == changes


async def test_a_broker_that_was_never_opened_closes(site: Site) -> None:
    await site.broker("a").close()


async def test_many_at_once_are_all_confirmed(join: Join) -> None:
    a, b = await join("a"), await join("b")
    await asyncio.gather(*(a.broker.subscribe([f"room-{n}", f"room-{n + 1}"]) for n in range(200)))
    for n in range(201):
        b.broker.publish(f"room-{n}", b"x")
    await until(lambda: len(a.heard) == 201, "each once")
