"""Reading streams: heads, pages, changes, and the batches that somebody missed."""

from collections.abc import Sequence
from functools import partial

from services.loop.shared import Gathered
from services.streams.batch import Batch, Event, batch_of, event_of
from store.database import FIND_LIMIT, Database
from store.tables import ENTRIES, ROOMS, STREAMS, Entry, Room

READ_LIMIT = 500
"""Revs read at once when a stream is caught up with: one answer of the store stays well under 1 MiB of small items."""


async def read_head(database: Database, stream: str) -> tuple[int, int]:
    """Return the rev of a stream's newest entry and its time in milliseconds; 0 and 0 where there is none."""
    newest = await database.find(ENTRIES, {"stream": stream}, by="rev", falling=True, limit=1)
    return (newest[0].rev, newest[0].created_at) if newest else (0, 0)


async def read_heads(database: Database, streams: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return what ``read_head`` does of each of these streams, however many."""
    heads = dict.fromkeys(streams, (0, 0))
    for start in range(0, len(streams), FIND_LIMIT):
        newest = await database.highest(ENTRIES, "stream", streams[start : start + FIND_LIMIT], "rev")
        heads |= {stream: (entry.rev, entry.created_at) for stream, entry in newest.items()}
    return heads


def gathered_heads(database: Database) -> Gathered[str, tuple[int, int]]:
    """Return what reads heads, those asked for at once by one question."""
    return Gathered(partial(read_head, database), partial(read_heads, database))


async def read_floor(database: Database, stream: str) -> int:
    """Return the rev below which a stream's markers may be gone."""
    found = await database.get(STREAMS, stream)
    return 0 if found is None else found.floor


async def read_batch(database: Database, stream: str, prev: int, limit: int = READ_LIMIT) -> Batch:
    """Return what follows ``prev``, at most ``limit`` revs; an item stands at its latest change alone."""
    entries = await database.find(ENTRIES, {"stream": stream}, by="rev", above=prev, limit=limit)
    subjects = await _subjects(database, entries)
    events: list[Event] = []
    for entry in entries:
        if entry.seq is not None:
            event = event_of(entry, None)
            if entry.changed != entry.rev:
                # It was changed since, and comes again at that rev: here it only counts as unread.
                author = entry.author if entry.kind == "text" else ""
                event = Event(entry.rev, b"", entry.id, entry.seq, author, entry.effect, entry.created_at)
        else:
            subject = subjects.get(entry.item or "")
            current = subject if subject is not None and subject.changed == entry.rev else None
            event = event_of(entry, current)
        events.append(event)
    return batch_of(stream, prev, events)


async def _subjects(database: Database, entries: list[Entry]) -> dict[str, Entry | Room]:
    """Return the items and rooms that markers are about, each at least as new as the markers."""
    items = {entry.id: entry for entry in entries if entry.seq is not None}
    wanted: dict[str, int] = {}
    for entry in entries:
        if entry.item is not None:
            wanted[entry.item] = entry.rev  # the latest: revs rise
    # An item that was read with its markers may be older than they are, where the store read them one by one.
    found: dict[str, Entry | Room] = {
        id_: items[id_] for id_, rev in wanted.items() if id_ in items and (items[id_].changed or 0) >= rev
    }
    missing = [id_ for id_ in wanted if id_ not in found]
    if missing:
        read = await database.get_many(ENTRIES, missing)
        found.update(read)
        missing = [id_ for id_ in missing if id_ not in found]
    if missing:
        rooms = await database.get_many(ROOMS, missing)
        found.update(rooms)
    return found


async def read_page(
    database: Database, stream: str, *, before: int | None, after: int | None, limit: int, floor: int = 0
) -> tuple[list[Entry], bool]:
    """Return items by seq, rising, and whether more lie in the direction asked (older when none is).

    ``before`` and ``after`` exclude their own seq; items with a seq under ``floor`` are left out.
    """
    where = {"stream": stream}
    lowest = max(floor - 1, 0)
    if after is not None:
        above = max(after, lowest)
        found = await database.find(ENTRIES, where, by="seq", above=above, below=before, limit=limit + 1)
        return found[:limit], len(found) > limit
    found = await database.find(ENTRIES, where, by="seq", above=lowest, below=before, falling=True, limit=limit + 1)
    return found[:limit][::-1], len(found) > limit


async def read_changes(
    database: Database, stream: str, since: int, limit: int, floor: int = 0
) -> tuple[list[Entry], bool]:
    """Return items that changed above ``since``, by rising rev, each once as it is now, and whether that was all.

    Items with a seq under ``floor`` are left out; where that empties a page, the next ones are read.
    """
    while True:
        found = await database.find(ENTRIES, {"stream": stream}, by="changed", above=since, limit=limit + 1)
        complete = len(found) <= limit
        listed = [entry for entry in found[:limit] if (entry.seq or 0) >= floor]
        if listed or complete:
            return listed, complete
        since = found[limit - 1].changed or since
