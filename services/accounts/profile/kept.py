"""What an export tells of something that is kept, and of somebody's ties, posts and choices."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple, TypeVar

import msgspec

from services.accounts.people.tied import totals
from services.accounts.profile.places import places_of
from services.ids import rfc3339, self_stream
from services.operations.context import Context
from store.database import FIND_LIMIT, Database, Record, Table
from store.tables import (
    ALIASES,
    COMMENTS,
    COUNTS,
    ENTRIES,
    FOLLOWS,
    FRIENDS,
    HIDDEN,
    INVITATIONS,
    POSTS,
    ROOMS,
    STANCES,
    VOTES,
    Commented,
    Entry,
    Notified,
    Posted,
    User,
)

R = TypeVar("R", bound=Record)


class Found(NamedTuple):
    """One thing that is kept, and its place in its section."""

    place: str
    data: dict[str, Any]


def time_of(at: int | None) -> str | None:
    """Return a time for the wire."""
    return None if at is None else rfc3339(at)


def of(record: msgspec.Struct, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return these fields of a record, for the wire: nothing is told that is not named."""
    values = {name: getattr(record, name) for name in fields}
    return {name: time_of(value) if name.endswith("_at") else value for name, value in values.items()}


async def names_of(database: Database, user: str) -> AsyncIterator[tuple[str, str]]:
    """Give the rooms that somebody ever joined, each with their id and with each other name that they had there.

    Raises:
        StoreError: If the store does not answer.
    """
    rows = await database.find(ALIASES, {"user": user}, by="topic", limit=FIND_LIMIT)
    aliases: dict[str, list[str]] = {}
    for row in rows:
        aliases.setdefault(row.topic, []).append(row.id)
    async for room in places_of(database, user):
        yield room, user
        if not aliases:
            continue
        found = None if room in aliases else await database.get(ROOMS, room)
        topic = room if found is None else found.place or ""
        for alias in sorted(aliases.get(topic, ())):
            yield room, alias


async def counts(context: Context, user: User, after: str, _limit: int) -> list[Found]:
    """Return what is counted of somebody; nothing before the first of it."""
    found = await context.application.database.get(COUNTS, user.id)
    return [] if after or found is None else [Found("1", msgspec.to_builtins(totals(found)))]


async def follows(context: Context, user: User, after: str, limit: int) -> list[Found]:
    """Return whom somebody follows."""
    equal = {"user": user.id}
    found = await context.application.database.find(FOLLOWS, equal, by="since", above=after or "", limit=limit)
    return [Found(one.since or "", {"user": one.other, "created_at": _made(one.since or "")}) for one in found]


async def friends(context: Context, user: User, after: str, limit: int) -> list[Found]:
    """Return who is somebody's friend, asked to be one, or was asked."""
    equal = {"user": user.id}
    found = await context.application.database.find(FRIENDS, equal, by="other", above=after, limit=limit)
    return [Found(one.other, {"user": one.other, "state": one.state, "created_at": _made(one.since)}) for one in found]


async def aliases(context: Context, user: User, after: str, _limit: int) -> list[Found]:
    """Return the other names that somebody has or had in topics."""
    # They may be several of one topic, which no order by topic goes on after: there are few enough to give at once.
    equal = {"user": user.id}
    found = [] if after else await context.application.database.find(ALIASES, equal, by="topic", limit=FIND_LIMIT)
    return [Found(one.id, of(one, ("id", "topic", "name", "created_at"))) for one in found]


async def posts(context: Context, user: User, after: str, limit: int) -> list[Found]:
    """Return what somebody posted, under whatever name."""
    equal = {"person": user.id}
    found = await context.application.database.find(POSTS, equal, by="id", above=after, limit=limit)
    return await _items(context, found)


async def comments(context: Context, user: User, after: str, limit: int) -> list[Found]:
    """Return what somebody commented, under whatever name."""
    equal = {"person": user.id}
    found = await context.application.database.find(COMMENTS, equal, by="id", above=after, limit=limit)
    return await _items(context, found)


