"""Pages by number, with totals: the blog's lists are asked for so."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from services.blog.inputs import PageMeta
from services.errors import NotFound
from store.database import FIND_LIMIT, Database, Scalar, Table

PER_PAGE = 10
"""Posts of a page at most, as in the blog."""

COUNTED = 10_000
"""Where counting stops: 1,000 pages. What lies beyond them is found by our own lists, which go on at a cursor."""


class Numbered(NamedTuple):
    """The records of a page, and which it is of how many."""

    records: list[Any]
    meta: PageMeta


async def numbered(
    database: Database, table: Table[Any], equal: Mapping[str, Scalar], by: str, page: int, per_page: int
) -> Numbered:
    """Return a page of records, those with the highest ``by`` first; the first page may be empty.

    It asks the store twice, and of more than a thousand records once for each thousand: numbers have no cheaper way to
    say how many there are.

    Raises:
        NotFound: If there is no such page.
    """
    size = min(per_page, PER_PAGE)
    start = (page - 1) * size
    total = await database.count(table, equal, by=by, above="", limit=FIND_LIMIT)
    records: list[Any] = []
    if total < FIND_LIMIT:
        if start < total:
            found = await database.find(table, equal, by=by, above="", falling=True, limit=start + size)
            records = found[start:]
    else:
        every = await _every(database, table, equal, by)
        total, records = len(every), every[start : start + size]
    pages = -(-total // size)
    if page > max(pages, 1):
        raise NotFound("there is no such page")
    return Numbered(records, PageMeta(page, pages, total))


async def _every(database: Database, table: Table[Any], equal: Mapping[str, Scalar], by: str) -> list[Any]:
    every: list[Any] = []
    below = None
    while len(every) < COUNTED:
        found = await database.find(table, equal, by=by, above="", below=below, falling=True, limit=FIND_LIMIT)
        every += found
        if len(found) < FIND_LIMIT:
            break
        below = getattr(found[-1], by)
    return every
