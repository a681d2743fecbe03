"""The live side of watching without being a member: it implements ``services.rooms.visiting.Visits``."""

from typing import TYPE_CHECKING, Final, cast

import msgspec

from services.errors import RoomNotFound, TooManyWatched
from services.rooms.visiting import UnwatchedEvent, UnwatchedRoom
from store.tables import Effect
from ws.hub.hub import Hub
from ws.hub.watched import Watched

if TYPE_CHECKING:
    from ws.sessions.session import Session

VISITS: Final = 20
"""Places that one session watches without being a member: a page shows one or two at a time."""


class Visit:
    """One session's interest in one place: see ``services.rooms.visiting.Visit``."""

    __slots__ = ("_visits", "above", "over", "room", "session", "user", "watched")

    def __init__(self, visits: "Visits", session: "Session", user: str, room: str, above: str | None) -> None:
        self._visits = visits
        self.session = session
        self.user = user
        self.room = room
        self.above = above
        self.watched: Watched | None = None
        self.over = False
        """Whether it was ended while it was still to begin."""

    def begin(self, first_seq: int | None = 0) -> int:
        """See ``Visit.begin``."""
        if self.over or self.watched is None:
            raise RoomNotFound
        head = self.watched.head
        self._visits.attach(self.session, self.watched, head + 1 if first_seq is None else first_seq)
        return head

    def end(self) -> None:
        """See ``Visit.end``."""
        self._visits.end(self.session, self.room)


class Visits:
    """Which sessions here watch what they are not members of.

    A session that is in the room anyway is told by that; what it asks here is then only remembered, and counts again
    when it has left a room that all may see.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._visits: dict[Session, dict[str, Visit]] = {}
        self._inside: dict[str, dict[Visit, None]] = {}
        """The visits that end with somebody's right to see a room: of it, and of what is in it."""
        hub.leaving.append(self._left)

    async def hold(self, session: object, user: str, room: str, above: str | None) -> Visit:
        """See ``Visits.hold``."""
        mine = cast("Session", session)
        visits = self._visits.setdefault(mine, {})
        if room in visits:
            self.end(mine, room)
        elif len(visits) >= VISITS:
            raise TooManyWatched
        visit = self._visits.setdefault(mine, {})[room] = Visit(self, mine, user, room, above)
        for place in _places(visit):
            self._inside.setdefault(place, {})[visit] = None
        try:
            if above is not None and above not in mine.streams:
                await self._hub.watch(above, mine)
            visit.watched = await self._hub.watch(room, mine)
        except BaseException:
            visit.end()
            raise
        if mine.gone:
            self.leave(mine)
        return visit

    def attach(self, session: "Session", watched: Watched, first_seq: int) -> None:
        """Tell a session of everything from here on, of items from a seq on."""
        if watched.id not in session.streams:
            self._hub.attach(session, watched, first_seq)

    def end(self, session: object, room: str) -> None:
        """See ``Visits.end``."""
        mine = cast("Session", session)
        visit = self._visits.get(mine, {}).pop(room, None)
        if visit is None:
            return
        visit.over = True
        if not self._visits[mine]:
            del self._visits[mine]
        for place in _places(visit):
            inside = self._inside.get(place, {})
            inside.pop(visit, None)
            if not inside:
                self._inside.pop(place, None)
        for place in _places(visit):
            self._let_go(mine, place)

    def leave(self, session: "Session") -> None:
        """Forget a session that has ended."""
        for room in list(self._visits.get(session, ())):
            self.end(session, room)

    def _let_go(self, session: "Session", stream: str) -> None:
        """Let go of a stream that a session needs for nothing else."""
        if stream in session.streams or any(
            stream in _places(other) for other in self._visits.get(session, {}).values()
        ):
            return
        watched = self._hub.find(stream)
        if watched is not None:
            self._hub.detach(session, watched)

    def _left(self, room: str, effect: Effect) -> None:
        """End the visits of those who may see a room no more, or of all where it is no more."""
        for visit in list(self._inside.get(room, ())):
            if effect.type == "left":
                over = visit.user == effect.user
            else:
                over = effect.type == "closed" or room not in visit.session.streams
            if over:
                visit.end()
                visit.session.push(msgspec.json.encode(UnwatchedEvent(UnwatchedRoom(visit.room))))


def _places(visit: Visit) -> tuple[str, ...]:
    return (visit.room,) if visit.above is None else (visit.room, visit.above)
