"""What goes into somebody's feed, and out of it: written down with what makes it so, and done by a job."""

from typing import Any, Final

from services.ids import new_id
from services.jobs.job import job
from store.database import Insert
from store.tables import JOBS

FEED_FILL: Final = "feed_fill"
"""The kind of the jobs that put the latest posts of an author, or of a place, into somebody's feed."""
FEED_CLEAR: Final = "feed_clear"
"""The kind of those that take them out again."""

FEED_SPREAD: Final = "feed_spread"
"""The kind of the jobs that put a new post into the feeds of those whom it is for."""
FEED_DROP: Final = "feed_drop"
"""The kind of those that take deleted ones out of all feeds."""
FEED_REACH: Final = "feed_reach"
"""The kind of those that follow a topic which was opened, or shut."""


def spread(post: str) -> Insert:
    """Return the write that puts a post into feeds, to be made where it comes into lists; see ``fill``."""
    return _begun(FEED_SPREAD, post=post)


def drop(*posts: str) -> Insert:
    """Return the write that takes posts out of all feeds, to be made in the transaction that has them in no list."""
    return _begun(FEED_DROP, posts=posts)


def reach(*posts: str) -> Insert:
    """Return the write that has posts in their authors' followers' feeds, or not, as their topic is open, or not.

    It is to be made in the transaction that has them in lists for everybody, or in such lists no more.
    """
    return _begun(FEED_REACH, posts=posts)


def fill(user: str, *, author: str = "", place: str = "") -> Insert:
    """Return the write that fills a feed, to be made in the transaction of following or joining.

    Jobs are done in no order: one looks whether it still is so, and does nothing where it is not. Whoever made it wakes
    the node's runner (``Application.jobs.wake``).
    """
    return _begun(FEED_FILL, user=user, author=author, place=place)


def clear(user: str, *, author: str = "", place: str = "") -> Insert:
    """Return the write that clears a feed, to be made in the transaction of unfollowing or leaving; see ``fill``."""
    return _begun(FEED_CLEAR, user=user, author=author, place=place)


def _begun(kind: str, **work: Any) -> Insert:
    # By its origin a job that goes on after a page differs from that of the same work asked for another time.
    return Insert(JOBS, job(kind, work | {"origin": new_id()}))
