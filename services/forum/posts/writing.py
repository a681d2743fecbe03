"""Posts as plans write them: an item of their place, a row that lists find, and a stream for their discussion.

All three are made in one transaction, in the lane of the place; the row changes there alone.
"""

from typing import NamedTuple

import msgspec

from services.errors import PostNotFound
from services.feeding import spread
from services.forum.orders import hot, top
from services.streams.append import Plan, Step, View, marker_entry
from store.database import Insert, Put
from store.tables import ENTRIES, POSTS, ROOMS, Entry, Post, Posted, Room

EVERYBODY = "all"
"""What the rows of posts have as ``wide`` that everybody might see."""


class Kept(NamedTuple):
    """A post as a plan finds it."""

    entry: Entry
    body: Posted
    row: Post

    @property
    def writer(self) -> str:
        """The user who wrote it, whatever name it shows."""
        return self.row.person


def posting(plan: Plan, place: Room, entry: Entry, user: str) -> None:
    """Plan a new post in a topic or on a page that is there: its item, row and stream.

    With it goes the job that puts it into feeds: whoever made it wakes the node's runner (``Application.jobs.wake``).
    """
    row = Post(
        id=entry.id,
        place=place.id,
        person=user,
        live=place.id,
        by=None if entry.person is not None else user,
        **reach(place),
        top=0,
        hot=0,
    )
    # It has no owner: that would tell who is behind another name.
    room = Room(id=entry.id, kind="post", place=place.id, created_at=entry.created_at)
    plan.steps.append(Step(entry))
    plan.writes += [Insert(POSTS, row), Insert(ROOMS, room), spread(entry.id)]
    earlier = plan.numbered

    def numbered() -> None:
        if earlier is not None:
            earlier()
        row.top, row.hot = orders(entry)

    plan.numbered = numbered


def reach(place: Room) -> dict[str, str | None]:
    """Return the fields of rows that say in which lists for everybody the posts of a place are."""
    paged = EVERYBODY if place.kind == "page" else None
    return {"paged": paged, "wide": EVERYBODY if place.kind == "topic" and place.open else paged}


def orders(entry: Entry) -> tuple[int, int]:
    """Return where a post stands among the best and among the hottest, by its totals."""
    body = body_of(entry)
    score, seq = body.up - body.down, entry.seq or entry.rev
    return top(score, seq), hot(score, entry.created_at, seq)


def body_of(entry: Entry) -> Posted:
    """Return what a post says."""
    return entry.body if isinstance(entry.body, Posted) else Posted(title="", text="")


async def post_in(view: View, post: str, place: str) -> Kept:
    """Return a post for a plan that holds the lane of its place; who may see it is for the caller to check.

    Raises:
        PostNotFound: If there is no such post in this place.
    """
    entry, row = await view.get(ENTRIES, post), await view.get(POSTS, post)
    if entry is None or row is None or row.place != place or not isinstance(entry.body, Posted):
        raise PostNotFound
    return Kept(entry, entry.body, row)


def changing(plan: Plan, kept: Kept, entry: Entry, by: str, row: Post | None = None) -> None:
    """Plan that a post is ``entry`` from now on: those who watch its place are told, and lists order it by its totals.

    ``by`` is the id of whoever did it: of somebody who shows another name there, that of the other name. ``row`` has
    what else of the row changes.
    """
    plan.steps.append(Step(marker_entry(entry.stream, entry.id, by), entry))
    changed = msgspec.structs.replace(row or kept.row)
    changed.top, changed.hot = orders(entry)
    if changed != kept.row:
        plan.writes.append(Put(POSTS, changed))
