"""Posting: in a topic that one is in, or on one's own page."""

import hashlib

import msgspec

from services.accounts.people.ties import counted, moved
from services.aliases import author_for
from services.content.rules import checked
from services.errors import (
    AliasSilenced,
    AnonymousOff,
    CidConflict,
    ContentRefused,
    Flaw,
    Invalid,
    NotMember,
    RoomNotFound,
)
from services.forum.posts.rates import POST_USER
from services.forum.posts.terms import PictureAddress, PostText, Tags, Title, distinct
from services.forum.posts.writing import posting
from services.forum.telling import post_news
from services.ids import now_ms, page_room, self_stream
from services.messages.send import Cid
from services.operations.context import Context
from services.operations.inputs import Input, RoomId
from services.operations.operation import Operation, by_user
from services.rooms.rights.rules import require_known_seat, require_member_in, room_in
from services.rooms.rights.sight import page_of
from services.streams.append import Append, Plan, View, item_entry
from services.streams.items.forum_items import PostItem, post_item
from store.database import Insert
from store.tables import ROOMS, Entry, Person, Posted, Room


class Publish(Input, kw_only=True):
    """What to post on one's own page. The ``cid`` makes repeating it harmless; without a picture it has a text."""

    title: Title
    cid: Cid
    text: PostText = ""
    tags: Tags = ()
    picture: PictureAddress | None = None


class CreatePost(Publish, kw_only=True):
    """What to post in a topic, and under which name."""

    topic: RoomId
    anonymous: bool = False


async def _create(context: Context, given: CreatePost) -> PostItem:
    """Post in a topic that one is in; the same cid again answers the post as it is now."""
    body = _body(given)
    topic = (await require_known_seat(context, given.topic)).room
    if topic.kind != "topic":
        raise RoomNotFound
    shown = await author_for(context, topic, given.anonymous)
    return await _posted(context, topic, shown, given, body)


async def _publish(context: Context, given: Publish) -> PostItem:
    """Post on one's own page; the same cid again answers the post as it is now."""
    body = _body(given)
    caller = context.caller
    return await _posted(context, page_of(caller.user), Person(caller.user, caller.username), given, body)


async def _posted(context: Context, place: Room, shown: Person, given: Publish, body: Posted) -> PostItem:
    user = context.caller.user
    judged = await checked(context.application, place, body.title, body.text, *body.tags)
    title, text, *tags = judged.texts
    body = msgspec.structs.replace(body, title=title, text=text, tags=tuple(tags))
    first = item_entry(place.id, "post", body, shown, user=user, cid=given.cid, digest=_digest(given))

    async def plan(view: View) -> Plan:
        planned = Plan()
        room = await _place_in(context, view, place.id, planned)
        posting(planned, room, msgspec.structs.replace(first, rev=0, seq=0, changed=0), user)
        planned.writes += [post_news(first), *judged.reported("post", first.id, place.id)]
        if place.kind == "page":
            # Counted in the lane of the author's own stream, where all that is counted of people is. What is posted in
            # topics is not: the count would tell strangers of what is said where they see nothing.
            planned.steps += moved(user)
            planned.writes += await counted(view, {user: {"posts": 1}})
        return planned

    streams = (place.id, self_stream(user)) if place.kind == "page" else (place.id,)
    outcome = await context.append(Append(streams, plan))
    if not outcome.repeated:
        context.status = 201
        context.application.jobs.wake()
    return _item(outcome.item)


async def _place_in(context: Context, view: View, place: str, plan: Plan) -> Room:
    """Return the place that the caller may post in, made now where it is their page and was not there."""
    user = context.caller.user
    if place == page_room(user):
        page = await view.get(ROOMS, place)
        if page is None:
            page = msgspec.structs.replace(page_of(user), created_at=now_ms())
            plan.writes.append(Insert(ROOMS, page))
        return page
    room = await room_in(view, place)
    await require_member_in(context, view, room, user)
    return room


def _item(entry: Entry) -> PostItem:
    if not isinstance(entry.body, Posted):
        raise CidConflict  # the cid was that of a message
    return post_item(entry, entry.body)


def _body(given: Publish) -> Posted:
    if not given.text.strip() and given.picture is None:
        raise Invalid(flaws=(Flaw("/text", "is needed where there is no picture"),))
    return Posted(title=given.title, text=given.text, tags=distinct(given.tags), picture=given.picture)


def _digest(given: Publish) -> str:
    """Return a hash of a post as it was sent. It begins as no other kind's: a stream has one space of cids."""
    body = msgspec.json.encode([given.title, given.text, given.tags, given.picture])
    return "post:" + hashlib.blake2b(body, digest_size=12).hexdigest()


CREATE = Operation(
    name="post.create",
    method="POST",
    path="/api/topics/{topic}/posts",
    input=CreatePost,
    output=PostItem,
    run=_create,
    statuses=(201, 200),
    raises=(RoomNotFound, NotMember, AnonymousOff, AliasSilenced, ContentRefused, CidConflict),
    limits=((POST_USER, by_user),),
)
PUBLISH = Operation(
    name="post.publish",
    method="POST",
    path="/api/posts",
    input=Publish,
    output=PostItem,
    run=_publish,
    statuses=(201, 200),
    raises=(ContentRefused, CidConflict),
    limits=((POST_USER, by_user),),
)
