"""Read markers, and telling that somebody types."""

import functools

import msgspec

from services.aliases import author_for
from services.errors import AliasSilenced, AnonymousOff, Blocked, NotMember, RoomNotFound
from services.ids import member_id
from services.operations.context import Context
from services.operations.inputs import Empty, Input, Nothing, RoomId, Seq
from services.operations.limits import READ_USER, TYPING_ROOM
from services.operations.operation import Operation, by_user
from services.rooms.members.members import shows_reading
from services.rooms.rights.rules import require_known_seat, require_reachable, require_seat, require_unblocked
from services.rooms.views import count_unread
from services.streams.items.authors import Author
from store.tables import MEMBERS

READ_EVENT_MEMBERS = 50
"""Rooms up to this size show their members who has read what; in larger ones nobody looks."""

TYPING_FOR_MS = 6000
"""How long one sign of typing lasts: twice the pause between two, so that a late one does not flicker."""


class Read(Input):
    """Up to where one has read."""

    room: RoomId
    seq: Seq


class Types(Input):
    """Where one types, and under which name."""

    room: RoomId
    anonymous: bool = False


class ReadState(msgspec.Struct, frozen=True):
    """Up to where one has read, and how much lies above it (100 at most)."""

    read: int
    unread: int


class ReadBy(msgspec.Struct, frozen=True):
    """Who has read up to where."""

    user: str
    seq: int


class ReadEvent(msgspec.Struct, tag_field="ev", tag="read", frozen=True):
    """Not kept: somebody, or another session of one's own, has read up to a place."""

    room: str
    d: ReadBy


class Typing(msgspec.Struct, frozen=True, rename={"for_ms": "for"}):
    """Who types, and for how many milliseconds that is to be shown."""

    user: Author
    for_ms: int


class TypingEvent(msgspec.Struct, tag_field="ev", tag="typing", frozen=True):
    """Not kept: somebody types."""

    room: str
    d: Typing


async def move_marker(context: Context, given: Read) -> ReadState:
    """Move one's read marker; it never goes back, nor beyond the room's head.

    Raises:
        RoomNotFound: If there is no such room, or it is none of the caller's business.
        NotMember: If the caller may see the room and is not in it.
        Blocked: If it is a direct room in which nothing is said any more.
    """
    application, user = context.application, context.caller.user
    seat = await require_seat(context, given.room)
    require_unblocked(seat.room)
    before = application.marks.read(seat.member)
    wanted = min(given.seq, seat.head)
    read = max(before, await application.database.maximum(MEMBERS, member_id(given.room, user), "read", wanted))
    seat.member.read = max(seat.member.read, read)
    unread = 0 if read >= seat.head else await count_unread(application, given.room, user, read)
    if read > before:
        event = msgspec.json.encode(ReadEvent(given.room, ReadBy(user, read)))
        live, but = application.live, context.origin
        if seat.room.member_count <= READ_EVENT_MEMBERS and shows_reading(seat.room):
            tell = functools.partial(live.signal, given.room, event, but=but)
        else:
            tell = functools.partial(live.tell, user, event, but=but)
        application.reads.note(seat.member.id, tell)
    return ReadState(read, unread)


async def _typing(context: Context, given: Types) -> Nothing:
    """Tell a room's members that one types; one sign in 3 s is passed on."""
    caller = context.caller
    seat = await require_known_seat(context, given.room)
    await require_reachable(context, seat.room)
    shown = await author_for(context, seat.room, anonymous=given.anonymous)
    if context.application.limits.wait_always(TYPING_ROOM, f"{caller.user}:{given.room}") == 0:
        author = Author(shown.id, shown.username, shown.anonymous)
        event = TypingEvent(given.room, Typing(author, TYPING_FOR_MS))
        # Nodes tell each other whom not to tell: of another name that would say whose it is.
        but = None if shown.anonymous else caller.user
        data = msgspec.json.encode(event)
        context.application.live.signal(seat.room.id, data, but_user=but, but=context.origin)
    return Nothing()


READ = Operation(
    name="room.read",
    method="PUT",
    path="/api/rooms/{room}/read",
    input=Read,
    output=ReadState,
    run=move_marker,
    raises=(RoomNotFound, NotMember, Blocked),
    limits=((READ_USER, by_user),),
)
TYPING = Operation(
    name="room.typing",
    input=Types,
    output=Nothing,
    run=_typing,
    fleeting=True,
    raises=(RoomNotFound, NotMember, Blocked, AnonymousOff, AliasSilenced),
)


async def _ping(_context: Context, _given: Empty) -> Nothing:
    """Ask whether the server is there."""
    return Nothing()


PING = Operation(name="ping", scope="read", input=Empty, output=Nothing, run=_ping)
