"""Rows of feeds that have no reason to be there any more: they go, whatever happens at that moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services import feeding
from services.forum.feed import spreading
from services.rooms.topics import endings
from store.errors import Unavailable
from store.tables import FED, JOBS, POSTS, Job
from tests.application import Parley
from tests.forum import fed, make_topic, posted
from tests.people import Person
from tests.unstable import Fault


async def readers(parley: Parley, post: str) -> set[str]:
    """Return those in whose feed a post is."""
    return {row.user for row in await parley.database.find(FED, {"post": post}, limit=1000)}


@pytest.mark.parametrize("rows", [2, 500])
async def test_posts_of_a_deleted_topic_leave_all_feeds(
    one: Parley, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(spreading, "PAGE", rows)
    monkeypatch.setattr(endings, "ROWS", 3)
    ann, bob, cid, eve = await one.people("ann", "bob", "cid", "eve")
    topic = await make_topic(one, ann)
    for person in (bob, cid):
        await person.do("room.join", room=topic)
    await eve.do("follow.put", user=ann.id)
    posts = [(await posted(ann, topic, str(number)))["id"] for number in range(5)]
    kept = await posted(ann)
    await fed(one)
    assert [await readers(one, post) for post in posts] == [{ann.id, bob.id, cid.id, eve.id}] * 5
    await ann.do("room.delete", room=topic)
    await one.without_jobs()
    assert [await readers(one, post) for post in posts] == [set()] * 5
    assert await readers(one, kept["id"]) == {ann.id, eve.id}
    assert await one.database.find(JOBS, {"state": "dead"}) == []


async def test_dropping_takes_nothing_that_was_brought_back(one: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "PAGE", 1)
    ann, bob = await one.people("ann", "bob")
    await bob.do("follow.put", user=ann.id)
    back, gone = [(await posted(ann))["id"] for _ in range(2)]
    await fed(one)
    for post in (back, gone):
        await ann.do("post.delete", post=post)
    await fed(one)
    await ann.do("post.restore", post=back)
    await fed(one)
    for after in ("", ann.id):  # late, and where another node would go on that was not told that it is done
        await spreading.drop(one.application, {"posts": [back, gone], "after": after})
    await fed(one)
    assert (await readers(one, back), await readers(one, gone)) == ({ann.id, bob.id}, set())


async def test_post_that_is_brought_back_while_it_is_dropped_stays_in_feeds(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await bob.do("follow.put", user=ann.id)
    post = (await posted(ann))["id"]
    await fed(one)
    rows = await one.database.find(FED, {"post": post})
    await ann.do("post.delete", post=post)
    await fed(one)
    await one.database.batch(FED, rows)  # they are there still: the job is late
    gate = one.store.hold("together")
    dropping = asyncio.create_task(spreading.drop(one.application, deletion(post)))
    await gate.reached.wait()
    await ann.do("post.restore", post=post)
    await fed(one)
    gate.release()
    await dropping
    await fed(one)
    assert await readers(one, post) == {ann.id, bob.id}


async def test_post_that_is_deleted_again_leaves_all_feeds_though_the_first_time_is_not_over(
    one: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "PAGE", 1)
    ann, bob = await one.people("ann", "bob")
    await bob.do("follow.put", user=ann.id)
    post = (await posted(ann))["id"]
    await fed(one)
    first, second = deletion(post), deletion(post)
    # The first time went on, and its next page is dead; the post was brought back since, and deleted once more.
    going_on = await next_page(one, first)
    going_on.state = "dead"
    await one.database.insert(JOBS, going_on)
    await one.database.update(POSTS, post, {"live": None})
    await spreading.drop(one.application, second)
    await fed(one)
    assert await readers(one, post) == set()


async def test_page_that_is_done_again_goes_on_with_the_same_job(one: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "PAGE", 1)
    (ann,) = await one.people("ann")
    post = (await posted(ann))["id"]
    await fed(one)
    work = deletion(post)
    assert (await next_page(one, work)).id == (await next_page(one, work)).id


def deletion(post: str) -> dict[str, Any]:
    """Return what there is to do where a post was deleted, as its deletion writes it down."""
    write = feeding.drop(post)
    assert isinstance(write.record, Job)
    return write.record.work


async def next_page(parley: Parley, work: dict[str, Any]) -> Job:
    """Return the job that goes on after the first page of posts that are deleted, which is not written."""
    parley.store.calls.clear()
    parley.store.fail(Fault.UNAVAILABLE, "together")
    before = await parley.database.get_many(POSTS, work["posts"])
    for post in before:
        await parley.database.update(POSTS, post, {"live": None})
    with pytest.raises(Unavailable):
        await spreading.drop(parley.application, work)
    for post, row in before.items():
        await parley.database.update(POSTS, post, {"live": row.live})
    (writes,) = [writes for verb, (writes, *_) in parley.store.calls if verb == "together"]
    (job,) = [write.record for write in writes if write.table is JOBS]
    assert isinstance(job, Job)
    return job


async def leaves(person: Person, topic: str, _author: str) -> None:
    """Leave a topic."""
    await person.do("room.leave", room=topic)


async def unfollows(person: Person, _topic: str, author: str) -> None:
    """Follow an author no more."""
    await person.do("follow.take", user=author)


@pytest.mark.parametrize(("is_open", "act"), [(True, leaves), (False, leaves), (True, unfollows)])
async def test_whoever_goes_while_a_post_is_spread_does_not_keep_it(
    one: Parley, is_open: bool, act: Callable[[Person, str, str], Awaitable[None]]
) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann, open=is_open)
    if act is unfollows:
        await bob.do("follow.put", user=ann.id)
    else:
        await ann.do("room.add", room=topic, user=bob.id)
    item = await posted(ann, topic)
    await fed(one)
    assert await readers(one, item["id"]) == {ann.id, bob.id}
    gate = one.store.hold("together")
    work = {"post": item["id"]}
    spreading_ = asyncio.create_task(spreading.spread(one.application, work))
    await gate.reached.wait()
    await act(bob, topic, ann.id)
    await fed(one)
    assert await readers(one, item["id"]) == {ann.id}
    gate.release()
    await spreading_
    assert await readers(one, item["id"]) == {ann.id}


async def test_post_that_is_deleted_while_it_is_spread_is_in_no_feed(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await bob.do("follow.put", user=ann.id)
    item = await posted(ann)
    await fed(one)
    gate = one.store.hold("together")
    work = {"post": item["id"]}
    spreading_ = asyncio.create_task(spreading.spread(one.application, work))
    await gate.reached.wait()
    await ann.do("post.delete", post=item["id"])
    await fed(one)
    gate.release()
    await spreading_
    assert await readers(one, item["id"]) == set()


async def test_whoever_leaves_an_invite_only_topic_keeps_none_of_it_by_following(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    shut, opened = await make_topic(one, ann, open=False), await make_topic(one, ann)
    await bob.do("follow.put", user=ann.id)
    for topic in (shut, opened):
        await ann.do("room.add", room=topic, user=bob.id)
    secret, known = await posted(ann, shut), await posted(ann, opened)
    await fed(one)
    for topic in (shut, opened):
        await bob.do("room.leave", room=topic)
    await fed(one)
    assert await readers(one, secret["id"]) == {ann.id}
    assert await readers(one, known["id"]) == {ann.id, bob.id}
