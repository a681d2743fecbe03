"""Hello: who it is, what they missed, and from where on they are live."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import msgspec

from services.accounts.logins.tokens import BANNED
from services.accounts.people.person import Person
from services.calls.doors.answers import device_view
from services.calls.machine.looks import in_legs, rings
from services.calls.machine.terms import Who
from services.calls.views import CallView
from services.errors import AccountBanned, Unauthenticated, Unavailable, UserNotFound
from services.logs import security
from services.operations.context import Principal
from services.operations.inputs import LIST_BYTES, Input
from services.operations.schemas.schemas import convert
from services.rooms.views import RoomView, seen_as
from store.database import FIND_LIMIT
from store.errors import StoreError
from store.tables import STREAMS, Call
from ws.hub.watched import Watched
from ws.sessions.catchup import DELTA_REVS, CatchUp
from ws.sessions.places import Place, read_places, renew
from ws.wire.codes import CloseCode

if TYPE_CHECKING:
    from ws.door import Door
    from ws.sessions.session import Session

HELLO_BYTES = 768 * 1024
"""Longest list of rooms with those of cursors: a frame is 1 MiB at most."""

CALLS_BYTES = 64 * 1024
"""About where the list of calls is cut: with the rooms it has to fit into a frame of 1 MiB."""

ROOMS_LISTED = 200
"""Rooms in the answer, by latest activity; those of cursors come in any case."""

ANSWERED: Any = object()
"""What ``greet`` returns: its answer has to stand before the events that follow it, so it sends it itself."""

_REFUSED = {
    True: (CloseCode.BANNED, BANNED),
    False: (CloseCode.NOT_AUTHENTICATED, "the token is not valid"),
}
"""How a hello ends whose token is refused, by whether its person is banned."""

FEATURES = ("room.presence",)
"""Operations that not every server of this protocol has."""

State = Literal["new", "ok", "delta", "behind", "reset"]
Rev = Annotated[int, msgspec.Meta(ge=0)]


_encode = msgspec.json.Encoder().encode


class Hello(Input):
    """The first request: whose token it is, and up to where each room is known."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    epoch: str | None = None
    cursors: dict[str, Rev] = msgspec.field(default_factory=dict)


class AuthRefresh(Input):
    """A newer access token of the same log-in."""

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
    features: tuple[str, ...] = FEATURES
    rooms: list[HelloRoom]
    rooms_next: str | None
    calls: list[CallView] = []


class _Asked(msgspec.Struct):
    """A hello whose token is good."""

    id: int | None
    hello: Hello
    principal: Principal
    user: Person
    floors: dict[str, int]


async def greet(door: "Door", session: "Session", id_: int | None, given: dict[str, Any]) -> Any:
    """Answer a hello, then bring the session up to date.

    Raises:
        Invalid: If it is not as described.
        Unavailable: If the store does not answer; the client may say hello again.
    """
    hello = convert(Hello, given)
    try:
        principal = await door.application.tokens.authenticate_reader(hello.token)
        user = await door.application.directory.require(principal.user)
    except (AccountBanned, Unauthenticated, UserNotFound) as error:
        security.info("hello refused", extra=session.described() | {"code": error.name})
        session.end(*_REFUSED[isinstance(error, AccountBanned)])
        return ANSWERED
    except StoreError as error:
        raise Unavailable from error
    if door.is_full(principal.user):
        session.end(CloseCode.TOO_MANY_SOCKETS, "too many sockets")
        return ANSWERED
    session.admitted = principal.user
    door.hub.add(session, principal.user)
    try:
        known = hello.epoch in {None, door.application.database.epoch}
        places = await read_places(door, session, principal, hello.cursors if known else {})
        floors = await _floors(door, hello)
        await door.application.calls.renew(place.watched.id for place in places)
        await renew(door, places)
    except BaseException as error:
        door.hub.remove(session, principal.user, session.streams)
        session.streams.clear()
        session.moves.clear()  # what the next hello reads is newer
        if isinstance(error, StoreError):
            raise Unavailable from error
        raise
    if _ended_meanwhile(door, session, principal):
        return ANSWERED
    if session.gone:
        # The hub forgot it before it had all of these.
        door.hub.remove(session, principal.user, session.streams)
        return ANSWERED
    asked = _Asked(id_, hello, principal, user, floors)
    _answer(door, session, asked, places)
    return ANSWERED


def _ended_meanwhile(door: "Door", session: "Session", principal: Principal) -> bool:
    """Close a session whose log-in has ended while its rooms were read; tell whether it has."""
    if not door.application.tokens.has_ended(principal.login):
        return False
    reason = BANNED if door.application.tokens.is_banned(principal.login) else "the session has ended"
    session.end(CloseCode.of_ended(reason), reason)
    return True


