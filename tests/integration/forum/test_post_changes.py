"""Changing, closing, deleting and restoring posts."""

from typing import Any

from services.ids import now_ms
from services.jobs.sweeping import DAY_MS, sweep
from store.tables import BURIED, COUNTS, MEMBERS, POSTS
from tests.application import Parley
from tests.client.checks import Json
from tests.forum import make_topic, posted
from tests.people import Person


async def joined(parley: Parley, topic: str, person: Person, role: str = "", **fields: Any) -> None:
    """Have somebody join a topic, and be something in it."""
    await person.do("room.join", room=topic)
    if role:
        await parley.database.update(MEMBERS, f"{topic}:{person.id}", {"role": role, **fields})


async def posts_of(parley: Parley, person: Person) -> int:
    """Return how many posts are counted of somebody."""
    counts = await parley.database.get(COUNTS, person.id)
    return 0 if counts is None else counts.posts


def said(item: Json) -> Json:
    """Return what a post says."""
    names = ("title", "text", "tags", "picture", "status", "reason", "deleted")
    return {name: item[name] for name in names}


async def test_author_changes_what_a_post_says_and_its_place_hears_of_it(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    item = await posted(ann, topic, tags=["a"])
    await joined(one, topic, bob)
    live = await bob.connect()
    edited = await ann.do("post.edit", post=item["id"], title="other", tags=["b", "B"])
    assert (edited["title"], edited["text"], edited["tags"]) == ("other", "text", ["b"])
    assert edited["edited_at"] is not None
    event = await live.next("message")
    assert (event["d"], event["rev"]) == (edited, edited["rev"])
    assert await bob.do("post.get", post=item["id"]) == edited
    assert await ann.do("post.edit", post=item["id"], title="other") == edited


async def test_nobody_else_changes_a_post(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    await joined(one, topic, bob)
    item = await posted(bob, topic)
    assert await ann.refused("post.edit", post=item["id"], title="x") == "forbidden"
    assert await ann.refused("post.edit", post="none", title="x") == "post_not_found"
    await bob.do("room.leave", room=topic)
    assert await bob.refused("post.edit", post=item["id"], title="x") == "not_a_member"


async def test_post_is_not_changed_into_nothing(one: Parley) -> None:
    (ann,) = await one.people("ann")
    item = await posted(ann, picture="https://example.org/p.gif")
    await ann.do("post.edit", post=item["id"], text="")
    assert await ann.refused("post.edit", post=item["id"], picture=None) == "bad_request"


async def test_whoever_writes_under_another_name_changes_and_deletes_it(one: Parley) -> None:
    (ann,) = await one.people("ann")
    item = await posted(ann, await make_topic(one, ann), anonymous=True)
    edited = await ann.do("post.edit", post=item["id"], title="other")
    assert edited["author"] == item["author"]
    assert (await ann.do("post.delete", post=item["id"]))["deleted"]
    assert (await ann.do("post.restore", post=item["id"]))["title"] == "other"
    row = await one.database.get(POSTS, item["id"])
    assert row is not None
    assert row.by is None


async def test_closing_needs_a_reason_and_somebody_who_manages_posts(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    topic = await make_topic(one, ann)
    await joined(one, topic, bob, "moderator")
    await joined(one, topic, cid, "moderator", permissions=("ban_users",))
    item = await posted(cid, topic)
    closing = {"post": item["id"], "status": "closed"}
    assert await bob.refused("post.status", **closing) == "bad_request"
    assert await cid.refused("post.status", **closing, reason="why") == "permission_missing"
    closed = await bob.do("post.status", **closing, reason="why")
    assert (closed["status"], closed["reason"]) == ("closed", "why")
    opened = await ann.do("post.status", post=item["id"], status="open", reason="no matter")
    assert (opened["status"], opened["reason"]) == ("open", None)


async def test_pages_owner_closes_posts_on_it_and_nobody_else(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    closing = {"post": (await posted(ann))["id"], "status": "closed", "reason": "why"}
    assert await bob.refused("post.status", **closing) == "forbidden"
    assert (await ann.do("post.status", **closing))["status"] == "closed"


async def test_deleted_post_keeps_its_place_and_nothing_of_what_it_said(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    item = await posted(ann, topic, tags=["a"], picture="https://example.org/p.gif")
    await joined(one, topic, bob)
    live = await bob.connect()
    gone = await ann.do("post.delete", post=item["id"])
    empty: Json = {
        "title": "",
        "text": "",
        "tags": [],
        "picture": None,
        "status": "open",
        "reason": None,
        "deleted": True,
    }
    assert said(gone) == empty
    assert (await live.next("message"))["d"] == gone
    assert await bob.do("post.get", post=item["id"]) == gone
    assert (await bob.do("post.list", topic=topic))["items"] == []
    assert await bob.refused("room.get", room=item["id"]) == "room_not_found"
    assert await ann.do("post.delete", post=item["id"]) == gone
    assert await ann.refused("post.edit", post=item["id"], title="x") == "deleted"
    assert await ann.refused("post.status", post=item["id"], status="open") == "deleted"


async def test_discussion_of_a_deleted_post_is_over_for_those_who_watch_it(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    item = await posted(ann)
    live = await bob.connect()
    await live.call("room.watch", room=item["id"])
    await ann.do("post.delete", post=item["id"])
    assert (await live.next("unwatched"))["d"] == {"room": item["id"]}
    await ann.do("post.restore", post=item["id"])
    assert (await live.call("room.watch", room=item["id"]))["state"] == "new"


async def test_moderators_delete_with_a_reason_and_bring_back(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    topic = await make_topic(one, ann)
    await joined(one, topic, bob, "moderator")
    await joined(one, topic, cid)
    item = await posted(cid, topic, tags=["t"])
    assert await bob.refused("post.delete", post=item["id"]) == "bad_request"
    gone = await bob.do("post.delete", post=item["id"], reason="spam")
    assert (gone["reason"], gone["deleted"]) == ("spam", True)
    assert await cid.refused("post.restore", post=item["id"]) == "forbidden"
    back = await ann.do("post.restore", post=item["id"])
    assert said(back) == said(item)
    assert (await cid.do("post.list", topic=topic))["items"] == [back]
    assert await one.database.get(BURIED, item["id"]) is None


async def test_members_delete_their_own_posts_alone(one: Parley) -> None:
    ann, bob, eve = await one.people("ann", "bob", "eve")
    topic = await make_topic(one, ann)
    await joined(one, topic, bob)
    item = await posted(ann, topic)
    for person in (bob, eve):
        assert await person.refused("post.delete", post=item["id"], reason="mine") == "forbidden"
        assert await person.refused("post.restore", post=item["id"]) == "forbidden"
    shut = await posted(ann, await make_topic(one, ann, open=False))
    assert await bob.refused("post.delete", post=shut["id"], reason="mine") == "post_not_found"
    assert await bob.refused("post.get", post=shut["id"]) == "post_not_found"


async def test_what_author_deletes_only_they_bring_back(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    await joined(one, topic, bob)
    item = await posted(bob, topic)
    await bob.do("post.delete", post=item["id"])
    assert await ann.refused("post.restore", post=item["id"]) == "forbidden"
    assert said(await bob.do("post.restore", post=item["id"])) == said(item)


async def test_closed_post_is_closed_still_when_it_comes_back(one: Parley) -> None:
    (ann,) = await one.people("ann")
    item = await posted(ann)
    closed = await ann.do("post.status", post=item["id"], status="closed", reason="why")
    await ann.do("post.delete", post=item["id"])
    assert said(await ann.do("post.restore", post=item["id"])) == said(closed)


async def test_deleted_posts_are_kept_for_thirty_days(one: Parley) -> None:
    (ann,) = await one.people("ann")
    items = [await posted(ann), await posted(ann)]
    for item in items:
        await ann.do("post.delete", post=item["id"])
    kept = await one.database.get(BURIED, items[0]["id"])
    assert kept is not None
    assert 29 * DAY_MS < kept.until - now_ms() <= 30 * DAY_MS
    await one.database.update(BURIED, items[0]["id"], {"until": now_ms() - 1})
    assert await ann.refused("post.restore", post=items[0]["id"]) == "post_not_found"
    await sweep(one.application, {})
    assert await one.database.get(BURIED, items[0]["id"]) is None
    assert await ann.refused("post.restore", post=items[0]["id"]) == "post_not_found"
    assert not (await ann.do("post.restore", post=items[1]["id"]))["deleted"]


async def test_posts_on_ones_page_are_counted_and_what_is_posted_in_topics_moves_no_count(one: Parley) -> None:
    (ann,) = await one.people("ann")
    secret = await make_topic(one, ann, open=False)
    await posted(ann, secret)
    assert await posts_of(one, ann) == 0
    item = await posted(ann)
    assert await posts_of(one, ann) == 1
    await ann.do("post.delete", post=item["id"])
    assert await posts_of(one, ann) == 0
    await ann.do("post.restore", post=item["id"])
    assert await posts_of(one, ann) == 1
