"""Where somebody ever was: their own stream tells of every room that they joined."""

from collections.abc import AsyncIterator

from services.ids import self_stream
from store.database import FIND_LIMIT, Database
from store.tables import ENTRIES, Notice


async def places_of(database: Database, user: str) -> AsyncIterator[str]:
    """Give the rooms that somebody ever joined, direct ones too, in the order of the first time, each once.

    Raises:
        StoreError: If the store does not answer.
    """
    given: set[str] = set()
    last = 0
    while True:
        rows = await database.find(ENTRIES, {"stream": self_stream(user)}, by="seq", above=last, limit=FIND_LIMIT)
        for row in rows:
            notice = row.body
            if isinstance(notice, Notice) and notice.type == "joined" and notice.target not in {None, *given}:
                given.add(str(notice.target))
                yield str(notice.target)
        if len(rows) < FIND_LIMIT:
            return
        last = rows[-1].seq or 0
