"""The people of this node: their sessions, what each says of itself, and how long one is missed before being gone."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from services.ids import now_ms
from services.presence.statuses import merged
from ws.wheel import Slot, Wheel

if TYPE_CHECKING:
    from ws.sessions.session import Session

GRACE_S = 5.0
"""How long nobody is told that somebody's last session here has ended: most come back, and on any node."""

SILENT_GRACE_S = 1.0
"""The same where the session had said nothing for 45 s, and was closed for that: there was time to come back."""

Changed = Callable[[str, str | None, int], None]
"""Is given a user, their status here (None: not here any more) and, then, when they were last here."""


class _Person:
    __slots__ = ("leaving", "sessions", "told")

    def __init__(self) -> None:
        self.sessions: dict[Session, str] = {}
        self.told: str | None = None
        self.leaving: Slot | None = None


class Here:
    """Counts sessions as devices of people; ``changed`` is called when the status of one of them is another."""

    def __init__(self, wheel: Wheel, changed: Changed) -> None:
        self._wheel = wheel
        self._changed = changed
        self._people: dict[str, _Person] = {}
        self._users: dict[Session, str] = {}

    def __len__(self) -> int:
        """Count the people."""
        return len(self._people)

    def arrive(self, session: "Session", user: str) -> None:
        """Take a session, online."""
        self._users[session] = user
        person = self._people.get(user)
        if person is None:
            person = self._people[user] = _Person()
        if person.leaving is not None:
            person.leaving.cancel()
            person.leaving = None
        person.sessions[session] = "online"
        self._judge(user, person)

    def declare(self, session: "Session", status: str) -> None:
        """Take what a session says; one that is gone says nothing any more."""
        user = self._users.get(session)
        if user is not None:
            person = self._people[user]
            person.sessions[session] = status
            self._judge(user, person)

    def leave(self, session: "Session", *, silent: bool = False) -> None:
        """Forget a session; its user is gone after ``GRACE_S`` without another one, or sooner if it was ``silent``."""
        user = self._users.pop(session, None)
        if user is None:
            return
        person = self._people[user]
        del person.sessions[session]
        if person.sessions:
            self._judge(user, person)
        else:
            person.leaving = self._wheel.schedule(
                SILENT_GRACE_S if silent else GRACE_S, partial(self._gone, user, now_ms())
            )

    def status(self, user: str) -> str | None:
        """Return how somebody is here; None where they are not."""
        person = self._people.get(user)
        return None if person is None else person.told

    def users(self) -> list[str]:
        """Return everybody who is here, or was within ``GRACE_S``."""
        return list(self._people)

    def _judge(self, user: str, person: _Person) -> None:
        status = merged(person.sessions.values())
        if status != person.told:
            person.told = status
            self._changed(user, status, 0)

    def _gone(self, user: str, at: int) -> None:
        del self._people[user]
        self._changed(user, None, at)
