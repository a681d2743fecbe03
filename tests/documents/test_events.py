"""A tour of all kinds of events, on a real server."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tests.client.account import Account
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
            (await ada.request("PATCH", "/api/users/me", {"name": "Ada"})).ok()
            (await ada.request("PUT", f"/api/users/me/following/{bob.id}")).ok()
            own = (await ada.request("POST", "/api/rooms", {"name": "own", "kind": "private"})).ok()
            (await ada.request("PUT", f"/api/rooms/{own['id']}/cleared", {})).ok()
            await ada_told.until("tie", "hidden")
            (await ada.request("PUT", f"/api/users/me/stances/{bob.id}", {"mute": -1})).ok()
            await ada_told.until(
                "message", "room", "room.joined", "member_count", "typing", "read", "presence", "user", "live"
            )
            post = {"title": "here", "text": "there", "cid": "tour-2"}
            (await ada.request("POST", "/api/posts", post)).ok()
            await ada_told.until("stance", "feed")
            await _report(site, ada, bob)
            await ada_told.until("report")
            await ada_told.until("call", "call.signal", "call.speaking")
            await bob_told.until("alias", "room.joined", "room.left", "unwatched")
        await ada_told.until("goaway")
        closed = await asks.closed
    assert closed.code == CloseCode.GOING_AWAY
    assert (ada_told.kinds | bob_told.kinds) - {"hello"} == {name_of(event) for event in EVENTS} - UNTOLD


async def _report(site: Site, ada: Account, bob: Account) -> None:
    """Have something reported in a topic of ada's."""
    topic = (await ada.request("POST", "/api/topics", {"title": "The tour"})).ok()["id"]
    (await bob.request("POST", f"/api/rooms/{topic}/members", {})).ok()
    (await bob.request("PUT", f"/api/topics/{topic}/alias", {"name": "Tourist7"})).ok()
    body = {"text": "words", "cid": "tour-9"}
    said = (await bob.request("POST", f"/api/rooms/{topic}/messages", body)).ok()
    wanted = {"kind": "message", "target": said["id"], "room": topic, "reason": "spam"}
    (await (await site.register("cyd")).request("POST", "/api/reports", wanted)).ok()


async def _talk(ada: Socket, bob: Socket, bob_id: str) -> None:
    room = {"room": (await ada.call("room.create", {"name": "tour", "kind": "public"}))["id"]}
    await bob.call("room.join", room)
    await ada.call("room.update", room | {"description": "here and there"})
    sent = await ada.call("message.send", room | {"text": "hello", "cid": "tour-1"})
    await bob.call("room.typing", room)
    await bob.call("room.read", room | {"seq": sent["seq"]})
    await ada.call("presence.watch", {"users": [bob_id]})
    await bob.call("presence.set", {"status": "busy"})
    await _call(ada, bob, room)
    await ada.call("room.remove", room | {"user": bob_id})
    await bob.call("room.watch", room)
    await ada.call("room.delete", room)


async def _call(ada: Socket, bob: Socket, room: Any) -> None:
    call = await ada.call("call.start", room | {"media": "audio"})
    this = {"call": call["id"]}
    await bob.call("call.join", this)
    await bob.call("call.signal", this | {"to": call["leg"], "kind": "offer", "data": {"sdp": ""}})
    await bob.call("call.set", this | {"speaking": True})


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
