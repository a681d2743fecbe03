"""The calls of one node: changed one step after the other, told to everybody, and looked after while they go on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final

from services.calls.keeping.clocks import Clocks
from services.calls.keeping.keepers import Keepers
from services.calls.keeping.meters import Meters
from services.calls.keeping.naming import rename
from services.calls.keeping.registry import Registry
from services.calls.keeping.tending import Present, Tending
from services.calls.keeping.turnstile import Turnstile
from services.calls.keeping.writing import Moved, Writing
from services.calls.machine.ending import end, removed
from services.calls.machine.looks import own_leg, ringing_leg
from services.calls.machine.terms import Moment, Who
from services.calls.machine.timers import due
from services.calls.road import Road
from services.calls.sfu import SFU
from services.calls.sight import require_known
from services.errors import CallNotFound, ServiceError, Unavailable
from services.ids import now_ms
from services.loop import tasks
from services.metrics import Metrics
from services.operations.context import Context
from services.streams.append import View
from services.streams.lanes.lanes import Lanes
from store.database import FIND_LIMIT, Database
from store.errors import StoreError
from store.tables import CALLS, ENDED, Call, Room

log = logging.getLogger(__name__)

TRIES: Final = 32
"""Changes of one call that are tried against those of other nodes, each after learning what they did."""

CLOSE_S: Final = 2.0
"""Longest that a node which ends waits for the changes that its last sockets cause."""

Transition = Callable[[Call, Moment], Call]
"""What one thing does to a call; the same object where it does nothing. Raises ``ServiceError`` where it may not be."""

Step = Callable[[Call, Who, Moment], Call]
"""The same of a person's device."""


