"""What is left to do where a topic was closed or left: written down with it, and done by jobs.

What is in a topic goes with it, and whoever leaves it leaves the rooms in it; what was posted in it comes into feeds
and lists, and goes out of them. Of all there may be many.
"""

from typing import Final

from services import feeding
from services.ids import now_ms
from services.jobs.job import job
from store.database import Insert, Write
from store.tables import JOBS, Room

CLOSED: Final = "topic_closed"
"""Kind of the jobs that close what is in a topic that is no more."""
OPENED: Final = "topic_opened"
"""Kind of the jobs that put the posts of a topic that was opened into lists for everybody, or out of them."""
LEFT: Final = "topic_left"
"""Kind of the jobs that take somebody out of the rooms of a topic."""


def after_closing(room: Room, by: str) -> list[Write]:
    """Return the writes that have closed what is in a room that is closed.

    Whoever made them wakes the node's runner.
    """
    if room.kind != "topic":
        return []
    return [Insert(JOBS, job(CLOSED, {"topic": room.id, "by": by}))]


def after_leaving(room: Room, user: str, by: str) -> list[Write]:
    """Return the writes that have somebody taken out of what is in a room that they are taken out of.

    Whoever made them wakes the node's runner.
    """
    if room.kind != "topic":
        return []
    return [
        feeding.clear(user, place=room.id),
        Insert(JOBS, job(LEFT, {"topic": room.id, "user": user, "by": by, "at": now_ms(), "after": ""})),
    ]


def after_joining(room: Room, user: str) -> list[Write]:
    """Return the writes that have the posts of a topic come into the feed of whoever joins it.

    Whoever made them wakes the node's runner.
    """
    return [feeding.fill(user, place=room.id)] if room.kind == "topic" else []


def after_opening(before: Room, room: Room) -> list[Write]:
    """Return the writes that have the posts of a topic listed for everybody from now on, or no more.

    Whoever made them wakes the node's runner.
    """
    if room.kind != "topic" or room.open == before.open:
        return []
    return [Insert(JOBS, job(OPENED, {"topic": room.id, "after": ""}))]
