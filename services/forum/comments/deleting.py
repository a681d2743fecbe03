"""Deleting comments, and bringing them back; each keeps its place, and what stands below it stays."""

import functools

import msgspec

from services.errors import (
    CommentNotFound,
    Forbidden,
    ItemDeleted,
    PermissionMissing,
    PostNotFound,
)
from services.forum.burying import buried, require_deleter, require_restorer
from services.forum.comments.inputs import CommentId, OneComment, Reason
from services.forum.discussion import Discussed, comment_in, comment_of, discussed, with_comments
from services.forum.posts.terms import PostId
from services.forum.taking_part import require_discussion
from services.ids import member_id, now_ms
from services.operations.context import Context, Entered
from services.operations.inputs import Input
from services.operations.limits import CHANGE_USER
from services.operations.operation import Operation, by_user, waiting
from services.streams.append import Append, Outcome, Plan, Step, View, marker_entry
from services.streams.items.forum_items import CommentItem, comment_item
from store.database import Delete, Put
from store.tables import BURIED, MEMBERS, Commented, Entry, Member


class DeleteComment(Input):
    """A comment to be deleted; ``reason`` is for everybody to read."""

    post: PostId
    comment: CommentId
    reason: Reason | None = None


async def _delete(context: Context, given: DeleteComment) -> Entered:
    """Delete a comment: one's own, or anybody's in a topic whose posts one manages, or on one's page."""
    sight = await require_discussion(context, given.post)
    append = Append((given.post, sight.place.id), functools.partial(_plan_delete, context, given))
    return context.enter(append, _answer)


async def _plan_delete(context: Context, given: DeleteComment, view: View) -> Plan:
    user = context.caller.user
    found, member, entry = await _found(context, view, given.post, given.comment)
    require_deleter(user, entry, found.place, member)
    if entry.deleted:
        return Plan(found=entry)
    return deleting(found, entry, user, given.reason)


def deleting(found: Discussed, entry: Entry, by: str, reason: str | None) -> Plan:
    """Plan that a comment is deleted, by whoever may: for the lanes of its post and of the post's place."""
    body = comment_of(entry)
    blank: Commented = msgspec.structs.replace(body, text="", picture=None, reason=reason)
    return Plan(
        [
            Step(marker_entry(found.place.id, found.item.id), with_comments(found, -1)),
            Step(marker_entry(entry.stream, entry.id), msgspec.structs.replace(entry, body=blank, deleted=True)),
        ],
        [Put(BURIED, buried(entry, found.place.id, by, reason, body))],
    )


async def _restore(context: Context, given: OneComment) -> Entered:
    """Bring a deleted comment back: its author what they deleted themselves, whoever manages posts what others did."""
    sight = await require_discussion(context, given.post)
    append = Append((given.post, sight.place.id), functools.partial(_plan_restore, context, given))
    return context.enter(append, _answer)


async def _plan_restore(context: Context, given: OneComment, view: View) -> Plan:
    found, member, entry = await _found(context, view, given.post, given.comment)
    if not entry.deleted:
        require_deleter(context.caller.user, entry, found.place, member)
        return Plan(found=entry)
    grave = await view.get(BURIED, entry.id)
    if grave is not None and grave.until <= now_ms():
        grave = None
    kept = require_restorer(context.caller.user, entry, found.place, member, grave).body
    now = comment_of(entry)
    body = msgspec.structs.replace(kept, up=now.up, down=now.down, reason=None)
    return Plan(
        [
            Step(marker_entry(found.place.id, found.item.id), with_comments(found, 1)),
            Step(marker_entry(entry.stream, entry.id), msgspec.structs.replace(entry, body=body, deleted=False)),
        ],
        [Delete(BURIED, entry.id)],
    )


async def _found(context: Context, view: View, post: str, comment: str) -> tuple[Discussed, Member | None, Entry]:
    found = await discussed(view, post)
    entry = await comment_in(view, post, comment)
    member = None
    if found.place.kind != "page":
        member = await view.get(MEMBERS, member_id(found.place.id, context.caller.user))
    return found, member, entry


def _answer(outcome: Outcome) -> CommentItem:
    return comment_item(outcome.item, comment_of(outcome.item))


_PATH = "/api/posts/{post}/comments/{comment}"
_RAISES = (PostNotFound, CommentNotFound, Forbidden, PermissionMissing, ItemDeleted)

DELETE = Operation(
    name="comment.delete",
    enter=_delete,
    method="DELETE",
    path=_PATH,
    input=DeleteComment,
    output=CommentItem,
    run=waiting(_delete),
    raises=_RAISES,
    limits=((CHANGE_USER, by_user),),
)
RESTORE = Operation(
    name="comment.restore",
    enter=_restore,
    method="POST",
    path=f"{_PATH}/restore",
    input=OneComment,
    output=CommentItem,
    run=waiting(_restore),
    raises=_RAISES,
    limits=((CHANGE_USER, by_user),),
)
