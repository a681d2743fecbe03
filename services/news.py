"""What happened that somebody may have to be told of: written down with it, and told by a job."""

from typing import Final

import msgspec

from services.ids import new_id
from services.jobs.job import job
from store.database import Insert
from store.tables import JOBS, Person

NEWS: Final = "news"
"""The kind of the jobs that tell."""


class News(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Something that somebody did; whom it concerns is found when it is told."""

    id: str = ""
    """Made with the job: nobody is told twice of the same."""
    type: str
    """message, post, comment, vote, follow, friend_request, friend_accepted or invitation."""
    actor: str
    """The user who did it, for blocks and mutes; never shown."""
    shown: Person
    """Whom it shows as who did it: the user, or their other name."""
    to: tuple[str, ...] = ()
    """Users whom it concerns by itself: the author of what was voted on, whoever is invited."""
    place: str | None = None
    """The room, topic or page it happened in."""
    post: str | None = None
    item: str | None = None
    """The message, comment or post that it is about."""
    text: str = ""
    """What was said, for mentions: nothing of it is kept."""
    before: str = ""
    """What was said before it was edited: those alone are told whom that did not name."""


def news(what: News) -> Insert:
    """Return the write that has somebody told, to be made in the transaction of what happened.

    Whoever made it wakes the node's runner (``Application.jobs.wake``).
    """
    id_ = new_id()
    return Insert(JOBS, job(NEWS, msgspec.to_builtins(msgspec.structs.replace(what, id=id_)), id_=id_))


def worth_telling(text: str, before: str = "") -> bool:
    """Tell whether a text may name somebody whom ``before`` did not: a look that costs next to nothing."""
    return "@" in text and text != before
