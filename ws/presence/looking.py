"""Reading how those who are watched here are on other nodes: what was told and not heard, and who is gone with a node.

Nobody is gone because of one reading. Entries that are not found any more are looked for again after a grace, and a
reading that does not show this node's own witness, or follows a loss of everything too closely, shows no absence.
"""

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from services.ids import now_ms
from services.loop import tasks
from services.presence.seen import LastSeen
from store.errors import StoreError
from store.presence import LEASE_S, Presence
from ws.presence.here import GRACE_S, Here
from ws.presence.others import AT_ONCE, RETRY_S, Others, Round, spread, witness
from ws.presence.watching import Watching
from ws.wheel import Slot, Wheel

LOOK_EVERY_S = 30.0
"""Time in which everybody who is watched is looked at once: what was told and not heard is wrong for no longer."""

SETTLE_S = 2.0
"""Time after which somebody newly watched is looked at again: until then what was told may not have been heard."""

DEATH_GRACE_S = 4.0
"""How long nobody is told that people were on a node that is gone, whose lease of 5 s ended before."""

SPREAD_S = 2.0
"""Time over which many are looked at whose node is gone, or when the links carry again."""

SHAKEN_S = 3.0
"""How long after a loss of everything nobody is missed: the other nodes learn of it with their next beats."""

HOLD_S = 30
"""Seconds without other nodes' words, after which only this node's own truth is told."""


class Look(NamedTuple):
    """Somebody who is to be looked at."""

    user: str
    since: int = 0
    """Since when they may be gone, in milliseconds since 1970; 0 where nothing says so."""
    news: int = 0
    """Where their news stood then: whoever was heard of since is not gone for want of an entry."""


class Looking:
    """What this node learns of the others without being told. Only ``learn`` and ``present`` are waited for."""

    def __init__(
        self, node: str, store: Presence, others: Others, wheel: Wheel, here: Here, watching: Watching, seen: LastSeen
    ) -> None:
        self._node = node
        self._witness = witness(node)
        self._store = store
        self._others = others
        self._wheel = wheel
        self._here = here
        self._watching = watching
        self._seen = seen
        self._looks: dict[str, Look] = {}
        self._learning: dict[str, asyncio.Task[None]] = {}
        """Those who are looked at for the first time; it takes as long as one question does."""
        self._wake = asyncio.Event()
        self._shaken: Slot | None = None
        self._degraded_s = 0
        self._round = Round(watching.users, LOOK_EVERY_S)

    def node_gone(self, node: str) -> None:
        """Look at those who were there, once they had time to come back elsewhere, and not all in one moment."""
        doubts = self._doubts(self._watching.users_on(node), now_ms() - int(LEASE_S * 1000))
        spread(self._wheel, doubts, DEATH_GRACE_S, SPREAD_S, self.look_at)

    def forgotten(self) -> None:
        """Miss nobody for a while: everything was lost."""
        if self._shaken is not None:
            self._shaken.cancel()
        self._shaken = self._wheel.schedule(SHAKEN_S, self._calm)

    def recovered(self) -> None:
        """Look at everybody who is watched."""
        spread(self._wheel, _looks(self._watching.users()), 0.0, SPREAD_S, self.look_at)

    def look_at(self, looks: Iterable[Look]) -> None:
        """Look at people soon."""
        for look in looks:
            if look.since or look.user not in self._looks:
                self._looks[look.user] = look
        self._wake.set()

    async def learn(self, new: list[str], users: Iterable[str]) -> None:
        """Look at those of some people who are newly watched, now; return when all who are looked at so are known.

        Without an answer what this node knows has to do.
        """
        if new:
            self._wheel.schedule(SETTLE_S, partial(self.look_at, _looks(new)))
        if new and not self._others.degraded:
            task = asyncio.create_task(self._first(new))
            self._learning |= dict.fromkeys(new, task)
        if learning := {self._learning[user] for user in users if user in self._learning}:
            await asyncio.wait(learning)

    async def _first(self, users: list[str]) -> None:
        try:
            await self._look(_looks(users))
        finally:
            for user in users:
                self._learning.pop(user, None)

    async def close(self) -> None:
        """End what is under way."""
        await tasks.end(*self._learning.values())

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

    def turn(self) -> None:
        """Go on with everybody's round by one second; let others' words go where nothing was heard for long."""
        self._degraded_s = self._degraded_s + 1 if self._others.degraded else 0
        if self._degraded_s == HOLD_S:
            spread(self._wheel, self._watching.users_elsewhere(), 0.0, SPREAD_S, self._let_go)
        if not self._others.degraded:
            self.look_at(_looks(self._round.part()))

    async def run(self) -> None:
        """Look at whom it is asked for until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._looks:
                part = list(itertools.islice(self._looks.values(), AT_ONCE))
                for look in part:
                    del self._looks[look.user]
                if not await self._look(part):
                    for look in part:
                        self._looks.setdefault(look.user, look)
                    await asyncio.sleep(RETRY_S)

    async def _look(self, asked: list[Look]) -> bool:
        """Look at people; tell whether there was an answer."""
        marks = self._watching.marks(look.user for look in asked)
        try:
            found = await self._store.get([*marks, self._witness]) if marks else {}
        except StoreError:
            return False
        sure = [look for look in asked if look.since and marks.get(look.user) == look.news]
        if self._shaken is not None or self._node not in found.get(self._witness, {}):
            self._watching.find(marks, found)
            self._wheel.schedule(RETRY_S, partial(self.look_at, sure))
            return True
        since = {look.user: look.since for look in sure}
        for user in self._watching.settle({user: marks[user] for user in since}, found, since):
            self._seen.note(user, since[user])
        missed = self._watching.find({user: mark for user, mark in marks.items() if user not in since}, found)
        if missed:
            self._wheel.schedule(GRACE_S, partial(self.look_at, self._doubts(missed, now_ms())))
        return True

    def _doubts(self, users: list[str], since: int) -> list[Look]:
        return [Look(user, since, news) for user, news in self._watching.marks(users).items()]

    def _let_go(self, users: Sequence[str]) -> None:
        if self._others.degraded:
            self._watching.settle(self._watching.marks(users), {}, {})

    def _calm(self) -> None:
        self._shaken = None


def _looks(users: Iterable[str]) -> list[Look]:
    return [Look(user) for user in users]
