"""Deliveries: one sender keeps ``size`` messages in flight in a room; every member's copy counts."""

import asyncio
from collections.abc import Callable
from functools import partial
from time import perf_counter

from picows import WSFrame, WSTransport

from benchmarks.load.sockets import Socket, greetings, is_answer, is_message, send, sockets
from benchmarks.load.task import Failed, Person, Result, Stopwatch, Task, read_people

MOST_MESSAGES = 200_000
"""Bound of one window, whatever the time."""

DRAINED_WITHIN_S = 30
"""The longest wait for the last copies after the last send."""

SETTLE_S = 0.5
"""Between opening and loading, and between loading and counting what came too much."""


class Round:
    """One window's load: what was sent, and who has everything. One without members stands for the greeting."""

    def __init__(self, members: int) -> None:
        self.members = members
        self.goal = MOST_MESSAGES + 1 if members else 0
        """Messages each member has to see; known when the last one is sent."""
        self.complete = 0
        self.done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        """Resolves to the time when the last member had the last message."""

    def arrive(self) -> None:
        """Note that one more member has everything."""
        self.complete += 1
        if self.complete == self.members and not self.done.done():
            self.done.set_result(perf_counter())


class Listener(Socket):
    """A member that only listens. While a room of this size is loaded, nothing but its messages may come."""

    __slots__ = ("round", "seen")

    def __init__(self, first: bytes) -> None:
        super().__init__(first)
        self.seen = 0
        self.round = Round(0)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Count a copy. This runs for every delivery: what it costs bounds what the driver can show."""
        self.seen = seen = self.seen + 1
        if seen >= self.round.goal:
            self.counted(frame)

    def counted(self, frame: WSFrame) -> None:
        """Take a frame of the greeting, or the last copy of a round."""
        if self.round.members == 0:
            self.greeted(frame)
        elif self.seen == self.round.goal:
            self.round.arrive()


class Sender(Listener):
    """The member that talks: a message is in flight until both its answer and its own copy are here."""

    def __init__(self, first: bytes, room: str) -> None:
        super().__init__(first)
        self._room = room
        self._number = 0
        self.sent = 0
        self.answered = 0
        self.until = 0.0

    def start(self, round_: Round, window: int, seconds: float) -> None:
        """Fill the window; the answers keep it full for ``seconds``."""
        self.round = round_
        self.sent = self.answered = self.seen = 0
        self.until = perf_counter() + seconds
        self._window = window
        self._fill()

    def _fill(self) -> None:
        done = min(self.answered, self.seen)
        while self.round.goal > MOST_MESSAGES and self.sent - done < self._window:
            self.sent += 1
            self._number += 1
            if perf_counter() >= self.until or self.sent == MOST_MESSAGES:
                self.round.goal = self.sent
            self.say(send(self._room, self._number))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Count an answer or a copy, and send what there is room for."""
        if self.round.members == 0:
            self.greeted(frame)
        elif is_message(frame):
            super().on_ws_frame(transport, frame)
            self._fill()
        elif is_answer(frame):
            payload = frame.get_payload_as_bytes()
            if b'"err"' in payload[:40] and not self.round.done.done():
                self.round.done.set_exception(Failed(f"refused: {payload[:300]!r}"))
            self.answered += 1
            self._fill()


async def one_window(task: Task, members: list[Listener], sender: Sender, window: int) -> Result:
    """Load once and check that every member got every message once."""
    round_ = Round(len(members))
    for member in members:
        member.seen = 0
        member.round = round_
    watch = Stopwatch(task.pid)
    sender.start(round_, window, task.seconds)
    async with asyncio.timeout(task.seconds + DRAINED_WITHIN_S):
        ended = await round_.done
    shares = watch.shares(ended, f"w{window}_")
    await asyncio.sleep(SETTLE_S)
    if wrong := [member.seen for member in members if member.seen != sender.sent]:
        raise Failed(f"{len(wrong)} of {len(members)} members saw {wrong[:5]} messages, not {sender.sent}")
    elapsed = ended - watch.began
    return {f"w{window}": len(members) * sender.sent / elapsed} | shares


def crowd_and_room(task: Task) -> tuple[list[Person], str]:
    """Return who listens and where; for a floor, nobody in particular."""
    if task.floor:
        return [Person("", "", "", 0.0)] * task.size, "floor"
    people = read_people(task)
    return people.crowd[: task.size], people.rooms.thousand


async def load(task: Task) -> Result:
    """Measure deliveries per second at each window of the option ``windows``, on the same sockets."""
    crowd, room = crowd_and_room(task)
    first = greetings(crowd, task.floor)
    makers: list[Callable[[], Listener]] = [partial(Listener, hello) for hello in first[1:]]
    makers.append(partial(Sender, first[0], room))
    result: Result = {}
    async with sockets(task.port, makers) as members:
        sender = members[-1]
        if not isinstance(sender, Sender):
            raise TypeError(sender)
        await asyncio.sleep(SETTLE_S)
        for window in task.options["windows"]:
            result |= await one_window(task, members, sender, window)
    return result