async def _items(context: Context, rows: "list[Any]") -> list[Found]:
    entries = await context.application.database.get_many(ENTRIES, [row.id for row in rows])
    return [Found(row.id, _item(entries.get(row.id), row)) for row in rows]


def _item(entry: Entry | None, row: Record) -> dict[str, Any]:
    if entry is None:
        return {"id": row.id}
    told = {"room": entry.stream, **of(entry, ("id", "username", "created_at", "edited_at", "deleted"))}
    match entry.body:
        case Posted():
            return told | of(entry.body, ("title", "text", "tags", "picture", "status"))
        case Commented():
            return told | of(entry.body, ("text", "parent", "picture"))
    return told


async def votes(context: Context, user: User, after: str, _limit: int) -> list[Found]:
    """Return how somebody voted; what was taken back is left out."""
    while rows := await _groups(context.application.database, VOTES, user.id, ("post", "id"), after):
        if found := [Found(row.post, of(row, ("item", "post", "value"))) for row in rows if row.value]:
            return found
        after = rows[-1].post
    return []


async def hidden(context: Context, user: User, after: str, _limit: int) -> list[Found]:
    """Return what somebody deleted for themselves alone."""
    rows = await _groups(context.application.database, HIDDEN, user.id, ("room", "seq"), after)
    return [Found(row.room, of(row, ("room", "message", "seq"))) for row in rows]


async def _groups(database: Database, table: Table[R], user: str, order: tuple[str, str], after: str) -> list[R]:
    """Return somebody's rows that follow a value of the first field, those of one value never in part."""
    first, second = order
    rows = await database.find(table, {"user": user}, by=first, above=after or None, limit=FIND_LIMIT)
    if len(rows) < FIND_LIMIT:
        return rows
    last = getattr(rows[-1], first)
    if kept := [row for row in rows if getattr(row, first) != last]:
        return kept
    whole: list[R] = []
    while not whole or len(rows) == FIND_LIMIT:
        above = getattr(whole[-1], second) if whole else None
        rows = await database.find(table, {"user": user, first: last}, by=second, above=above, limit=FIND_LIMIT)
        whole += rows
    return whole


async def stances(context: Context, user: User, after: str, limit: int) -> list[Found]:
    """Return what somebody follows, muted, silenced and hid."""
    equal = {"user": user.id}
    found = await context.application.database.find(STANCES, equal, by="target", above=after, limit=limit)
    return [
        Found(
            one.target,
            of(one, ("target", "kind"))
            | {
                "followed": one.follows is not None,
                "muted_until": time_of(one.muted_until) if one.mutes else None,
                "silenced_until": time_of(one.silenced_until) if one.silences else None,
                "hidden": one.hides is not None,
            },
        )
        for one in found
    ]


async def invitations(context: Context, user: User, after: str, limit: int) -> list[Found]:
    """Return where somebody is invited to."""
    equal = {"user": user.id}
    found = await context.application.database.find(INVITATIONS, equal, by="room", above=after, limit=limit)
    return [Found(one.room, of(one, ("room", "by", "created_at"))) for one in found]


async def notifications(context: Context, user: User, after: str, limit: int) -> list[Found]:
    """Return what somebody was told of."""
    stream, last = self_stream(user.id), int(after or 0)
    found: list[Found] = []
    while len(found) < limit:
        rows = await context.application.database.find(
            ENTRIES, {"stream": stream}, by="seq", above=last, limit=FIND_LIMIT
        )
        for row in rows:
            if isinstance(row.body, Notified) and len(found) < limit:
                told = of(row, ("id", "created_at")) | msgspec.to_builtins(row.body)
                found.append(Found(str(row.seq), told))
        if len(rows) < FIND_LIMIT:
            break
        last = rows[-1].seq or 0
    return found


def _made(id_: str) -> str:
    return rfc3339(int(id_[:12], 16))
