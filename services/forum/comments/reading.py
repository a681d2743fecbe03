"""Reading comments: pages of threads, and one by its id. Rows first, then at once what they say and who may see it."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from services.errors import CommentNotFound, Flaw, Invalid, PostNotFound
from services.forum.comments.inputs import CommentId, CommentView, OneComment
from services.forum.comments.tree import WAYS, Order, threads, whole_threads
from services.forum.discussion import comment_of
from services.forum.posts.terms import PostId
from services.ids import member_id
from services.operations.context import Context
from services.operations.inputs import LIST_BYTES, Cursor, Input, PageSize
from services.operations.operation import Operation
from services.rooms.rights.sight import may_see, page_of
from services.streams.items.forum_items import comment_item
from store.database import Scalar
from store.tables import COMMENTS, ENTRIES, MEMBERS, ROOMS, Comment, Entry, Member, Room

_encode = msgspec.json.Encoder().encode
_FAR = 2**63
"""Beyond what an order is."""


class ListComments(Input):
    """Which comments on a post: those on itself, or the answers to a ``parent``, with what stands below them."""

    post: PostId
    order: Order = "top"
    parent: CommentId | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


class CommentPage(msgspec.Struct, frozen=True):
    """Comments as they are shown: depth first. Where fewer follow one than stand below it, its answers are asked for.

    ``next`` is the cursor of those that follow on the same level.
    """

    items: list[CommentView]
    next: str | None


async def _list(context: Context, given: ListComments) -> CommentPage:
    """List the comments on a post, or the answers to one, each with what stands below it where that fits."""
    database, level = context.application.database, given.parent or given.post
    by, falling = WAYS[given.order]
    bound = None if given.cursor is None else _bound(by, given.cursor)
    side: dict[str, Any] = {"below" if falling else "above": bound}
    rows = await database.find(COMMENTS, {"level": level}, by=by, falling=falling, limit=given.limit + 1, **side)
    page = whole_threads(rows, given.limit)
    roots = [row for row, _ in page]
    under = [id_ for row, whole in page if whole for id_ in row.under]
    place = roots[0].place if roots else ""
    below, parents, entries, rooms, members = await database.gather(
        (COMMENTS, under),
        (COMMENTS, [given.parent] if given.parent else []),
        (ENTRIES, [*(row.id for row in roots), *under]),
        (ROOMS, [given.post, *([place] if place else [])]),
        (MEMBERS, [member_id(place, context.caller.user)] if place else []),
    )
    await _require_seen(context, given.post, rooms, members)
    if any(row.post != given.post for row in (*roots, *parents.values())) or (given.parent and not parents):
        raise CommentNotFound
    fitting, count = _fitting(threads(roots, below, given.order), entries)
    more = len(rows) > count
    # Encoded already, for its size had to be known: whoever encodes the answer takes it as it is.
    items = msgspec.Raw(b"[%b]" % b",".join(fitting))
    return CommentPage(cast("list[CommentView]", items), str(getattr(roots[count - 1], by)) if more else None)


def _bound(by: str, cursor: str) -> Scalar:
    if by == "id":
        return cursor
    try:
        bound = int(cursor)
    except ValueError:
        bound = _FAR
    if not -_FAR < bound < _FAR or str(bound) != cursor:
        raise Invalid(flaws=(Flaw("/cursor", "is not one that a list gave in this order"),))
    return bound


def _fitting(listed: list[list[Comment]], entries: Mapping[str, Entry]) -> tuple[list[bytes], int]:
    """Return comments for the wire, as many as fit, and of how many roots; a thread that does not fit is its root."""
    size, items, count = 0, list[bytes](), 0
    for thread in listed:
        views = [_encode(_view(row, entries[row.id])) for row in thread if row.id in entries]
        if views and size + sum(map(len, views)) > LIST_BYTES:
            views = views[:1]
        if items and size + sum(map(len, views)) > LIST_BYTES:
            break
        size += sum(map(len, views))
        items += views
        count += 1
    return items, count


def _view(row: Comment, entry: Entry) -> CommentView:
    return CommentView(comment_item(entry, comment_of(entry)), row.below)


async def _require_seen(context: Context, post: str, rooms: Mapping[str, Room], members: Mapping[str, Member]) -> None:
    """Let only those pass who may see a post; its place is looked up where it was not yet."""
    room, user = rooms.get(post), context.caller.user
    if room is None or room.kind != "post" or room.place is None:
        raise PostNotFound
    if room.place not in rooms:
        rooms, members = await context.application.database.gather(
            (ROOMS, [room.place]), (MEMBERS, [member_id(room.place, user)])
        )
    place = rooms.get(room.place)
    if place is None and room.place.startswith("p_"):
        place = page_of(room.place[2:])
    if place is None or not may_see(room, None, place, members.get(member_id(room.place, user))):
        raise PostNotFound


async def _get(context: Context, given: OneComment) -> CommentView:
    """Read one comment."""
    found, entries, rooms = await context.application.database.gather(
        (COMMENTS, [given.comment]), (ENTRIES, [given.comment]), (ROOMS, [given.post])
    )
    await _require_seen(context, given.post, rooms, {})
    row, entry = found.get(given.comment), entries.get(given.comment)
    if row is None or entry is None or row.post != given.post:
        raise CommentNotFound
    return _view(row, entry)


LIST = Operation(
    name="comment.list",
    method="GET",
    path="/api/posts/{post}/comments",
    input=ListComments,
    output=CommentPage,
    run=_list,
    raises=(PostNotFound, CommentNotFound),
)
GET = Operation(
    name="comment.get",
    method="GET",
    path="/api/posts/{post}/comments/{comment}",
    input=OneComment,
    output=CommentView,
    run=_get,
    raises=(PostNotFound, CommentNotFound),
)
