"""What somebody may take a stance to: what they may see."""

from services.errors import NotFound, RoomNotFound, UserNotFound
from services.operations.context import Context
from services.rooms.rights.sight import require_sight
from store.tables import ALIASES, ENTRIES, ROOMS, Entry

_KINDS = {"text": "message", "comment": "comment"}
"""What the kinds of items are called; a post is found by the room of its discussion."""


async def require_target(context: Context, target: str) -> str:
    """Return what kind of thing a target is: topic, room, post, comment, message or person.

    Raises:
        NotFound: If there is no such thing, or none that the caller may know of.
    """
    try:
        return await _kind(context, target)
    except (RoomNotFound, UserNotFound):
        raise NotFound from None


async def _kind(context: Context, target: str) -> str:
    application, user = context.application, context.caller.user
    database = application.database
    if target.startswith("a_"):
        alias = await database.get(ALIASES, target)
        if alias is None:
            raise NotFound
        await require_sight(application, user, alias.topic)
        return "person"
    room = await database.get(ROOMS, target)
    if room is not None:
        if room.kind in {"self", "page"}:
            raise NotFound
        await require_sight(application, user, target)
        return room.kind if room.kind in {"topic", "post"} else "room"
    entry = await database.get(ENTRIES, target)
    if entry is None:
        await application.directory.require(target)
        return "person"
    if entry.kind not in _KINDS:
        raise NotFound
    await _require_item(context, entry)
    return _KINDS[entry.kind]


async def _require_item(context: Context, entry: Entry) -> None:
    sight = await require_sight(context.application, context.caller.user, entry.stream)
    room, member = sight.room, sight.member
    if room.history == "joined" and (member is None or (entry.seq or 0) < member.joined):
        raise NotFound
