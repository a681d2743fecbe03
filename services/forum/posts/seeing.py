"""Posts as somebody sees them: read together with what says whether they may."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.accounts.people.ties import tie_id
from services.errors import PostNotFound
from services.ids import member_id
from services.operations.context import Context
from services.rooms.rights.sight import may_see, page_of
from services.stances.rows import hidden, stance_id, stances_of
from services.streams.items.forum_items import PostItem, post_item
from store.database import Database
from store.tables import BLOCKS, ENTRIES, MEMBERS, POSTS, ROOMS, STANCES, Entry, Member, Post, Posted, Room


class Seen(NamedTuple):
    """A post that somebody may see."""

    entry: Entry
    body: Posted
    row: Post
    place: Room
    member: Member | None
    """The caller's row in the place; None where they are not in it."""


class Place(NamedTuple):
    """A post as a list names it."""

    post: str
    place: str
    author: str = ""
    """Who wrote it, where it shows their own name."""


class Asked(NamedTuple):
    """What a list is asked for by its id: that one hides it leaves nothing out there. And whether blocks part."""

    place: str | None = None
    author: str | None = None
    apart: bool = False
    """Whether posts are left out whose author blocks the reader, or the reader them."""


class Shown(NamedTuple):
    """The posts of a list as they are for somebody."""

    posts: list[PostItem | None]
    """In the order of the list; None stands for one that they may not see or have hidden, or that was deleted."""
    places: set[str]
    """The places among those asked about that they may see."""


async def require_post(context: Context, post: str) -> Seen:
    """Return a post as it is now, deleted ones too, by two questions to the store.

    Raises:
        PostNotFound: If there is none, or none that the caller may see.
    """
    database, user = context.application.database, context.caller.user
    entries, rows = await database.gather((ENTRIES, [post]), (POSTS, [post]))
    entry, row = entries.get(post), rows.get(post)
    if entry is None or row is None or not isinstance(entry.body, Posted):
        raise PostNotFound
    rooms, members = await database.gather((ROOMS, [row.place]), (MEMBERS, [member_id(row.place, user)]))
    room, member = rooms.get(row.place), members.get(member_id(row.place, user))
    if room is None or not may_see(room, member):
        raise PostNotFound
    return Seen(entry, entry.body, row, room, member)


async def shown(database: Database, user: str, listed: Sequence[Place], asked: Asked) -> Shown:
    """Return the posts of a list for somebody, by one question, or two where posts show another name than a user's.

    Of the place asked for too it is found out whether they see it. What they have hidden is left out: a post, what its
    place has, and what its author wrote. There is room for 120 posts.
    """
    places = list(dict.fromkeys([one.place for one in listed] + ([] if asked.place is None else [asked.place])))
    authors = list(dict.fromkeys(one.author for one in listed if one.author not in {"", user}))
    others = authors if asked.apart else []
    targets = {*(one.post for one in listed), *places, *authors} - {asked.place, asked.author}
    entries, rooms, members, blocks, stances = await database.gather(
        (ENTRIES, [one.post for one in listed]),
        (ROOMS, places),
        (MEMBERS, [member_id(id_, user) for id_ in places]),
        (BLOCKS, [id_ for other in others for id_ in (tie_id(user, other), tie_id(other, user))]),
        (STANCES, [stance_id(user, target) for target in targets]),
    )
    seen = visible(places, user, rooms, members)
    out = {other for other in others if tie_id(user, other) in blocks or tie_id(other, user) in blocks}
    out |= {row.target for row in stances.values() if hidden(row)}
    items = [_item(entries.get(one.post)) if one.place in seen and out.isdisjoint(one) else None for one in listed]
    return Shown(await _unhidden(database, user, items, {user, asked.author, *authors}), seen)


async def _unhidden(
    database: Database, user: str, items: list[PostItem | None], known: set[str | None]
) -> list[PostItem | None]:
    """Leave out what was posted under another name that somebody has hidden: their items alone tell such names."""
    names = {item.author.id for item in items if item is not None and item.author is not None} - known
    if not names:
        return items
    out = {name for name, stance in (await stances_of(database, user, list(names))).items() if hidden(stance)}
    return [None if item is None or (item.author is not None and item.author.id in out) else item for item in items]


def visible(places: Iterable[str], user: str, rooms: Mapping[str, Room], members: Mapping[str, Member]) -> set[str]:
    """Return those of some topics and pages that a user may see, by their records and the user's rows in them."""
    return {id_ for id_ in places if _may_see(id_, rooms.get(id_), members.get(member_id(id_, user)))}


def _may_see(id_: str, room: Room | None, member: Member | None) -> bool:
    if room is None and id_.startswith("p_"):
        room = page_of(id_[2:])
    return room is not None and room.kind in {"topic", "page"} and may_see(room, member)


def _item(entry: Entry | None) -> PostItem | None:
    if entry is None or entry.deleted or not isinstance(entry.body, Posted):
        return None
    return post_item(entry, entry.body)
