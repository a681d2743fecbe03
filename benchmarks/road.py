"""The road of a message, step by step: ``python -m benchmarks.road`` takes half a minute.

What each step costs is found by stopping a little further along the road each time, on a node in this very process,
with fifty people who write to one room and have no sockets; what the whole costs with sockets is what the load of
sends measures. All is processor time for one message, so that it holds on a machine which has other things to do.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import uvloop

import server
from benchmarks.bench import Bench, bench
from benchmarks.load.prepare import create, every, join, register
from benchmarks.load.rest import connections
from benchmarks.load.sockets import send
from benchmarks.load.task import Person, used_s
from benchmarks.report.row import Row
from benchmarks.results import Results, keep, machine, say
from services.messages.send import SEND
from services.operations.context import Context, Principal
from services.operations.eager import step
from services.operations.operation import take
from services.operations.schemas.schemas import convert
from services.operations.schemas.strict import check
from services.rooms.rights.rules import require_known_seat
from services.streams.append import item_entry
from services.streams.batch import event_of, item_told
from settings import Settings
from store import tables
from ws.sessions.requests import Requests
from ws.wire.frames import FrameReader, text_frame

PEOPLE = 50
MESSAGES = 4000
"""Of each step and run: what is measured takes 50 ms at least."""
SENDING_S = 2.0
RUNS = 5
MASK = bytes(4)


class Silent:
    """A session without a socket: it takes its answer and asks again."""

    gone = False
    user = ""

    def __init__(self, node: "Node", principal: Principal, number: int) -> None:
        self.principal = principal
        self.number = number
        self.answers = 0
        self.connection: Any = self
        self.remote_ip = "127.0.0.1"
        self.requests = Requests(node.made.door, self)  # type: ignore[arg-type]  # of a session it needs no more
        self._node = node

    def push(self, answer: bytes) -> None:
        """Take an answer."""
        if b'"err"' in answer[:40]:
            raise RuntimeError(answer)
        self.answers += 1
        self._node.answered(self)

    def end(self, code: int, reason: str) -> None:
        """Take what nobody should have to say to this load."""
        raise RuntimeError(f"{code} {reason}")


@dataclass
class Node:
    """A node in this process, who writes, and where."""

    made: server.Node
    principals: list[Principal]
    room: str
    ready: list[Silent]
    awake: asyncio.Event
    sent: int = 0

    def payload(self, number: int, sender: int = 0) -> bytes:
        """Return a request as a client sends it."""
        return send(self.room, number, sender)

    def answered(self, silent: Silent) -> None:
        """Let somebody ask again."""
        self.ready.append(silent)
        self.awake.set()

    def frame(self, number: int) -> None:
        """Read the frame."""
        FrameReader().feed(masked(self.payload(number)))

    def decode(self, number: int) -> Any:
        """Read the frame and its request."""
        (message,) = FrameReader().feed(masked(self.payload(number)))
        request = check(message.payload)  # type: ignore[union-attr]  # a text
        return convert(SEND.input, request["d"])

    def permit(self, number: int) -> None:
        """The same, and find out whether the sender may."""
        given = self.decode(number)
        context = Context(self.made.application, self.principals[number % PEOPLE], "127.0.0.1")
        step(context.application.tokens.require_live(context.caller))
        step(take(SEND, context, given))
        step(require_known_seat(context, given.room))

    def tell(self, number: int) -> None:
        """Write the event and the answer of a message that is kept."""
        author = tables.Person("a" * 30, "somebody")
        entry = item_entry(self.room, "text", tables.Text(text="x" * 100), author, cid=f"c{number}", digest="d" * 24)
        event = event_of(entry, None)
        text_frame(event.data)
        text_frame(b'{"re":%d,"ok":%s}' % (number, msgspec.json.encode(item_told(event))))


def masked(payload: bytes) -> bytes:
    """Return a client's frame around a payload of 126 to 65,535 bytes."""
    return b"\x81" + bytes((0x80 | 126,)) + len(payload).to_bytes(2, "big") + MASK + payload


@asynccontextmanager
async def node(place: Path) -> AsyncIterator[Node]:
    """Run a node with the people in one room."""
    async with server.running(Settings(port=0, data_dir=place, bcrypt_cost=4, limits=False)) as made:
        async with connections(made.port, 8) as pool:
            people: list[Person] = await every(pool, [register(f"road{n:02d}") for n in range(PEOPLE)])
            (room,) = await every(pool, [create(people[0], "the road")])
            await every(pool, [join(person, room) for person in people[1:]])
        principals = [await made.application.tokens.authenticate(person.token) for person in people]
        yield Node(made, principals, room, [], asyncio.Event())


