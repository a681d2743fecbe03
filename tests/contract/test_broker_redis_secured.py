"""A Redis that asks who is there, and one that is reached by TLS."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import open_broker
from store.errors import Unavailable
from store.redis.link import Link, Script
from tests.brokers import node, until, works
from tests.conftest import running
from tests.parts import Redis
from tests.redis_parts import TlsRedis, ask, documented

pytestmark = pytest.mark.redis

SMALLEST = ["+ping", "+publish", "+subscribe", "+unsubscribe", "+pubsub|numsub"]
"""What the broker alone needs."""

PASSWORD = "p@ss/w:rd?#%"
ENCODED = "p%40ss%2Fw%3Ard%3F%23%25"


def permit(part: Redis, user: str, *rules: str) -> None:
    """Make a user anew."""
    ask(part, "ACL", "SETUSER", user, "reset", "on", f">{PASSWORD}", *rules)


@pytest.fixture
def tls_part(request: pytest.FixtureRequest) -> Iterator[TlsRedis]:
    yield from running(lambda: TlsRedis(clients=getattr(request, "param", False)))


async def test_documented_rights_are_enough_for_nodes(redis_part: Redis) -> None:
    documented(redis_part, "parley", PASSWORD)
    await works(f"redis://parley:{ENCODED}@127.0.0.1:{redis_part.port}")


async def test_the_broker_needs_few_rights(redis_part: Redis) -> None:
    permit(redis_part, "chat", "&parley:test:*", *SMALLEST)
    async with node(f"redis://chat:{ENCODED}@127.0.0.1:{redis_part.port}") as ear:
        await ear.subscribe("room", "other")
        ear.broker.publish("room", b"hello")
        await ear.hears("room", b"hello")
        assert await ear.broker.listeners(["room"]) == {"room": 1}
        await ear.broker.unsubscribe(["other"])
        assert ear.broker.dropped == 0


async def test_a_password_without_a_user_is_that_of_the_default_user(redis_part: Redis) -> None:
    ask(redis_part, "CONFIG", "SET", "requirepass", PASSWORD)
    url = f"redis://:{ENCODED}@127.0.0.1:{redis_part.port}/3"
    async with node(url) as ear:
        await ear.subscribe("room")
    link = Link.of(url)
    assert await link.execute("SET", "key", "value") is True
    await link.close()


async def test_a_wrong_password_is_told_once_and_got_over_when_it_is_right(
    redis_part: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url = f"redis://chat:{ENCODED}@127.0.0.1:{redis_part.port}"
    async with node(url, linked=False) as ear:
        await until(lambda: caplog.records, "a line in the log")
        await asyncio.sleep(1.5)  # A few attempts more.
        assert len(caplog.records) == 1
        permit(redis_part, "chat", "&*", *SMALLEST)
        await ear.subscribe("room", seconds=2.0)
    assert "WRONGPASS" in str(caplog.records[0].__dict__)
    assert PASSWORD not in str([record.__dict__ for record in caplog.records])


async def test_a_channel_that_is_not_permitted_is_told_and_harms_no_other(
    redis_part: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    permit(redis_part, "chat", "&parley:test:canary.*", *SMALLEST)
    async with node(f"redis://chat:{ENCODED}@127.0.0.1:{redis_part.port}") as ear:
        with pytest.raises(Unavailable, match="NOPERM"):
            await ear.broker.subscribe(["room"])
        for _ in range(10):
            ear.broker.publish("room", b"unheard")
        canary = next(iter(ear.broker.canaries()))
        ear.broker.publish(canary, b"heard")
        await ear.hears(canary, b"heard")
        assert ear.broker.dropped == 10
        assert ear.broker.subscribed == {canary}
    assert sum("NOPERM" in str(record.__dict__) for record in caplog.records) == 1


async def test_a_user_that_may_not_ping_is_told_so(redis_part: Redis, caplog: pytest.LogCaptureFixture) -> None:
    permit(redis_part, "chat", "&*", *SMALLEST[1:])
    async with node(f"redis://chat:{ENCODED}@127.0.0.1:{redis_part.port}", linked=False):
        await until(lambda: "NOPERM" in str([record.__dict__ for record in caplog.records]), "the reason")


async def test_scripts_and_commands_are_refused_as_unavailable(redis_part: Redis) -> None:
    permit(redis_part, "chat", "~parley:test:*", "+evalsha", "+eval", "+incr")
    link = Link.of(f"redis://chat:{ENCODED}@127.0.0.1:{redis_part.port}")
    assert await link.script(Script("return redis.call('INCR', KEYS[1])"), ["parley:test:{a}"]) == 1
    for call in (link.execute("GET", "parley:test:a"), link.execute("INCR", "other")):
        with pytest.raises(Unavailable):
            await call
    await link.close()


@pytest.mark.parametrize("tls_part", [False, True], indirect=True, ids=["server", "both"])
async def test_tls_carries_everything(tls_part: TlsRedis) -> None:
    async with node(tls_part.url, "a") as a, node(tls_part.url, "b") as b:
        await a.subscribe("room")
        b.broker.publish("room", bytes(200_000))
        b.broker.publish("room", b"end")
        await a.hears("room", b"end")
        assert a.of("room") == [bytes(200_000), b"end"]
        tls_part.restart()
        await a.subscribe("room")
        await b.subscribe("room", seconds=2.0)
    link = Link.of(tls_part.url)
    assert await link.pipeline([("SET", "a", 1), ("INCR", "a")]) == [True, 2]
    await link.close()


async def test_a_server_that_nobody_vouches_for_is_not_talked_to(
    tls_part: TlsRedis, caplog: pytest.LogCaptureFixture
) -> None:
    async with node(tls_part.url.partition("?")[0], linked=False) as ear:
        await until(lambda: caplog.records, "a line in the log")
        with pytest.raises(Unavailable):
            await ear.broker.subscribe(["room"])
    assert "CERTIFICATE_VERIFY_FAILED" in str(caplog.records[0].__dict__)


async def test_certificates_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    url = f"rediss://127.0.0.1?ssl_ca_certs={tmp_path}/none.pem"
    with pytest.raises(ValueError, match=r"none\.pem|No such file"):
        async with open_broker(url, "a", "test"):
            pass
    with pytest.raises(ValueError, match="certificates"):
        Link.of(url)
