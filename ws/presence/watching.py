"""Whom the sessions of this node watch, what is known of each on the other nodes, and the events that tell of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from services.presence.statuses import PresenceEvent, merged, presence_view
from ws.wire.frames import text_frame

if TYPE_CHECKING:
    from ws.sessions.session import Session

SESSION_LIMIT = 1000
"""People that a session watches; beyond it those asked for longest ago are watched no more."""


NODE_PAIRS = 1_000_000
"""Pairs of a session and somebody it watches, at about 90 bytes each, above which a session keeps fewer."""

CROWDED_LIMIT = 200
"""People that a session watches then: those of its latest question."""


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
        self._pairs = 0

    def __len__(self) -> int:
        """Count the people who are watched."""
        return len(self._people)

    def add(self, session: "Session", users: Iterable[str]) -> list[str]:
        """Let a session watch people, told of nothing before ``tell``; return those who are newly watched here."""
        mine = self._sessions.setdefault(session, {})
        new = []
        for user in users:
            if user in mine:
                del mine[user]
            else:
                self._pairs += 1
            mine[user] = None  # asked for just now: behind all others
            person = self._people.get(user)
            if person is None:
                person = self._people[user] = _Watched()
                person.told = self._present(user, person)
                self._want(user)
                new.append(user)
            person.sessions.setdefault(session, False)
        limit = SESSION_LIMIT if self._pairs <= NODE_PAIRS else CROWDED_LIMIT
        if len(mine) > limit:
            self.remove(session, list(mine)[:-limit])
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
            self._pairs -= 1
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

    def find(self, marks: Mapping[str, int], found: Mapping[str, Mapping[str, str]]) -> list[str]:
        """Learn where people are by what was read after ``marks``; news since then stand.

        What is not found any more still counts: those are returned of whom something is missing.
        """
        missed = []
        for user, person, there in self._readings(marks, found):
            if person.elsewhere.keys() - there.keys():
                missed.append(user)
            person.elsewhere |= there
            self._tell(user, person, 0)
        return missed

    def settle(
        self, marks: Mapping[str, int], found: Mapping[str, Mapping[str, str]], seen: Mapping[str, int]
    ) -> list[str]:
        """Learn that people are where they were found, and nowhere else, as ``find`` does; return who is gone so.

        ``seen`` says when each was last seen, where that is known.
        """
        gone = []
        for user, person, there in self._readings(marks, found):
            person.elsewhere = there
            if person.told != "offline" and self._present(user, person) == "offline":
                gone.append(user)
            self._tell(user, person, seen.get(user, 0))
        return gone

    def _readings(
        self, marks: Mapping[str, int], found: Mapping[str, Mapping[str, str]]
    ) -> Iterator[tuple[str, _Watched, dict[str, str]]]:
        for user, news in marks.items():
            person = self._people.get(user)
            if person is not None and person.news == news:
                yield user, person, {node: how for node, how in found.get(user, {}).items() if node != self._own}

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
