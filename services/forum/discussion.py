"""A post, what it is in and what is said about it, as plans see them."""

from typing import NamedTuple

import msgspec

from services.errors import CommentNotFound, ItemDeleted, PostNotFound
from services.rooms.rights.sight import page_of
from services.streams.append import View
from store.tables import ENTRIES, ROOMS, Commented, Entry, Posted, Room


class Discussed(NamedTuple):
    """A post, for a plan."""

    room: Room
    """Its discussion."""
    place: Room
    """The topic or the page that it is in."""
    item: Entry
    """Its item, in the stream of the place."""
    body: Posted


async def discussed(view: View, post: str) -> Discussed:
    """Return a post for a plan.

    Raises:
        PostNotFound: If there is none, or what it is in is no more.
        ItemDeleted: If it was deleted.
    """
    room = await view.get(ROOMS, post)
    if room is None or room.kind != "post" or room.place is None:
        raise PostNotFound
    place = await view.get(ROOMS, room.place)
    if place is None and room.place.startswith("p_"):
        place = page_of(room.place[2:])
    item = await view.get(ENTRIES, post)
    if place is None or place.deleted or item is None or not isinstance(item.body, Posted):
        raise PostNotFound
    if room.deleted or item.deleted:
        raise ItemDeleted
    return Discussed(room, place, item, item.body)


def with_comments(found: Discussed, more: int) -> Entry:
    """Return a post's item with so many more comments, or fewer."""
    body = msgspec.structs.replace(found.body, comments=max(0, found.body.comments + more))
    return msgspec.structs.replace(found.item, body=body)


async def comment_in(view: View, post: str, comment: str) -> Entry:
    """Return a comment for a plan.

    Raises:
        CommentNotFound: If there is no such comment on this post.
    """
    entry = await view.get(ENTRIES, comment)
    if entry is None or entry.stream != post or entry.kind != "comment":
        raise CommentNotFound
    return entry


def comment_of(entry: Entry) -> Commented:
    """Return the body of a comment."""
    return entry.body if isinstance(entry.body, Commented) else Commented(text="")


def writer_of(entry: Entry) -> str:
    """Return the user who wrote an item, whatever name it shows; not to be told to anybody."""
    return entry.person or entry.author
