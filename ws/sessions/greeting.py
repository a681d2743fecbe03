"""Hello: who it is, what they missed, and from where on they are live."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from services.accounts.people import Person, person, require_user
from services.errors import Unauthenticated, Unavailable, UserNotFound
from services.ids import self_stream
from services.operations.inputs import Input
from services.operations.operation import Principal
from services.operations.schemas import convert
from services.rooms.views import Mine, RoomView, count_unread, memberships, room_view, rooms_of, self_room
from store.errors import StoreError
from store.tables import MEMBERS, ROOMS, STREAMS, Member
from ws.sessions.catchup import DELTA_REVS, CatchUp
from ws.watched import Watched
from ws.wire.codes import CloseCode

if TYPE_CHECKING:
    from ws.door import Door
    from ws.sessions.session import Session

ROOMS_LISTED = 200
"""Rooms in the answer, by latest activity; those of cursors come in any case."""

WATCH_AT_ONCE = 64
"""Streams of one session that are opened at once."""

LOOKS = 5
"""Times that the list of rooms is read anew because it changed while it was read."""

ANSWERED: Any = object()
"""What ``greet`` returns: its answer has to stand before the events that follow it, so it sends it itself."""

State = Literal["new", "ok", "delta", "behind", "reset"]
Rev = Annotated[int, msgspec.Meta(ge=0)]


class Hello(Input):
    """The first request: whose token it is, and up to where each room is known."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    epoch: str | None = None
    cursors: dict[str, Rev] = msgspec.field(default_factory=dict)


class AuthRefresh(Input):
    """A newer access token of the same log-in's person."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class HelloRoom(RoomView, frozen=True, kw_only=True, omit_defaults=True):
    """A room in the answer to hello, and how its client comes up to date."""

    state: State


class SizeLimits(msgspec.Struct, frozen=True):
    """What fits: bytes of a frame, characters of a text, operations open at once, entries of a page."""

    frame: int = 65_536
    text: int = 4000
    open: int = 64
    page: int = 100
    delta: int = DELTA_REVS


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to hello."""

    session: str
    node: str
    user: Person
    epoch: str
    heartbeat: int = 25
    limits: SizeLimits = SizeLimits()
    features: list[str] = []
    rooms: list[HelloRoom]
    rooms_next: str | None
    calls: list[Any] = []


class _Asked(msgspec.Struct):
    """A hello whose token is good."""

    id: int | None
    hello: Hello
    principal: Principal
    user: Person
    floors: dict[str, int]


class _Place(msgspec.Struct):
    """A room on its way into the answer."""

    mine: Mine
    watched: Any
    noted: int
    read: int
    unread: int


async def greet(door: "Door", session: "Session", id_: int | None, given: dict[str, Any]) -> Any:
    """Answer a hello, then bring the session up to date.

    Raises:
        Invalid: If it is not as described.
        Unavailable: If the store does not answer; the client may say hello again.
    """
    hello = convert(Hello, given)
    try:
        principal = await door.application.tokens.authenticate(hello.token)
        user = await require_user(door.application.database, principal.user)
    except (Unauthenticated, UserNotFound):
        session.end(CloseCode.NOT_AUTHENTICATED, "the token is not valid")
        return ANSWERED
    except StoreError as error:
        raise Unavailable from error
    if door.is_full(principal.user):
        session.end(CloseCode.TOO_MANY_SOCKETS, "too many sockets")
        return ANSWERED
    session.admitted = principal.user
    door.hub.add(session, principal.user)
    try:
        places = await _places(door, session, principal)
        floors = await door.application.database.get_many(STREAMS, list(hello.cursors)[:1000])
        await _renew(door, places)
    except StoreError as error:
        door.hub.remove(session, principal.user, session.streams)
        session.streams.clear()
        raise Unavailable from error
    if session.gone:
        # The hub forgot it before it had all of these.
        door.hub.remove(session, principal.user, session.streams)
        return ANSWERED
    asked = _Asked(id_, hello, principal, person(user), {stream: found.floor for stream, found in floors.items()})
    _answer(door, session, asked, places)
    return ANSWERED


async def _places(door: "Door", session: "Session", principal: Principal) -> list[_Place]:
    """Read somebody's rooms, each after its stream is held: own stream first, then by latest activity."""
    own = await _hold(door, session, self_stream(principal.user))
    places: list[_Place] = []
    for _ in range(LOOKS):
        noted = own.head
        rows = await memberships(door.application, principal.user)
        places = await _read_places(door, session, principal, rows)
        if own.head == noted:
            break
    room, member = await self_room(door.application, principal.user)
    mine = Mine(room, member, None, own.head, own.active_at)
    return [_Place(mine, own, own.head, door.application.marks.read(member), 0), *places]


async def _renew(door: "Door", places: list[_Place]) -> None:
    """Read rooms again that changed since they were read: none is answered older than its head. Comes last."""
    database = door.application.database
    for _ in range(LOOKS):
        moved = [place for place in places if place.watched.audience_moved(place.mine.head)]
        if not moved:
            return
        for place in moved:
            place.mine.head = place.watched.head
        rooms = await database.get_many(ROOMS, [place.mine.room.id for place in moved])
        members = await database.get_many(MEMBERS, [place.mine.member.id for place in moved])
        for place in moved:
            place.mine.room = rooms.get(place.mine.room.id, place.mine.room)
            place.mine.member = members.get(place.mine.member.id, place.mine.member)


