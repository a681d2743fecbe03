"""How a topic stands before all others: its title, which is its own, its tags, and its place in the list."""

import unicodedata
from collections.abc import Iterable
from typing import Annotated

import msgspec

from services.errors import TitleTaken
from services.streams.append import View
from store.database import Delete, Insert, Write
from store.tables import TITLES, Room
from store.tables import Title as Held

Tag = Annotated[str, msgspec.Meta(min_length=2, max_length=20, pattern="^[a-z0-9_]+(?![^a-z0-9_])$")]
Tags = Annotated[tuple[Tag, ...], msgspec.Meta(max_length=10)]

TITLE_LENGTH = 3
"""Characters of a title, at least."""

Title = Annotated[str, msgspec.Meta(min_length=TITLE_LENGTH, max_length=100)]

LISTED = "topic"
"""What ``Room.listed`` is of a topic that stands in the list."""

_EDGE = "ʘ"
"""Stands around a tag as a word of its own: no store folds it, and nobody types it."""


def label(tag: str) -> str:
    """Return the word by which a tag alone is found, and nothing that merely has or begins with its letters."""
    return f"{_EDGE}{tag}{_EDGE}"


def tagged(tags: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """Return tags, each once, and what searching finds them by."""
    distinct = tuple(dict.fromkeys(tags))
    return distinct, " ".join([*distinct, *map(label, distinct)])


def titled(text: str) -> str:
    """Return a title as it is kept: without blanks around it, and with single ones in it."""
    return " ".join(text.split())


def title_key(title: str) -> str:
    """Return a title as it is compared with others."""
    return titled(unicodedata.normalize("NFKC", title).casefold())


def standing(room: Room) -> Room:
    """Return a room with what the list and the search of topics go by."""
    tags, labels = tagged(room.tags)
    live = room.kind == "topic" and room.open and not room.deleted
    return msgspec.structs.replace(room, tags=tags, labels=labels, listed=LISTED if live else None)


async def entitled(view: View, before: Room | None, after: Room) -> list[Write]:
    """Return the writes by which a topic that stands in the list holds its title alone, and lets go of the one before.

    An invite-only topic holds none: that its title is taken would tell strangers that it is there.

    Raises:
        TitleTaken: If another topic holds it.
    """
    old = None if before is None or before.listed is None else title_key(before.name)
    new = None if after.listed is None else title_key(after.name)
    if old == new:
        return []
    writes: list[Write] = []
    if new is not None:
        if await view.get(TITLES, new) is not None:
            raise TitleTaken
        writes.append(Insert(TITLES, Held(id=new, topic=after.id)))
    if old is not None:
        writes.append(Delete(TITLES, old))
    return writes
