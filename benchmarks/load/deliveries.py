"""Deliveries: one sender keeps ``size`` messages in flight in a room; every member's copy counts."""

import asyncio
from collections.abc import Callable
from functools import partial
from time import perf_counter

from picows import WSFrame, WSTransport

from benchmarks.load.dialect import Dialect
from benchmarks.load.dialects import dialect
from benchmarks.load.losses import PATIENCE_S, lost, when_over
from benchmarks.load.sockets import Socket, sockets
from benchmarks.load.task import Failed, Result, Stopwatch, Task, read_people

MOST_MESSAGES = 200_000
"""Bound of one window, whatever the time."""

DRAINED_WITHIN_S = 30
"""The longest wait for the last copies after the last send."""


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

    def __init__(self, dialect: Dialect, number: int) -> None:
        super().__init__(dialect, number)
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


class LookingListener(Listener):
    """A member that only listens to a server that says other things too, or several messages in one frame."""

    __slots__ = ()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Count what copies there are."""
        if self.round.members and (copies := self.dialect.copies(frame)):
            self.seen = seen = self.seen + copies
            if seen >= self.round.goal:
                self.counted(frame)
        else:
            self.greeted(frame)


class Sender(Listener):
    """The member that talks: a message is in flight until both its answer and its own copy are here."""

    def __init__(self, dialect: Dialect, number: int) -> None:
        super().__init__(dialect, number)
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
            self.say(self.dialect.message(self._number))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Count an answer or a copy, and send what there is room for."""
        if self.round.members == 0:
            self.greeted(frame)
            return
        try:
            copies, answers = self.dialect.copies(frame), self.dialect.answers(frame)
        except Failed as error:
            if not self.round.done.done():
                self.round.done.set_exception(error)
            return
        self.answered += answers
        self.seen += copies
        if copies and self.seen >= self.round.goal:
            self.counted(frame)
        if copies or answers:
            self._fill()
        else:
            self.greeted(frame)


async def one_window(task: Task, members: list[Listener], sender: Sender, window: int) -> Result:
    """Load once and check that every member got every message once; a peer's losses are told with its rate."""
    round_ = Round(len(members))
    for member in members:
        member.seen = 0
        member.round = round_
    watch = Stopwatch(task.pid, *task.more_pids)
    sender.start(round_, window, task.seconds)
    async with asyncio.timeout(task.seconds + (PATIENCE_S if task.dialect else DRAINED_WITHIN_S)):
        ended = await (when_over(round_.done, members) if task.dialect else round_.done)
    shares = watch.shares(ended, f"w{window}_")
    await asyncio.sleep(task.settle_s)
    elapsed = ended - watch.began
    if task.dialect:
        closed = sum(member.transport is None for member in members)
        shares |= {f"w{window}_lost": lost(members, sender.sent), f"w{window}_closed": closed}
    elif wrong := [member.seen for member in members if member.seen != sender.sent]:
        raise Failed(f"{len(wrong)} of {len(members)} members saw {wrong[:5]} messages, not {sender.sent}")
    return {f"w{window}": sum(member.seen for member in members) / elapsed} | shares


def spoken(task: Task) -> Dialect:
    """Return the dialect of a big room."""
    if task.strangers:
        return dialect(task, (), "")
    people = read_people(task)
    return dialect(task, people.crowd[: task.size], people.rooms.sized.get(task.size, people.rooms.thousand))


async def load(task: Task) -> Result:
    """Measure deliveries per second at each window of the option ``windows``, on the same sockets."""
    speech = spoken(task)
    kind = Listener if speech.plain else LookingListener
    makers: list[Callable[[], Listener]] = [partial(kind, speech, number) for number in range(1, task.size)]
    makers.append(partial(Sender, speech, 0))
    result: Result = {}
    async with sockets(task.ports, makers) as members:
        sender = members[-1]
        if not isinstance(sender, Sender):
            raise TypeError(sender)
        await asyncio.sleep(task.settle_s)
        for window in task.options["windows"]:
            result |= await one_window(task, members, sender, window)
    return result
