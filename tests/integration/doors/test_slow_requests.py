"""Clients that take their time over a request are cut off, and nobody else is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.entrance import entrance
from tests.application import Parley, running
from tests.people import Person

LIMIT_S = 0.4
SOON_S = 10.0
HEAD = b"GET /health/live HTTP/1.1\r\nHost: here\r\n"


@pytest.fixture
async def parley(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parley]:
    monkeypatch.setattr(entrance, "HEADER_S", LIMIT_S)
    monkeypatch.setattr(entrance, "BODY_S", LIMIT_S)
    async with running(tmp_path) as parley:
        yield parley


async def opened(parley: Parley) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", parley.node.port)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"G",
        HEAD,
        HEAD + b"\r\n" + HEAD,
        b"POST /api/auth/login HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
        b"POST /api/auth/login HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    ],
    ids=["nothing", "a byte", "half a head", "half a second head", "half a body", "half of the chunks"],
)
async def test_whoever_takes_too_long_is_cut_off(parley: Parley, said: bytes) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    reader, writer = await opened(parley)
    writer.write(said)
    async with asyncio.timeout(SOON_S):
        await reader.read()
    assert loop.time() - began >= LIMIT_S * 0.9
    writer.close()


async def test_connection_that_is_kept_alive_and_idle_is_ended(parley: Parley) -> None:
    reader, writer = await opened(parley)
    for _ in range(3):
        writer.write(HEAD + b"\r\n")
        assert b"HTTP/1.1 200 " in await reader.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(SOON_S):
        await reader.read()
    assert reader.at_eof()
    writer.close()


async def test_whoever_waits_for_an_answer_is_not_cut_off(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    room = await ann.create()
    gate = parley.store.hold("find")
    reading = asyncio.create_task(ann.answer("message.list", room=room))
    await gate.reached.wait()
    idle = await opened(parley)
    async with asyncio.timeout(SOON_S):
        await idle[0].read()  # which is cut off after that request began to wait
    idle[1].close()
    gate.release()
    assert (await reading).status == 200


async def test_websocket_is_no_request_that_is_waited_for(parley: Parley) -> None:
    ann: Person = (await parley.people("ann"))[0]
    live = await ann.connect()
    silent = await parley.site.open()
    idle = await opened(parley)
    async with asyncio.timeout(SOON_S):
        await idle[0].read()
    idle[1].close()
    assert await live.call("ping") == {}
    assert (await silent.hello(ann.account.token))["user"]["id"] == ann.id
