"""Readers that stop cost little and are sent away; readers that come back with much to fetch are not."""

import asyncio
import contextlib
import json
import re
import socket as sockets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.client.checks import Json
from tests.client.mirror import Mirror
from tests.client.rest import Refused
from tests.client.site import Site
from tests.client.socket import Socket
from tests.client.wire import frame, handshake
from tests.integration.conftest import Store
from tests.processes import ServerProcess, running

STALLED = 100
TALKERS = 20
TEXT = 4000
MESSAGES = 6 * 1024 * 1024 // TEXT // TALKERS
"""Of each talker: together 6 MB."""

ASKED = 24
"""Pages of 256 KiB that each of those asks for who never read: 6 MiB."""

MIB = 1024 * 1024
GROWTH = int(1.2 * MIB)
GROWTH_ASKING = 2 * MIB
"""Where answers are each reader's own: what may be queued for it, and a page that is being made."""

ROOMS = 50
MISSED = 300


async def _say(socket: Socket, d: Json) -> Json:
    """Send until it is acknowledged."""
    while True:
        try:
            item: Json = await socket.call("message.send", d)
        except Refused as refused:
            if refused.code != "unavailable":
                raise
            await asyncio.sleep(refused.retry_after or 0.1)
        else:
            return item


async def _stall(address: tuple[str, int], token: str) -> sockets.socket:
    """Open a websocket with the smallest of receive buffers, say hello, wait for live, and never read again."""
    loop = asyncio.get_running_loop()
    sock = sockets.socket()
    sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await loop.sock_connect(sock, address)
    request, _ = handshake(f"{address[0]}:{address[1]}", "/ws", "parley.v1", None)
    await loop.sock_sendall(sock, request)
    hello = json.dumps({"op": "hello", "id": 1, "d": {"token": token}}).encode()
    await loop.sock_sendall(sock, frame(1, hello))
    seen = b""
    while b'{"ev":"live"}' not in seen:
        data = await loop.sock_recv(sock, 4096)
        assert data, seen[-500:]
        seen += data
    return sock


@dataclass
class Watch:
    """What a server used and said while it was watched."""

    server: ServerProcess
    before: int
    most: int
    """Its largest resident size in bytes."""
    since: int

    @property
    def growth(self) -> int:
        """How much larger it became."""
        return self.most - self.before

    @property
    def said(self) -> list[str]:
        """The lines that it logged, but for operations that a busy machine is slow with: each of those has its own."""
        return [line for line in self.server.log[self.since :] if '"slow operation"' not in line]

    @property
    def sent_away(self) -> list[str]:
        """The lines that tell of a session closed as slow."""
        return [line for line in self.said if re.search(r"\b4008\b", line)]

    async def until_sent_away(self, count: int) -> None:
        """Wait until the log has told of so many."""
        await asyncio.to_thread(self.server.until_log, lambda: len(self.sent_away) >= count)


@contextlib.asynccontextmanager
async def _watched(server: ServerProcess) -> AsyncIterator[Watch]:
    size = server.resident()
    watch = Watch(server, size, size, len(server.log))

    async def look() -> None:
        while True:
            watch.most = max(watch.most, server.resident())
            await asyncio.sleep(0.05)

    looking = asyncio.ensure_future(look())
    try:
        yield watch
    finally:
        looking.cancel()


async def _talk(socket: Socket, room: str, number: int) -> None:
    window = asyncio.Semaphore(4)

    async def one(at: int) -> None:
        async with window:
            await _say(socket, {"room": room, "text": f"{number}.{at} ".ljust(TEXT, "x"), "cid": f"{number}-{at}"})

    await asyncio.gather(*(one(at) for at in range(MESSAGES)))


