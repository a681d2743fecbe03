"""What was said, written down as it is now: a report shows it as it was, whatever becomes of it."""

from typing import Final

from services.streams.reading import read_page
from store.database import Database
from store.tables import Commented, Entry, Person, Posted, Said, Text

ATTACHED_BYTES: Final = 200_000
"""Bytes of what a report attaches: it is answered in one frame."""


def said(entry: Entry) -> Said | None:
    """Return what an item says; None of one that is no text of somebody's, or is deleted."""
    if entry.deleted or entry.username is None:
        return None
    author = Person(entry.author, entry.username, anonymous=entry.person is not None)
    match entry.body:
        case Text(text=text):
            return Said(entry.id, "text", text, author, created_at=entry.created_at)
        case Posted(title=title, text=text):
            return Said(entry.id, "post", text, author, title, entry.created_at)
        case Commented(text=text):
            return Said(entry.id, "comment", text, author, created_at=entry.created_at)
    return None


async def before(database: Database, entry: Entry, count: int, first_seq: int = 0) -> tuple[Said, ...]:
    """Return what was said in a stream before an item, the oldest first: ``count`` items at most, the latest."""
    if not count or entry.seq is None:
        return ()
    entries, _ = await read_page(database, entry.stream, before=entry.seq, after=None, limit=count, floor=first_seq)
    return fitting([one for one in map(said, entries) if one is not None])


def fitting(all_said: list[Said]) -> tuple[Said, ...]:
    """Return as many of them as a report may attach, from the end."""
    size, kept = 0, []
    for one in reversed(all_said):
        size += len(one.text.encode()) + len(one.title.encode())
        if size > ATTACHED_BYTES:
            break
        kept.append(one)
    return tuple(reversed(kept))
