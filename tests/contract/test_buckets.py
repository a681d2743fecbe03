"""Buckets, held to the same in memory and in Redis."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Protocol

import pytest
import redis

from store.buckets import Buckets, Taken
from store.buckets_memory import MemoryBuckets
from store.buckets_redis import RedisBuckets
from store.errors import Unavailable
from store.redis.link import Link
from tests.parts import Redis, free_port

HOUR = 3600.0


class Place(Protocol):
    """Where buckets are kept."""

    def node(self) -> Buckets:
        """Return the buckets as one of several nodes has them."""


class Memory:
    """In memory."""

    def __init__(self) -> None:
        self._buckets = MemoryBuckets(alone=False)

    def node(self) -> Buckets:
        """See ``Place.node``."""
        return self._buckets


class InRedis:
    """In Redis, under a prefix of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.prefix = f"test-{uuid.uuid4().hex[:12]}:"
        self.nodes: list[RedisBuckets] = []

    def node(self) -> Buckets:
        """See ``Place.node``."""
        self.nodes.append(RedisBuckets(Link.of(self.url), self.prefix, b"secret"))
        return self.nodes[-1]


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    if request.param == "memory":
        yield Memory()
        return
    place = InRedis(request.getfixturevalue("redis_url"))
    yield place
    for node in place.nodes:
        await node.close()


async def test_bucket_that_is_not_known_is_full(place: Place) -> None:
    one = place.node()
    assert await one.take("a", 10.0, 10.0) == pytest.approx(Taken(0.0, 10.0))
    assert await one.take("a", 10.0, 10.0) == pytest.approx(Taken(10.0, 10.0), abs=0.5)


async def test_bucket_fills_with_time(place: Place) -> None:
    one = place.node()
    assert (await one.take("a", 0.2, 0.2)).wait_s == 0
    refused = await one.take("a", 0.2, 0.2)
    assert 0 < refused.wait_s <= 0.2
    await asyncio.sleep(0.21)
    assert (await one.take("a", 0.2, 0.2)).wait_s == 0


async def test_refusal_takes_nothing(place: Place) -> None:
    one = place.node()
    await one.take("a", HOUR, HOUR)
    refused = [await one.take("a", HOUR, HOUR) for _ in range(5)]
    assert all(taken.wait_s == pytest.approx(HOUR, abs=5) for taken in refused)


async def test_buckets_are_by_key(place: Place) -> None:
    one = place.node()
    assert [(await one.take(key, HOUR, HOUR)).wait_s for key in ("a", "b", "ä:ö")] == [0, 0, 0]


async def test_nodes_that_take_at_once_get_no_more_than_there_is(place: Place) -> None:
    nodes = [place.node() for _ in range(3)]
    taken = await asyncio.gather(*(node.take("a", HOUR, 5 * HOUR) for node in nodes for _ in range(5)))
    assert sum(one.wait_s == 0 for one in taken) == 5


async def test_what_is_spent_counts_for_all_nodes_and_may_be_too_much(place: Place) -> None:
    one, two = place.node(), place.node()
    assert await one.spend({"a": HOUR, "b": 1.0}) == pytest.approx({"a": HOUR, "b": 1.0}, abs=0.5)
    assert await two.spend({"a": HOUR}) == pytest.approx({"a": 2 * HOUR}, abs=5)
    assert (await two.take("a", HOUR, 2 * HOUR)).wait_s == pytest.approx(HOUR, abs=5)
    assert (await two.take("b", HOUR, 2 * HOUR)).wait_s == 0
    assert await one.spend({}) == {}


async def test_many_are_spent_at_once(place: Place) -> None:
    one = place.node()
    spent = {f"key {number}": float(number + 10) for number in range(2000)}
    assert await one.spend(spent) == pytest.approx(spent, abs=2)


# What Redis alone does


@pytest.fixture
async def there(redis_url: str) -> AsyncIterator[InRedis]:
    place = InRedis(redis_url)
    yield place
    for node in place.nodes:
        await node.close()


@pytest.mark.redis
async def test_keys_name_nobody_and_expire_when_full(there: InRedis) -> None:
    one = there.node()
    await one.take("login_account:ann@example.org", 30.0, 90.0)
    await one.spend({"user:bob": 0.01})
    with redis.Redis.from_url(there.url) as client:
        keys: dict[bytes, int] = {key: client.pttl(key) for key in client.scan_iter(f"{there.prefix}*")}
        assert len(keys) == 2
        assert not any(word in key for key in keys for word in (b"ann", b"bob", b"login", b"user"))
        assert max(keys.values()) == pytest.approx(31_000, abs=2000)
        until = asyncio.get_running_loop().time() + 10
        while client.exists(*[key for key, left in keys.items() if left < 5000]):
            assert asyncio.get_running_loop().time() < until
            await asyncio.sleep(0.05)


@pytest.mark.redis
async def test_without_redis_nothing_can_be_told_in_time() -> None:
    one = RedisBuckets(Link.of(f"redis://127.0.0.1:{free_port()}"), "test:", b"secret")
    with pytest.raises(Unavailable):
        await one.take("a", 1.0, 1.0)
    with pytest.raises(Unavailable):
        await one.spend({"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0})
    await one.close()


@pytest.mark.redis
async def test_redis_that_hangs_holds_nobody_up(redis_part: Redis) -> None:
    one = RedisBuckets(Link.of(redis_part.url), "test:", b"secret")
    await one.take("a", 1.0, 9.0)
    redis_part.freeze()
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(Unavailable):
        await one.take("a", 1.0, 9.0)
    assert loop.time() - began < 1
    redis_part.thaw()
    await one.close()
