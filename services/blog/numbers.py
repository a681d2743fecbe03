"""Whole numbers for ids: the older blog's clients know nothing else."""

from collections.abc import Iterable
from typing import Literal

from store.database import FIND_LIMIT, Database, Insert
from store.errors import Duplicate, Mismatch
from store.tables import NUMBERS, TALLIES, Number, Tally

Kind = Literal["user", "post", "comment"]

NUMBER_MAX = 2**53 - 1
"""What every reader of JSON holds exactly."""


async def numbers_of(database: Database, kind: Kind, ids: Iterable[str]) -> dict[str, int]:
    """Return the number of each of these, made now where there is none. At most ``FIND_LIMIT`` of them.

    A number is never given twice, and names the same for ever; there may be gaps.

    Raises:
        StoreError: If the store does not answer.
    """
    wanted = list(dict.fromkeys(ids))
    assert len(wanted) <= FIND_LIMIT
    known = await database.get_many(NUMBERS, [_reverse(kind, id_) for id_ in wanted])
    found = {id_: int(known[row].target) for id_ in wanted if (row := _reverse(kind, id_)) in known}
    for id_ in wanted:
        if id_ not in found:
            found[id_] = await _given(database, kind, id_)
    return found


async def number_of(database: Database, kind: Kind, id_: str) -> int:
    """Return the number of one thing; see ``numbers_of``."""
    return (await numbers_of(database, kind, (id_,)))[id_]


async def id_of(database: Database, kind: Kind, number: int) -> str | None:
    """Return what has this number; None where nothing has."""
    found = await database.get(NUMBERS, f"{kind}:{number}")
    return None if found is None else found.target


async def _given(database: Database, kind: Kind, id_: str) -> int:
    number = await _next(database, kind)
    ahead, back = Number(id=f"{kind}:{number}", target=id_), Number(id=_reverse(kind, id_), target=str(number))
    try:
        await database.together([Insert(NUMBERS, back), Insert(NUMBERS, ahead)])
    except Duplicate:
        first = await database.get(NUMBERS, back.id)  # another asked at the same moment
        if first is None:
            raise
        return int(first.target)
    return number


async def _next(database: Database, kind: Kind) -> int:
    try:
        return await database.increment(TALLIES, kind, "last", 1)
    except Mismatch:
        pass
    try:
        await database.insert(TALLIES, Tally(id=kind, last=1))
    except Duplicate:
        return await database.increment(TALLIES, kind, "last", 1)
    return 1


def _reverse(kind: Kind, id_: str) -> str:
    return f"{kind}={id_}"
