"""Whom the sessions of this node watch, what is known of each on the other nodes, and the events that tell of it."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from services.presence.statuses import PresenceEvent, merged, presence_view
from ws.wire.frames import text_frame

if TYPE_CHECKING:
    from ws.sessions.session import Session

SESSION_LIMIT = 1000
"""People that a session watches; beyond it those asked for longest ago are watched no more."""


class _Watched:
    """One person who is watched."""

    __slots__ = ("elsewhere", "news", "seen", "sessions", "told")

    def __init__(self) -> None:
        self.sessions: dict[Session, bool] = {}
        """Those who watch, and whether each is told already: an answer that is on its way tells by itself."""
        self.elsewhere: dict[str, str] = {}
        """The status on each other node where they are."""
        self.told = "offline"
        self.seen = 0
        self.news = 0
        """Moves with each message about them: what was read before it is older."""


class Watching:
    """The people watched here. Nothing waits; who is to be heard of is told to ``want`` and ``drop``."""

    def __init__(
        self, own: str, here: Callable[[str], str | None], want: Callable[[str], None], drop: Callable[[str], None]
    ) -> None:
        """Take this node's name, what tells how somebody is on it, and what hears of people on others."""
        self._own = own
        self._here = here
        self._want = want
        self._drop = drop
        self._people: dict[str, _Watched] = {}
        self._sessions: dict[Session, dict[str, None]] = {}

    def __len__(self) -> int:
        """Count the people who are watched."""
        return len(self._people)

    def add(self, session: "Session", users: Iterable[str]) -> list[str]:
        """Let a session watch people, told of nothing before ``tell``; return those who are newly watched here."""
        mine = self._sessions.setdefault(session, {})
        new = []
        for user in users:
            mine.pop(user, None)
            mine[user] = None  # asked for just now
            person = self._people.get(user)
            if person is None:
                person = self._people[user] = _Watched()
                person.told = self._present(user, person)
                self._want(user)
                new.append(user)
            person.sessions.setdefault(session, False)
        self.remove(session, list(mine)[:-SESSION_LIMIT])
        return new

    def tell(self, session: "Session", users: Iterable[str]) -> None:
        """Tell a session of every change from now on."""
        for user in users:
            person = self._people.get(user)
            if person is not None and session in person.sessions:
                person.sessions[session] = True

    def remove(self, session: "Session", users: Iterable[str] | None = None) -> None:
        """Let a session watch people no more, or nobody."""
        mine = self._sessions.get(session, {})
        for user in list(mine) if users is None else users:
            if user not in mine:
                continue
            del mine[user]
            person = self._people[user]
            del person.sessions[session]
            if not person.sessions:
                del self._people[user]
                self._drop(user)
        if not mine:
            self._sessions.pop(session, None)

    def refuse(self, session: "Session", users: Iterable[str]) -> None:
        """Let a session watch people no more whom it may not, and leave nothing of them on the screen."""
        lost = [user for user in users if user in self._sessions.get(session, ())]
        self.remove(session, lost)
        for user in lost:
            session.outbox.push_ephemeral(_frame(user, "offline", 0))

    def of(self, session: "Session") -> list[str]:
        """Return whom a session watches."""
        return list(self._sessions.get(session, ()))

    def watchers(self, user: str) -> "list[Session]":
        """Return the sessions that watch somebody."""
        person = self._people.get(user)
        return [] if person is None else list(person.sessions)

    def users(self) -> list[str]:
        """Return everybody who is watched."""
        return list(self._people)

    def users_on(self, node: str) -> list[str]:
        """Return those who are known to be on another node."""
        return [user for user, person in self._people.items() if node in person.elsewhere]

    def users_elsewhere(self) -> list[str]:
        """Return those who are known to be on any other node."""
        return [user for user, person in self._people.items() if person.elsewhere]

    def status(self, user: str) -> str:
        """Return how somebody is, as far as this node knows."""
        person = self._people.get(user)
        return merged(filter(None, [self._here(user)])) if person is None else person.told

    # What is learnt.

    def moved(self, user: str, seen: int) -> None:
        """Learn that somebody's status on this node is another."""
        person = self._people.get(user)
        if person is not None:
            self._tell(user, person, seen)

    def heard(self, node: str, user: str, status: str | None, seen: int) -> None:
        """Learn from another node how somebody is there."""
        person = self._people.get(user)
        if person is None:
            return
        person.news += 1
        if status is None:
            person.elsewhere.pop(node, None)
        else:
            person.elsewhere[node] = status
        self._tell(user, person, seen)

    def marks(self, users: Iterable[str]) -> dict[str, int]:
        """Return where the news of people stand, before something is read of them; without those nobody watches."""
        return {user: self._people[user].news for user in users if user in self._people}

    def read(
        self, marks: Mapping[str, int], found: Mapping[str, Mapping[str, str]], seen: Mapping[str, int] | None
    ) -> list[str]:
        """Learn how people are on other nodes from what was read there after ``marks``; news since then stand.

        Those of whom nothing is found any more are returned. Without ``seen`` nothing is told of them on the strength
        of it; with it they are gone, and it says when each was last seen, where that is known.
        """
        missed = []
        for user, news in marks.items():
            person = self._people.get(user)
            if person is None or person.news != news:
                continue
            there = {node: status for node, status in found.get(user, {}).items() if node != self._own}
            if person.told != "offline" and not there and self._here(user) is None:
                missed.append(user)
                if seen is None:
                    continue
            person.elsewhere = there
            self._tell(user, person, 0 if seen is None else seen.get(user, 0))
        return missed

    def _present(self, user: str, person: _Watched) -> str:
        return merged([*person.elsewhere.values(), *filter(None, [self._here(user)])])

    def _tell(self, user: str, person: _Watched, seen: int) -> None:
        person.seen = max(person.seen, seen)
        status = self._present(user, person)
        if status == person.told:
            return
        person.told = status
        frame = _frame(user, status, person.seen)
        for session, told in person.sessions.items():
            if told:
                session.outbox.push_ephemeral(frame)


def _frame(user: str, status: str, seen: int) -> bytes:
    return text_frame(msgspec.json.encode(PresenceEvent(presence_view(user, status, seen or None))))
