"""Looking whether people still belong in calls: the node that was to take them out may have died, or lost its store."""

from collections.abc import Sequence
from typing import NamedTuple

from services.calls.keeping.registry import concerned_by
from store.database import FIND_LIMIT, Database
from store.tables import MEMBERS, ROOMS, Call, Room


class Strange(NamedTuple):
    """Somebody who has no place in the call of a room; without a user: the call has none."""

    room: str
    user: str | None


async def strange_in(database: Database, calls: Sequence[Call]) -> list[Strange]:
    """Return who is in these calls, or rung by them, and may not be any more; ``calls`` are as they were lately.

    Raises:
        StoreError: If the store does not answer.
    """
    found: list[Strange] = []
    for start in range(0, len(calls), FIND_LIMIT):
        part = calls[start : start + FIND_LIMIT]
        rooms = await database.get_many(ROOMS, [call.room for call in part])
        closed = {call.room for call in part if not _has_calls(rooms.get(call.room))}
        found += [Strange(room, None) for room in sorted(closed)]
        people = [(call.room, user) for call in part if call.room not in closed for user in sorted(concerned_by(call))]
        for first in range(0, len(people), FIND_LIMIT):
            some = people[first : first + FIND_LIMIT]
            members = await database.get_many(MEMBERS, [f"{room}:{user}" for room, user in some])
            found += [Strange(room, user) for room, user in some if f"{room}:{user}" not in members]
    return found


def _has_calls(room: Room | None) -> bool:
    if room is None or room.deleted or not room.voip_enabled:
        return False
    return room.kind != "direct" or not room.blocked
