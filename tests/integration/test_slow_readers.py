"""Readers that stop cost little and are sent away; readers that come back with much to fetch are not."""

import asyncio
import json
import socket as sockets
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

MIB = 1024 * 1024
GROWTH = int(1.2 * MIB)

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
    """The most memory that a server had while watched."""

    server: ServerProcess
    most: int = 0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.most = max(self.most, self.server.resident())
            await asyncio.sleep(0.05)


async def _talk(socket: Socket, room: str, number: int) -> None:
    window = asyncio.Semaphore(4)

    async def one(at: int) -> None:
        async with window:
            await _say(socket, {"room": room, "text": f"{number}.{at} ".ljust(TEXT, "x"), "cid": f"{number}-{at}"})

    await asyncio.gather(*(one(at) for at in range(MESSAGES)))


def _closing_lines(server: ServerProcess, since: int) -> list[str]:
    return [line for line in server.log[since:] if "4008" in line or "slow" in line.lower()]


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_stalled_readers_are_bounded_and_sent_away(server: ServerProcess, site: Site) -> None:
    accounts = await site.register_all("stalled", STALLED)
    talkers = await site.register_all("talker", TALKERS)
    room = (await talkers[0].post("rooms", body={"name": "busy", "kind": "public"}))["id"]
    for account in [*accounts, *talkers[1:]]:
        await account.post("rooms", room, "members", body={})
    sockets_ = [await site.connect(talker, deaf=True) for talker in talkers]
    await _talk(sockets_[0], room, 99)  # what every server needs once is not the readers' memory
    stalled = [await _stall(site.address, account.token) for account in accounts]
    since = len(server.log)
    before = server.resident()
    watch = Watch(server, before)
    watching = asyncio.ensure_future(watch.run())
    try:
        await asyncio.gather(*(_talk(socket, room, number) for number, socket in enumerate(sockets_)))
        await asyncio.to_thread(server.until_log, lambda: len(_closing_lines(server, since)) >= STALLED)
        print(f"{(watch.most - before) / STALLED / MIB:.2f} MiB for each stalled reader")
        assert watch.most - before <= STALLED * GROWTH
        assert len(_closing_lines(server, since)) == STALLED
        assert len(server.log) - since <= STALLED + 20
        assert not any(socket.closed.done() for socket in sockets_)
        texts = [item for item in await talkers[0].history(room) if item["kind"] == "text"]
        assert len(texts) == (TALKERS + 1) * MESSAGES
        async with asyncio.timeout(60):
            for socket in sockets_:
                while socket.heard < len(texts):
                    await socket.call("ping", {})
    finally:
        watching.cancel()
        for sock in stalled:
            sock.close()


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
        since = len(server.log)
        await mirror.connect()
        await mirror.settled()
        assert mirror.seen["hello:delta"] == ROOMS
        assert mirror.seen["hello"] == 2, "it was called slow and came back"
        for room in rooms:
            assert mirror.in_order(room) == await reader.history(room)
        assert not _closing_lines(server, since)
