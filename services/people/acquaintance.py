"""Who may know how somebody is: friends, and those who share a room small enough to know each other in; if they let."""

import itertools
from collections.abc import Iterable, Iterator

from services.accounts.people.ties import tie_id
from services.ids import member_id
from store.database import FIND_LIMIT, Database
from store.tables import BLOCKS, FRIENDS, MEMBERS, ROOMS, USERS, Room

LARGE_MEMBERS = 200
"""Members of a room above which its people are counted and not told one by one; it makes nobody acquainted."""

PLACES_LOOKED_AT = 50_000
"""Places of people in rooms that one question may look at; who was not found by then is not known."""


async def acquaintances(database: Database, user: str, others: Iterable[str], *, without: str = "") -> set[str]:
    """Return those of some people whom a user knows: oneself, friends, and who is in one of one's rooms.

    A room of over ``LARGE_MEMBERS`` does not count, nor does a direct room that the other one has hidden or that
    nothing was said in yet: whoever can be written to by strangers is not known to them. Nor is who blocks the user.
    The room ``without`` does not count.

    Raises:
        StoreError: If the store does not answer.
    """
    left = set(others)
    known = left & {user}
    left -= known
    if not left:
        return known
    rooms = [room for room in await _rooms(database, user) if room.id != without]
    places = _places(rooms, left)
    for _ in range(PLACES_LOOKED_AT // FIND_LIMIT):
        part = list(itertools.islice(places, FIND_LIMIT))
        if not part or not left:
            break
        rows = await database.get_many(MEMBERS, [member_id(room, other) for room, other in part])
        found = {row.user for row in rows.values() if not row.hidden}
        known |= found
        left -= found
    if left:
        known |= await friends_of(database, user, left)
    return known - await _blocking(database, user, known)


async def watchable(database: Database, user: str, others: Iterable[str]) -> set[str]:
    """Return those of some people whom a user may watch: acquaintances who let all of them, or their friends.

    Raises:
        StoreError: If the store does not answer.
    """
    known = await acquaintances(database, user, others)
    asked = list(known - {user})
    let = known & {user}
    friendly: set[str] = set()
    for start in range(0, len(asked), FIND_LIMIT):
        for id_, row in (await database.get_many(USERS, asked[start : start + FIND_LIMIT])).items():
            if row.preferences.last_seen == "everybody":
                let.add(id_)
            elif row.preferences.last_seen == "friends":
                friendly.add(id_)
    return let | await friends_of(database, user, friendly)


async def friends_of(database: Database, user: str, others: Iterable[str]) -> set[str]:
    """Return those of some people who are friends of a user.

    Raises:
        StoreError: If the store does not answer.
    """
    ids = [tie_id(user, other) for other in others]
    found: set[str] = set()
    for start in range(0, len(ids), FIND_LIMIT):
        rows = await database.get_many(FRIENDS, ids[start : start + FIND_LIMIT])
        found |= {row.other for row in rows.values() if row.state == "friends"}
    return found


async def _blocking(database: Database, user: str, others: Iterable[str]) -> set[str]:
    """Return those of some people who block a user."""
    ids = [f"{other}:{user}" for other in others if other != user]
    found: set[str] = set()
    for start in range(0, len(ids), FIND_LIMIT):
        found |= {block.user for block in (await database.get_many(BLOCKS, ids[start : start + FIND_LIMIT])).values()}
    return found


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
