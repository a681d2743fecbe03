"""What happens to a node's links when something happens to Redis."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import pytest
import redis

from store.errors import Unavailable
from tests.brokers import Ear, node, until
from tests.parts import Redis
from tests.redis_parts import ask

pytestmark = pytest.mark.redis

NOTICED_S = 4.0
"""Seconds until a silent Redis is taken for dead: 0.8 of silence, 2 for the answer, and some for this machine."""

BACK_S = 2.0
"""Seconds until a node hears again after Redis answers again."""


@pytest.fixture
async def ear(redis_part: Redis) -> AsyncIterator[Ear]:
    """A node that is subscribed to a room."""
    async with node(redis_part.url) as ear:
        await ear.subscribe("room")
        yield ear


async def hears_again(ear: Ear, seconds: float = BACK_S) -> None:
    """See that a node that wants its channel has it back in time, and hears."""
    began = time.monotonic()
    await ear.subscribe("room", seconds=seconds)
    message = b"%f" % began
    ear.broker.publish("room", message)
    await ear.hears("room", message, seconds)


@pytest.mark.parametrize("kind", ["pubsub", "normal"])
async def test_killed_connections_come_back(redis_part: Redis, ear: Ear, kind: str) -> None:
    for _ in range(3):
        # What publishes is a normal client; what hears counts as one too once nothing is subscribed.
        assert ask(redis_part, "CLIENT", "KILL", "TYPE", kind)
        if kind == "pubsub":
            await until(lambda: "room" not in ear.broker.subscribed, "the loss")
        await hears_again(ear)


async def test_a_restart_is_got_over(redis_part: Redis, ear: Ear) -> None:
    for pause in (0.0, 1.0):
        redis_part.kill()
        await until(lambda: not ear.broker.subscribed, "the loss", seconds=1.0)
        await asyncio.sleep(pause)  # Redis stays away.
        redis_part.start()
        await hears_again(ear)


async def test_a_silent_redis_is_taken_for_dead_and_found_again(redis_part: Redis, ear: Ear) -> None:
    dropped = ear.broker.dropped
    redis_part.freeze()
    ear.broker.publish("room", b"into the dark")
    await until(lambda: not ear.broker.subscribed, "the loss", seconds=NOTICED_S)
    await until(lambda: ear.broker.dropped == dropped + 1, "the message is given up", seconds=NOTICED_S)
    with pytest.raises(Unavailable):
        await ear.broker.subscribe(["room"])
    redis_part.thaw()
    await hears_again(ear)


async def test_a_subscription_that_is_not_confirmed_is_told_in_time(redis_part: Redis, ear: Ear) -> None:
    redis_part.freeze()
    began = time.monotonic()
    for call in (ear.broker.subscribe(["more"]), ear.broker.unsubscribe(["room"]), ear.broker.listeners(["room"])):
        with pytest.raises(Unavailable):
            await call
    assert time.monotonic() - began < NOTICED_S
    redis_part.thaw()
    await hears_again(ear)


async def test_a_short_pause_loses_nothing(redis_part: Redis, ear: Ear) -> None:
    changes = ear.changes
    ask(redis_part, "CLIENT", "PAUSE", 1500, "ALL")
    for number in range(500):
        ear.broker.publish("room", b"%d" % number)
    await until(lambda: len(ear.heard) == 500, "all of them")
    assert (ear.broker.dropped, ear.changes) == (0, changes)


async def test_a_long_pause_is_got_over(redis_part: Redis, ear: Ear) -> None:
    ask(redis_part, "CLIENT", "PAUSE", 5000, "ALL")
    await until(lambda: not ear.broker.subscribed, "the loss", seconds=NOTICED_S)
    await hears_again(ear, seconds=5 + BACK_S)


async def test_a_flush_is_not_noticed(redis_part: Redis, ear: Ear) -> None:
    changes = ear.changes
    ask(redis_part, "FLUSHALL")
    ear.broker.publish("room", b"still here")
    await ear.hears("room", b"still here")
    assert ear.changes == changes


async def test_a_reader_that_falls_behind_is_cut_and_comes_back(redis_part: Redis, ear: Ear) -> None:
    ask(redis_part, "CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 1mb 1")
    # Meanwhile this loop reads nothing: the buffers of the kernel fill, then that of Redis.
    with redis.Redis(port=redis_part.port) as client:
        for _ in range(200):
            client.publish("parley:test:room", bytes(256 * 1024))
    await until(lambda: not ear.broker.subscribed, "the loss", seconds=NOTICED_S)
    await hears_again(ear)


async def test_subscriptions_are_told_as_they_are_while_connections_die(redis_part: Redis, ear: Ear) -> None:
    names = [f"room-{number}" for number in range(200)]
    for _ in range(5):
        await ear.subscribe(*names)
        ask(redis_part, "CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: not ear.broker.subscribed, "the loss")
    await ear.subscribe(*names, "room")
    told = await ear.broker.listeners([*names, "room"])
    assert set(told.values()) == {1}
    await hears_again(ear)


async def test_installations_that_share_a_redis_do_not_hear_each_other(redis_part: Redis, ear: Ear) -> None:
    async with node(redis_part.url, "a", "other") as other:
        await other.subscribe("room")
        other.broker.publish("room", b"theirs")
        await other.hears("room", b"theirs")
        assert await ear.broker.listeners(["room"]) == {"room": 1}
    assert ear.heard == []


async def test_attempts_go_on_at_most_half_a_second_apart_and_the_log_has_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    attempts: list[float] = []

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attempts.append(time.monotonic())
        writer.close()

    caplog.set_level(logging.INFO)
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, node(f"redis://127.0.0.1:{port}", linked=False) as ear:
        await until(lambda: len(attempts) >= 24, "two dozen attempts")
        with pytest.raises(Unavailable):
            await ear.broker.subscribe(["room"])
    ours = [record for record in caplog.records if record.name.startswith("store.")]
    # Two connections are tried, each for itself.
    gaps = [later - earlier for earlier, later in zip(attempts, attempts[2:], strict=False)]
    assert max(gaps) < 1.2
    assert len({round(gap, 2) for gap in gaps}) > 5, "there is no jitter"
    assert len(ours) == 1, [record.__dict__ for record in ours]


async def test_what_is_no_redis_is_got_over(caplog: pytest.LogCaptureFixture) -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, node(f"redis://127.0.0.1:{port}", linked=False) as ear:
        await until(lambda: caplog.records, "a line in the log")
        ear.broker.publish("room", b"x")
        assert not ear.broker.subscribed
    assert {record.name for record in caplog.records} == {"store.redis.reasons"}