async def _hold(door: "Door", session: "Session", stream: str) -> Watched:
    watched = await door.hub.watch(stream, session)
    session.streams[stream] = None
    return watched


def _succeeded(one: Watched | BaseException) -> Watched:
    if isinstance(one, BaseException):
        raise one
    return one


async def _read_places(door: "Door", session: "Session", principal: Principal, rows: list[Member]) -> list[_Place]:
    held: dict[str, Watched] = {}
    for start in range(0, len(rows), WATCH_AT_ONCE):
        part = rows[start : start + WATCH_AT_ONCE]
        watched = await asyncio.gather(*(_hold(door, session, row.room) for row in part), return_exceptions=True)
        # Looked at only when all are done: nothing is held behind the back of who gives up.
        held.update({one.id: one for one in map(_succeeded, watched)})
    heads = {id_: (one.head, one.active_at) for id_, one in held.items()}
    listed = await rooms_of(door.application, rows, principal.user, heads)
    places = []
    for mine in listed:
        read = door.application.marks.read(mine.member)
        places.append(_Place(mine, held[mine.room.id], mine.head, read, 0))
    for start in range(0, len(places), WATCH_AT_ONCE):
        await asyncio.gather(*(_count(door, principal, place) for place in places[start : start + WATCH_AT_ONCE]))
    for stream in [id_ for id_ in session.streams if id_ not in held and not id_.startswith("u_")]:
        session.streams.pop(stream)  # left while we looked
        watched_before = door.hub.find(stream)
        if watched_before is not None:
            door.hub.detach(session, watched_before)
    return places


async def _count(door: "Door", principal: Principal, place: _Place) -> None:
    watched: Watched = place.watched
    if place.read >= place.noted:
        return
    if watched.reaches(place.read):
        place.noted = place.read  # memory knows it all: counted with what comes until the answer
        return
    place.unread = await count_unread(door.application, watched.id, principal.user, place.read, place.noted)


def _answer(door: "Door", session: "Session", asked: _Asked, places: list[_Place]) -> None:
    """Say hello and attach, all at one moment: what is above the heads said comes as events."""
    behind: list[CatchUp] = []
    rooms: list[HelloRoom] = []
    last: _Place | None = None
    for place in places:
        state = _settle(door, session, asked, place, behind)
        if state is None:
            continue
        if len(rooms) <= ROOMS_LISTED:
            last = place
        if len(rooms) <= ROOMS_LISTED or place.watched.id in asked.hello.cursors:
            rooms.append(_room(place, asked.principal.user, state))
    session.welcome(asked.principal)
    more = last is not None and len(rooms) < len(places)
    greeting = Greeting(
        session=asked.principal.login,
        node=door.application.node,
        user=asked.user,
        epoch=door.application.database.epoch,
        rooms=rooms,
        rooms_next=f"{last.mine.active_at}.{last.mine.room.id}" if last is not None and more else None,
    )
    if asked.id is not None:
        session.push(b'{"re":%d,"ok":%s}' % (asked.id, msgspec.json.encode(greeting)))
    session.start_moving()
    session.catch_up(behind)


def _settle(door: "Door", session: "Session", asked: _Asked, place: _Place, behind: list[CatchUp]) -> State | None:
    """Attach a session to a room, or note what it has to catch up with; None where it was removed meanwhile."""
    watched: Watched = place.watched
    if session not in watched.holding:
        session.streams.pop(watched.id, None)
        return None
    cursor = asked.hello.cursors.get(watched.id)
    epoch_is = asked.hello.epoch in {None, door.application.database.epoch}
    state = _state(cursor, watched, epoch_is=epoch_is, floor=asked.floors.get(watched.id, 0))
    first_seq = place.mine.member.joined if place.mine.room.history == "joined" else 0
    if state == "delta" and cursor is not None:
        behind.append(CatchUp(door, session, watched, cursor, first_seq))
    else:
        door.hub.attach(session, watched, first_seq)
    return state


def _state(cursor: int | None, watched: Watched, *, epoch_is: bool, floor: int) -> State:
    if cursor is None:
        return "new"
    if not epoch_is or cursor > watched.head or cursor < floor:
        return "reset"
    if cursor == watched.head:
        return "ok"
    return "delta" if watched.head - cursor <= DELTA_REVS else "behind"


def _room(place: _Place, user: str, state: State) -> HelloRoom:
    watched: Watched = place.watched
    unread = min(place.unread + watched.unread(user, place.read, place.noted), 100)
    view = room_view(
        place.mine.room, place.mine.member, watched.head, peer=place.mine.peer, read=place.read, unread=unread
    )
    return HelloRoom(**{name: getattr(view, name) for name in RoomView.__struct_fields__}, state=state)


async def refresh(door: "Door", session: "Session", given: dict[str, Any]) -> None:
    """Extend a live session with a newer token.

    Raises:
        Invalid: If it is not as described.
        Unauthenticated: If the token is not valid, or another person's.
        Unavailable: If the store does not answer.
    """
    asked = convert(AuthRefresh, given)
    try:
        principal = await door.application.tokens.authenticate(asked.token)
    except StoreError as error:
        raise Unavailable from error
    if principal.user != session.user:
        raise Unauthenticated("this is another person's token")
    session.welcome(principal)
