"""Watching a place that one is not a member of: an open topic, a page, the discussion of a post."""

from typing import Literal, Protocol

import msgspec

from services.errors import RoomNotFound, TooManyWatched
from services.operations.context import Context
from services.operations.inputs import Input, InRoom, Nothing, RoomId, Seq
from services.operations.limits import JOIN_USER
from services.operations.operation import Operation, by_user
from services.rooms.rights.sight import Sight, require_sight
from services.rooms.views import RoomView, room_view
from services.streams.items.items import Item, wire_item
from services.streams.reading import read_changes, read_floor

MISSED = 100
"""Changed items that are told at once to whoever comes back; who missed more fetches anew."""


class Watch(Input):
    """A place to be told of, and the rev up to which it is known, where it is."""

    room: RoomId
    since: Seq | None = None


class Watching(msgspec.Struct, frozen=True):
    """A place that is watched from now on.

    Events above ``head`` follow. ``state`` is new (fetch what is there), ok (nothing was missed), delta (``items`` are
    what was missed, by rising rev) or reset (forget it and fetch anew).
    """

    room: RoomView
    head: int
    state: Literal["new", "ok", "delta", "reset"]
    items: list[Item]


class UnwatchedRoom(msgspec.Struct, frozen=True):
    """A place that is watched no more."""

    room: str


class UnwatchedEvent(msgspec.Struct, tag_field="ev", tag="unwatched", frozen=True):
    """A place that one watched without being a member may be seen no more, or is no more."""

    d: UnwatchedRoom


class Visit(Protocol):
    """A session's interest in a place, from before it was decided that it may have it."""

    def begin(self, first_seq: int | None = 0) -> int:
        """Tell the session of everything from here on; return the stream's head.

        Of items before ``first_seq`` it is told nothing; None: of those alone that come from here on.

        Raises:
            RoomNotFound: If what it is in was closed to the person meanwhile.
        """

    def end(self) -> None:
        """Tell it nothing more."""


class Visits(Protocol):
    """What services may ask of the live side of watching. A session that ends takes its visits along."""

    async def hold(self, session: object, user: str, room: str, above: str | None) -> Visit:
        """Note that a session is to watch ``room``, which is in ``above``; nothing is told yet.

        Raises:
            TooManyWatched: If it watches as many as it may.
        """

    def end(self, session: object, room: str) -> None:
        """Tell a session no more of a place that it watches without being a member."""


async def _watch(context: Context, given: Watch) -> Watching:
    """Watch a place without being a member: an open topic, a page or the discussion of a post."""
    application, user = context.application, context.caller.user
    sight = await require_sight(application, user, given.room)
    if context.origin is None:
        return await _told(context, given, sight, 0)
    visit = await application.visits.hold(context.origin, user, sight.room.id, sight.room.place)
    try:
        # Now that nothing can come unnoticed: whoever was removed before is found out here.
        sight = await require_sight(application, user, given.room)
        return await _told(context, given, sight, visit.begin(_first_seq(sight)))
    except BaseException:
        visit.end()
        raise


def _first_seq(sight: Sight) -> int | None:
    """Return the first item that may be told; None where it has to come from now on: members see theirs from a join."""
    if sight.room.history != "joined":
        return 0
    return None if sight.member is None else sight.member.joined


async def _told(context: Context, given: Watch, sight: Sight, head: int) -> Watching:
    member = sight.member if sight.place is sight.room else None
    view = room_view(sight.room, member, head)
    if given.since is None or given.since == head:
        return Watching(view, head, "new" if given.since is None else "ok", [])
    database, first_seq = context.application.database, _first_seq(sight)
    if first_seq is None or given.since > head or given.since < await read_floor(database, given.room):
        return Watching(view, head, "reset", [])
    entries, complete = await read_changes(database, given.room, given.since, MISSED, first_seq)
    if not complete:
        return Watching(view, head, "reset", [])
    return Watching(view, head, "delta", [wire_item(entry) for entry in entries])


async def _unwatch(context: Context, given: InRoom) -> Nothing:
    """Be told no more of a place that one watches without being a member."""
    if context.origin is not None:
        context.application.visits.end(context.origin, given.room)
    return Nothing()


WATCH = Operation(
    name="room.watch",
    scope="read",
    input=Watch,
    output=Watching,
    run=_watch,
    raises=(RoomNotFound, TooManyWatched),
    limits=((JOIN_USER, by_user),),
)
UNWATCH = Operation(name="room.unwatch", scope="read", input=InRoom, output=Nothing, run=_unwatch)
