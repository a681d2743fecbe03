"""Thousands of sockets on two nodes: how soon they are open, what each takes, how late it gets what is said."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from tests.client.account import Account
from tests.faults.figures import Outcome, percentile
from tests.faults.judging import at_most
from tests.faults.rig import Rig, rigged, until

OPEN_S = 15.0
SOCKET_KIB = 40.0
"""Memory of a node for each socket, with all that is known of its session."""
LATE_MS = 250.0
"""From sending to a member, for 99 of 100."""
OPENING = 64
"""Sockets that are being opened at the same time."""
LISTENED = 20
"""Of so many sockets one looks at the clock: to look costs more than to deliver."""
PATIENCE_S = 300.0


@dataclass(frozen=True)
class Size:
    """How many."""

    people: int
    sockets: int
    """Of each of them."""
    each: int
    """People of a room."""
    rate: float
    seconds: float


SHORT = Size(20, 10, 10, 20, 1.0)
LONG = Size(1000, 10, 50, 20, 20.0)


class Ear(WSListener):
    """A socket that counts what it hears; some look when it was sent."""

    def __init__(self, token: str, late: list[float] | None) -> None:
        self.live: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard = 0
        self.lost = False
        self.transport: WSTransport | None = None
        self._token = token
        self._late = late

    def on_ws_connected(self, transport: WSTransport) -> None:
        """See ``WSListener``."""
        self.transport = transport
        transport.send(WSMsgType.TEXT, msgspec.json.encode({"op": "hello", "id": 0, "d": {"token": self._token}}))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """See ``WSListener``."""
        self.lost = True
        if not self.live.done():
            self.live.set_exception(ConnectionError("closed before it was live"))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """See ``WSListener``."""
        payload = frame.get_payload_as_memoryview()
        if frame.msg_type != WSMsgType.TEXT or payload[2] != ord("e"):
            return
        if payload[9] == ord("s"):  # of "message", unlike "members" or "presence"
            self.heard += 1
            if self._late is not None:
                said = bytes(payload).partition(b'"text":"@')[2]
                if said:
                    self._late.append(time.perf_counter() - float(said[: said.index(b'"')]))
        elif payload[7] == ord("l") and not self.live.done():
            self.live.set_result(None)


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("crowd", seed, store)
    count = size.people * size.sockets
    async with rigged("crowd", folder, seed, store=store) as rig:
        people = await rig.people(size.people)
        for at in range(0, size.people, size.each):
            await rig.room(people[at], people[at + 1 : at + size.each])
        late: list[float] = []
        before = [node.server.resident() for node in rig.nodes[:2]]
        began = time.monotonic()
        ears = await _open(rig, people, size.sockets, late)
        at_most(outcome, "all open, s", time.monotonic() - began, OPEN_S)
        after = [node.server.resident() for node in rig.nodes[:2]]
        outcome.proofs["sockets"] = len(ears)
        grown = sum(after) - sum(before)
        at_most(outcome, "memory for each socket, KiB", grown / 1024 / count, SOCKET_KIB)
        sent = await _talk(rig, size)
        wanted = sent * size.each * size.sockets
        await until(lambda: sum(ear.heard for ear in ears) >= wanted, PATIENCE_S, "every copy")
        outcome.seconds = time.monotonic() - began
        outcome.figures["copies"] = sum(ear.heard for ear in ears)
        outcome.figures["to a member, p50 ms"] = percentile(late, 50) * 1000
        at_most(outcome, "to a member, p99 ms", percentile(late, 99) * 1000, LATE_MS)
        lost = sum(ear.lost for ear in ears)
        outcome.wrong += [f"{lost} sockets were closed"] if lost else []
        outcome.wrong += [] if outcome.figures["copies"] == wanted else [f"not {wanted} copies"]
        await _close(ears)
    return outcome


async def _open(rig: Rig, people: Sequence[Account], each: int, late: list[float]) -> list[Ear]:
    """Open so many sockets for everybody, on two nodes in turn."""
    gate = asyncio.Semaphore(OPENING)
    numbers = itertools.count()

    async def one(person: Account) -> Ear:
        async with gate:
            number = next(numbers)
            url = "ws://{}:{}/ws".format(*rig.nodes[number % 2].server.address)
            mine = late if number % LISTENED == 0 else None
            _, ear = await ws_connect(lambda: Ear(person.token, mine), url, websocket_handshake_timeout=PATIENCE_S)
            assert isinstance(ear, Ear)
            await ear.live
            return ear

    return await asyncio.gather(*(one(person) for _ in range(each) for person in people))


async def _close(ears: Sequence[Ear]) -> None:
    for ear in ears:
        if ear.transport is not None:
            ear.transport.disconnect(False)
    await until(lambda: all(ear.lost for ear in ears), PATIENCE_S, "closing")


async def _talk(rig: Rig, size: Size) -> int:
    """Say something at a rate, in rooms in turn; return how often."""
    began, sent = time.perf_counter(), 0
    talking: list[asyncio.Task[object]] = []
    while (now := time.perf_counter()) < began + size.seconds:
        if sent < (now - began) * size.rate:
            room = rig.rooms[sent % len(rig.rooms)]
            room.owner.rest = rig.nodes[sent % 2].rest
            body = {"text": f"@{time.perf_counter()}", "cid": f"c{sent}"}
            talking.append(asyncio.ensure_future(room.owner.post("rooms", room.id, "messages", body=body)))
            sent += 1
        await asyncio.sleep(0.005)
    await asyncio.gather(*talking)
    return sent
