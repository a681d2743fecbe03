"""A device of a person: it listens, writes, comes back to another node, sends again what was not answered."""

import asyncio
import random
import ssl
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tests.faults.history import (
    Closed,
    Greeted,
    Heard,
    History,
    Live,
    Opened,
    Page,
    Told,
)
from tests.faults.link import LOST, Frame, Gone, Hello, Item, Items, Link, Refused, RoomLine

ANSWER_S = 20.0
"""Longest wait for an answer; then the connection is given up, as a person would reload a page."""

LIVE_S = 60.0
"""Longest wait from hello to live, generous for thousands who come back at once."""

BACK_OFF_S, BACK_OFF_MOST_S = 0.1, 2.0
"""Pauses before coming back after a connection was lost, with full jitter: shorter than those of the page, so that a
run of seconds sees many."""

PAGE_ITEMS = 100

AGAIN = frozenset({"unavailable", "rate_limited"})
"""Codes that say: later, and the same."""


@dataclass(frozen=True)
class Place:
    """Where clients come to: a node, or what stands before all."""

    name: str
    address: Callable[[], tuple[str, int]]
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Person:
    """Somebody with an account: the id of the user and an access token."""

    id: str
    token: str


class GoAway(msgspec.Struct):
    """When to come back, in milliseconds."""

    after: float
    spread: float


class Left(msgspec.Struct):
    """Which room is no longer one's own."""

    room: str


class Headed(msgspec.Struct):
    """Where events of a room go on."""

    head: int


