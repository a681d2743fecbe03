"""Calls: how soon those hear of each other who hold one, alone and beside others who do it too, or abuse it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from time import perf_counter
from typing import Any

import msgspec
from picows import WSFrame, WSMsgType, WSTransport

from benchmarks.load.dialect import Dialect
from benchmarks.load.histogram import Histogram
from benchmarks.load.parley import Parley
from benchmarks.load.prepare import CONNECTIONS, Job, every
from benchmarks.load.rest import Connection, connections
from benchmarks.load.sockets import Socket, hello, sockets
from benchmarks.load.task import Failed, Person, Result, Task

WITHIN_S = 30
"""Longest that is waited for anything."""

CANDIDATE = {"candidate": "candidate:842163049 1 udp 1677729535 192.0.2.17 46154 typ srflx raddr 0.0.0.0 rport 0"}
"""What most signals are about."""

Call = dict[str, Any]


class Took:
    """Times by what was waited for."""

    def __init__(self) -> None:
        self.of: defaultdict[str, Histogram] = defaultdict(Histogram)

    def note(self, name: str, due: float) -> None:
        """Note that something is there that was due then."""
        self.of[name].record(perf_counter() - due)

    def told(self) -> Result:
        """Return the percentiles of each, and of all but pings as ``all``."""
        every, told = Histogram(), Result()
        for name, histogram in self.of.items():
            told |= histogram.told(name)
            if name != "ping":
                every.merge(histogram)
        return told | every.told("all")


class Phone(Socket):
    """A device that calls. It knows each call in its highest version."""

    __slots__ = ("calls", "codes", "ids", "pending", "person", "took", "waiting")

    def __init__(self, dialect: Dialect, number: int, person: Person) -> None:
        super().__init__(dialect, number)
        self.person = person
        self.took = Took()
        self.calls: dict[str, Call] = {}
        self.ids = count(1)
        self.pending: dict[int, asyncio.Future[Call]] = {}
        self.waiting: list[tuple[Callable[[Call], bool], asyncio.Future[None]]] = []
        self.codes: defaultdict[str, int] = defaultdict(int)
        """How often something was refused that nobody waits for."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take an answer, or an event of a call."""
        if not self.live.done():
            self.greeted(frame)
            return
        if frame.msg_type is not WSMsgType.TEXT:
            if frame.msg_type is WSMsgType.CLOSE:
                transport.disconnect()
            return
        said = msgspec.json.decode(frame.get_payload_as_bytes())
        if "re" in said:
            self._answered(said)
        elif said["ev"] == "call":
            self._take(said["d"])
        elif said["ev"] == "call.signal" and "due" in said["d"]["data"]:
            self.took.note("signal", said["d"]["data"]["due"])

    def _answered(self, said: dict[str, Any]) -> None:
        future = self.pending.pop(said["re"], None)
        if future is None:
            self.codes[said.get("err", {}).get("code", "ok")] += 1
        elif "ok" in said:
            if "version" in said["ok"]:
                self._take(said["ok"])
            future.set_result(said["ok"])
        else:
            future.set_exception(Failed(f"refused: {said['err']}"))

    def _take(self, call: Call) -> None:
        known = self.calls.get(call["id"])
        if known is not None and known["version"] >= call["version"]:
            return
        self.calls[call["id"]] = call
        for entry in [entry for entry in self.waiting if entry[0](call)]:
            self.waiting.remove(entry)
            entry[1].set_result(None)

    async def ask(self, op: str, **given: object) -> Call:
        """Ask for something and return its answer; how long it took is noted as ``answer``, or as ``ping``."""
        id_, due = next(self.ids), perf_counter()
        self.pending[id_] = future = asyncio.get_running_loop().create_future()
        self.say(msgspec.json.encode({"op": op, "id": id_, "d": given}))
        async with asyncio.timeout(WITHIN_S):
            answer: Call = await future
        self.took.note("ping" if op == "ping" else "answer", due)
        return answer

    def signal(self, call: str, to: str, due: float | None = None) -> None:
        """Say something to a leg, and wait for nothing; with ``due`` the other one notes when it came."""
        data = CANDIDATE if due is None else CANDIDATE | {"due": due}
        given = {"call": call, "to": to, "kind": "ice", "data": data}
        self.say(msgspec.json.encode({"op": "call.signal", "id": next(self.ids), "d": given}))

    async def knows(self, name: str, due: float, holds: Callable[[Call], bool]) -> None:
        """Wait until a call is known of which something holds, and note since when it was due."""
        if not any(holds(call) for call in self.calls.values()):
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.waiting.append((holds, future))
            async with asyncio.timeout(WITHIN_S):
                await future
        self.took.note(name, due)


