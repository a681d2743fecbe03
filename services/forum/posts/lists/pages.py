"""Pages of posts, with cursors: they cost the same however deep.

A page is one question for the rows, and one for the posts and for what says who may see them. That a page is short,
and where it ends, tells of what was left out of it, and of its id to whoever makes up cursors and tries. So a list is
found by indexes that have nothing its readers may not know of; what one has too much is on its way out of it.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeVar

import msgspec

from services.errors import Flaw, Invalid
from services.forum.posts.seeing import Asked, Place, shown
from services.operations.context import Context
from services.operations.inputs import LIST_BYTES
from services.streams.items.forum_items import PostItem
from store.database import Scalar
from store.tables import POSTS, Post

Order = Literal["new", "old", "top", "hot"]
R = TypeVar("R")

_LARGEST: Final = 2**63


class PostPage(msgspec.Struct, frozen=True):
    """Posts; ``next`` is the cursor of those that follow. A page may have fewer than were asked for, and a ``next``."""

    items: list[PostItem]
    next: str | None


def fitting(rows: Sequence[R], items: Sequence[PostItem | None], limit: int, cursor_of: Callable[[R], str]) -> PostPage:
    """Return a page of what was found, as much of it as fits into ``LIST_BYTES``, one at least.

    ``rows`` are one more than ``limit`` where others follow.
    """
    size, kept, last = 0, list[PostItem](), ""
    for row, item in zip(rows[:limit], items, strict=False):
        if item is not None:
            size += len(msgspec.json.encode(item))
            if kept and size > LIST_BYTES:
                return PostPage(kept, last)
            kept.append(item)
        last = cursor_of(row)
    return PostPage(kept, last if len(rows) > limit else None)


async def rows_of(
    context: Context, equal: dict[str, Scalar], order: Order, cursor: str | None, limit: int
) -> tuple[list[Post], Callable[[Post], str]]:
    """Return rows of a list in an order, from a cursor on, one more than ``limit`` where others follow; and cursors.

    Raises:
        Invalid: If the cursor is none of such a list.
    """
    by = "id" if order in {"new", "old"} else order
    bound: Scalar = cursor if by == "id" or cursor is None else _number(cursor)
    above, below = (bound, None) if order == "old" else (None, bound)
    found = await context.application.database.find(
        POSTS, equal, by=by, above=above, below=below, falling=order != "old", limit=limit + 1
    )
    return found, lambda row: str(getattr(row, by))


async def page_of_posts(
    context: Context, equal: dict[str, Scalar], order: Order, cursor: str | None, limit: int, asked: Asked
) -> PostPage | None:
    """Return a page of a list of posts; None where the caller may not see the place that it is of.

    Raises:
        Invalid: If the cursor is none of such a list.
    """
    rows, cursor_of = await rows_of(context, equal, order, cursor, limit)
    listed = [Place(row.id, row.place, row.by or "") for row in rows[:limit]]
    found = await shown(context.application.database, context.caller.user, listed, asked)
    seen = asked.place is None or asked.place in found.places
    return fitting(rows, found.posts, limit, cursor_of) if seen else None


def _number(cursor: str) -> int:
    digits = cursor.removeprefix("-")
    number = int(cursor) if digits.isascii() and digits.isdigit() and len(digits) < 20 else _LARGEST
    if not -_LARGEST <= number < _LARGEST:
        raise Invalid(flaws=(Flaw("/cursor", "is not one that a list gave"),))
    return number