def costs(do: Callable[[int], object]) -> float:
    """Return microseconds of this thread for one message."""
    began = time.thread_time()
    for number in range(MESSAGES):
        do(number)
    return (time.thread_time() - began) / MESSAGES * 1e6


async def whole(node_: Node) -> tuple[float, float]:
    """Send and be answered, without sockets: return microseconds of the loop, and of the thread that writes."""
    node_.ready = senders = [Silent(node_, principal, n) for n, principal in enumerate(node_.principals)]
    node_.awake.set()
    until, asked = time.perf_counter() + SENDING_S / 2, 0
    loop, all_ = time.thread_time(), time.process_time()
    while time.perf_counter() < until:
        await node_.awake.wait()
        node_.awake.clear()
        ready, node_.ready = node_.ready, []
        for sender in ready:
            node_.sent += 1
            await sender.requests.take(node_.payload(node_.sent, sender.number))
        asked += len(ready)
    loop, all_ = time.thread_time() - loop, time.process_time() - all_
    while sum(sender.answers for sender in senders) < asked:
        await node_.awake.wait()
        node_.awake.clear()
    return loop / asked * 1e6, (all_ - loop) / asked * 1e6


def sockets(made: Bench) -> tuple[float, float]:
    """Send over sockets, each member with a copy of all: microseconds of the node's loop, and of its other threads."""
    pid = made.pids[0]
    with loop_of(pid) as loop:
        result = made.measure("sends", size=PEOPLE, seconds=SENDING_S, options={"rooms": "one"})
    cost = result["server"] / result["per_s"] * 1e6
    return cost * loop[0], cost * (1 - loop[0])


@contextmanager
def loop_of(pid: int) -> Iterator[list[float]]:
    """Give the share that the first thread of a process had of its processor time."""
    share: list[float] = []
    first = Path(f"/proc/{pid}/task/{pid}/schedstat")
    before = int(first.read_text().split()[0]), used_s(pid)
    yield share
    mine = (int(first.read_text().split()[0]) - before[0]) / 1e9
    share.append(mine / (used_s(pid) - before[1]))


async def steps(place: Path, runs: int) -> list[dict[str, float]]:
    """Return the costs of the steps without sockets, run by run."""
    found = []
    async with node(place) as made:
        await whole(made)  # which warms up
        for _ in range(runs):
            frame, decode, permit = (costs(do) for do in (made.frame, made.decode, made.permit))
            tell, (loop, writer) = costs(made.tell), await whole(made)
            found.append(
                {
                    "frame: read, unmask, check": frame,
                    "decode: strict JSON, typed input": decode - frame,
                    "permission: log-in, limits, seat": permit - decode,
                    "lane: place, flight, hand-over to the store": loop + frame - permit - tell,
                    "commit: the writer's thread": writer,
                    "ack and event: written once": tell,
                }
            )
    return found


async def measured(runs: int) -> list[Row]:
    """Return the steps as rows, the whole last."""
    with tempfile.TemporaryDirectory(prefix="parley-road-") as place:
        inside = await steps(Path(place, "steps"), runs)
    with (
        tempfile.TemporaryDirectory(prefix="parley-road-") as place,
        bench("sqlite", Path(place, "s"), runs, 1) as made,
    ):
        made.prepare(0)
        outside = [sockets(made) for _ in range(runs + 1)][1:]
    rows = [one(name, [run[name] for run in inside]) for name in inside[0]]
    before = median(sum(run.values()) - run["commit: the writer's thread"] for run in inside)
    rows.append(one("socket: reading, and sending to 50 members", [loop - before for loop, _ in outside]))
    rows.append(one("all of it, over sockets", [loop + other for loop, other in outside]))
    return rows


def one(name: str, samples: list[float]) -> Row:
    """Return a step as a row."""
    return Row(figure=name, store="sqlite", samples=samples, floors=[])


async def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.road", description="What each step of a send costs.")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each step (default: {RUNS})")
    parser.add_argument("--write", action="store_true", help="put it into docs/performance.md")
    asked = parser.parse_args()
    where = machine()
    rows = await measured(asked.runs)
    results = Results(machine=where, quick=False, runs=asked.runs, rows=rows)
    for row in rows:
        say(f"{median(row.samples):7.1f} µs  {row.figure}")
    say(keep("road", results))
    if asked.write:
        from benchmarks.report.page import write

        write("road")


if __name__ == "__main__":
    uvloop.run(main())
