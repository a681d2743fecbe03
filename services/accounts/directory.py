"""Who people are, as others see them: looked up once, and then known."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from services.accounts.people import Person, person
from services.errors import UserNotFound
from store.database import FIND_LIMIT, Database
from store.tables import USERS, User

PEOPLE_KEPT: Final = 20_000
"""People remembered on a node; about half a KiB each."""


class Directory:
    """The people that were looked up on this node.

    What it remembers is true, for nothing changes or removes an account. Whoever makes that possible has to tell it in
    the person's own stream, and to have it forgotten here.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[str, Person] = OrderedDict()

    async def require(self, id_: str) -> Person:
        """Return somebody.

        Raises:
            UserNotFound: If there is nobody with this id.
        """
        found = self._known.get(id_)
        if found is None:
            user = await self._database.get(USERS, id_)
            if user is None:
                raise UserNotFound
            found = self._keep(user)
        return found

    async def find(self, ids: Iterable[str]) -> dict[str, Person]:
        """Return people by id, however many; ids of nobody are left out."""
        found: dict[str, Person] = {}
        missing = []
        for id_ in ids:
            known = self._known.get(id_)
            if known is None:
                missing.append(id_)
            else:
                self._known.move_to_end(id_)
                found[id_] = known
        for start in range(0, len(missing), FIND_LIMIT):
            for id_, user in (await self._database.get_many(USERS, missing[start : start + FIND_LIMIT])).items():
                found[id_] = self._keep(user)
        return found

    def _keep(self, user: User) -> Person:
        kept = self._known[user.id] = person(user)
        if len(self._known) > PEOPLE_KEPT:
            self._known.popitem(last=False)
        return kept
