"""What may be said in topics: one function that all ask who keep what people say there.

Messages of other rooms are not asked about: they are kept as they were sent.
"""

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.content.links import has_link
from services.errors import ContentRefused
from services.ids import new_id
from services.jobs.job import job
from store.database import Insert
from store.tables import JOBS, Room

if TYPE_CHECKING:
    from services.application import Application

FLAGGED: Final = "flagged"
"""The kind of the jobs that put what was flagged before moderators."""


class Checked(NamedTuple):
    """Texts that may be kept, in the order they were given, and why somebody should look at them."""

    texts: tuple[str, ...]
    flags: tuple[str, ...] = ()

    def reported(self, kind: str, target: str, room: str) -> list[Insert]:
        """Return the writes that put it before moderators, for the transaction that keeps it; none without flags.

        ``kind`` is that of a report: message, post, comment, topic or room; ``target`` is its id, ``room`` the stream
        that it stands in, or itself. Whoever made it wakes the node's runner (``Application.jobs.wake``).
        """
        if not self.flags:
            return []
        facts = {"text": "\n".join(self.texts)}
        # The report has its id from here: the job may be done twice.
        work: dict[str, Any] = {"report": new_id(), "kind": kind, "target": target, "room": room}
        work |= {"flags": list(self.flags), "facts": facts}
        return [Insert(JOBS, job(FLAGGED, work))]


def is_ruled(room: Room) -> bool:
    """Tell whether what is said in a room is checked: in topics and in what is in them, posts and pages included."""
    return room.kind in {"topic", "post", "page"} or room.place is not None


async def checked(application: "Application", room: Room | None, *texts: str) -> Checked:
    """Return texts as they may be kept in a room; None is a place that is made with them.

    A room that is not ruled (``is_ruled``) gives them back as they are, and asks for nothing.

    Raises:
        ContentRefused: If one of them says what may not be said, or has a link where the topic has none.
        RoomNotFound: If the topic of the room is no more.
    """
    if room is not None and not is_ruled(room):
        return Checked(texts)
    verdicts = [application.filter.judge(text) for text in texts]
    if any(verdict.refused for verdict in verdicts):
        raise ContentRefused
    flags = [flag for verdict in verdicts for flag in verdict.flags]
    links = "allow" if room is None else await _links(application, room)
    if links != "allow" and any(has_link(text) for text in texts):
        if links == "refuse":
            raise ContentRefused("links are not taken here")
        flags.append("link")
    return Checked(tuple(verdict.text for verdict in verdicts), tuple(dict.fromkeys(flags)))


async def _links(application: "Application", room: Room) -> str:
    if room.kind == "topic":
        return room.links
    if room.place is None or room.place.startswith("p_"):
        return "allow"
    return (await application.facts.known(room.place)).room.links


def require_decent(application: "Application", *names: str) -> None:
    """Let pass names of people that may be shown; nothing is masked in a name, and nothing flagged.

    Raises:
        ContentRefused: If one of them says what may not be said.
    """
    for name in names:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]+", " ", name)
        if application.filter.judge(words).refused:
            raise ContentRefused
