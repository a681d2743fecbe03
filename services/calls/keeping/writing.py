"""Writing calls down: each change by comparing versions, start and end together with what the room is told of them."""

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from services.calls.machine.looks import missed_between
from services.calls.sfu import removals
from services.calls.views import seconds_of
from services.ids import self_stream
from services.rooms.making import showing
from services.rooms.rights.rules import member_in
from services.streams.append import Append, Plan, Step, View, Wider, item_entry, marker_entry, notice_entry
from services.streams.inbox import list_notice
from services.streams.lanes.lanes import Lanes
from store.database import Database, Insert, Update
from store.errors import Mismatch, Unknown
from store.tables import CALLS, ENDED, ENTRIES, Call, Called, Notice, Person, Room

MISSED = "missed_call"
"""The type of the notice in the own stream of whoever missed a call."""

_FIELDS = tuple(name for name in Call.__struct_fields__ if name != "id")


class Moved(Exception):
    """The call is not at the version that a change was made from."""


class Exists(Exception):
    """The room has a call already."""

    def __init__(self, call: Call) -> None:
        self.call = call
        super().__init__(call.id)


class Writing:
    """Writes calls for one node."""

    def __init__(self, database: Database, lanes: Lanes) -> None:
        self._database = database
        self._lanes = lanes

    async def change(self, before: Call, after: Call) -> None:
        """Write a change; where it ends a call, or somebody has missed one, their streams are told in the same write.

        Raises:
            Moved: If the call was changed meanwhile; nothing was written.
            ServiceError: If the node takes no more; it is not known whether it was written.
            StoreError: If it is not known whether it was written.
        """
        missed = missed_between(before, after)
        changes = {name: new for name in _FIELDS if (new := getattr(after, name)) != getattr(before, name)}
        if missed or (after.state == ENDED and before.state != ENDED):
            streams = (after.room, *(self_stream(user) for user in missed))
            plan = functools.partial(self._plan, before, after, changes, missed)
            await self._lanes.append(Append(streams, plan))
            return
        expect, gone = {"version": before.version}, removals(before, after)
        try:
            if gone:
                await self._database.together((Update(CALLS, before.id, changes, expect), *gone))
            else:
                await self._database.update(CALLS, before.id, changes, expect)
        except Mismatch:
            raise Moved from None
        except Unknown:
            if await self._database.get(CALLS, before.id) != after:
                raise

    async def _plan(
        self, before: Call, after: Call, changes: dict[str, Any], missed: Sequence[str], view: View
    ) -> Plan:
        stored = await view.get(CALLS, before.id)
        if stored is not None and stored == after:
            return Plan()  # an earlier try had no answer
        if stored is None or stored.version != before.version:
            raise Moved
        plan = Plan(writes=[Update(CALLS, before.id, changes, {"version": before.version}), *removals(before, after)])
        item = await view.get(ENTRIES, after.item)
        if after.state == ENDED and item is not None:
            body = Called(after.id, after.media, after.reason, seconds_of(after))
            changed = msgspec.structs.replace(item, body=body)
            plan.steps.append(Step(marker_entry(after.room, item.id), changed))
        await _tell_missed(view, plan, after, missed)
        return plan

    async def begin(self, call: Call, check: Callable[[View], Awaitable[Room]], hidden: Sequence[str] = ()) -> Call:
        """Write a new call and its item; return it as it was written.

        ``check`` returns the room for the lane that is held, or raises; ``hidden`` are those to whom it does not show.

        Raises:
            Exists: If the room has a call.
            ServiceError: Whatever ``check`` raises, or if the node takes no more.
        """
        missed = missed_between(None, call)
        streams = (call.room, *(self_stream(user) for user in [*hidden, *missed]))
        held = set(streams)
        written = call

        async def plan(view: View) -> Plan:
            nonlocal written
            room = await check(view)
            found = await self._database.find(CALLS, {"open": call.room}, limit=1)
            if found and found[0].id != call.id:
                raise Exists(found[0])
            planned = Plan()
            await _show(view, room, planned, held)
            over = call.state == ENDED
            body = Called(call.id, call.media, call.reason if over else None, seconds_of(call))
            entry = item_entry(call.room, "call", body, Person(call.starter, call.starter_name))
            written = msgspec.structs.replace(call, item=entry.id)
            planned.steps.append(Step(entry))
            await _tell_missed(view, planned, call, missed)
            planned.writes.append(Insert(CALLS, written))
            return planned

        await self._lanes.append(Append(tuple(dict.fromkeys(streams)), plan))
        return written


async def _show(view: View, room: Room, planned: Plan, held: set[str]) -> None:
    """Plan that a direct room shows to both, as it does with its first message."""
    if room.kind != "direct":
        return
    for user in room.pair:
        member = await member_in(view, room.id, user)
        if member is not None and member.hidden:
            if self_stream(user) not in held:
                held.add(self_stream(user))
                raise Wider(self_stream(user))
            showing(planned, member)


async def _tell_missed(view: View, plan: Plan, call: Call, missed: Sequence[str]) -> None:
    for user in missed:
        entry = notice_entry(self_stream(user), Notice(MISSED, user, by=call.starter, target=call.room))
        plan.steps.append(Step(entry))
        await list_notice(view, plan, entry)
