"""Deleting posts, and bringing them back while what they said is kept."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from services.accounts.people.ties import counted, moved
from services.errors import Flaw, Forbidden, Invalid, PermissionMissing, PostNotFound
from services.feeding import drop, spread
from services.forum.burying import buried, require_deleter, require_restorer
from services.forum.posts.changing import POST_PATH, OnePost, Reason, item_of
from services.forum.posts.rates import POST_CHANGE
from services.forum.posts.seeing import require_post
from services.forum.posts.terms import PostId
from services.forum.posts.writing import Kept, changing, post_in, reach
from services.ids import member_id, now_ms, page_room, self_stream
from services.operations.context import Context
from services.operations.inputs import Input
from services.operations.operation import Operation, by_user
from services.streams.append import Append, Outcome, Plan, Step, View, marker_entry
from services.streams.items.forum_items import PostItem
from store.database import Delete, Put
from store.tables import BURIED, COUNTS, MEMBERS, POSTS, ROOMS, Effect, Entry, Member, Posted, Room

if TYPE_CHECKING:
    from services.application import Application

Check = Callable[[Entry, Room, Member | None], None]
"""Raises where somebody may not do it: asked with the post, its place and their membership there."""

Plans = Callable[[View, Kept, Room, Member | None], Awaitable[Plan]]


class DeletePost(Input):
    """A post to be deleted, and why; whoever did not write it has to say so."""

    post: PostId
    reason: Reason | None = None


async def _delete(context: Context, given: DeletePost) -> PostItem:
    """Delete a post: one's own, or as a moderator who manages posts, with a reason. It keeps its place, emptied."""
    user = context.caller.user
    await require_post(context, given.post)

    def check(entry: Entry, place: Room, member: Member | None) -> None:
        require_deleter(user, entry, place, member)
        if given.reason is None and user != (entry.person or entry.author):
            raise Invalid(flaws=(Flaw("/reason", "is needed to delete what another wrote"),))

    return item_of((await remove(context.application, given.post, user, given.reason, check)).item)


async def remove(
    application: "Application", post: str, by: str, reason: str | None, check: Check | None = None
) -> Outcome:
    """Delete a post, whoever asks for it: its discussion is closed, and what it said is kept for a while.

    Raises:
        PostNotFound: If there is none.
        ServiceError: Whatever ``check`` raises.
    """

    async def plan(view: View, kept: Kept, place: Room, member: Member | None) -> Plan:
        if check is not None:
            check(kept.entry, place, member)
        if kept.entry.deleted:
            return Plan(found=kept.entry)
        planned = Plan()
        old = kept.body
        body = Posted(title="", text="", up=old.up, down=old.down, comments=old.comments, reason=reason)
        row = msgspec.structs.replace(kept.row, live=None, by=None, wide=None, paged=None)
        await _count(view, planned, kept, -1)
        await _turn(view, planned, post, Effect("closed", room=post, reason="deleted"), deleted=True)
        changing(planned, kept, msgspec.structs.replace(kept.entry, body=body, deleted=True), by, row)
        planned.writes += [Put(BURIED, buried(kept.entry, place.id, by, reason, old)), drop(post)]
        return planned

    return await _done(application, post, by, plan)


async def _restore(context: Context, given: OnePost) -> PostItem:
    """Bring back a deleted post within 30 days: its author what they deleted, moderators what moderators did."""
    user = context.caller.user
    await require_post(context, given.post)

    async def plan(view: View, kept: Kept, place: Room, member: Member | None) -> Plan:
        if not kept.entry.deleted:
            require_deleter(user, kept.entry, place, member)
            return Plan(found=kept.entry)
        record = await view.get(BURIED, kept.entry.id)
        if record is None or record.until <= now_ms():
            require_deleter(user, kept.entry, place, member)
            raise PostNotFound("nothing of it is kept any more")
        said = require_restorer(user, kept.entry, place, member, record).body
        if not isinstance(said, Posted):
            raise PostNotFound
        planned, now = Plan(), kept.body
        # Votes may have been counted since.
        body = msgspec.structs.replace(said, up=now.up, down=now.down, comments=now.comments)
        shown = None if kept.entry.person is not None else kept.writer
        row = msgspec.structs.replace(kept.row, live=place.id, by=shown, **reach(place))
        await _count(view, planned, kept, 1)
        await _turn(view, planned, kept.entry.id, Effect("room"), deleted=False)
        changing(planned, kept, msgspec.structs.replace(kept.entry, body=body, deleted=False), user, row)
        planned.writes += [Delete(BURIED, kept.entry.id), spread(kept.entry.id)]
        return planned

    return item_of((await _done(context.application, given.post, user, plan)).item)


async def _done(application: "Application", post: str, user: str, plan_kept: Plans) -> Outcome:
    row = await application.database.get(POSTS, post)
    if row is None:
        raise PostNotFound
    place = row.place

    async def plan(view: View) -> Plan:
        room, kept = await view.get(ROOMS, place), await post_in(view, post, place)
        if room is None or room.deleted:
            raise PostNotFound
        return await plan_kept(view, kept, room, await view.get(MEMBERS, member_id(place, user)))

    outcome = await application.lanes.append(Append((place, post, self_stream(row.person)), plan))
    application.jobs.wake()
    return outcome


async def _count(view: View, plan: Plan, kept: Kept, by: int) -> None:
    """Plan that the author has one post more or less on their page, where it is there and they are."""
    if kept.entry.stream == page_room(kept.writer) and await view.get(COUNTS, kept.writer) is not None:
        plan.steps += moved(kept.writer)
        plan.writes += await counted(view, {kept.writer: {"posts": by}})


async def _turn(view: View, plan: Plan, post: str, effect: Effect, *, deleted: bool) -> None:
    """Plan that the discussion of a post is closed or open."""
    room = await view.get(ROOMS, post)
    if room is not None:
        plan.steps.append(Step(marker_entry(post, post, effect=effect), msgspec.structs.replace(room, deleted=deleted)))


_RAISES = (PostNotFound, Forbidden, PermissionMissing)
_LIMITS = ((POST_CHANGE, by_user),)

DELETE = Operation(
    name="post.delete",
    method="DELETE",
    path=POST_PATH,
    input=DeletePost,
    output=PostItem,
    run=_delete,
    raises=_RAISES,
    limits=_LIMITS,
)
RESTORE = Operation(
    name="post.restore",
    method="POST",
    path=f"{POST_PATH}/restore",
    input=OnePost,
    output=PostItem,
    run=_restore,
    raises=_RAISES,
    limits=_LIMITS,
)
