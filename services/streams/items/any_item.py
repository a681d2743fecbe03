"""What items of all kinds have on the wire."""

import msgspec

from services.ids import rfc3339
from services.streams.items.authors import Author, author_of
from store.tables import Entry


class AnyItem(msgspec.Struct, frozen=True):
    """An item. A deleted one keeps its place; ``seq`` is where it stands, ``rev`` when it last changed."""

    id: str
    room: str
    seq: int
    rev: int
    author: Author | None
    cid: str
    created_at: str
    edited_at: str | None
    deleted: bool


def any_item(entry: Entry) -> tuple[str, str, int, int, Author | None, str, str, str | None, bool]:
    """Return the fields of ``AnyItem``, in its order: a page of fifty costs a quarter of what it does by way of a dict.

    Of what somebody said under another name the cid is none of theirs: clients make cids that may look alike.
    """
    return (
        entry.id,
        entry.stream,
        entry.seq or entry.rev,
        entry.changed or entry.rev,
        author_of(entry),
        entry.cid if entry.person is None else f"~{entry.id}",
        rfc3339(entry.created_at),
        None if entry.edited_at is None else rfc3339(entry.edited_at),
        entry.deleted,
    )
