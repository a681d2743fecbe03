"""Taking a deleted account out of the rooms, and its name off what it said: a page a job, harmless when done again.

The pages, in order: ``rooms`` (every place left, direct rooms closed to words), ``words`` (the name on calls and
entries of every room that the person ever joined), ``rest`` (what else was theirs). A job does one page and writes
down the next.
"""

from typing import TYPE_CHECKING, Any, Final

import msgspec

from services.accounts.moderation.ending import end_all
from services.accounts.people.person import GONE_NAME
from services.accounts.profile.deleting import DELETED, ERASE
from services.accounts.profile.places import places_of
from services.ids import self_stream
from services.jobs.job import job
from services.rooms.apart.leaving import Leaver, take_out
from services.rooms.making import tell_closed
from services.rooms.rights.rules import member_in, room_in
from services.streams.append import Append, Plan, Step, View, marker_entry
from store.database import Delete, Scalar, Table, Update, Write
from store.errors import Mismatch
from store.tables import (
    API_TOKENS,
    BACKUPS,
    BLOCKS,
    DEVICES,
    ENTRIES,
    IDENTITIES,
    JOBS,
    LOGINS,
    MEMBERS,
    PASSKEYS,
    REFRESHES,
    ROOMS,
    SEEN,
    TICKETS,
    USERS,
    WARNINGS,
    Effect,
    Entry,
    Login,
    Room,
)

if TYPE_CHECKING:
    from services.application import Application

PLACES: Final = 20
"""Rooms that one job leaves: each is a write or two, and a job has 30 s."""
NAMES: Final = 200
"""Entries that one write takes a name from: it holds the room's lane for some milliseconds."""
PAGES: Final = 10
"""Such writes of one job."""
REST_S: Final = 12.0
"""When the rest is taken: nothing that was begun before the account was deleted is under way by then."""


async def erase(application: "Application", work: dict[str, Any]) -> None:
    """Do one page of the job, for an account that is deleted; and write down the next."""
    user = await application.database.get(USERS, work["user"])
    if user is None or user.deleted_at is None:
        return
    following = await _STEPS[work["step"]](application, work)
    if following is not None:
        after_s = REST_S if following["step"] == "rest" else 0.0
        await application.database.insert(JOBS, job(ERASE, {"user": user.id, **following}, after_s=after_s))
        application.jobs.wake()


# Rooms.


async def _rooms(application: "Application", work: dict[str, Any]) -> dict[str, Any] | None:
    user = work["user"]
    rows = await application.database.find(MEMBERS, {"user": user}, by="room", above=work["after"], limit=PLACES)
    for row in rows:
        if row.room != self_stream(user):
            await _part(application, user, row.room)
    if len(rows) < PLACES:
        return {"step": "words", "room": "", "after": ""}
    return {"step": "rooms", "after": rows[-1].room}


async def _part(application: "Application", user: str, room_id: str) -> None:
    """Take somebody out of a room. One that nobody else is in is closed, else its owner hands it over."""
    database = application.database
    room = await database.get(ROOMS, room_id)
    if room is None:
        return
    if room.kind == "direct":
        await application.lanes.append(Append((room_id,), lambda view: _silenced(view, user, room_id)))
        application.calls.sever(room_id)
        return
    if room.deleted:
        await tell_closed(application, room_id, user)
        return
    await take_out(application, room, Leaver(user, "left", user))


async def _silenced(view: View, user: str, room_id: str) -> Plan:
    """Plan that nothing is said any more in a direct room; the other one keeps what was said."""
    room, member = await room_in(view, room_id), await member_in(view, room_id, user)
    if member is None or (user in room.blocked and member.hidden and member.username == GONE_NAME):
        return Plan()
    quiet: Room = msgspec.structs.replace(room, blocked=tuple(sorted({*room.blocked, user})))
    marker = marker_entry(room_id, room_id, user, Effect("room"))
    return Plan([Step(marker, quiet)], [Update(MEMBERS, member.id, {"hidden": True, "username": GONE_NAME})])


# Words.


async def _words(application: "Application", work: dict[str, Any]) -> dict[str, Any] | None:
    """Take the name from calls and from what was said, room by room.

    What was said has a rev of its stream for it: so no page is kept with the name.
    """
    user, begun, after, pages = work["user"], work["room"], work["after"], 0
    async for room in places_of(application.database, user):
        if begun not in {"", room}:
            continue
        if not after:
            await application.calls.rename(room, user, GONE_NAME)
        begun, last, after = "", after, ""
        while True:
            if pages == PAGES:
                return {"step": "words", "room": room, "after": last}
            equal: dict[str, Scalar] = {"stream": room, "author": user}
            rows = await application.database.find(ENTRIES, equal, by="cid", above=last, limit=NAMES)
            named = [row for row in rows if row.username not in {None, GONE_NAME}]
            if named:
                await application.lanes.append(Append((room,), _nameless(room, named)))
            pages += 1
            if len(rows) < NAMES:
                break
            last = rows[-1].cid
    return {"step": "rest"}


def _nameless(room: str, entries: list[Entry]) -> Any:
    async def plan(_view: View) -> Plan:
        writes: list[Write] = [Update(ENTRIES, entry.id, {"username": GONE_NAME}) for entry in entries]
        return Plan([Step(marker_entry(room))], writes)

    return plan


# The rest.


async def _rest(application: "Application", work: dict[str, Any]) -> dict[str, Any] | None:
    """Remove what else was theirs: log-ins, proofs, what is kept about devices, and the place in their own stream."""
    user, database = work["user"], application.database
    await end_all(application, user, DELETED)
    for table in _LIVES:
        for live in (True, False):
            equal: dict[str, Scalar] = {"user": user, "live": live}
            while rows := await database.find(table, equal, by="created_at", limit=NAMES):
                for row in rows:
                    await _without_refreshes(application, row)
                    await database.delete(table, row.id)
    for table, order in _THEIRS:
        while rows := await database.find(table, {"user": user}, by=order, limit=NAMES):
            await database.together([Delete(table, row.id) for row in rows])
    stream = self_stream(user)
    await database.together([Delete(SEEN, user), Delete(MEMBERS, f"{stream}:{user}")])
    try:
        await database.update(ROOMS, stream, {"deleted": True})
    except Mismatch:
        return None  # there was none
    return None


async def _without_refreshes(application: "Application", row: Any) -> None:
    if not isinstance(row, Login):
        return
    database = application.database
    while found := await database.find(REFRESHES, {"login": row.id}, limit=NAMES):
        await database.together([Delete(REFRESHES, one.id) for one in found])


_STEPS: Final = {"rooms": _rooms, "words": _words, "rest": _rest}
_LIVES: Final[tuple[Table[Any], ...]] = (LOGINS, API_TOKENS)
_THEIRS: Final[tuple[tuple[Table[Any], str], ...]] = (
    (PASSKEYS, "id"),
    (IDENTITIES, "id"),
    (BACKUPS, "id"),
    (DEVICES, "id"),
    (TICKETS, "id"),
    (BLOCKS, "other"),
    (WARNINGS, "id"),
)
