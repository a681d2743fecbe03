"""Who people are, as others see them: looked up once, and then known for a while."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from services.accounts.people.person import GONE_NAME, Person, person
from services.errors import UserNotFound
from store.database import FIND_LIMIT, Database
from store.tables import USERS, User

PEOPLE_KEPT: Final = 20_000
"""People remembered on a node; about half a KiB each."""

KEPT_S: Final = 60.0
"""Longest that somebody is remembered. Every node is told of a change at once (``Live.changed``); where that is lost,
what is shown of them is old for so long and no longer."""


class Directory:
    """The people that were looked up on this node.

    Who changes, bans or removes an account has it forgotten on every node by ``Live.changed``. What was read before
    that and comes after it is not remembered.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[str, tuple[Person, float]] = OrderedDict()
        self._forgotten = 0
        """How often somebody was forgotten: what was read meanwhile may be older than that."""

    async def require(self, id_: str) -> Person:
        """Return somebody.

        Raises:
            UserNotFound: If there is nobody with this id, or no more.
        """
        found = self._remembered(id_)
        if found is None:
            forgotten = self._forgotten
            user = await self._database.get(USERS, id_)
            if user is None:
                raise UserNotFound
            found = self._keep(user, forgotten)
        if found.username == GONE_NAME:
            raise UserNotFound
        return found

    async def find(self, ids: Iterable[str]) -> dict[str, Person]:
        """Return people by id, however many; ids of nobody are left out.

        A deleted account is called ``GONE_NAME``: its place in what others have is not empty.
        """
        found: dict[str, Person] = {}
        missing = []
        for id_ in ids:
            known = self._remembered(id_)
            if known is None:
                missing.append(id_)
            else:
                self._known.move_to_end(id_)
                found[id_] = known
        for start in range(0, len(missing), FIND_LIMIT):
            forgotten = self._forgotten
            for id_, user in (await self._database.get_many(USERS, missing[start : start + FIND_LIMIT])).items():
                found[id_] = self._keep(user, forgotten)
        return found

    async def living(self, ids: Iterable[str]) -> dict[str, Person]:
        """Return people by id as ``find`` does, without those whose account is no more."""
        return {id_: found for id_, found in (await self.find(ids)).items() if found.username != GONE_NAME}

    def forget(self, id_: str) -> None:
        """Look somebody up anew when they are asked for next."""
        self._forgotten += 1
        self._known.pop(id_, None)

    def _remembered(self, id_: str) -> Person | None:
        known = self._known.get(id_)
        return None if known is None or known[1] <= self._clock() else known[0]

    def _keep(self, user: User, forgotten: int) -> Person:
        read = person(user)
        if forgotten == self._forgotten:
            self._known[user.id] = read, self._clock() + KEPT_S
            self._known.move_to_end(user.id)
            if len(self._known) > PEOPLE_KEPT:
                self._known.popitem(last=False)
        return read