def room_of(one: Person, other: Person) -> Job[str]:
    """Return the job that makes the room of two people."""

    async def job(connection: Connection) -> str:
        made = await connection.call("POST", "/api/rooms/direct", one.token, {"user": other.id})
        return str(made["id"])

    return job


class Line:
    """Two phones, and the call between them."""

    def __init__(self, room: str, caller: Phone, callee: Phone) -> None:
        self.room, self.caller, self.callee = room, caller, callee
        self.call = ""
        self.legs: tuple[str, str] = "", ""

    async def ring(self) -> float:
        """Start a call and wait until it rings; return when it did."""
        due = perf_counter()
        mine = await self.caller.ask("call.start", room=self.room, media="audio")
        self.call, leg = mine["id"], mine["leg"]
        self.legs = leg, ""
        await self.callee.knows("ring", due, lambda call: call["id"] == self.call)
        return perf_counter()

    async def answer(self) -> None:
        """Accept, and connect; both know it then."""
        due = perf_counter()
        told = self.caller.knows(
            "accepted", due, lambda call: call["id"] == self.call and call["state"] == "connecting"
        )
        _, theirs = await asyncio.gather(told, self.callee.ask("call.accept", call=self.call))
        self.legs = self.legs[0], theirs["leg"]

    def speak(self) -> None:
        """Have each say something to the other."""
        self.caller.signal(self.call, self.legs[1], perf_counter())
        self.callee.signal(self.call, self.legs[0], perf_counter())

    async def connect(self) -> None:
        """Say on both phones that media flows, and on one that it is muted."""
        await asyncio.gather(*(phone.ask("call.connected", call=self.call) for phone in (self.caller, self.callee)))
        due = perf_counter()
        muted = self.caller.knows(
            "set", due, lambda call: call["id"] == self.call and any(leg["muted"] for leg in call["legs"])
        )
        await asyncio.gather(muted, self.callee.ask("call.set", call=self.call, muted=True))

    async def hang_up(self) -> None:
        """Leave; the other one knows it then."""
        due = perf_counter()
        over = self.callee.knows("over", due, lambda call: call["id"] == self.call and call["state"] == "ended")
        await asyncio.gather(over, self.caller.ask("call.leave", call=self.call))

    async def begin(self) -> None:
        """Do all that a call begins with: four signals each way among it."""
        await self.ring()
        await self.callee.ask("call.ringing", call=self.call)
        await self.answer()
        for _ in range(4):
            self.speak()
            await asyncio.sleep(0.02)
        await self.connect()


async def paced(works: Sequence[Callable[[], Any]], per_s: float) -> None:
    """Begin so many works a second, each when it is due, and wait for all."""
    began = perf_counter()

    async def one(number: int, work: Callable[[], Any]) -> None:
        await asyncio.sleep(max(0.0, began + number / per_s - perf_counter()))
        await work()

    async with asyncio.TaskGroup() as group:
        for number, work in enumerate(works):
            group.create_task(one(number, work))


@asynccontextmanager
async def lines(task: Task, people: Sequence[Person]) -> AsyncIterator[list[Line]]:
    """Give lines between the first and the second, the third and the fourth, ... all of them connected."""
    pairs = list(zip(people[::2], people[1::2], strict=False))
    async with connections(task.port, CONNECTIONS) as pool:
        rooms = await every(pool, [room_of(one, other) for one, other in pairs])
    both = [person for pair in pairs for person in pair]
    speech = Parley([hello(person.token) for person in both], "")
    makers = [partial(Phone, speech, number, person) for number, person in enumerate(both)]
    async with sockets(task.ports, makers) as phones:
        await asyncio.sleep(task.settle_s)
        ends = zip(rooms, phones[::2], phones[1::2], strict=True)
        yield [Line(room, caller, callee) for room, caller, callee in ends]


def gathered(held: Sequence[Line]) -> Took:
    """Return the times of all phones, which forget them."""
    took = Took()
    for phone in [phone for line in held for phone in (line.caller, line.callee)]:
        for name, histogram in phone.took.of.items():
            took.of[name].merge(histogram)
        phone.took = Took()
    return took
