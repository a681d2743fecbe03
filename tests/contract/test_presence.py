"""Presence, held to the same in memory and in Redis."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

import pytest
import redis

from store.errors import Unavailable
from store.presence import ENTRY_S, LEASE_S, Presence
from store.presence_memory import MemoryPresence
from store.presence_redis import RedisPresence
from store.redis.link import Link
from tests.conftest import missing
from tests.parts import Missing, Redis
from tests.redis_parts import RedisCluster


class Place(Protocol):
    """Where presence is kept, and what may happen to it."""

    @property
    def presence(self) -> Presence:
        """What is kept there."""

    def lapse(self, *nodes: str) -> None:
        """Let the leases of nodes end, as if they had not beaten for so long."""

    def flush(self) -> None:
        """Lose everything."""


class Memory:
    """In memory, with a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.presence = MemoryPresence(lambda: self.now)

    def lapse(self, *nodes: str) -> None:
        """See ``Place.lapse``."""
        for node in nodes:
            self.presence._leases[node] = self.now

    def flush(self) -> None:
        """See ``Place.flush``."""
        self.presence.clear()


class InRedis:
    """In Redis or a cluster, under a prefix of its own."""

    def __init__(self, url: str) -> None:
        self.prefix = f"test-{uuid.uuid4().hex[:12]}:"
        self.presence = RedisPresence(Link.of(url), self.prefix)
        self.client: Any = redis.Redis.from_url(url) if "cluster" not in url else _cluster_client(url)

    def lapse(self, *nodes: str) -> None:
        """See ``Place.lapse``."""
        for node in nodes:
            self.client.delete(self.presence._lease(node))

    def flush(self) -> None:
        """See ``Place.flush``."""
        for key in self.client.scan_iter(f"{self.prefix}*"):
            self.client.delete(key)


