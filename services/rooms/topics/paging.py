"""Pages of topics in an order in which many may stand equal: none is left out at a page's end, none comes twice."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from services.errors import Flaw, Invalid
from services.rooms.titles import label
from store.database import Database, Scalar
from store.tables import ROOMS, Room

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
TagList = Annotated[str, msgspec.Meta(min_length=2, max_length=209, pattern="^[a-z0-9_,]+(?![^a-z0-9_,])$")]
Order = Literal["active", "members", "new"]

FIELDS: Mapping[Order, Literal["active_at", "member_count"]] = {"active": "active_at", "members": "member_count"}


def place_of(room: Room, order: Order) -> str:
    """Return the cursor behind a room: what it is ordered by, and its id, which tells those apart that are equal."""
    if order == "new":
        return room.id
    return f"{getattr(room, FIELDS[order]) or 0}.{room.id}"


def position(cursor: str) -> tuple[int, str]:
    """Return what a cursor says.

    Raises:
        Invalid: If it is none that a list gave.
    """
    value, _, id_ = cursor.partition(".")
    if not (value.isascii() and value.isdigit() and id_ and len(value) < 16):
        raise Invalid(flaws=(Flaw("/cursor", "is not one that a list gave"),))
    return int(value), id_


async def ordered(
    database: Database, equal: Mapping[str, Scalar], order: Order, cursor: str | None, limit: int
) -> list[Room]:
    """Return rooms in an order, from below a cursor: one question, or two where there is a cursor."""
    if order == "new":
        return await database.find(ROOMS, equal, by="id", below=cursor, falling=True, limit=limit)
    by = FIELDS[order]
    if cursor is None:
        return await database.find(ROOMS, equal, by=by, above=-1, falling=True, limit=limit)
    value, id_ = position(cursor)
    # Those that stand equal to the last one first; an index has the id behind what it orders by.
    found = await database.find(ROOMS, {**equal, by: value}, by="id", below=id_, falling=True, limit=limit)
    if len(found) < limit:
        rest = limit - len(found)
        found += await database.find(ROOMS, equal, by=by, above=-1, below=value, falling=True, limit=rest)
    return found


async def found_by(
    database: Database, equal: Mapping[str, Scalar], words: str, tags: str, cursor: str | None, limit: int
) -> list[Room]:
    """Return rooms with all these words and all these tags (with commas between them), the newest first."""
    wanted = " ".join([*(label(tag) for tag in dict.fromkeys(tags.split(",")) if tag), words])
    return await database.search(ROOMS, wanted, equal=equal, after=cursor, limit=limit)
