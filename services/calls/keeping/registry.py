"""The calls that are going on, as this node knows them."""

from collections import OrderedDict
from collections.abc import Iterable

from services.calls.machine.terms import IN
from store.tables import ENDED, Call

OVER_KEPT = 10_000
"""Ended calls whose end is remembered: what is told late of an earlier version must not begin them again."""


class Registry:
    """The open calls of all nodes, each in the highest version that was heard of."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}
        self._rooms: dict[str, dict[str, None]] = {}
        """The open calls of each room: one, but where the end of another was not heard yet. Known last comes last."""
        self._users: dict[str, dict[str, None]] = {}
        self._over: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        """Count the open calls."""
        return len(self._calls)

    def put(self, call: Call) -> bool:
        """Take a call; tell whether it is news."""
        before = self._calls.get(call.id)
        if call.id in self._over or (before is not None and before.version >= call.version):
            return False
        if before is not None:
            _drop(self._users, users_of(before), call.id)
        if call.state == ENDED:
            self._calls.pop(call.id, None)
            _drop(self._rooms, [call.room], call.id)
            self._over[call.id] = None
            if len(self._over) > OVER_KEPT:
                self._over.popitem(last=False)
        else:
            self._calls[call.id] = call
            self._rooms.setdefault(call.room, {})[call.id] = None
            for user in users_of(call):
                self._users.setdefault(user, {})[call.id] = None
        return True

    def get(self, call: str) -> Call | None:
        """Return an open call."""
        return self._calls.get(call)

    def knows(self, call: str, version: int) -> bool:
        """Tell whether there is nothing to learn from this version of a call."""
        known = self._calls.get(call)
        return call in self._over or (known is not None and known.version >= version)

    def of_room(self, room: str) -> Call | None:
        """Return the open call of a room; of two the one that was heard of last."""
        return self._calls[next(reversed(known))] if (known := self._rooms.get(room)) else None

    def of_user(self, user: str) -> list[Call]:
        """Return the open calls in which somebody has or had a leg, or is or was rung."""
        return [self._calls[id_] for id_ in self._users.get(user, ())]

    def all(self) -> list[Call]:
        """Return all open calls."""
        return list(self._calls.values())


def _drop(calls: dict[str, dict[str, None]], names: Iterable[str], call: str) -> None:
    for name in names:
        mine = calls.get(name, {})
        mine.pop(call, None)
        if not mine:
            calls.pop(name, None)


def users_of(call: Call) -> Iterable[str]:
    """Return everybody who has or had a leg of a call, or is or was rung, each once."""
    return dict.fromkeys([*(leg.user for leg in call.legs), *(one.user for one in call.invited)])


def concerned_by(call: Call) -> set[str]:
    """Return everybody who is in a call or is rung now; nobody, once it has ended."""
    rung = {one.user for one in call.invited if one.state == "ringing"}
    return rung | {leg.user for leg in call.legs if leg.state in IN or leg.state == "ringing"}
