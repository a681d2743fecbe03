"""This node's people in step with what all nodes can read, and those who are watched here in step with that."""

import asyncio
import itertools
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import msgspec

from services.ids import now_ms
from services.presence.seen import LastSeen
from store.errors import StoreError
from store.presence import LEASE_S, Presence
from ws.presence.here import GRACE_S, Here
from ws.presence.watching import Watching
from ws.relay.envelopes import Kind
from ws.wheel import Wheel

AT_ONCE = 500
"""People in one question or one telling: a few milliseconds of Redis."""

RETRY_S = 1.0
"""Pause after the place where presence is kept did not answer."""

LOOK_EVERY_S = 30.0
"""Time in which everybody who is watched is looked at once: what was told and not heard is wrong for no longer."""

SETTLE_S = 2.0
"""Time after which somebody newly watched is looked at again: until then what was told may not have been heard."""

PUT_EVERY_S = 60.0
"""Time in which everybody who is here is put again; half of ``store.presence.ENTRY_S``."""

SEEN_EVERY_S = 600.0
"""Time in which everybody who is here is noted as seen: what a node that is killed leaves behind is that old."""

DEATH_GRACE_S = 4.0
"""How long nobody is told that people were on a node that is gone, whose lease of 5 s ended before."""

SPREAD_S = 2.0
"""Time over which many are looked at whose node is gone, or when the links carry again."""

CHUNK = 200
"""People looked at together where it is spread."""

HOLD_S = 30
"""Seconds without other nodes' words, after which only this node's own truth is told."""

LATE_LIMIT = 20_000
"""Tellings kept for when the links carry again; the rest is found by looking."""

CHANNEL = "p_"
"""Begins the channels on which nodes tell of one person; no stream is called so."""


class Others(Protocol):
    """What presence asks of the relay."""

    @property
    def degraded(self) -> bool:
        """Whether other nodes' messages may not arrive."""

    def want(self, channel: str) -> None:
        """Hear of a channel from soon on."""

    def drop(self, channel: str) -> None:
        """Hear nothing more of a channel."""

    def send(self, channel: str, kind: Kind, body: bytes) -> None:
        """Tell other nodes something, at most once."""


class Said(msgspec.Struct, frozen=True, array_like=True):
    """How somebody is on the node that says so; None where they are there no more, with the time of it."""

    user: str
    status: str | None
    seen: int = 0


_said = msgspec.msgpack.Decoder(Said).decode


