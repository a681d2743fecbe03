"""A tour of all kinds of events, on a real server."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tests.client.site import Site
from tests.client.socket import Socket
from tests.client.wire import Closed, Wire
from tests.documents.kinds import UNTOLD
from tests.processes import ServerProcess, running
from ws.drain import PER_S
from ws.events import EVENTS, name_of
from ws.signals import GoAway, GoAwayEvent, LiveEvent
from ws.wire.codes import CloseCode


class Told:
    """The events that came to one session."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self._changed = asyncio.Event()

    def __call__(self, event: Any) -> None:
        """Take an event."""
        self.kinds.add(event["ev"])
        self._changed.set()

    async def until(self, *kinds: str) -> None:
        """Wait until these have come."""
        async with asyncio.timeout(20):
            while not self.kinds >= set(kinds):
                self._changed.clear()
                await self._changed.wait()


async def test_every_kind_of_event_can_be_told(tmp_path: Path) -> None:
    ada_told, bob_told = Told(), Told()
    server = ServerProcess(tmp_path / "data")
    async with Site(("", 0)) as site:
        async with running(server):
            site.address = site.rest.address = server.address
            ada, bob = await site.register("ada"), await site.register("bob")
            asks = await site.connect(ada, ada_told)
            answers = await site.connect(bob, bob_told)
            await _talk(asks, answers, bob.id)
            await ada_told.until("message", "room", "room.joined", "member_count", "typing", "read", "presence", "live")
            await bob_told.until("room.joined", "room.left")
        await ada_told.until("goaway")
        closed = await asks.closed
    assert closed.code == CloseCode.GOING_AWAY
    assert (ada_told.kinds | bob_told.kinds) - {"hello"} == {name_of(event) for event in EVENTS} - UNTOLD


async def _talk(ada: Socket, bob: Socket, bob_id: str) -> None:
    room = {"room": (await ada.call("room.create", {"name": "tour", "kind": "public"}))["id"]}
    await bob.call("room.join", room)
    await ada.call("room.update", room | {"description": "here and there"})
    sent = await ada.call("message.send", room | {"text": "hello", "cid": "tour-1"})
    await bob.call("room.typing", room)
    await bob.call("room.read", room | {"seq": sent["seq"]})
    await ada.call("presence.watch", {"users": [bob_id]})
    await bob.call("presence.set", {"status": "busy"})
    await ada.call("room.remove", room | {"user": bob_id})


async def test_frames_that_are_written_out_are_those_of_their_types(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data")
    frames: list[str] = []
    ended: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
    came = asyncio.Event()

    def take(text: str) -> None:
        frames.append(text)
        came.set()

    async with running(server), Site(server.address) as site:
        ada = await site.register("ada")
        wire = await Wire.open(server.address, take, ended.set_result)
        wire.send(msgspec.json.encode({"op": "hello", "id": 1, "d": {"token": ada.token}}).decode())
        await _until(lambda: len(frames) > 1, came)
    assert (await ended).code == CloseCode.GOING_AWAY
    live, goaway = msgspec.json.encode(LiveEvent()), msgspec.json.encode(GoAwayEvent(GoAway(0, round(1000 / PER_S))))
    assert frames[1:] == [live.decode(), goaway.decode()]


async def _until(holds: Callable[[], bool], came: asyncio.Event) -> None:
    async with asyncio.timeout(20):
        while not holds():
            came.clear()
            await came.wait()
