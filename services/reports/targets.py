"""What somebody reports: found where they may see it, and nowhere else."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, NamedTuple

import msgspec

from services.accounts.people.person import require_user
from services.errors import Flaw, Invalid, RoomNotFound, TargetNotFound, UserNotFound
from services.operations.context import Context
from services.reports.capture import before, said
from services.rooms.rights.sight import Sight, require_sight
from store.tables import ALIASES, ENTRIES, Entry, Person, Report, Room, Said

Kind = Literal["message", "comment", "post", "user", "room", "topic", "picture"]


class Wanted(NamedTuple):
    """What a caller names."""

    kind: Kind
    target: str
    room: str | None = None
    post: str | None = None
    context: int = 0


class Found(NamedTuple):
    """What is reported, as it is now."""

    said: Said
    subject: str | None
    """The person whom it is about; never to be told."""
    room: Room | None = None
    topic: str | None = None
    post: str | None = None
    context: tuple[Said, ...] = ()

    def fields(self) -> dict[str, Any]:
        """Return what of it stands in a report."""
        room = self.room
        return {
            "said": self.said,
            "subject": self.subject,
            "room": None if room is None else room.id,
            "where": "" if room is None else room.name,
            "topic": self.topic,
            "post": self.post,
            "context": self.context,
        }


async def find(context: Context, wanted: Wanted) -> Found:
    """Return what the caller names.

    Raises:
        TargetNotFound: If there is none, or none that the caller may see.
        Invalid: If the room or the post is missing that it is in.
    """
    try:
        return await _FIND[wanted.kind](context, wanted)
    except (RoomNotFound, UserNotFound) as error:
        raise TargetNotFound from error


def topic_of(place: Room) -> str | None:
    """Return the topic whose moderators care for a place."""
    if place.kind == "topic":
        return place.id
    return None if place.place is None or place.place.startswith("p_") else place.place


async def _message(context: Context, wanted: Wanted) -> Found:
    if wanted.room is None:
        raise Invalid(flaws=(Flaw("/room", "is needed: the room of the message"),))
    sight = await require_sight(context.application, context.caller.user, wanted.room)
    first_seq = _first_seq(sight)
    entry, words = await _item(context, wanted.target, sight.room.id, "text")
    if (entry.seq or 0) < first_seq:
        raise TargetNotFound
    around = await before(context.application.database, entry, wanted.context, first_seq)
    return Found(words, _writer(entry), sight.room, topic_of(sight.room), None, around)


def _first_seq(sight: Sight) -> int:
    """Return the first item of a room that may be seen; all rooms beside topics show theirs to members alone."""
    if sight.member is not None and not sight.member.hidden:
        return sight.member.joined if sight.room.history == "joined" else 0
    if sight.room.kind == "topic" or sight.room.place is not None:
        return 0
    raise TargetNotFound


async def _post(context: Context, wanted: Wanted) -> Found:
    sight = await require_sight(context.application, context.caller.user, wanted.target)
    if sight.room.kind != "post":
        raise TargetNotFound
    entry, words = await _item(context, wanted.target, sight.place.id, "post")
    return Found(words, _writer(entry), sight.place, topic_of(sight.place), entry.id)


async def _comment(context: Context, wanted: Wanted) -> Found:
    if wanted.post is None:
        raise Invalid(flaws=(Flaw("/post", "is needed: the post of the comment"),))
    sight = await require_sight(context.application, context.caller.user, wanted.post)
    if sight.room.kind != "post":
        raise TargetNotFound
    entry, words = await _item(context, wanted.target, sight.room.id, "comment")
    around = await before(context.application.database, entry, wanted.context)
    return Found(words, _writer(entry), sight.place, topic_of(sight.place), sight.room.id, around)


async def _item(context: Context, id_: str, stream: str, kind: str) -> tuple[Entry, Said]:
    entry = await context.application.database.get(ENTRIES, id_)
    words = None if entry is None or entry.stream != stream or entry.kind != kind else said(entry)
    if entry is None or words is None:
        raise TargetNotFound
    return entry, words


def _writer(entry: Entry) -> str:
    return entry.person or entry.author


async def _user(context: Context, wanted: Wanted) -> Found:
    application = context.application
    if wanted.target.startswith("a_"):
        alias = await application.database.get(ALIASES, wanted.target)
        if alias is None:
            raise TargetNotFound
        sight = await require_sight(application, context.caller.user, alias.topic)
        shown = Person(alias.id, alias.name, anonymous=True)
        return Found(Said(alias.id, "user", alias.name, shown), alias.user, sight.room, alias.topic)
    user = await require_user(application.database, wanted.target)
    return Found(Said(user.id, "user", user.name, Person(user.id, user.username)), user.id)


async def _room(context: Context, wanted: Wanted) -> Found:
    sight = await require_sight(context.application, context.caller.user, wanted.target)
    room = sight.room
    if (room.kind == "topic") != (wanted.kind == "topic") or room.kind not in {"topic", "public", "private"}:
        raise TargetNotFound
    return Found(Said(room.id, room.kind, room.description, title=room.name), room.owner, room, topic_of(room))


async def _picture(context: Context, wanted: Wanted) -> Found:
    try:
        user = await require_user(context.application.database, wanted.target)
    except UserNotFound:
        sight = await require_sight(context.application, context.caller.user, wanted.target)
        room = sight.room
        if room.picture is None:
            raise TargetNotFound from None
        return Found(Said(room.id, "picture", room.picture), room.owner, room, topic_of(room))
    if user.picture is None:
        raise TargetNotFound
    return Found(Said(user.id, "picture", user.picture, Person(user.id, user.username)), user.id)


_FIND: Final[dict[str, Callable[[Context, Wanted], Awaitable[Found]]]] = {
    "message": _message,
    "comment": _comment,
    "post": _post,
    "user": _user,
    "room": _room,
    "topic": _room,
    "picture": _picture,
}


def with_fields(report: Report, found: Found) -> Report:
    """Return a report with what was found."""
    filled: Report = msgspec.structs.replace(report, **found.fields())
    return filled
