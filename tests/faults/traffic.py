"""People who write at a rate: messages, changes of their own, reactions to anybody's."""

import asyncio
import itertools
import random
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.deeds import Answer, Deed, do
from tests.faults.device import Device
from tests.faults.rig import Rig

WINDOW = 8
"""Deeds that a device has open at most: where answers stay away, it waits."""
TURN_S = 0.01
REMEMBERED = 50
"""Messages of a room that may still be changed: the newest."""
EMOJIS = (":+1:", ":-1:", ":heart:", ":tada:")
WORDS = "what people tell each other when they have a little time and nothing much to say "


_names = itertools.count(1)
"""Makes the cids of one run of people unlike those of the next."""


@dataclass(frozen=True)
class Mix:
    """Shares of what is done that changes something there is; the rest is new messages."""

    edits: float = 0.2
    reactions: float = 0.2


TALK = Mix(0.0, 0.0)
"""New messages alone."""


@dataclass(frozen=True)
class Message:
    """Something that was answered, and may be changed."""

    room: str
    item: str
    author: Device


async def people_in_rooms(rig: Rig, people: int, rooms: int, *, each: int = 1) -> None:
    """Make people, each with a device and in so many rooms, spread evenly."""
    made = await rig.people(people)
    for room in range(rooms):
        crowd = [person for at, person in enumerate(made) if (room - at) % rooms < each]
        await rig.room(crowd[0], crowd[1:])
    for at, person in enumerate(made):
        rig.device(person, at // rooms)  # so that those of one room are on all nodes


def places(rig: Rig, devices: Sequence[Device]) -> list[tuple[Device, str]]:
    """Return each device with each room that its person is in."""
    rooms = {room.id: {member.id for member in room.members} for room in rig.rooms}
    return [(device, room) for device in devices for room, members in rooms.items() if device.person.id in members]


class Traffic:
    """Deeds by devices in rooms, begun at a rate until as many are begun as asked for, or until told to stop."""

    def __init__(
        self, writers: Sequence[tuple[Device, str]], rate: float, rng: random.Random, mix: Mix | None = None
    ) -> None:
        self.writers = writers
        """Who writes where; each deed picks one."""
        self.rate = rate
        self.begun = 0
        self.done = 0
        self._mix = mix or Mix()
        self._name = next(_names)
        self._rng = rng
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None
        self._open: dict[Device, int] = defaultdict(int)
        self._tasks: set[asyncio.Task[None]] = set()
        self._messages: dict[str, deque[Message]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._busy: set[tuple[str, str]] = set()
        """Items with their user that a change is under way for: the next one comes after its answer."""
        self._reacted: dict[tuple[str, str, str], bool] = {}

    def stop(self) -> None:
        """Begin nothing more."""
        self._stop.set()

    def burst(self, deeds: int, at: str) -> None:
        """Begin some deeds at once, all on one node, as far as there is anybody there."""
        there = [pair for pair in self.writers if pair[0].live.is_set() and pair[0].node == at]
        for _ in range(deeds if there else 0):
            device, room = self._rng.choice(there)
            if self._may(device):
                self._start(device, room)

    def open_at(self, node: str) -> int:
        """Return how many deeds of people on a node are under way."""
        return sum(count for device, count in self._open.items() if device.node == node)

    async def run(self, deeds: int | None = None) -> None:
        """Begin deeds; return when all that were begun are done or refused."""
        loop = asyncio.get_running_loop()
        due, last = 0.0, loop.time()
        while not self._stop.is_set() and (deeds is None or self.begun < deeds):
            now = loop.time()
            due, last = min(due + (now - last) * self.rate, 4 * TURN_S * self.rate + 4), now
            while due >= 1 and (deeds is None or self.begun < deeds):
                due -= 1
                self._begin()
            await asyncio.sleep(TURN_S)
        while self._tasks:
            await asyncio.wait(self._tasks)
            await asyncio.sleep(0)
        if self._failure is not None:
            raise self._failure

    def _begin(self) -> None:
        free = [pair for pair in self._rng.sample(self.writers, min(4, len(self.writers))) if self._may(pair[0])]
        if not free:
            return
        self._start(*free[0])

    def _start(self, device: Device, room: str) -> None:
        self.begun += 1
        self._open[device] += 1
        task = asyncio.ensure_future(self._one(device, room, self.begun))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _may(self, device: Device) -> bool:
        return self._open[device] < WINDOW

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = error
            self.stop()

    async def _one(self, device: Device, room: str, number: int) -> None:
        try:
            dice = self._rng.random()
            if dice < self._mix.edits:
                await self._edit(device, room, number)
            elif dice < self._mix.edits + self._mix.reactions:
                await self._react(device, room, number)
            else:
                await self._send(device, room, number)
            self.done += 1
        finally:
            self._open[device] -= 1

    async def _send(self, device: Device, room: str, number: int) -> None:
        text = f"{number} {WORDS}"
        answer = await do(device, Deed("message.send", room, cid=f"{device.name}-{self._name}-{number}", text=text))
        if answer is not None:
            self._messages[room].append(Message(room, answer.id, device))

    async def _edit(self, device: Device, room: str, number: int) -> None:
        mine = [message.item for message in self._messages[room] if message.author is device]
        item = self._free(device, mine)
        if item is None:
            await self._send(device, room, number)
            return
        await self._changing(device, Deed("message.edit", room, item=item, text=f"{number} edited {WORDS}"))

    async def _react(self, device: Device, room: str, number: int) -> None:
        item = self._free(device, [message.item for message in self._messages[room]])
        if item is None:
            await self._send(device, room, number)
            return
        key = item, device.person.id, self._rng.choice(EMOJIS)
        on = not self._reacted.get(key, False)
        if await self._changing(device, Deed("message.react", room, item=item, emoji=key[2], on=on)) is not None:
            self._reacted[key] = on

    def _free(self, device: Device, items: Sequence[str]) -> str | None:
        free = [item for item in items if (item, device.person.id) not in self._busy]
        return self._rng.choice(free) if free else None

    async def _changing(self, device: Device, deed: Deed) -> Answer | None:
        key = deed.item, device.person.id
        self._busy.add(key)
        try:
            return await do(device, deed)
        finally:
            self._busy.discard(key)
