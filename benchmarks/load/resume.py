"""Resume: one person after the other comes back, each having missed ``missed`` messages of one room."""

import asyncio
from functools import partial
from pathlib import Path
from time import perf_counter

import msgspec
from picows import WSFrame, WSTransport

from benchmarks.load.dialect import Dialect
from benchmarks.load.hello import Visit
from benchmarks.load.histogram import Histogram
from benchmarks.load.meters import questions, read_meters
from benchmarks.load.parley import Parley
from benchmarks.load.sockets import Socket, connect, hello, is_answer, is_message, send, until
from benchmarks.load.task import Failed, Person, Result, Task, read_people

AT_ONCE = 32
"""Messages that are on the way while a room is filled: fewer than a session may have open."""

FILLED_WITHIN_S = 30
AGAIN = 10
"""How often each comes back for the same messages, where they are in memory."""


class Place(msgspec.Struct):
    """Where somebody stood when they left."""

    epoch: str
    heads: dict[str, int]


class Return(Socket):
    """Somebody who comes back."""

    __slots__ = ("began", "missed", "took")

    def __init__(self, dialect: Dialect, number: int) -> None:
        super().__init__(dialect, number)
        self.missed = 0
        """Messages that came before it was live."""
        self.began = 0.0
        self.took = 0.0
        """From the hello until everything missed was here."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Say hello, and take the time."""
        self.began = perf_counter()
        super().on_ws_connected(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Count what was missed until it is all here."""
        if is_message(frame):
            self.missed += 1
            return
        self.greeted(frame)
        if self.live.done() and not self.took:
            self.took = perf_counter() - self.began


class Filler(Visit):
    """Somebody who says much in their own room, and goes."""

    __slots__ = ("answered",)

    def __init__(self, dialect: Dialect, number: int) -> None:
        super().__init__(dialect, number)
        self.answered = 0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Count answers."""
        if not self.live.done():
            self.greeted(frame)
        elif is_answer(frame):
            self.answered += 1

    async def fill(self, room: str, count: int) -> None:
        """Send this many messages and return when all are kept."""
        for first in range(0, count, AT_ONCE):
            last = min(first + AT_ONCE, count)
            for number in range(first, last):
                self.say(send(room, number + 1, id(self)))
            await until(lambda last=last: self.answered >= last, FILLED_WITHIN_S)  # type: ignore[misc]


async def place_of(port: int, person: Person) -> Place:
    """Visit once and return where this person stands."""
    visit = await connect(port, lambda: Visit(Parley([hello(person.token)], ""), 0))
    answer = msgspec.json.decode(visit.live.result())["ok"]
    visit.close()
    return Place(answer["epoch"], {room["id"]: room["head"] for room in answer["rooms"]})


def write_places(task: Task, places: list[Place]) -> None:
    """Keep where everybody stood for the load that brings them back."""
    Path(task.options["places"]).write_bytes(msgspec.json.encode(places))


def read_places(task: Task) -> list[Place]:
    """Return where everybody stood."""
    return msgspec.json.decode(Path(task.options["places"]).read_bytes(), type=list[Place])


async def leave(task: Task) -> Result:
    """Note where each of the first ``size`` stands in the file ``places``; what comes then, they miss."""
    places = [await place_of(task.port, person) for person in read_people(task).crowd[: task.size]]
    write_places(task, places)
    return {}


async def come_back(port: int, person: Person, place: Place, missed: int) -> float:
    """Come back once and return how long it took.

    Raises:
        Failed: If what came is not what was missed.
    """
    speech = Parley([hello(person.token, place.epoch, place.heads)], "")
    found = await connect(port, partial(Return, speech, 0))
    found.close()
    if found.missed != missed:
        raise Failed(f"{found.missed} messages came, not {missed}: {found.answer[:600]!r}")
    return found.took


async def filled(task: Task, person: Person, room: str, missed: int) -> Place:
    """Fill somebody's own room while the node has it in memory, and return where they stood before."""
    place = await place_of(task.port, person)
    filler = await connect(task.port, lambda: Filler(Parley([hello(person.token)], ""), 0))
    await filler.fill(room, missed)
    filler.close()
    return place


async def load(task: Task) -> Result:
    """Measure how long coming back takes, and what it asks of the store.

    With the option ``places`` everybody comes back once to where they left, and what they missed is in the store alone;
    without it, each misses what they say themselves now, and comes back for it again and again. The last of them comes
    first, and the option ``uncounted`` says how many visits only bring the node into its stride.
    """
    people, missed, took = read_people(task), task.options["missed"], Histogram()
    persons = people.crowd[: task.size]
    if "places" in task.options:
        visits = list(zip(persons, read_places(task), strict=True))
    else:
        visits = []
        for person, room in zip(persons, people.rooms.missed, strict=False):
            visits += [(person, await filled(task, person, room, missed))] * AGAIN
    visits.reverse()
    ports = [] if task.floor else [task.port]
    await asyncio.sleep(task.settle_s)
    uncounted = task.options.get("uncounted", 0)
    for person, place in visits[:uncounted]:
        await come_back(task.port, person, place, missed)
    before = await read_meters(ports)
    for person, place in visits[uncounted:]:
        took.record(await come_back(task.port, person, place, missed))
    after = await read_meters(ports)
    if task.floor:
        return took.told("resume")
    asked = questions(before, after)
    return took.told("resume") | {f"questions_{of}": count / took.count for of, count in asked.items()}
