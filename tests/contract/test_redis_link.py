"""Ordinary commands at a Redis: answered soon, or not at all."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from store.errors import Unavailable
from store.redis.link import DEADLINE_S, Link, Script
from tests.brokers import until
from tests.parts import Redis
from tests.redis_parts import ask

pytestmark = pytest.mark.redis

SLACK_S = 0.5
"""Seconds that a deadline may be late on this machine."""


@pytest.fixture
async def link(redis_part: Redis) -> AsyncIterator[Link]:
    """A link to a Redis of the test's own."""
    link = Link.of(redis_part.url)
    yield link
    await link.close()


async def test_answers_come_as_they_are(link: Link) -> None:
    assert await link.execute("SET", "a", b"\x00\xff") is True
    assert await link.execute("GET", "a") == b"\x00\xff"
    assert await link.execute("GET", "none") is None
    assert await link.pipeline([("INCR", "n"), ("HSET", "h", "x", 1), ("HGETALL", "h")]) == [1, 1, {b"x": b"1"}]
    assert await link.pipeline([]) == []


async def test_scripts_are_sent_once_and_again_when_they_are_forgotten(redis_part: Redis, link: Link) -> None:
    script = Script("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}")
    for number in (1, 2):
        assert await link.script(script, ["{a}n"], ["x"]) == [b"{a}n", b"x", number]
    assert [int(each) for each in ask(redis_part, "SCRIPT", "EXISTS", script.sha)] == [1]
    ask(redis_part, "SCRIPT", "FLUSH")
    assert await link.script(script, ["{a}n"], ["x"]) == [b"{a}n", b"x", 3]


async def test_a_refusal_is_told_and_harms_no_other(link: Link) -> None:
    await link.execute("SET", "a", "text")
    with pytest.raises(Unavailable, match="WRONGTYPE"):
        await link.execute("LPUSH", "a", 1)
    with pytest.raises(Unavailable):
        await link.pipeline([("INCR", "n"), ("INCR", "a"), ("INCR", "n")])
    with pytest.raises(Unavailable):
        await link.script(Script("return redis.call('INCR', KEYS[1])"), ["a"])
    assert await link.pipeline([("GET", "a"), ("GET", "n")]) == [b"text", b"2"]


async def test_nobody_waits_longer_than_the_deadline(redis_part: Redis, link: Link) -> None:
    await link.execute("SET", "a", 1)
    redis_part.freeze()
    began = time.monotonic()
    answers = await asyncio.gather(*(link.execute("GET", "a") for _ in range(100)), return_exceptions=True)
    assert time.monotonic() - began < DEADLINE_S + SLACK_S
    assert all(isinstance(answer, Unavailable) for answer in answers)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await link.execute("GET", "a", deadline=0.05)
    assert time.monotonic() - began < 0.05 + SLACK_S
    redis_part.thaw()
    # Answers that came too late are nobody else's.
    assert await asyncio.gather(*(link.execute("ECHO", n) for n in range(100))) == [b"%d" % n for n in range(100)]


async def test_a_link_is_made_again_when_it_is_used(redis_part: Redis, link: Link) -> None:
    await asyncio.gather(*(link.execute("PING") for _ in range(16)))
    redis_part.kill()
    with pytest.raises(Unavailable):
        await link.execute("PING")
    redis_part.start()
    assert await asyncio.gather(*(link.execute("ECHO", n) for n in range(50))) == [b"%d" % n for n in range(50)]


async def test_connections_are_bounded(redis_part: Redis, link: Link) -> None:
    await asyncio.gather(*(link.execute("PING") for _ in range(300)))
    assert len(str(ask(redis_part, "CLIENT", "LIST")).split("id=")) - 1 <= 16 + 2


async def test_who_gives_up_takes_nobodys_answer(link: Link) -> None:
    for _ in range(20):
        task = asyncio.create_task(link.execute("ECHO", "given up"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await link.execute("ECHO", "mine") == b"mine"


async def test_a_closed_link_answers_no_more(redis_part: Redis) -> None:
    link = Link.of(redis_part.url)
    await link.execute("PING")
    await link.close()
    await until(lambda: str(ask(redis_part, "CLIENT", "LIST")).count("id=") == 1, "its connections end")
    with pytest.raises(Unavailable):
        await link.execute("PING")
