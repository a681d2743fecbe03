"""Presence in the memory of one process: for a node that is alone, and for tests with several nodes in one process."""

import time
from collections.abc import Callable, Collection, Mapping

from store.presence import ENTRY_S, LEASE_S, Beat


class MemoryPresence:
    """Implements ``store.presence.Presence``; nodes of one process share one object. Never unavailable."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._leases: dict[str, float] = {}
        """When each node's lease ends."""
        self._people: dict[str, dict[str, tuple[str, float]]] = {}
        """By user and node: the status, and when it ends."""
        self._rooms: dict[str, dict[str, tuple[frozenset[str], float]]] = {}
        """By room and node: who is there, and when that ends."""

    async def beat(self, node: str) -> Beat:
        """See ``Presence.beat``."""
        now = self._clock()
        forgotten = self._leases.get(node, now) <= now
        self._leases[node] = now + LEASE_S
        for gone in [name for name, until in self._leases.items() if until <= now]:
            self._forget(gone)
        return Beat(frozenset(self._leases), forgotten)

    async def clock(self) -> int:
        """See ``Presence.clock``."""
        return time.time_ns() // 1_000_000

    async def leave(self, node: str) -> None:
        """See ``Presence.leave``."""
        self._forget(node)

    async def put(self, node: str, statuses: Mapping[str, str | None]) -> None:
        """See ``Presence.put``."""
        until = self._clock() + ENTRY_S
        for user, status in statuses.items():
            if status is not None:
                self._people.setdefault(user, {})[node] = (status, until)
            elif user in self._people:
                self._people[user].pop(node, None)
                if not self._people[user]:
                    del self._people[user]

    async def get(self, users: Collection[str]) -> dict[str, dict[str, str]]:
        """See ``Presence.get``."""
        found: dict[str, dict[str, str]] = {}
        for user in users:
            entries = self._people.get(user, {})
            counting = {node: status for node, (status, until) in entries.items() if self._counts(node, until)}
            if counting:
                found[user] = counting
        return found

    async def fill(self, node: str, room: str, users: Collection[str]) -> None:
        """See ``Presence.fill``."""
        self._rooms.setdefault(room, {})[node] = (frozenset(users), self._clock() + ENTRY_S)

    async def count(self, room: str) -> int:
        """See ``Presence.count``."""
        entries = self._rooms.get(room, {})
        here = [users for node, (users, until) in entries.items() if self._counts(node, until)]
        return len(frozenset[str]().union(*here))

    async def close(self) -> None:
        """See ``Presence.close``."""

    def clear(self) -> None:
        """Lose everything, as a flush of Redis does: for tests."""
        for kept in (self._leases, self._people, self._rooms):
            kept.clear()

    def _counts(self, node: str, until: float) -> bool:
        now = self._clock()
        return until > now and self._leases.get(node, now) > now

    def _forget(self, node: str) -> None:
        """Let nothing of a node stay: whoever comes back puts everything again."""
        self._leases.pop(node, None)
        for kept in (self._people, self._rooms):
            for key in [key for key, entries in kept.items() if entries.pop(node, None) is not None and not entries]:
                del kept[key]
