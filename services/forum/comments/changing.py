"""Changing what a comment says."""

import functools

import msgspec

from services.aliases.authors import require_unsilenced
from services.content.rules import Checked, checked
from services.errors import (
    AliasSilenced,
    Blocked,
    CommentNotFound,
    ContentRefused,
    Forbidden,
    ItemDeleted,
    NotMember,
    PostNotFound,
)
from services.forum.comments.inputs import CommentId, Said
from services.forum.discussion import comment_in, comment_of, discussed, writer_of
from services.forum.posts.terms import PictureAddress, PostId
from services.forum.taking_part import require_part
from services.forum.telling import edited_news
from services.ids import now_ms
from services.news import worth_telling
from services.operations.context import Context, Entered
from services.operations.inputs import Input
from services.operations.limits import CHANGE_USER
from services.operations.operation import Operation, by_user, waiting
from services.streams.append import Append, Outcome, Plan, Step, View, marker_entry
from services.streams.items.forum_items import CommentItem, comment_item
from store.tables import Commented


class EditComment(Input):
    """What a comment is to say from now on; a ``picture`` left out stays."""

    post: PostId
    comment: CommentId
    text: Said
    picture: PictureAddress | msgspec.UnsetType | None = msgspec.UNSET


async def _edit(context: Context, given: EditComment) -> Entered:
    """Change one's own comment; on a closed post too."""
    sight = await require_part(context, given.post)
    said = await checked(context.application, sight.room, given.text)
    append = Append((given.post,), functools.partial(_plan, context, given, said))
    return context.enter(append, functools.partial(_answer, context, said))


async def _plan(context: Context, given: EditComment, said: Checked, view: View) -> Plan:
    found = await discussed(view, given.post)
    entry = await comment_in(view, given.post, given.comment)
    if writer_of(entry) != context.caller.user:
        raise Forbidden("only its author may edit a comment")
    if entry.deleted:
        raise ItemDeleted
    if entry.person is not None:
        await require_unsilenced(context.application.database, found.place.id, entry.person)
    before = comment_of(entry)
    picture = before.picture if given.picture is msgspec.UNSET else given.picture
    body: Commented = msgspec.structs.replace(before, text=said.texts[0], picture=picture)
    if body == before:
        return Plan(found=entry)
    edited = msgspec.structs.replace(entry, body=body, edited_at=now_ms())
    told = edited_news(edited, entry, found.place.id)
    reported = said.reported("comment", entry.id, given.post)
    return Plan([Step(marker_entry(given.post, entry.id), edited)], [*reported, *told])


def _answer(context: Context, said: Checked, outcome: Outcome) -> CommentItem:
    if said.flags or worth_telling(said.texts[0]):
        context.application.jobs.wake()
    return comment_item(outcome.item, comment_of(outcome.item))


EDIT = Operation(
    name="comment.edit",
    enter=_edit,
    method="PATCH",
    path="/api/posts/{post}/comments/{comment}",
    input=EditComment,
    output=CommentItem,
    run=waiting(_edit),
    raises=(PostNotFound, NotMember, Blocked, CommentNotFound, Forbidden, ItemDeleted, AliasSilenced, ContentRefused),
    limits=((CHANGE_USER, by_user),),
)
