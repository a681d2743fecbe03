"""Taking somebody out of a room, whoever they are there: an owner hands it over, or closes it where nobody is left."""

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from services.accounts.people.person import GONE_NAME
from services.errors import Forbidden, OwnerMustStay, RoomNotFound
from services.ids import member_id, self_stream
from services.jobs.endings import JobFailed
from services.rooms.making import close_for
from services.rooms.members.membership import Reason, ending
from services.rooms.members.roles import giving
from services.rooms.rights.rules import member_in, room_in
from services.streams.append import Append, Plan, Step, View, marker_entry
from store.database import FIND_LIMIT, Scalar
from store.tables import MEMBERS, ROOMS, Effect, Member, Room

if TYPE_CHECKING:
    from services.application import Application


class Leaver(NamedTuple):
    """Who is to be taken out of rooms, why, and by whom."""

    user: str
    reason: Reason
    by: str


async def take_out(application: "Application", room: Room, leaver: Leaver) -> None:
    """Take somebody out of a room. One that nobody else is in is closed, else its owner hands it over.

    Raises:
        JobFailed: If its owner changes all the time.
    """
    for alone in (True, False, False):
        if await _left(application, room, leaver, alone=alone):
            return
        room = await application.database.get(ROOMS, room.id) or room
    raise JobFailed("the room's owner changes all the time")


async def _left(application: "Application", room: Room, leaver: Leaver, *, alone: bool) -> bool:
    """Leave a room, or close it where nobody inherits it; tell whether that is done.

    At first one closes a room for oneself ``alone``: somebody may be joining. Those who are still in it then are no
    more either.
    """
    user = leaver.user
    heir = await _heir(application, room.id, user) if room.owner == user else None
    if room.owner == user and heir is None:
        try:
            await close_for(application, user, room.id, alone=alone)
        except OwnerMustStay:
            return False
        except (Forbidden, RoomNotFound):
            return True  # another has done it
        return True
    streams = [room.id, self_stream(user)] + ([] if heir is None else [self_stream(heir.user)])
    outcome = await application.lanes.append(Append(tuple(streams), _leaving(room.id, leaver, heir)))
    application.jobs.wake()
    application.calls.sever(room.id, user)
    return bool(outcome.entries) or await application.database.get(MEMBERS, member_id(room.id, user)) is None


def _leaving(room_id: str, leaver: Leaver, heir: Member | None) -> Any:
    """Return the plan of somebody's leaving a room; where it cannot be done so any more it does nothing."""

    async def plan(view: View) -> Plan:
        try:
            room = await room_in(view, room_id)
        except RoomNotFound:
            return Plan()
        member = await member_in(view, room_id, leaver.user)
        if member is None:
            return Plan()
        given = Plan()
        if member.role == "owner":
            successor = None if heir is None else await member_in(view, room_id, heir.user)
            if successor is None:
                return Plan()  # the heir has left: another one has to be found
            room = msgspec.structs.replace(room, owner=successor.user)
            giving(given, room, successor, "owner", leaver.by)
            marker = marker_entry(room_id, room_id, leaver.by, Effect("room"))
            given.steps.append(Step(marker, room))
        left = ending(room, leaver.user, member, leaver.reason, leaver.by)
        return Plan([*given.steps, *left.steps], [*given.writes, *left.writes])

    return plan


async def _heir(application: "Application", room_id: str, user: str) -> Member | None:
    """Return who has moderated for longest, else a member; of a large room among those of the oldest accounts."""
    for role in ("moderator", "member"):
        equal: dict[str, Scalar] = {"room": room_id, "role": role}
        rows = await application.database.find(MEMBERS, equal, by="user", limit=FIND_LIMIT)
        people = await application.directory.find([row.user for row in rows])
        there = [row for row in rows if row.user != user and row.user in people]
        living = [row for row in there if people[row.user].username != GONE_NAME]
        if living:
            return min(living, key=lambda row: (row.joined_at, row.user))
    return None
