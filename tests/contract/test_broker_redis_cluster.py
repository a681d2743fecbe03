"""Nodes on a Redis Cluster: sharded pub/sub, a connection to each shard, slots and servers that change."""

import contextlib
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from store.errors import Unavailable
from store.redis.link import Link, Script
from store.redis.places import slot_of
from tests.brokers import Ear, node, until, works
from tests.conftest import missing
from tests.parts import Missing
from tests.redis_parts import ClusterNode, RedisCluster, ask, documented

pytestmark = pytest.mark.redis

FAILOVER_S = 20.0
"""Seconds in which a follower takes over from a server that died, and nodes follow."""

ROOMS = [f"room-{number}" for number in range(300)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    """A cluster, which tests leave well."""
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(RedisCluster())
        except Missing as error:
            missing(str(error))
        yield made


@pytest.fixture
async def ears(cluster: RedisCluster) -> AsyncIterator[tuple[Ear, Ear]]:
    """Two nodes, the second of which is subscribed to all rooms."""
    async with node(cluster.url, "a") as a, node(cluster.url, "b") as b:
        await b.subscribe(*ROOMS)
        yield a, b


def slot(channel: str) -> int:
    """Return the slot of a channel."""
    return slot_of(f"parley:test:{channel}".encode())


def rooms_of(cluster: RedisCluster, server: ClusterNode) -> list[str]:
    """Return the rooms whose slots are a server's."""
    return [room for room in ROOMS if cluster.owner(slot(room)) is server]


async def all_pass(a: Ear, b: Ear, mark: bytes) -> None:
    """See that each room's messages pass, once each, wherever the rooms are now."""
    for room in ROOMS:
        a.broker.publish(room, mark)
    await until(lambda: {room for room, message in b.heard if message == mark} == set(ROOMS), "all rooms")
    assert sum(message == mark for _, message in b.heard) == len(ROOMS)


async def test_all_shards_carry(cluster: RedisCluster, ears: tuple[Ear, Ear]) -> None:
    a, b = ears
    await all_pass(a, b, b"x")
    for server in cluster.leaders():
        counts = ask(server, "PUBSUB", "SHARDNUMSUB", *(f"parley:test:{room}" for room in ROOMS))
        assert sum(counts[1::2]) == len(rooms_of(cluster, server)) > 50
        assert ask(server, "PUBSUB", "NUMSUB", "parley:test:room-1")[1] == 0
    assert set((await a.broker.listeners(ROOMS)).values()) == {1}


async def test_each_shard_has_a_canary(cluster: RedisCluster, ears: tuple[Ear, Ear]) -> None:
    a, b = ears
    await until(lambda: len(a.broker.canaries()) == 3, "three shards")
    owners = {cluster.owner(slot(canary)).port for canary in a.broker.canaries()}
    assert owners == {server.port for server in cluster.leaders()}
    assert not set(a.broker.canaries()) & set(b.broker.canaries())
    await a.subscribe(*a.broker.canaries())
    for canary in a.broker.canaries():
        a.broker.publish(canary, b"tweet")
        await a.hears(canary, b"tweet")


async def test_a_slot_that_moves_takes_its_subscriptions_and_they_are_made_again(
    cluster: RedisCluster, ears: tuple[Ear, Ear]
) -> None:
    a, b = ears
    one, another, _ = cluster.leaders()
    for server, other in ((one, another), (another, one)):
        moved = next(room for room in rooms_of(cluster, server) if cluster.owner(slot(room)) is server)
        changes = b.changes
        cluster.move(slot(moved), other)
        await until(lambda room=moved: room not in b.broker.subscribed, "the loss is told")  # type: ignore[misc]
        assert b.changes > changes
        assert len(set(ROOMS) & b.broker.subscribed) >= len(ROOMS) - 3
        await b.subscribe(*ROOMS)
        assert (await b.broker.listeners([moved])) == {moved: 1}
        a.broker.publish(moved, b"to the old place, perhaps")
        await until(lambda: b.broker.subscribed >= set(ROOMS), "all rooms")
        # Who publishes learns it from the first refusal, or at the next look.
        await until(lambda room=moved: _passes(a, b, room), "a message passes")  # type: ignore[misc]
    await all_pass(a, b, b"after")


def _passes(a: Ear, b: Ear, room: str) -> bool:
    a.broker.publish(room, b"probe")
    return (room, b"probe") in b.heard


async def test_a_server_that_dies_is_followed_by_its_follower(cluster: RedisCluster, ears: tuple[Ear, Ear]) -> None:
    a, b = ears
    dead = cluster.owner(0)
    mine = rooms_of(cluster, dead)
    others = set(ROOMS) - set(mine)
    dead.kill()
    await until(lambda: not b.broker.subscribed & set(mine), "the loss")
    with pytest.raises(Unavailable):
        await b.broker.subscribe(mine[:1])
    # The other shards do not care.
    assert b.broker.subscribed >= others
    room = next(iter(others))
    a.broker.publish(room, b"meanwhile")
    await b.hears(room, b"meanwhile", seconds=1.0)
    await b.subscribe(*ROOMS, seconds=FAILOVER_S)
    await until(lambda: all(_passes(a, b, room) for room in mine[:3]), "messages pass", FAILOVER_S)
    await all_pass(a, b, b"after")
    assert len(b.broker.canaries()) == 3
    dead.start()
    cluster.well()


async def test_one_frozen_shard_does_not_hold_the_others(cluster: RedisCluster, ears: tuple[Ear, Ear]) -> None:
    a, b = ears
    frozen = cluster.leaders()[1]
    mine = rooms_of(cluster, frozen)
    other = next(room for room in ROOMS if room not in mine)
    frozen.freeze()
    try:
        a.broker.publish(mine[0], b"stuck")
        a.broker.publish(other, b"flows")
        await b.hears(other, b"flows", seconds=0.5)
    finally:
        frozen.thaw()
    cluster.well()
    await b.subscribe(*ROOMS, seconds=FAILOVER_S)
    await until(lambda: _passes(a, b, mine[0]), "messages pass", FAILOVER_S)


async def test_one_server_that_answers_is_enough_to_find_all(cluster: RedisCluster) -> None:
    url = f"redis+cluster://127.0.0.1:1,127.0.0.1:{cluster.nodes[2].port}"
    async with node(url) as ear:
        await ear.subscribe(*ROOMS)


async def test_documented_rights_are_enough(cluster: RedisCluster) -> None:
    for server in cluster.nodes:
        documented(server, "parley", "word", cluster=True)
    await works(cluster.url.replace("//", "//parley:word@"))


async def test_scripts_go_where_their_keys_are(cluster: RedisCluster) -> None:
    link = Link.of(cluster.url)
    script = Script("redis.call('INCR', KEYS[1]); return redis.call('INCRBY', KEYS[2], ARGV[1])")
    for name in ("a", "b", "c", "d"):
        keys = [f"parley:test:{{{name}}}:{number}" for number in range(2)]
        assert await link.script(script, keys, [5]) == 5
        assert await link.script(script, keys, [5]) == 10
    with pytest.raises(Unavailable):
        await link.script(script, ["parley:test:a", "parley:test:b"], [5])
    await link.close()


async def test_commands_follow_a_slot_that_moves_and_a_server_that_dies(cluster: RedisCluster) -> None:
    link = Link.of(cluster.url)
    key = "parley:test:counter"
    assert await link.execute("INCR", key) == 1
    await link.execute("DEL", key)
    place = slot_of(key.encode())
    target = next(server for server in cluster.leaders() if server is not cluster.owner(place))
    cluster.move(place, target)
    assert await link.execute("INCR", key) == 1
    dead = cluster.owner(0)
    keys = [f"parley:test:{number}" for number in range(60)]
    await link.pipeline([("SET", key, 1) for key in keys])
    dead.kill()
    answered = 0
    while answered < 3:
        with contextlib.suppress(Unavailable):
            await link.pipeline([("SET", key, 1) for key in keys])
            answered += 1
    dead.start()
    cluster.well()
    await link.close()


async def test_commands_fail_in_time_while_nobody_answers(cluster: RedisCluster) -> None:
    link = Link.of(cluster.url)
    for known in (False, True):
        for server in cluster.nodes:
            server.freeze()
        for call in (link.execute("GET", "parley:test:a"), link.pipeline([("GET", f"parley:{n}") for n in range(20)])):
            began = time.monotonic()
            with pytest.raises(Unavailable):
                await call
            assert time.monotonic() - began < 1.0, known
        for server in cluster.nodes:
            server.thaw()
        cluster.well()
        while True:
            with contextlib.suppress(Unavailable):
                await link.execute("SET", "parley:test:a", 1)
                break
    await link.close()
    with pytest.raises(Unavailable):
        await link.execute("GET", "parley:test:a")
