"""Reading one post, changing what it says, closing it and opening it again."""

from typing import Annotated, Literal

import msgspec

from services.aliases import require_unsilenced
from services.content.rules import Checked, checked
from services.errors import (
    AliasSilenced,
    ContentRefused,
    Flaw,
    Forbidden,
    Invalid,
    ItemDeleted,
    NotMember,
    PermissionMissing,
    PostNotFound,
    RoomNotFound,
)
from services.forum.burying import require_carer
from services.forum.posts.rates import POST_CHANGE
from services.forum.posts.seeing import Seen, require_post
from services.forum.posts.terms import PictureAddress, PostId, PostText, Tags, Title, distinct
from services.forum.posts.writing import Kept, changing, post_in
from services.forum.telling import edited_news
from services.ids import member_id, now_ms
from services.news import worth_telling
from services.operations.context import Context
from services.operations.inputs import Input
from services.operations.operation import Operation, by_user
from services.rooms.rights.rules import require_member_in, room_in
from services.streams.append import Append, Plan, Planner, View
from services.streams.items.forum_items import PostItem, post_item
from store.tables import MEMBERS, Entry, Posted

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern="\\S")]


class OnePost(Input):
    """A post."""

    post: PostId


class EditPost(Input):
    """What a post is to say from now on; fields left out stay."""

    post: PostId
    title: Title | msgspec.UnsetType = msgspec.UNSET
    text: PostText | msgspec.UnsetType = msgspec.UNSET
    tags: Tags | msgspec.UnsetType = msgspec.UNSET
    picture: PictureAddress | msgspec.UnsetType | None = msgspec.UNSET


class SetStatus(Input):
    """Whether a post takes comments; closing it needs a reason, which everybody sees."""

    post: PostId
    status: Literal["open", "closed"]
    reason: Reason | None = None


async def _get(context: Context, given: OnePost) -> PostItem:
    """Read a post."""
    seen = await require_post(context, given.post)
    return post_item(seen.entry, seen.body)


async def _edit(context: Context, given: EditPost) -> PostItem:
    """Change what one's own post says."""
    seen = await require_post(context, given.post)
    new = _changes(given)
    judged = await _judged(context, seen, new)

    async def plan(view: View) -> Plan:
        kept = await _own(context, view, seen)
        if kept.entry.person is not None:
            await require_unsilenced(context.application.database, seen.place.id, kept.entry.person)
        body = msgspec.structs.replace(kept.body, **new)
        if not body.text.strip() and body.picture is None:
            raise Invalid(flaws=(Flaw("/text", "is needed where there is no picture"),))
        if body == kept.body:
            return Plan(found=kept.entry)
        planned = Plan(writes=[*judged.reported("post", seen.entry.id, seen.place.id)])
        edited = msgspec.structs.replace(kept.entry, body=body, edited_at=now_ms())
        planned.writes += edited_news(edited, kept.entry, seen.place.id)
        changing(planned, kept, edited, kept.entry.author)
        return planned

    item = await _changed(context, seen, plan)
    if judged.flags or any(map(worth_telling, judged.texts)):
        context.application.jobs.wake()
    return item


def _changes(given: EditPost) -> dict[str, object]:
    wanted = {name: getattr(given, name) for name in ("title", "text", "tags", "picture")}
    if given.tags is not msgspec.UNSET:
        wanted["tags"] = distinct(given.tags)
    return {name: value for name, value in wanted.items() if value is not msgspec.UNSET}


async def _judged(context: Context, seen: Seen, new: dict[str, object]) -> Checked:
    """Have the new words judged, and put in ``new`` as they may be kept."""
    names = [name for name in ("title", "text") if name in new]
    judged = await checked(context.application, seen.place, *(str(new[name]) for name in names))
    new |= zip(names, judged.texts, strict=True)
    return judged


async def _own(context: Context, view: View, seen: Seen) -> Kept:
    """Return the caller's own post for a plan.

    Raises:
        PostNotFound: If they may not see it any more.
        NotMember: If the caller is not in its topic any more.
        Forbidden: If it is another's.
        ItemDeleted: If it was deleted.
    """
    user, kept = context.caller.user, await post_in(view, seen.entry.id, seen.place.id)
    if seen.place.kind != "page":
        try:
            await require_member_in(context, view, await room_in(view, seen.place.id), user)
        except RoomNotFound:
            raise PostNotFound from None
    if kept.writer != user:
        raise Forbidden("only its author may edit a post")
    if kept.entry.deleted:
        raise ItemDeleted
    return kept


async def _status(context: Context, given: SetStatus) -> PostItem:
    """Close a post, or open it again; moderators may who manage posts, and on a page its owner."""
    seen = await require_post(context, given.post)
    reason = given.reason if given.status == "closed" else None
    if given.status == "closed" and reason is None:
        raise Invalid(flaws=(Flaw("/reason", "is needed to close a post"),))
    user = context.caller.user

    async def plan(view: View) -> Plan:
        kept = await post_in(view, seen.entry.id, seen.place.id)
        require_carer(user, seen.place, await view.get(MEMBERS, member_id(seen.place.id, user)))
        if kept.entry.deleted:
            raise ItemDeleted
        body = msgspec.structs.replace(kept.body, status=given.status, reason=reason)
        if body == kept.body:
            return Plan(found=kept.entry)
        planned = Plan()
        changing(planned, kept, msgspec.structs.replace(kept.entry, body=body), user)
        return planned

    return await _changed(context, seen, plan)


async def _changed(context: Context, seen: Seen, plan: Planner) -> PostItem:
    return item_of((await context.append(Append((seen.place.id,), plan))).item)


def item_of(entry: Entry) -> PostItem:
    """Return a post as clients see it.

    Raises:
        PostNotFound: If it is none.
    """
    if not isinstance(entry.body, Posted):
        raise PostNotFound
    return post_item(entry, entry.body)


POST_PATH = "/api/posts/{post}"
_LIMITS = ((POST_CHANGE, by_user),)

GET = Operation(
    name="post.get",
    method="GET",
    path=POST_PATH,
    input=OnePost,
    output=PostItem,
    run=_get,
    raises=(PostNotFound,),
)
EDIT = Operation(
    name="post.edit",
    method="PATCH",
    path=POST_PATH,
    input=EditPost,
    output=PostItem,
    run=_edit,
    raises=(PostNotFound, NotMember, Forbidden, ItemDeleted, ContentRefused, AliasSilenced),
    limits=_LIMITS,
)
STATUS = Operation(
    name="post.status",
    method="PUT",
    path=f"{POST_PATH}/status",
    input=SetStatus,
    output=PostItem,
    run=_status,
    raises=(PostNotFound, Forbidden, PermissionMissing, ItemDeleted),
    limits=_LIMITS,
)