class Ledger:
    """Puts and tells what happens here, hears and looks at what happens elsewhere. Nobody waits for it."""

    def __init__(
        self, node: str, store: Presence, others: Others, wheel: Wheel, here: Here, watching: Watching, seen: LastSeen
    ) -> None:
        self._node = node
        self._store = store
        self._others = others
        self._wheel = wheel
        self._here = here
        self._watching = watching
        self._seen = seen
        self._puts: dict[str, str | None] = {}
        self._tells: dict[str, Said] = {}
        self._late: dict[str, Said] = {}
        self._looks: dict[str, int] = {}
        """Who is to be looked at: 0, or since when they may be gone; then they are, if nothing is found."""
        self._put_wake = asyncio.Event()
        self._look_wake = asyncio.Event()
        self._degraded_s = 0
        self._looked = _Round(watching.users, LOOK_EVERY_S)
        self._put_again = _Round(here.users, PUT_EVERY_S)
        self._noted = _Round(here.users, SEEN_EVERY_S)

    # What happens here.

    def changed(self, user: str, status: str | None, at: int) -> None:
        """Put and tell that somebody is another way here."""
        self._puts[user] = status
        self._tells[user] = Said(user, status, at)
        self._put_wake.set()

    def forgotten(self) -> None:
        """Put everybody again: everything was lost, or this node was taken for dead; tell so, a part at a time."""
        self._put_everybody()
        users = self._here.users()
        self._spread(users, 0.0, math.ceil(len(users) / AT_ONCE), self._tell_again)

    def recovered(self) -> None:
        """Put everybody, tell what could not be heard, and look at everybody who is watched."""
        self._put_everybody()
        late, self._late = self._late, {}
        for user, said in late.items():
            self._puts.setdefault(user, said.status)
            self._tells.setdefault(user, said)
        self._spread(self._watching.users(), 0.0, SPREAD_S, self.look_at)

    # What happens elsewhere.

    def heard(self, node: str, body: bytes) -> None:
        """Take what another node says.

        Raises:
            msgspec.DecodeError: If it cannot be read.
        """
        said = _said(body)
        self._watching.heard(node, said.user, said.status, said.seen)

    def node_gone(self, node: str) -> None:
        """Look at those who were there, once they had time to come back elsewhere, and not all in one moment."""
        at = now_ms() - int(LEASE_S * 1000)
        self._spread(self._watching.users_on(node), DEATH_GRACE_S, SPREAD_S, partial(self.look_at, at=at))

    def look_at(self, users: list[str], at: int = 0) -> None:
        """Look at people soon; with ``at``, since when they may be gone, it is told if nothing is found of them."""
        for user in users:
            self._looks[user] = self._looks.get(user) or at
        self._look_wake.set()

    async def learn(self, users: list[str]) -> None:
        """Look at people who are newly watched, now; without an answer what this node knows has to do."""
        if not users:
            return
        self._wheel.schedule(SETTLE_S, partial(self.look_at, users))
        if not self._others.degraded:
            await self._look(dict.fromkeys(users, 0))

    async def present(self, users: list[str]) -> int:
        """Count those who are anywhere; without an answer those who are here."""
        here = {user for user in users if self._here.status(user) is not None}
        if self._others.degraded:
            return len(here)
        try:
            found = await self._store.get([user for user in users if user not in here])
        except StoreError:
            return len(here)
        return len(here) + len(found)

    # Work that goes on.

    async def put(self) -> None:
        """Put and tell until cancelled."""
        while True:
            await self._put_wake.wait()
            self._put_wake.clear()
            while self._puts:
                part = dict(itertools.islice(self._puts.items(), AT_ONCE))
                told = []
                for user in part:
                    del self._puts[user]
                    if user in self._tells:
                        told.append(self._tells.pop(user))
                kept = await self._put(part)
                self._tell(told)  # after the put: who looks because of it finds it
                if not kept:
                    await asyncio.sleep(RETRY_S)

    async def look(self) -> None:
        """Look at whom it is asked for until cancelled."""
        while True:
            await self._look_wake.wait()
            self._look_wake.clear()
            while self._looks:
                part = dict(itertools.islice(self._looks.items(), AT_ONCE))
                for user in part:
                    del self._looks[user]
                if not await self._look(part):
                    for user, at in part.items():
                        self._looks.setdefault(user, at)
                    await asyncio.sleep(RETRY_S)

    async def sweep(self) -> None:
        """Go round everybody, slowly, until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            self.turn()

    def turn(self) -> None:
        """Go on with everybody's round by one second."""
        self._judge()
        if not self._others.degraded:
            self.look_at(self._looked.part())
        for user in self._put_again.part():
            self._puts.setdefault(user, self._here.status(user))
        self._put_wake.set()
        now = now_ms()
        for user in self._noted.part():
            self._seen.note(user, now)

    def _judge(self) -> None:
        """Let go what other nodes said where nothing was heard of them for long."""
        self._degraded_s = self._degraded_s + 1 if self._others.degraded else 0
        if self._degraded_s == HOLD_S:
            self._spread(self._watching.users_elsewhere(), 0.0, SPREAD_S, self._let_go)

    def _let_go(self, users: list[str]) -> None:
        if self._others.degraded:
            self._watching.read(self._watching.marks(users), {}, {})

    async def _put(self, part: dict[str, str | None]) -> bool:
        try:
            await self._store.put(self._node, part)
        except StoreError:
            for user, status in part.items():
                self._puts.setdefault(user, status)  # what came meanwhile is newer
            return False
        return True

    def _put_everybody(self) -> None:
        for user in self._here.users():
            self._puts[user] = self._here.status(user)
        self._put_wake.set()

    def _tell(self, told: list[Said]) -> None:
        for said in told:
            self._others.send(CHANNEL + said.user, Kind.PRESENCE, msgspec.msgpack.encode(said))
            if self._others.degraded and len(self._late) < LATE_LIMIT:
                self._late[said.user] = said

    def _tell_again(self, users: list[str]) -> None:
        self._tell([Said(user, status) for user in users if (status := self._here.status(user)) is not None])

    async def _look(self, asked: Mapping[str, int]) -> bool:
        """Look at people; tell whether there was an answer."""
        marks = self._watching.marks(asked)
        try:
            found = await self._store.get(list(marks)) if marks else {}
        except StoreError:
            return False
        sure = {user: at for user, at in asked.items() if at}
        doubtful = self._watching.read({user: mark for user, mark in marks.items() if user not in sure}, found, None)
        if doubtful:
            self._wheel.schedule(GRACE_S, partial(self.look_at, doubtful, at=now_ms()))
        for user in self._watching.read({user: mark for user, mark in marks.items() if user in sure}, found, sure):
            self._seen.note(user, sure[user])
        return True

    def _spread(self, users: list[str], delay_s: float, over_s: float, work: Callable[[list[str]], None]) -> None:
        """Do work for people, a chunk of them at a time."""
        chunks = [users[start : start + CHUNK] for start in range(0, len(users), CHUNK)]
        for number, chunk in enumerate(chunks):
            self._wheel.schedule(delay_s + over_s * number / len(chunks), partial(work, chunk))


class _Round:
    """Everybody of a list, a part each second, in so many seconds; then the list as it is by then."""

    def __init__(self, source: Callable[[], list[str]], seconds: float) -> None:
        self._source = source
        self._seconds = seconds
        self._left: list[str] = []
        self._step = 1

    def part(self) -> list[str]:
        """Return the next part."""
        if not self._left:
            self._left = self._source()
            self._step = math.ceil(len(self._left) / self._seconds) or 1
        part, self._left = self._left[: self._step], self._left[self._step :]
        return part