class Device:
    """One device. ``begin`` lets it come, and come back by itself until ``leave``."""

    def __init__(
        self, name: str, person: Person, places: Sequence[Place], history: History, rng: random.Random, at: int = 0
    ) -> None:
        self.name = name
        self.person = person
        self.places = places
        self.at = at
        """Which of the places it comes to next, or is at."""
        self.stays = False
        """Whether it comes back to the same place."""
        self.holds_back = asyncio.Event()
        """While it is not set, the device does not come back."""
        self.holds_back.set()
        self.source: str | None = None
        """The address of this machine that it connects from; None: any."""
        self.history = history
        self.cursors: dict[str, int] = {}
        self.session = 0
        self.node = ""
        """The node that answered the latest hello."""
        self.live = asyncio.Event()
        self.link: Link | None = None
        self.items: dict[str, Item] = {}
        """The newest state of each item that was heard of, where ``keeps`` is set."""
        self.keeps = False
        self.failure: BaseException | None = None
        self._rng = rng
        self._epoch = ""
        self._greeted = asyncio.Event()
        self._behind: dict[str, int] = {}
        """Rooms whose changes are being paged, and the newest rev heard of them meanwhile."""
        self._work: set[asyncio.Task[None]] = set()
        self._coming: asyncio.Task[None] | None = None
        self._pause: float | None = None
        self._ours = False
        self._began = 0.0

    @property
    def place(self) -> Place:
        """Where it is, or comes to next."""
        return self.places[self.at % len(self.places)]

    @property
    def settled(self) -> bool:
        """Whether it is live and has nothing more to fetch."""
        return self.live.is_set() and not self._behind and not self._work

    # Coming and going

    def begin(self) -> None:
        """Come, and come back whenever the connection is lost."""
        self._coming = asyncio.ensure_future(self._stay())

    async def leave(self) -> None:
        """Go for good.

        Raises:
            BaseException: What went wrong within this program.
        """
        self._ours = True
        tasks = [task for task in (self._coming, *self._work) if task is not None]
        for task in tasks:
            task.cancel()
        if self.link is not None:
            self.link.cut()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError | Gone):
                raise result
        if self.failure is not None:
            raise self.failure

    def cut(self) -> None:
        """Lose the connection; it comes back by itself."""
        if self.link is not None:
            self._ours = True
            self.link.cut()

    async def greeted(self) -> Link:
        """Return the connection once hello was answered on it."""
        await self._greeted.wait()
        assert self.link is not None
        return self.link

    async def give_up(self, link: Link) -> None:
        """End a connection that does not answer; another one is made."""
        link.cut()
        await asyncio.wait({link.closed})
        if link is self.link:
            self._greeted.clear()

    async def _stay(self) -> None:
        attempt = 0
        while True:
            await self.holds_back.wait()
            was_live = False
            try:
                was_live = await self._visit()
            except (OSError, Gone, TimeoutError):
                pass  # it could not be reached, or ended before the answer of hello: as told in the history
            except Refused as refused:
                if refused.problem.code not in AGAIN:
                    raise
                self._pause = (refused.problem.retry_after or BACK_OFF_S) * self._rng.uniform(1, 1.5)
            finally:
                self.live.clear()
                self._greeted.clear()
            attempt = 0 if was_live else attempt + 1
            if not self.stays:
                self.at += 1
            pause, self._pause = self._pause, None
            if pause is None:
                pause = self._rng.uniform(0, min(BACK_OFF_MOST_S, BACK_OFF_S * 2 ** min(attempt, 6)))
            await asyncio.sleep(pause)

    async def _visit(self) -> bool:
        """Connect and stay until the connection ends; tell whether it was live."""
        began = time.monotonic()
        self.session += 1
        session, place = self.session, self.place
        link = self.link = await Link.open(
            place.address(), lambda frame: self._event(session, frame), self.source, place.tls
        )
        now, cursors = self.history.now, dict(self.cursors)
        self._ours, self._began = False, began
        self.history.write(
            Opened(at=now(), device=self.name, user=self.person.id, session=session, node=place.name, cursors=cursors)
        )
        try:
            await self._greet(session, link, cursors)
            await asyncio.shield(link.closed)
            return True
        finally:
            link.cut()
            code = link.closed.result() if link.closed.done() else LOST
            self.failure = self.failure or link.failure
            self.history.write(Closed(at=now(), device=self.name, session=session, code=code, ours=self._ours))
            self._behind.clear()

    async def _greet(self, session: int, link: Link, cursors: dict[str, int]) -> None:
        d: dict[str, object] = {"token": self.person.token}
        if self._epoch:
            d |= {"epoch": self._epoch, "cursors": cursors}
        async with asyncio.timeout(LIVE_S):
            await link.start("hello", d, lambda answer: self._hello(session, answer))
            waiting: asyncio.Future[Any] = asyncio.ensure_future(self.live.wait())
            closed: asyncio.Future[Any] = link.closed
            try:
                await asyncio.wait({waiting, closed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
        if not self.live.is_set():
            raise Gone(link.closed.result())

    def _hello(self, session: int, answer: msgspec.Raw) -> None:
        hello = msgspec.json.decode(answer, type=Hello)
        self._epoch = hello.epoch
        self.node = hello.node.rpartition("-")[0]  # what follows is of this run of it
        rooms = {room.id: (room.state, room.head) for room in hello.rooms}
        now = self.history.now()
        self.history.write(Greeted(at=now, device=self.name, session=session, rooms=rooms, node=self.node))
        for gone in self.cursors.keys() - rooms.keys():
            del self.cursors[gone]
        for room, (state, head) in rooms.items():
            if state == "new":
                self.cursors[room] = head
            elif state == "reset":
                self._reset(room, head)
            elif state == "behind":
                self._catch_up(room)
        self._greeted.set()

    # Events

    def _event(self, session: int, frame: Frame) -> None:
        match frame.ev:
            case "message":
                item = msgspec.json.decode(frame.d, type=Item)
                if self.keeps:
                    self.items[item.id] = item
                self._heard(session, frame, item)
            case "room":
                self._heard(session, frame, None)
            case "live":
                took = round(time.monotonic() - self._began, 6)
                self.history.write(Live(at=self.history.now(), device=self.name, session=session, took=took))
                self.live.set()
            case "goaway":
                away = msgspec.json.decode(frame.d, type=GoAway)
                self._pause = (away.after + self._rng.random() * away.spread) / 1000
            case "behind" | "reset" | "room.joined" | "room.left":
                self._told(session, frame)

    def _heard(self, session: int, frame: Frame, item: Item | None) -> None:
        seen = None if item is None else item.seen()
        at = self.history.now()
        self.history.write(Heard(at=at, device=self.name, session=session, room=frame.room, rev=frame.rev, item=seen))
        if frame.room in self._behind:
            self._behind[frame.room] = frame.rev
        else:
            self.cursors[frame.room] = frame.rev

    def _told(self, session: int, frame: Frame) -> None:
        what, room, head = frame.ev.removeprefix("room."), frame.room, 0
        if what == "left":
            room = msgspec.json.decode(frame.d, type=Left).room
        elif what == "joined":
            line = msgspec.json.decode(frame.d, type=RoomLine)
            room, head = line.id, line.head
        else:
            head = msgspec.json.decode(frame.d, type=Headed).head
        told = Told(at=self.history.now(), device=self.name, session=session, room=room, what=what, head=head)
        self.history.write(told)
        if what == "left":
            self.cursors.pop(room, None)
            self._behind.pop(room, None)
        elif what == "joined":
            self.cursors[room] = head
        elif what == "reset":
            self._reset(room, head)
        else:
            self._catch_up(room)

    def _reset(self, room: str, head: int) -> None:
        self.cursors[room] = head
        self._behind.pop(room, None)
        self._start(self._newest(room))

    def _catch_up(self, room: str) -> None:
        if room not in self._behind:
            self._behind[room] = 0
            self._start(self._changes(room))

    # Reading

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Gone | Refused | TimeoutError):
            self.failure = error

    async def _newest(self, room: str) -> None:
        await self.read(room)

    async def _changes(self, room: str) -> None:
        """Page what changed since the cursor, which live events do not move meanwhile."""
        session, link = self.session, self.link
        while session == self.session and room in self._behind:
            try:
                page = await self.read(room, since=self.cursors[room])
            except Refused as refused:
                if refused.problem.code not in AGAIN:
                    raise
                await asyncio.sleep(refused.problem.retry_after or 0.1)
                continue
            if link is not self.link or room not in self._behind:
                return
            if page.complete:
                self.cursors[room] = max(page.head, self._behind.pop(room))
            else:
                self.cursors[room] = min(page.items[-1].rev, page.head)

    async def read(self, room: str, since: int | None = None, link: Link | None = None) -> Items:
        """Read the newest page of a room, or its changes since a rev, and note it.

        Raises:
            Refused: If the server refuses.
            Gone: If the connection ends first.
        """
        link, session, asked = link or self.link, self.session, self.history.now()
        assert link is not None
        op = "message.list" if since is None else "room.changes"
        d: dict[str, object] = {"room": room, "limit": PAGE_ITEMS} | ({} if since is None else {"since": since})
        async with asyncio.timeout(ANSWER_S):
            page = msgspec.json.decode(await link.start(op, d), type=Items)
        self.history.write(
            Page(
                at=self.history.now(),
                device=self.name,
                session=session,
                node=self.node,
                room=room,
                op=op,
                asked=asked,
                head=page.head,
                complete=page.complete,
                since=since,
                items=tuple(item.seen() for item in page.items),
            )
        )
        return page
