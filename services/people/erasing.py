"""Taking a deleted account out of what people are to each other and off what it posted: a page a job, again if cut off.

The pages, in order: ``ties`` (follows and friendships, with the counts of the others), ``posts`` and ``comments`` (the
name, and who stood behind another name), ``aliases`` (the same of what was said under them), ``own`` (notifications,
and all that the person chose for themselves). Votes stay counted: the rows name an account that is nobody's any more.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from services.accounts.people.person import GONE_NAME
from services.accounts.people.ties import moved, parted
from services.accounts.profile.deleting import UNTIE
from services.accounts.profile.places import places_of
from services.ids import self_stream
from services.jobs.job import job
from services.streams.append import Append, Plan, Planner, Step, View, marker_entry
from store.database import Delete, Scalar, Table, Update, Write
from store.tables import (
    ALIASES,
    COMMENTS,
    COUNTS,
    ENTRIES,
    FED,
    FOLLOWS,
    FRIENDS,
    HIDDEN,
    INVITATIONS,
    JOBS,
    MAILED,
    NOTIFICATIONS,
    POSTS,
    ROOMS,
    STANCES,
    TOLD,
    USERS,
    Alias,
    Comment,
    Entry,
    Notified,
    Post,
)

if TYPE_CHECKING:
    from services.application import Application

NOBODY: Final = "~"
"""Who stood behind another name, once that account is no more."""
PAGE: Final = 50
"""People, posts or comments of one job: each is a write of its own, and a job has 30 s."""
ROWS: Final = 200
"""Rows that one write changes or removes."""

Following = dict[str, Any] | None
"""What the next page is; None where there is none."""


async def untie(application: "Application", work: dict[str, Any]) -> None:
    """Do one page of the job, for an account that is deleted; and write down the next."""
    user = await application.database.get(USERS, work["user"])
    if user is None or user.deleted_at is None:
        return
    following = await _STEPS[work["step"]](application, work)
    if following is not None:
        await application.database.insert(JOBS, job(UNTIE, {"user": user.id, **following}))
        application.jobs.wake()


async def _ties(application: "Application", work: dict[str, Any]) -> Following:
    """Part the account from everybody. What it asks for is removed by being done, so it begins at the start again."""
    user, database = work["user"], application.database
    mine = await database.find(FOLLOWS, {"user": user}, by="since", limit=PAGE)
    theirs = await database.find(FOLLOWS, {"other": user}, by="since", limit=PAGE)
    friends = await database.find(FRIENDS, {"user": user}, by="other", limit=PAGE)
    others = {row.other for row in mine} | {row.user for row in theirs} | {row.other for row in friends}
    for other in sorted(others):
        # The other's stream alone: nobody counts for the account that is gone.
        await application.lanes.append(Append((self_stream(other),), _parting(user, other)))
    if others:
        return {"step": "ties"}
    await database.delete(COUNTS, user)
    return {"step": "posts"}


def _parting(user: str, other: str) -> Planner:
    async def plan(view: View) -> Plan:
        writes = await parted(view, user, other, gone=True)
        return Plan(moved(other), writes) if writes else Plan()

    return plan


async def _posts(application: "Application", work: dict[str, Any]) -> Following:
    rows = await application.database.find(POSTS, {"person": work["user"]}, by="id", limit=PAGE)
    await _unname(application, work["user"], rows)
    return {"step": "posts"} if rows else {"step": "comments"}


async def _comments(application: "Application", work: dict[str, Any]) -> Following:
    rows = await application.database.find(COMMENTS, {"person": work["user"]}, by="id", limit=PAGE)
    await _unname(application, work["user"], rows)
    return {"step": "comments"} if rows else {"step": "aliases", "room": "", "after": ""}


async def _unname(application: "Application", user: str, rows: Sequence[Post | Comment]) -> None:
    """Take the name off posts or comments: each in the lane of its stream, where its row changes too."""
    entries = await application.database.get_many(ENTRIES, [row.id for row in rows])
    for row in rows:
        stream = row.place if isinstance(row, Post) else row.post
        await application.lanes.append(Append((stream,), _unnaming(user, stream, row, entries.get(row.id))))


def _unnaming(user: str, stream: str, row: Post | Comment, entry: Entry | None) -> Planner:
    async def plan(_view: View) -> Plan:
        writes: list[Write] = []
        if isinstance(row, Post):
            writes.append(Update(POSTS, row.id, {"person": NOBODY, "by": None}))
        else:
            writes.append(Update(COMMENTS, row.id, {"person": NOBODY}))
        if entry is not None:
            writes.append(Update(ENTRIES, entry.id, _nameless(entry, user)))
        # It takes a rev, so that no page is kept with the name.
        return Plan([Step(marker_entry(stream))], writes)

    return plan


def _nameless(entry: Entry, user: str) -> dict[str, Any]:
    if entry.person is not None or entry.author != user:
        return {"person": NOBODY}
    return {"username": GONE_NAME}


async def _aliases(application: "Application", work: dict[str, Any]) -> Following:
    """Have nobody stand behind one other name any more: in its topic, and in the rooms of it, a page of one room."""
    user, database = work["user"], application.database
    found = await database.find(ALIASES, {"user": user}, by="topic", limit=1)
    if not found:
        return {"step": "own", "after": 0}
    alias, begun, after = found[0], work["room"], work["after"]
    async for room in places_of(database, user):
        if begun not in {"", room}:
            continue
        begun = ""
        if room != alias.topic and not await _in(application, room, alias):
            continue
        equal: dict[str, Scalar] = {"stream": room, "author": alias.id}
        rows = await database.find(ENTRIES, equal, by="cid", above=after, limit=ROWS)
        await database.together([Update(ENTRIES, row.id, {"person": NOBODY}) for row in rows])
        if len(rows) == ROWS:
            return {"step": "aliases", "room": room, "after": rows[-1].cid}
        after = ""
    await database.update(ALIASES, alias.id, {"user": NOBODY, "owned": None, "silenced": None})
    return {"step": "aliases", "room": "", "after": ""}


async def _in(application: "Application", room: str, alias: Alias) -> bool:
    found = await application.database.get(ROOMS, room)
    return found is not None and found.place == alias.topic


async def _own(application: "Application", work: dict[str, Any]) -> Following:
    """Blank the notifications, and remove what the person chose, hid, was to read and was invited to."""
    user, database = work["user"], application.database
    stream = self_stream(user)
    rows = await database.find(ENTRIES, {"stream": stream}, by="seq", above=work["after"], limit=ROWS)
    blank: list[Write] = [
        Update(ENTRIES, row.id, {"body": Notified(type=row.body.type), "deleted": True})
        for row in rows
        if isinstance(row.body, Notified)
    ]
    await database.together(blank)
    if len(rows) == ROWS:
        return {"step": "own", "after": rows[-1].seq}
    for table, order in _THEIRS:
        while theirs := await database.find(table, {"user": user}, by=order, limit=ROWS):
            await database.together([Delete(table, row.id) for row in theirs])
    return None


_STEPS: Final = {"ties": _ties, "posts": _posts, "comments": _comments, "aliases": _aliases, "own": _own}
_THEIRS: Final[tuple[tuple[Table[Any], str], ...]] = (
    (STANCES, "target"),
    (NOTIFICATIONS, "id"),
    (TOLD, "id"),
    (MAILED, "id"),
    (HIDDEN, "room"),
    (FED, "post"),
    (INVITATIONS, "room"),
)
