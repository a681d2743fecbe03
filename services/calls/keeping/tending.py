"""Looking after all calls, on every node: what was not heard is found in the store, and who died is replaced."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING, Final

from services.calls.keeping.belonging import strange_in
from services.calls.keeping.keepers import BEAT_S
from services.calls.machine.ringing import unreachable
from services.calls.machine.terms import UNREACHABLE_S, Moment
from services.calls.machine.timers import taken_over
from services.ids import now_ms
from store.database import FIND_LIMIT, Database
from store.errors import StoreError
from store.tables import CALLS, KEEPERS, Call

if TYPE_CHECKING:
    from services.calls.calls import Calls

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
"""Pause between two looks while other nodes may not be heard."""
SWEEP_TICKS: Final = 10
"""Ticks between two looks at the store while they are."""
BEAT_TICKS: Final = round(BEAT_S / TICK_S)
SPREAD_S: Final = 0.5
"""All nodes notice a death at about the same time: each waits for a random part of this, and most find it done."""

Present = Callable[[Sequence[str]], Awaitable[int]]
"""Returns how many of these people are there, on whatever node."""


class Tending:
    """What one node does for all calls, each second."""

    def __init__(self, calls: "Calls", database: Database, present: Present) -> None:
        self._calls = calls
        self._database = database
        self._present = present
        self._judged: set[str] = set()
        """Calls whose people were looked for."""
        self._ticks = 0
        self._unheard = True
        """Whether other nodes might not be heard at the last look."""

    async def run(self) -> None:
        """Look after calls until cancelled."""
        while True:
            try:
                await self.tick()
            except StoreError as error:
                log.debug("calls wait for the store", extra={"cause": type(error).__name__})
            await asyncio.sleep(TICK_S)

    async def tick(self) -> None:
        """Do what one second asks for.

        Raises:
            StoreError: If the store does not answer.
        """
        ticks, self._ticks = self._ticks, self._ticks + 1
        unheard, self._unheard = self._unheard, self._calls.road.degraded
        if unheard or self._unheard or ticks % SWEEP_TICKS == 0:
            await self.sweep()
        if ticks % SWEEP_TICKS == 0:
            await self._send_strangers_away()
        if ticks % BEAT_TICKS == 0 and len(self._calls.registry):
            await self._beat()
        await self._look_for_people()

    async def sweep(self) -> None:
        """Learn of all calls that go on, and of those that did until lately.

        Raises:
            StoreError: If the store does not answer.
        """
        registry = self._calls.registry
        before = {call.id for call in registry.all()}
        last = ""
        while True:
            page = await self._database.find(CALLS, {"live": True}, by="id", above=last, limit=FIND_LIMIT)
            for call in page:
                before.discard(call.id)
                self._calls.learn(call)
            if len(page) < FIND_LIMIT:
                break
            last = page[-1].id
        ended = sorted(before)
        for start in range(0, len(ended), FIND_LIMIT):
            found = await self._database.get_many(CALLS, ended[start : start + FIND_LIMIT])
            for call in found.values():
                self._calls.learn(call)

    async def _send_strangers_away(self) -> None:
        """Take those out who may not be in a call of this node's any more, where it did not happen when it should."""
        mine = [call for call in self._calls.registry.all() if call.keeper == self._calls.node]
        for room, user in await strange_in(self._database, mine):
            log.warning("somebody is in a call who may not be", extra={"room": room})
            self._calls.sever(room, user)

    async def _beat(self) -> None:
        calls, node = self._calls, self._calls.node
        open_ = calls.registry.all()
        if any(node in nodes_of(call) for call in open_):
            await calls.keepers.beat()
        named = set().union(*map(nodes_of, open_))
        calls.keepers.forget(named)
        dead = await calls.keepers.dead(named)
        if not dead:
            return
        await asyncio.sleep(random.uniform(0, SPREAD_S))  # noqa: S311 - no secret
        for call in calls.registry.all():
            if _relies_on(call, dead):
                log.info("a call is taken over", extra={"call": call.id, "gone": sorted(dead)})
                calls.meters.taken.inc()
                calls.later(call.id, partial(_take_over, frozenset(dead)))
        for gone in dead:
            await self._database.delete(KEEPERS, gone)

    async def _look_for_people(self) -> None:
        """Tell the caller early where nobody rings and nobody is there at all: see ``UNREACHABLE_S``."""
        calls = self._calls
        open_ = calls.registry.all()
        self._judged &= {call.id for call in open_}
        if calls.road.degraded:
            return  # Nobody knows who is there.
        for call in open_:
            late = now_ms() - call.started_at >= UNREACHABLE_S * 1000
            if not late or call.id in self._judged or call.keeper != calls.node:
                continue
            self._judged.add(call.id)
            silent = [one.user for one in call.invited if one.state == "ringing" and not one.acked]
            away = [user for user in silent if await self._present([user]) == 0]
            if away:
                calls.later(call.id, partial(_not_there, away))


def nodes_of(call: Call) -> set[str]:
    """Return the nodes that a call depends on: its keeper, and those of the sockets that are in it."""
    gone = {"left", "answered_elsewhere", "declined_elsewhere"}
    return {call.keeper, *(leg.node for leg in call.legs if leg.state not in gone)}


def _relies_on(call: Call, dead: Set[str]) -> bool:
    """Tell whether the death of these nodes changes anything for a call: lost legs wait for their devices already."""
    alive = {"ringing", "connecting", "connected"}
    return call.keeper in dead or any(leg.node in dead for leg in call.legs if leg.state in alive)


def _not_there(away: Sequence[str], call: Call, moment: Moment) -> Call:
    return unreachable(call, away, moment)


def _take_over(dead: frozenset[str], call: Call, moment: Moment) -> Call:
    return taken_over(call, dead, moment)