def _cluster_client(url: str) -> redis.RedisCluster:
    host, port = url.partition("://")[2].partition(",")[0].split(":")
    return redis.RedisCluster(host, int(port))


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster."""
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(RedisCluster())
        except Missing as error:
            missing(str(error))
        yield made.url


@pytest.fixture(params=["memory", *(pytest.param(name, marks=pytest.mark.redis) for name in ("redis_url", "cluster"))])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """Each place in turn, empty."""
    made: Memory | InRedis = Memory() if request.param == "memory" else InRedis(request.getfixturevalue(request.param))
    yield made
    made.flush()
    await made.presence.close()
    if isinstance(made, InRedis):
        made.client.close()


@pytest.fixture
def presence(place: Place) -> Presence:
    """What the place keeps."""
    return place.presence


# Leases


async def test_nodes_that_beat_live(presence: Presence) -> None:
    assert (await presence.beat("a")).living == {"a"}
    assert (await presence.beat("b")).living == {"a", "b"}
    assert (await presence.beat("a")).living == {"a", "b"}


async def test_first_beat_is_told_that_nothing_is_known_of_the_node(presence: Presence) -> None:
    assert (await presence.beat("a")).forgotten
    assert not (await presence.beat("a")).forgotten
    assert (await presence.beat("b")).forgotten


async def test_node_whose_lease_ended_does_not_live_until_it_beats_again(place: Place) -> None:
    for node in ("a", "b"):
        await place.presence.beat(node)
    place.lapse("b")
    assert (await place.presence.beat("a")).living == {"a"}
    back = await place.presence.beat("b")
    assert back.forgotten
    assert back.living == (await place.presence.beat("a")).living == {"a", "b"}


async def test_node_that_leaves_is_gone_at_once(presence: Presence) -> None:
    for node in ("a", "b"):
        await presence.beat(node)
    await presence.put("b", {"ann": "online"})
    await presence.leave("b")
    assert (await presence.beat("a")).living == {"a"}
    assert await presence.get(["ann"]) == {}
    assert (await presence.beat("b")).forgotten


async def test_each_node_learns_that_all_was_lost(place: Place) -> None:
    for node in ("a", "b"):
        await place.presence.beat(node)
    await place.presence.put("a", {"ann": "online"})
    place.flush()
    assert await place.presence.get(["ann"]) == {}
    assert (await place.presence.beat("a")).forgotten
    await place.presence.put("a", {"ann": "online"})
    assert (await place.presence.beat("b")).forgotten
    assert (await place.presence.beat("a")).living == {"a", "b"}
    assert await place.presence.get(["ann"]) == {"ann": {"a": "online"}}


# People


async def test_people_are_found_on_each_node_where_they_are(presence: Presence) -> None:
    for node in ("a", "b"):
        await presence.beat(node)
    await presence.put("a", {"ann": "online", "Błażej": "busy"})
    await presence.put("b", {"ann": "away"})
    found = await presence.get(["ann", "Błażej", "eve"])
    assert found == {"ann": {"a": "online", "b": "away"}, "Błażej": {"a": "busy"}}
    assert await presence.get([]) == {}


async def test_latest_word_of_a_node_counts(presence: Presence) -> None:
    await presence.beat("a")
    await presence.put("a", {"ann": "online", "bob": "online"})
    await presence.put("a", {"ann": "busy", "bob": None, "eve": None})
    assert await presence.get(["ann", "bob", "eve"]) == {"ann": {"a": "busy"}}
    await presence.put("a", {})


async def test_people_count_only_while_their_node_lives(place: Place) -> None:
    await place.presence.put("a", {"ann": "online"})
    assert await place.presence.get(["ann"]) == {}, "it never beat"
    for node in ("a", "b"):
        await place.presence.beat(node)
    await place.presence.put("a", {"ann": "online", "bob": "online"})
    await place.presence.put("b", {"bob": "away"})
    place.lapse("a")
    assert await place.presence.get(["ann", "bob"]) == {"bob": {"b": "away"}}


# Rooms


async def test_people_of_a_room_are_counted_once_on_all_nodes(presence: Presence) -> None:
    for node in ("a", "b"):
        await presence.beat(node)
    assert await presence.count("room") == 0
    await presence.fill("a", "room", ["ann", "bob"])
    await presence.fill("b", "room", ["bob", "eve"])
    await presence.fill("b", "other", ["zoe"])
    assert await presence.count("room") == 3
    await presence.fill("a", "room", ["ann"])
    await presence.fill("b", "room", [])
    assert await presence.count("room") == 1


async def test_people_of_a_room_count_only_while_their_node_lives(place: Place) -> None:
    for node in ("a", "b"):
        await place.presence.beat(node)
        await place.presence.fill(node, "room", [f"on {node}"])
    place.lapse("a")
    assert await place.presence.count("room") == 1
    place.lapse("b")
    assert await place.presence.count("room") == 0


async def test_thousands_are_counted_nearly(presence: Presence) -> None:
    await presence.beat("a")
    await presence.fill("a", "room", [f"user-{number}" for number in range(5000)])
    assert abs(await presence.count("room") - 5000) <= 100


# Time


async def test_memory_ends_with_the_clock() -> None:
    place = Memory()
    presence = place.presence
    await presence.beat("a")
    await presence.put("a", {"ann": "online"})
    await presence.fill("a", "room", ["ann"])
    place.now += LEASE_S - 0.1
    assert not (await presence.beat("a")).forgotten
    place.now += LEASE_S
    assert await presence.get(["ann"]) == {}
    await presence.beat("b")
    assert not presence._people, "nothing is left of a node that is gone"
    assert not presence._rooms
    await presence.beat("a")
    await presence.put("a", {"ann": "online"})
    for _ in range(int(ENTRY_S / 4) + 1):
        place.now += 4
        await presence.beat("a")
    assert await presence.get(["ann"]) == {}, "nobody put it again"


async def test_redis_lets_everything_end(redis_url: str) -> None:
    place = InRedis(redis_url)
    await place.presence.beat("a")
    await place.presence.put("a", {"ann": "online"})
    await place.presence.fill("a", "room", ["ann"])
    left = {
        key.removeprefix(place.prefix.encode()): place.client.pttl(key)
        for key in place.client.scan_iter(f"{place.prefix}*")
    }
    assert set(left) == {b"{nodes}", b"{nodes}:a", b"person:ann", b"room:{room}:a"}
    assert all(0 < one <= ENTRY_S * 1000 for one in left.values()), left
    assert 0 < left[b"{nodes}:a"] <= LEASE_S * 1000
    place.flush()
    await place.presence.close()
    place.client.close()


async def test_redis_removes_what_long_gone_nodes_left_with_somebody(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = InRedis(redis_url)
    for node in ("a", "b"):
        await place.presence.beat(node)
        await place.presence.put(node, {"ann": "online"})
    place.lapse("b")
    await place.presence.get(["ann"])
    assert place.client.hlen(f"{place.prefix}person:ann") == 2, "it may come back"
    monkeypatch.setattr("store.presence_redis.RUBBISH_S", 0.0)
    assert await place.presence.get(["ann"]) == {"ann": {"a": "online"}}
    assert place.client.hkeys(f"{place.prefix}person:ann") == [b"a"]
    place.flush()
    await place.presence.close()
    place.client.close()


async def test_redis_that_is_away_is_unavailable_soon(redis_part: Redis) -> None:
    presence = RedisPresence(Link.of(redis_part.url), "test:")
    await presence.beat("a")
    redis_part.freeze()
    calls = (
        lambda: presence.beat("a"),
        lambda: presence.put("a", {"ann": "online"}),
        lambda: presence.get(["ann"]),
        lambda: presence.count("room"),
    )
    for call in calls:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await call()
        assert time.monotonic() - began < 2
    redis_part.kill()
    with pytest.raises(Unavailable):
        await presence.leave("a")
    redis_part.start()
    await _back(presence)
    await presence.close()


async def _back(presence: Presence) -> None:
    for _ in range(100):
        try:
            assert (await presence.beat("a")).forgotten
        except Unavailable:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("it did not come back")


async def test_clock_is_in_milliseconds_since_1970(presence: Presence) -> None:
    first, here, second = await presence.clock(), time.time() * 1000, await presence.clock()
    assert first <= second
    assert abs(here - first) < 5000