@contextlib.asynccontextmanager
async def _crowd(site: Site) -> AsyncIterator[tuple[str, list[sockets.socket], list[Socket]]]:
    """Give a room, those in it who never read, and those who talk there."""
    accounts = await site.register_all("stalled", STALLED)
    talkers = await site.register_all("talker", TALKERS)
    room = (await talkers[0].post("rooms", body={"name": "busy", "kind": "public"}))["id"]
    for account in [*accounts, *talkers[1:]]:
        await account.post("rooms", room, "members", body={})
    talking = [await site.connect(talker, deaf=True) for talker in talkers]
    await _talk(talking[0], room, 99)  # what every server needs once is not the readers' memory
    stalled = [await _stall(site.address, account.token) for account in accounts]
    try:
        yield room, stalled, talking
        assert not any(socket.closed.done() for socket in talking)
    finally:
        for sock in stalled:
            sock.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_stalled_readers_are_bounded_and_sent_away(server: ServerProcess, site: Site) -> None:
    async with _crowd(site) as (room, _, talking), _watched(server) as watch:
        heard = [socket.heard for socket in talking]
        await asyncio.gather(*(_talk(socket, room, number) for number, socket in enumerate(talking)))
        await watch.until_sent_away(STALLED)
        print(f"{watch.growth / STALLED / MIB:.2f} MiB for each stalled reader")
        assert watch.growth <= STALLED * GROWTH
        assert len(watch.sent_away) == STALLED
        assert len(watch.said) <= STALLED + 20
        async with asyncio.timeout(60):
            for socket, before in zip(talking, heard, strict=True):
                while socket.heard < before + TALKERS * MESSAGES:
                    await socket.call("ping", {})


async def _asked(loop: asyncio.AbstractEventLoop, sock: sockets.socket, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):  # it was sent away already
        await loop.sock_sendall(sock, data)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_stalled_readers_who_ask_are_bounded_and_sent_away(server: ServerProcess, site: Site) -> None:
    """Answers are each reader's own, not shared like events."""
    loop = asyncio.get_running_loop()
    async with _crowd(site) as (room, stalled, talking), _watched(server) as watch:
        for number in range(ASKED):
            ask = json.dumps({"op": "message.list", "id": number, "d": {"room": room, "limit": 100}}).encode()
            await asyncio.gather(*(_asked(loop, sock, frame(1, ask)) for sock in stalled))
            # All are answered, as far as they can be, before they ask again.
            await talking[0].call("message.list", {"room": room, "limit": 100})
        await watch.until_sent_away(STALLED)
        print(f"{watch.growth / STALLED / MIB:.2f} MiB for each stalled reader who asked")
        assert watch.growth <= STALLED * GROWTH_ASKING
        assert len(watch.sent_away) == STALLED
        await _talk(talking[1], room, 1)


async def _speak(socket: Socket, rooms: list[str]) -> None:
    window = asyncio.Semaphore(48)

    async def one(room: str, number: int) -> None:
        async with window:
            await _say(socket, {"room": room, "text": f"missed {number} " * 10, "cid": f"{number}"})

    await asyncio.gather(*(one(room, number) for number in range(MISSED) for room in rooms))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("pace", ["fast", "slow"])
async def test_returning_reader_gets_everything(store: Store, pace: str) -> None:
    async with running(store.server()) as server, Site(server.address) as site:
        speaker, reader = await site.register("speaker"), await site.register("reader")
        rooms = []
        for number in range(ROOMS):
            room = await speaker.post("rooms", body={"name": f"room {number}", "kind": "public"})
            rooms.append(room["id"])
            await reader.post("rooms", room["id"], "members", body={})
        mirror = Mirror(site, reader)
        await mirror.connect()
        await mirror.settled()
        mirror.cut()
        await _speak(await site.connect(speaker, deaf=True), rooms)

        if pace == "slow":
            mirror.options = {"receive_buffer": 16384, "read_pause": 0.06}
        async with _watched(server) as watch:
            await mirror.connect()
            await mirror.settled()
        assert mirror.seen["hello:delta"] == ROOMS
        assert mirror.seen["hello"] == 2, "it was called slow and came back"
        assert not watch.sent_away
        for room in rooms:
            assert mirror.in_order(room) == await reader.history(room)
