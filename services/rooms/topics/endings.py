"""What is done by jobs where a topic was closed or left: a page a job, harmless when done again."""

from typing import TYPE_CHECKING, Any, Final

from services.errors import RoomNotFound
from services.feeding import drop
from services.ids import member_id
from services.jobs.job import job
from services.rooms.aftermath import CLOSED, LEFT
from services.rooms.apart.leaving import Leaver, take_out
from services.rooms.making import close_where, tell_closed
from services.streams.append import Append, Plan, Step, View, marker_entry
from store.database import FIND_LIMIT, Delete, Update
from store.tables import INVITATIONS, JOBS, MEMBERS, POSTS, ROOMS, Room

if TYPE_CHECKING:
    from services.application import Application

ROOMS_A_JOB: Final = 20
"""Rooms that one job closes or leaves: each is a write or two, and a job has 30 s."""
ROWS: Final = 200
"""Rows that one write changes."""


async def closed(application: "Application", work: dict[str, Any]) -> None:
    """Do one page of the job for a topic that is no more: its members are told, its rooms closed.

    With the last page its posts go out of lists and feeds, and the invitations to it.
    """
    topic, database = work["topic"], application.database
    await tell_closed(application, topic, work["by"])
    equal = {"place": topic}
    rooms = await database.find(ROOMS, equal, by="active_at", above=-1, limit=ROOMS_A_JOB)
    for room in rooms:
        await _close(application, room, work["by"])
    if len(rooms) == ROOMS_A_JOB:
        await database.insert(JOBS, job(CLOSED, work))
        application.jobs.wake()
        return
    while await _unlisted(application, topic):
        application.jobs.wake()
    while rows := await database.find(INVITATIONS, {"room": topic}, limit=ROWS):
        await database.together([Delete(INVITATIONS, row.id) for row in rows])


async def _unlisted(application: "Application", topic: str) -> bool:
    """Take a page of a topic's posts out of lists, and have them taken out of feeds; tell whether there were any."""
    found = False

    async def plan(_view: View) -> Plan:
        nonlocal found
        posts = await application.database.find(POSTS, {"live": topic}, by="id", limit=ROWS)
        found = bool(posts)
        if not posts:
            return Plan()
        nowhere = {"live": None, "by": None, "wide": None}
        listed = [Update(POSTS, post.id, nowhere) for post in posts]
        # In the lane of the topic, with a rev of it: there alone rows change.
        return Plan([Step(marker_entry(topic))], [*listed, drop(*(post.id for post in posts))])

    await application.lanes.append(Append((topic,), plan))
    return found


async def _close(application: "Application", room: Room, by: str) -> None:
    try:
        await close_where(application, by, room.id, _nobody_is_asked)
    except RoomNotFound:
        await tell_closed(application, room.id, by)  # closed by another, who may not have told all


async def _nobody_is_asked(_view: View, _room: Room) -> None:
    """Let a room be closed whose topic is no more, whoever owns it."""


async def left(application: "Application", work: dict[str, Any]) -> None:
    """Do one page of the job for somebody who has left a topic: they are taken out of the rooms in it."""
    topic, user, database = work["topic"], work["user"], application.database
    leaver = Leaver(user, "left" if work["by"] == user else "removed", work["by"])
    again = await database.get(MEMBERS, member_id(topic, user))
    rows = await database.find(MEMBERS, {"user": user}, by="room", above=work["after"], limit=FIND_LIMIT)
    rooms = await database.get_many(ROOMS, [row.room for row in rows])
    done = 0
    for row in rows:
        room = rooms.get(row.room)
        # Back in the topic they may be back in its rooms too.
        if room is None or room.place != topic or room.deleted or (again and row.joined_at > work["at"]):
            continue
        await take_out(application, room, leaver)
        done += 1
        if done == ROOMS_A_JOB:
            break
    if rows and (done == ROOMS_A_JOB or len(rows) == FIND_LIMIT):
        await database.insert(JOBS, job(LEFT, work | {"after": row.room}))
        application.jobs.wake()
