"""Voting: one durable write of the voter's own row. What it adds up to is folded into the item later."""

from typing import Annotated

import msgspec

from services.errors import (
    Blocked,
    CommentNotFound,
    ItemDeleted,
    NotMember,
    PostNotFound,
    Unavailable,
)
from services.forum.comments.inputs import CommentId
from services.forum.discussion import writer_of
from services.forum.posts.terms import PostId
from services.forum.taking_part import require_part
from services.forum.votes.rates import VOTE_USER
from services.news import News, news
from services.operations.context import Context
from services.operations.inputs import Input
from services.operations.operation import Operation, by_user
from store.database import Insert, Update, Write
from store.errors import Duplicate, Mismatch
from store.tables import ENTRIES, VOTES, Commented, Entry, Person, Posted, Vote

TRIES = 8
"""Writes of one vote, while the voter changes it on other devices at the same moment."""

_TEXT = 200
"""Characters of what was voted on that its author is told."""

Value = Annotated[int, msgspec.Meta(ge=-1, le=1)]


class VotePost(Input):
    """What one thinks of a post: 1 for it, -1 against it, 0 neither."""

    post: PostId
    value: Value


class VoteComment(Input):
    """What one thinks of a comment: 1 for it, -1 against it, 0 neither."""

    post: PostId
    comment: CommentId
    value: Value


class VoteTotals(msgspec.Struct, frozen=True):
    """What people think of something, as far as it is added up, the caller's own vote included."""

    up: int
    down: int
    score: int
    vote: int


async def cast_vote(context: Context, post: str, item: str, value: int) -> VoteTotals:
    """Set the caller's vote on a post or a comment under it, whatever it was; a like is the value 1.

    Whoever takes part in the discussion may vote, on a closed post too, and on what they wrote themselves. Done twice
    it changes nothing.

    Raises:
        PostNotFound: If there is no such post, or none that the caller may see.
        CommentNotFound: If there is no such comment on it.
        NotMember: If the caller is not in its topic.
        Blocked: If its page is somebody's with whom the caller has nothing to do.
        ItemDeleted: If the post or the comment was deleted.
        Unavailable: If the caller changes it at the same moment again and again.
    """
    database, user, id_ = context.application.database, context.caller.user, f"{item}:{context.caller.user}"
    place = (await require_part(context, post)).place.id
    for _ in range(TRIES):
        entries, votes = await database.gather((ENTRIES, list({item, post})), (VOTES, [id_]))
        entry = _votable(entries, post, item)
        before = votes.get(id_)
        row = before or Vote(id=id_, item=item, user=user, post=post, value=0)
        if row.value == value:
            return _totals(entry, row, value)
        tells = value == 1 and not row.told and writer_of(entry) != user
        writes = _writes(row, value, told=row.told or tells, new=before is None)
        if tells:
            writes.append(news(_news(context, entry, place, post)))
        try:
            await database.together(writes)
        except (Duplicate, Mismatch):
            continue
        if tells:
            context.application.jobs.wake()
        context.application.folding.note(context.application, item, entry.stream)
        return _totals(entry, row, value)
    raise Unavailable


def _votable(entries: dict[str, Entry], post: str, item: str) -> Entry:
    about, entry = entries.get(post), entries.get(item)
    if about is None:
        raise PostNotFound
    if entry is None or entry.stream not in {post, about.stream} or (item != post and entry.kind != "comment"):
        raise CommentNotFound
    if about.deleted or entry.deleted:
        raise ItemDeleted
    return entry


def _writes(row: Vote, value: int, *, told: bool, new: bool) -> list[Write]:
    if new:
        return [Insert(VOTES, msgspec.structs.replace(row, value=value, due=row.item, told=told))]
    return [Update(VOTES, row.id, {"value": value, "due": row.item, "told": told}, {"value": row.value})]


def _totals(entry: Entry, row: Vote, value: int) -> VoteTotals:
    body = entry.body if isinstance(entry.body, Posted | Commented) else Commented(text="")
    up, down = body.up - row.up + (value == 1), body.down - row.down + (value == -1)
    return VoteTotals(up, down, up - down, value)


def _news(context: Context, entry: Entry, place: str, post: str) -> News:
    body = entry.body
    text = body.title if isinstance(body, Posted) else body.text if isinstance(body, Commented) else ""
    return News(
        type="vote",
        actor=context.caller.user,
        shown=Person(context.caller.user, context.caller.username),
        to=(writer_of(entry),),
        place=place,
        post=post,
        item=entry.id,
        text=text[:_TEXT],
    )


async def _vote_post(context: Context, given: VotePost) -> VoteTotals:
    """Vote on a post."""
    return await cast_vote(context, given.post, given.post, given.value)


async def _vote_comment(context: Context, given: VoteComment) -> VoteTotals:
    """Vote on a comment."""
    return await cast_vote(context, given.post, given.comment, given.value)


_RAISES = (PostNotFound, NotMember, Blocked, ItemDeleted)
_LIMITS = ((VOTE_USER, by_user),)

POST = Operation(
    name="post.vote",
    method="PUT",
    path="/api/posts/{post}/vote",
    input=VotePost,
    output=VoteTotals,
    run=_vote_post,
    raises=_RAISES,
    limits=_LIMITS,
)
COMMENT = Operation(
    name="comment.vote",
    method="PUT",
    path="/api/posts/{post}/comments/{comment}/vote",
    input=VoteComment,
    output=VoteTotals,
    run=_vote_comment,
    raises=(*_RAISES, CommentNotFound),
    limits=_LIMITS,
)
