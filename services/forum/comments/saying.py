"""Commenting on a post, and answering a comment: an item of the post's stream, counted in the item of the post."""

import functools
import hashlib

import msgspec

from services.aliases.authors import author_for
from services.content.rules import Checked, checked
from services.errors import (
    AliasSilenced,
    AnonymousOff,
    Blocked,
    CidConflict,
    CommentNotFound,
    ContentRefused,
    Flaw,
    Invalid,
    ItemDeleted,
    NotMember,
    PostClosed,
    PostNotFound,
    ServiceError,
)
from services.forum.comments.inputs import CommentId, Said
from services.forum.comments.rates import COMMENT_POST, COMMENT_USER
from services.forum.comments.tree import DEPTH, with_one_below
from services.forum.discussion import comment_of, discussed, with_comments, writer_of
from services.forum.orders import top
from services.forum.posts.terms import PictureAddress, PostId
from services.forum.taking_part import require_part, require_part_in
from services.forum.telling import comment_news
from services.messages.send import Cid
from services.operations.context import Context, Entered
from services.operations.inputs import Input
from services.operations.operation import Operation, by_user, waiting
from services.streams.append import Append, Outcome, Plan, Step, View, item_entry, marker_entry
from services.streams.items.forum_items import CommentItem, comment_item
from store.database import Insert, Put, Write
from store.tables import COMMENTS, ENTRIES, Comment, Commented, Entry, Person


class CreateComment(Input):
    """What to say about a post, or in answer to a ``parent``. The ``cid`` makes repeating it harmless."""

    post: PostId
    text: Said
    cid: Cid
    parent: CommentId | None = None
    picture: PictureAddress | None = None
    anonymous: bool = False


async def _create(context: Context, given: CreateComment) -> Entered:
    """Comment on a post, or answer a comment; the same cid again answers the comment as it is now."""
    sight = await require_part(context, given.post)
    author = await author_for(context, sight.room, given.anonymous)
    said = await checked(context.application, sight.room, given.text)
    entry = _entry(context, given, author, said.texts[0])
    append = Append((given.post, sight.place.id), functools.partial(_plan, context, entry, said))
    return context.enter(append, functools.partial(_answer, context))


def _entry(context: Context, given: CreateComment, author: Person, text: str) -> Entry:
    digest = f"{given.parent or ''}\n{given.picture or ''}\n{given.text}"
    return item_entry(
        given.post,
        "comment",
        Commented(text=text, parent=given.parent, picture=given.picture),
        author,
        user=context.caller.user,
        cid=given.cid,
        digest="comment:" + hashlib.blake2b(digest.encode(), digest_size=12).hexdigest(),
    )


async def _plan(context: Context, entry: Entry, said: Checked, view: View) -> Plan:
    try:
        return await _said(context, entry, said, view)
    except ServiceError:
        # Whoever asks again was heard before what they are told now came to be.
        equal = {"stream": entry.stream, "author": entry.author, "cid": entry.cid}
        first = await context.application.database.find(ENTRIES, equal, limit=1)
        if not first or first[0].digest != entry.digest:
            raise
        return Plan(found=first[0])


async def _said(context: Context, entry: Entry, said: Checked, view: View) -> Plan:
    """Plan it with the lanes of the post and of its place held; whoever changes either takes a rev of it."""
    found = await discussed(view, entry.stream)
    await require_part_in(context, view, found.place)
    if found.body.status == "closed":
        raise PostClosed
    above = await _above(view, entry)
    fresh = msgspec.structs.replace(entry, body=msgspec.structs.replace(comment_of(entry), depth=len(above)))
    row = _row(context.caller.user, fresh, found.place.id, above)
    told = [above[0].person if above else writer_of(found.item)]
    writes: list[Write] = [Insert(COMMENTS, row)]
    writes += [Put(COMMENTS, with_one_below(each, row.id)) for each in above]
    writes += said.reported("comment", row.id, row.post)
    writes.append(comment_news(fresh, found.place.id, told))

    def numbered() -> None:
        row.top = top(0, fresh.rev)

    marker = Step(marker_entry(found.place.id, found.item.id), with_comments(found, 1))
    return Plan([marker, Step(fresh)], writes, numbered=numbered)


async def _above(view: View, entry: Entry) -> list[Comment]:
    """Return the comments above a new one, the one that it answers first.

    Raises:
        CommentNotFound: If that is not there.
        ItemDeleted: If it was deleted.
        Invalid: If it stands as deep as comments stand.
    """
    above: list[Comment] = []
    parent = comment_of(entry).parent
    while parent is not None:
        row = await view.get(COMMENTS, parent)
        if row is None or row.post != entry.stream:
            raise CommentNotFound("there is no such comment to answer")
        if row.depth >= DEPTH and not above:
            raise Invalid(flaws=(Flaw("/parent", f"stands {DEPTH} answers deep already"),))
        above.append(row)
        parent = row.parent
    if above:
        answered = await view.get(ENTRIES, above[0].id)
        if answered is None or answered.deleted:
            raise ItemDeleted("what this answers was deleted")
    return above


def _row(user: str, entry: Entry, place: str, above: list[Comment]) -> Comment:
    return Comment(
        id=entry.id,
        post=entry.stream,
        place=place,
        person=user,
        parent=above[0].id if above else None,
        level=above[0].id if above else entry.stream,
        depth=len(above),
        top=0,
    )


def _answer(context: Context, outcome: Outcome) -> CommentItem:
    if outcome.event is not None:
        context.status = 201
        context.application.jobs.wake()
    return comment_item(outcome.item, comment_of(outcome.item))


def _at(context: Context, given: CreateComment) -> str:
    return f"{context.caller.user}:{given.post}"


CREATE = Operation(
    name="comment.create",
    enter=_create,
    method="POST",
    path="/api/posts/{post}/comments",
    input=CreateComment,
    output=CommentItem,
    run=waiting(_create),
    statuses=(201, 200),
    raises=(
        PostNotFound,
        NotMember,
        Blocked,
        AnonymousOff,
        AliasSilenced,
        ContentRefused,
        CommentNotFound,
        PostClosed,
        ItemDeleted,
        CidConflict,
    ),
    limits=((COMMENT_USER, by_user), (COMMENT_POST, _at)),
)
