"""Who may know how somebody is: those who share a room with them that is small enough to know each other in."""

import itertools
from collections.abc import Iterable, Iterator

from services.ids import member_id
from store.database import FIND_LIMIT, Database
from store.tables import MEMBERS, ROOMS, Room

LARGE_MEMBERS = 200
"""Members of a room above which its people are counted and not told one by one; it makes nobody acquainted."""

PLACES_LOOKED_AT = 50_000
"""Places of people in rooms that one question may look at; who was not found by then is not known."""


async def acquaintances(database: Database, user: str, others: Iterable[str]) -> set[str]:
    """Return those of some people whom a user may watch: oneself, and who is in one of one's rooms.

    A room of over ``LARGE_MEMBERS`` does not count, nor does a direct room that the other one has hidden or that
    nothing was said in yet: whoever can be written to by strangers is not watched by them.

    Raises:
        StoreError: If the store does not answer.
    """
    left = set(others)
    known = left & {user}
    left -= known
    if not left:
        return known
    rooms = await _rooms(database, user)
    places = _places(rooms, left)
    for _ in range(PLACES_LOOKED_AT // FIND_LIMIT):
        part = list(itertools.islice(places, FIND_LIMIT))
        if not part or not left:
            break
        rows = await database.get_many(MEMBERS, [member_id(room, other) for room, other in part])
        found = {row.user for row in rows.values() if not row.hidden}
        known |= found
        left -= found
    return known


async def _rooms(database: Database, user: str) -> list[Room]:
    """Return the rooms in which a user knows people, small ones first."""
    rows = await database.find(MEMBERS, {"user": user}, by="room", limit=FIND_LIMIT)
    found = await database.get_many(ROOMS, [row.room for row in rows])
    counting = (
        room
        for room in found.values()
        if room.kind != "self" and not room.deleted and room.member_count <= LARGE_MEMBERS
    )
    return sorted(counting, key=lambda room: (room.kind != "direct", room.member_count))


def _places(rooms: Iterable[Room], others: set[str]) -> Iterator[tuple[str, str]]:
    """Give the places where people may be found: ``others`` shrinks meanwhile, and so does what is looked at."""
    for room in rooms:
        candidates = others.intersection(room.pair) if room.kind == "direct" else set(others)
        yield from ((room.id, other) for other in candidates)
