"""Having the posts of a topic in lists for everybody, and in feeds, once it is open, and in none once it is not."""

from typing import TYPE_CHECKING, Any, Final

import msgspec

from services import feeding
from services.forum.posts.writing import reach
from services.jobs.job import job
from services.rooms.aftermath import OPENED
from services.streams.append import Append, Plan, Step, View, marker_entry
from store.database import Insert, Put
from store.tables import JOBS, POSTS, ROOMS

if TYPE_CHECKING:
    from services.application import Application

PAGE: Final = 200
"""Posts of one transaction: those who post and vote in the topic wait for it."""


async def spread_reach(application: "Application", work: dict[str, Any]) -> None:
    """Do the job: have a page of a topic's posts listed as the topic is now; the next page is another job.

    Done again, or late, it leaves them as the topic is then.
    """
    topic = work["topic"]

    async def plan(view: View) -> Plan:
        room = await view.get(ROOMS, topic)
        rows = await application.database.find(POSTS, {"live": topic}, by="id", above=work["after"], limit=PAGE)
        if room is None or room.deleted or not rows:
            return Plan()
        # In the lane of the topic, with a rev of it: there alone rows change.
        planned = Plan([Step(marker_entry(topic))])
        changed = []
        for row in rows:
            now = await view.get(POSTS, row.id) or row
            if now.live is not None and now.wide != reach(room)["wide"]:
                changed.append(msgspec.structs.replace(now, **reach(room)))
        planned.writes += [Put(POSTS, now) for now in changed]
        if changed:
            planned.writes.append(feeding.reach(*(now.id for now in changed)))
        if len(rows) == PAGE:
            planned.writes.append(Insert(JOBS, job(OPENED, {"topic": topic, "after": rows[-1].id})))
        return planned

    await application.lanes.append(Append((topic,), plan))
    application.jobs.wake()
