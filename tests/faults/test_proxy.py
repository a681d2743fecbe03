"""The proxy does to connections what it is told, and nothing else."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis as Client

from tests.faults.proxy import Proxy
from tests.faults.resp import Splitter, is_push
from tests.parts import Redis


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A proxy in front of a server that says everything again."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1024):
                writer.write(data)
        except OSError:
            pass
        writer.transport.abort()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = Proxy(server.sockets[0].getsockname()[:2])
    await proxy.start()
    yield proxy
    await proxy.close()
    server.close()


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def ends(proxy: Proxy) -> AsyncIterator[Ends]:
    """A connection through the proxy."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    yield reader, writer
    writer.transport.abort()


async def say(ends: Ends, text: bytes, within: float = 5.0) -> bytes:
    ends[1].write(text)
    async with asyncio.timeout(within):
        return await ends[0].readexactly(len(text))


async def test_passes_bytes_both_ways(ends: Ends) -> None:
    assert await say(ends, b"hello") == b"hello"


async def test_delays_each_way(proxy: Proxy, ends: Ends) -> None:
    proxy.delay_s = 0.1
    began = time.monotonic()
    await say(ends, b"late")
    assert time.monotonic() - began >= 0.2


async def test_throttles(proxy: Proxy, ends: Ends) -> None:
    proxy.bytes_per_s = 1000
    began = time.monotonic()
    await say(ends, b"x" * 300)
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("fault", [Proxy.black_hole, Proxy.mute])
async def test_what_is_held_back_comes_when_it_is_healed(proxy: Proxy, ends: Ends, fault: object) -> None:
    assert callable(fault)
    fault(proxy)
    with pytest.raises(TimeoutError):
        await say(ends, b"anybody?", within=0.1)
    assert not ends[0].at_eof()
    assert bool(proxy.held_up) == (fault is Proxy.black_hole)
    proxy.heal()
    async with asyncio.timeout(5):
        assert await ends[0].readexactly(8) == b"anybody?"


async def test_black_hole_takes_those_who_come(proxy: Proxy) -> None:
    proxy.black_hole()
    ends = await asyncio.open_connection("127.0.0.1", proxy.port)
    with pytest.raises(TimeoutError):
        await say(ends, b"anybody?", within=0.1)
    ends[1].transport.abort()


async def test_cut_resets_all_and_loses_what_was_held_back(proxy: Proxy, ends: Ends) -> None:
    await say(ends, b"hello")
    proxy.black_hole()
    ends[1].write(b"lost")
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await ends[0].read(1)
    proxy.heal()
    again = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await say(again, b"hello") == b"hello"
    again[1].transport.abort()


async def test_refuses_those_who_come(proxy: Proxy, ends: Ends) -> None:
    await say(ends, b"hello")
    proxy.refusing = True
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.transport.abort()
    assert await say(ends, b"still") == b"still"


async def test_ends_with_its_target(proxy: Proxy, ends: Ends) -> None:
    await say(ends, b"hello")
    ends[1].write_eof()
    async with asyncio.timeout(5):
        while proxy.connections:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


@pytest.mark.redis
@pytest.mark.parametrize("protocol", [2, 3])
async def test_loses_published_messages_and_nothing_else(redis_part: Redis, protocol: int) -> None:
    proxy = Proxy(("127.0.0.1", redis_part.port), resp=True)
    await proxy.start()
    turn = itertools.count(1)
    proxy.loses = lambda: next(turn) % 3 == 0
    async with Client(port=proxy.port, protocol=protocol) as client, client.pubsub() as listener:
        await listener.subscribe("a channel")
        assert (await listener.get_message(timeout=5))["type"] == "subscribe"
        for number in range(9):
            await client.publish("a channel", f"{number}")
        heard = [(await listener.get_message(timeout=5))["data"] for _ in range(6)]
        await client.set("key", b"message\r\n" * 1000)
        assert await client.get("key") == b"message\r\n" * 1000
    await proxy.close()
    assert heard == [b"0", b"1", b"3", b"4", b"6", b"7"]
    assert (proxy.pushes, proxy.lost) == (9, 3)


VALUES = [
    b"+OK\r\n",
    b"$5\r\nmessa\r\n",
    b"$-1\r\n",
    b"*-1\r\n",
    b"*0\r\n",
    b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\n\r\n\r\n\r\n",
    b">3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$1\r\nx\r\n",
    b"%1\r\n+a\r\n*2\r\n:1\r\n_\r\n",
    b"|1\r\n+a\r\n,1.5\r\n:7\r\n",
    b"=6\r\ntxt:ab\r\n",
    b"*2\r\n*1\r\n:1\r\n#t\r\n",
]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_values_are_cut_wherever_the_bytes_are_cut(size: int) -> None:
    splitter, stream = Splitter(), b"".join(VALUES)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    found = [value for piece in pieces for value in splitter.feed(piece)]
    assert found == VALUES
    assert [VALUES.index(value) for value in found if is_push(value)] == [5, 6]