async def _floors(door: "Door", hello: Hello) -> dict[str, int]:
    """Return the floors of the cursors that memory does not reach: above one that it reaches nothing is missing."""
    unsure = []
    for stream, cursor in hello.cursors.items():
        watched = door.hub.find(stream)
        if watched is not None and not watched.reaches(cursor):
            unsure.append(stream)
    if not unsure:
        return {}
    found = await door.application.database.get_many(STREAMS, unsure[:FIND_LIMIT])
    return {stream: row.floor for stream, row in found.items()}


def _answer(door: "Door", session: "Session", asked: _Asked, places: list[Place]) -> None:
    """Say hello and attach, all at one moment: what is above the heads said comes as events."""
    behind: list[CatchUp] = []
    rooms: list[msgspec.Raw] = []
    last: Place | None = None
    size, more = 0, False
    for place in places:
        state = _settle(door, session, asked, place, behind)
        if state is None:
            continue
        room = msgspec.Raw(_encode(_room(place, asked.principal.user, state)))
        size += len(room)
        listed = not more and len(rooms) <= ROOMS_LISTED and size <= LIST_BYTES
        if listed:
            last = place
        more = more or not listed
        if listed or (place.watched.id in asked.hello.cursors and size <= HELLO_BYTES):
            rooms.append(room)
    session.welcome(asked.principal)
    greeting = Greeting(
        session=asked.principal.login,
        node=door.application.node,
        user=asked.user,
        epoch=door.application.database.epoch,
        rooms=cast("list[HelloRoom]", rooms),  # encoded already, for their size had to be known
        calls=cast("list[CallView]", _calls(door, asked.principal, places)),  # the same
        rooms_next=f"{last.mine.active_at}.{last.mine.room.id}" if last is not None and more else None,
    )
    if asked.id is not None:
        session.push(b'{"re":%d,"ok":%s}' % (asked.id, _encode(greeting)))
    door.desk.arrive(session)
    door.calls.arrive(session)
    session.start_moving()
    session.catch_up(behind)


def _calls(door: "Door", principal: Principal, places: list[Place]) -> list[msgspec.Raw]:
    """Return the calls that the person is in or rung by, in whatever room, and those that go on in these rooms.

    Each comes with the leg that is this session's. The list is cut where it is long, never before one's own.
    """
    who = Who(principal.user, principal.username, principal.login)
    registry = door.application.calls.registry
    mine = {call.id: call for call in registry.of_user(who.user) if _concerns(call, who.user)}
    rooms = (call for place in places if (call := registry.of_room(place.watched.id)) is not None)
    told: list[msgspec.Raw] = []
    size = 0
    for call in (mine | {call.id: call for call in rooms}).values():
        told.append(msgspec.Raw(_encode(device_view(call, who))))
        size += len(told[-1])
        if size > CALLS_BYTES and len(told) >= len(mine):
            break
    return told


def _concerns(call: Call, user: str) -> bool:
    return rings(call, user) or any(leg.user == user for leg in in_legs(call))


def _settle(door: "Door", session: "Session", asked: _Asked, place: Place, behind: list[CatchUp]) -> State | None:
    """Note where a session stands in a room; return how it comes up to date, None where it was removed meanwhile."""
    watched: Watched = place.watched
    if session not in watched.holding:
        session.streams.pop(watched.id, None)
        return None
    cursor = asked.hello.cursors.get(watched.id)
    epoch_is = asked.hello.epoch in {None, door.application.database.epoch}
    state = _state(cursor, watched, epoch_is=epoch_is, floor=asked.floors.get(watched.id, 0))
    first_seq = place.mine.member.joined if place.mine.room.history == "joined" else 0
    position = cursor if state == "delta" and cursor is not None else watched.head
    behind.append(CatchUp(door, session, watched, position, first_seq))
    return state


def _state(cursor: int | None, watched: Watched, *, epoch_is: bool, floor: int) -> State:
    if cursor is None:
        return "new"
    if not epoch_is or cursor > watched.head or cursor < floor:
        return "reset"
    if cursor == watched.head:
        return "ok"
    return "delta" if watched.head - cursor <= DELTA_REVS else "behind"


def _room(place: Place, user: str, state: State) -> HelloRoom:
    watched: Watched = place.watched
    unread = min(place.unread + watched.unread(user, place.read, place.noted), 100)
    mine = place.mine
    return seen_as(
        HelloRoom,
        mine.room,
        mine.member,
        watched.head,
        peer=mine.peer,
        read=place.read,
        unread=unread,
        state=state,
    )


async def refresh(door: "Door", session: "Session", given: dict[str, Any]) -> None:
    """Extend a live session with a newer token.

    Raises:
        Invalid: If it is not as described.
        Unauthenticated: If the token is not valid, or of another log-in.
        Unavailable: If the store does not answer.
    """
    asked = convert(AuthRefresh, given)
    try:
        principal = await door.application.tokens.authenticate(asked.token)
    except StoreError as error:
        raise Unavailable from error
    if (principal.user, principal.login) != (session.user, session.login):
        raise Unauthenticated("this is the token of another session")
    session.welcome(principal)