class Calls:
    """What a node knows of calls, and does with them. ``road`` is set before anything is asked."""

    road: Road
    wake: Callable[[], None] = staticmethod(lambda: None)
    """Has jobs begun that were written with a change: what a media server is to learn."""

    def __init__(self, database: Database, lanes: Lanes, node: str, metrics: Metrics) -> None:
        self.node = node
        self.registry = Registry()
        self.keepers = Keepers(database, node)
        self.meters = Meters(metrics.registry)
        self._database = database
        self._writing = Writing(database, lanes)
        self._turns = Turnstile()
        self._clocks = Clocks(node, self._due)
        self._works: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, present: Present) -> None:
        """Learn which calls go on, and begin what goes on by itself; ``present`` counts who of some people is there."""
        tending = Tending(self, self._database, present)
        try:
            await tending.sweep()
        except StoreError as error:
            log.warning("calls that go on are not known yet", extra={"cause": type(error).__name__})
        self._tasks = [tasks.keep(tending.run)]

    async def close(self) -> None:
        """End what goes on; what the last sockets have caused is written first, as far as it can be."""
        await tasks.end(*self._tasks)
        self._clocks.close()
        if self._works:
            await asyncio.wait(self._works, timeout=CLOSE_S)
        await tasks.end(*self._works)
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.keepers.leave()
        except (StoreError, TimeoutError):
            log.info("the beat of this node stands still by itself")

    def moment(self) -> Moment:
        """Return now, and here."""
        return Moment(now_ms(), self.node)

    # Asking.

    async def of(self, context: Context, call: str) -> Call:
        """Return a call as this node knows it; an ended one as it was kept.

        Raises:
            CallNotFound: If there is none, or none that the caller may know of.
            StoreError: If the store does not answer.
        """
        found = self.registry.get(call) or await self._database.get(CALLS, call)
        if found is None:
            raise CallNotFound
        await require_known(context, found)
        return found

    # Changing.

    async def enter(self, context: Context, call: str, step: Step, *, binds: bool = True) -> Call:
        """Do something as the caller's device; with ``binds`` its socket is the leg's from then on.

        Raises:
            CallNotFound: As ``of``.
            ServiceError: Whatever the step refuses.
            StoreError: If the store does not answer; it may be done or not.
        """
        await self.of(context, call)
        caller = context.caller
        who = Who(caller.user, caller.username, caller.login)
        after = await self.change(call, lambda before, moment: step(before, who, moment))
        self.bind(context, after, who, binds=binds)
        return after

    def bind(self, context: Context, call: Call, who: Who, *, binds: bool = True) -> None:
        """Take the socket that asked as that of the device's leg, where it has one and came through a socket."""
        leg = own_leg(call, who) or ringing_leg(call, who)
        if binds and leg is not None and context.origin is not None:
            self.road.bind(call, leg, context.origin)

    async def change(self, id_: str, transition: Transition) -> Call:
        """Do something to a call, in its turn; return it as it is then. Everybody is told.

        What is refused, or would change nothing, is judged by the call as the store has it.

        Raises:
            CallNotFound: If there is none.
            ServiceError: Whatever the transition refuses.
            StoreError: If the store does not answer; it may be done or not.
        """
        async with self._turns.taken(id_):
            known = self.registry.get(id_)
            for _ in range(TRIES):
                before = known or await self._read(id_)
                try:
                    after = transition(before, self.moment())
                except ServiceError:
                    if known is None:
                        raise
                    after = before
                if after is before:
                    if known is None:
                        return before
                    known = None
                    continue
                try:
                    await self._writing.change(before, after)
                except Moved:
                    known = None
                    continue
                self._kept(before, after)
                return after
        raise Unavailable

    async def begin(self, call: Call, check: Callable[[View], Awaitable[Room]], hidden: tuple[str, ...] = ()) -> Call:
        """Write a new call; return it as written. Everybody is told.

        Raises:
            Exists: If the room has a call.
            ServiceError: Whatever ``check`` raises.
        """
        async with self._turns.taken(call.room):
            written = await self._writing.begin(call, check, hidden)
        self._kept(None, written)
        return written

    async def _read(self, id_: str) -> Call:
        found = await self._database.get(CALLS, id_)
        if found is None:
            raise CallNotFound
        if found.state != ENDED or self.registry.get(id_) is not None:
            self.learn(found)  # the end of one of which nobody here knows is no news
        return found

    def _kept(self, before: Call | None, after: Call) -> None:
        if after.state == ENDED and (before is None or before.state != ENDED):
            self.meters.ended.labels(after.reason or "").inc()
        if after.topology == SFU:
            self.wake()
        self._took(after, ours=True)

    def learn(self, call: Call) -> None:
        """Take what another node says of a call, or the store."""
        self._took(call, ours=False)

    def _took(self, call: Call, *, ours: bool) -> None:
        if self.registry.put(call):
            self.meters.open.set(len(self.registry))
            self._clocks.set(call)
            self.road.changed(call, ours=ours)

    def look(self, id_: str) -> None:
        """Learn of a call from the store, soon: it is said to have changed."""
        self.later(id_, _as_it_is)

    async def renew(self, rooms: Iterable[str]) -> None:
        """Learn from the store how the calls stand that are known to go on in these rooms.

        Raises:
            StoreError: If the store does not answer.
        """
        if not len(self.registry):
            return
        known = [call.id for room in rooms if (call := self.registry.of_room(room)) is not None]
        for start in range(0, len(known), FIND_LIMIT):
            for call in (await self._database.get_many(CALLS, known[start : start + FIND_LIMIT])).values():
                self.learn(call)

    # What happens by itself.

    def later(self, id_: str, transition: Transition) -> None:
        """Do something to a call soon; what it refuses has taken care of itself."""
        self._work(partial(self.change, id_, transition), {"call": id_})

    def sever(self, room: str, user: str | None = None) -> None:
        """End soon what somebody has of a room's call, for they may not be in it any more; None: the call itself.

        It is looked for in the store: where all of it is elsewhere, this node may not have heard of it yet.
        """
        self._work(partial(self._sever, room, user), {"room": room})

    async def _sever(self, room: str, user: str | None) -> None:
        for call in await self._database.find(CALLS, {"open": room}, limit=1):
            await self.change(call.id, _closed if user is None else partial(_without, user))

    def forsake(self, user: str) -> None:
        """End soon what somebody has of all calls, for they are not here any more."""
        for call in self.registry.of_user(user):
            self.later(call.id, partial(_without, user))

    async def rename(self, room: str, user: str, name: str) -> None:
        """Put another name in place of somebody's on all calls of a room; done again it changes nothing.

        Raises:
            StoreError: If the store does not answer; some of them may be done.
            Unavailable: If one of them changes all the time; the same.
        """
        await rename(self, self._database, room, user, name)

    def _work(self, work: Callable[[], Awaitable[object]], of: dict[str, str]) -> None:
        task = asyncio.create_task(_until_done(work, of))
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    def _due(self, id_: str) -> None:
        self.later(id_, self._over)

    def _over(self, call: Call, moment: Moment) -> Call:
        after = due(call, moment)
        if after is call:
            self._clocks.set(call)  # it came too early, or another node keeps it by now
        return after


async def _until_done(work: Callable[[], Awaitable[object]], of: dict[str, str]) -> None:
    for pause in (0.2, 1.0, 3.0, 0.0):
        try:
            await work()
        except (StoreError, Unavailable) as error:
            log.warning("a call waits for the store", extra={**of, "cause": type(error).__name__})
            await asyncio.sleep(pause)
        except ServiceError as error:
            log.info("a call is another by now", extra={**of, "code": error.name})
            return
        except Exception:
            log.exception("a call was not changed", extra=of)
            return
        else:
            return


def _as_it_is(call: Call, _moment: Moment) -> Call:
    return call


def _closed(call: Call, moment: Moment) -> Call:
    return end(call, "removed", moment)


def _without(user: str, call: Call, moment: Moment) -> Call:
    return removed(call, moment, user=user)
