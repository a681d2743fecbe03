"""Posts of a topic in the feeds of those who follow their authors, as the topic is opened and shut."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services import feeding
from services.forum.feed import spreading
from services.forum.posts import reaching
from store.tables import FED, JOBS, Job
from tests.application import Parley
from tests.forum import fed, make_topic, posted
from tests.people import Person
from tests.unstable import Gate


async def readers(parley: Parley, post: str) -> set[str]:
    """Return those in whose feed a post is, once nothing is on its way."""
    await parley.without_jobs()
    assert await parley.database.find(JOBS, {"state": "dead"}) == []
    return {row.user for row in await parley.database.find(FED, {"post": post}, limit=1000)}


@pytest.mark.parametrize("page", [1, 2, 500])
async def test_posts_of_a_topic_are_in_feeds_of_followers_while_it_is_open(
    one: Parley, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(spreading, "PAGE", page)
    monkeypatch.setattr(reaching, "PAGE", 2)
    ann, bob, cid, eve, dan = await one.people("ann", "bob", "cid", "eve", "dan")
    topic = await make_topic(one, ann, open=False)
    await ann.do("room.add", room=topic, user=cid.id)
    for person in (bob, cid, eve):
        await person.do("follow.put", user=ann.id)
    await dan.do("follow.put", user=cid.id)
    mine = [(await posted(ann, topic, str(number)))["id"] for number in range(3)]
    other = (await posted(cid, topic))["id"]
    hidden = (await posted(ann, topic, anonymous=True))["id"]
    deleted = (await posted(ann, topic))["id"]
    await ann.do("post.delete", post=deleted)
    inside, outside = {ann.id, cid.id}, {bob.id, eve.id}
    for is_open in (False, True, False, True):
        await ann.do("topic.update", topic=topic, open=is_open)
        assert [await readers(one, post) for post in mine] == [inside | (outside if is_open else set())] * 3
        assert await readers(one, other) == inside | ({dan.id} if is_open else set())
        assert (await readers(one, hidden), await readers(one, deleted)) == (inside, set())


async def test_feed_is_whole_pages_after_a_topic_was_shut(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    await bob.do("follow.put", user=ann.id)
    for title, where in (("first", ""), ("second", ""), ("shut", topic), ("shut too", topic)):
        await posted(ann, where, title)
    await ann.do("topic.update", topic=topic, open=False)
    await one.without_jobs()
    page = await bob.do("feed.list", limit=2)
    assert [item["title"] for item in page["items"]] == ["second", "first"]


@pytest.mark.parametrize("is_author", [True, False])
async def test_who_is_parted_by_a_block_gets_nothing_by_a_topic_that_is_opened(one: Parley, is_author: bool) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann, open=False)
    await bob.do("follow.put", user=ann.id)
    post = (await posted(ann, topic))["id"]
    by, other = (ann, bob) if is_author else (bob, ann)
    await by.do("users.block", user=other.id)
    await ann.do("topic.update", topic=topic, open=True)
    assert await readers(one, post) == {ann.id}


async def followed(parley: Parley) -> tuple[Person, Person, str, str]:
    """Give an author, a follower of theirs, an open topic, and a post in it that is in both their feeds."""
    ann, bob = await parley.people("ann", "bob")
    topic = await make_topic(parley, ann)
    await bob.do("follow.put", user=ann.id)
    post = (await posted(ann, topic))["id"]
    await fed(parley)
    return ann, bob, topic, post


async def reached_late(parley: Parley, post: str) -> tuple[Gate, asyncio.Task[None]]:
    """Begin a late job for a post of a topic that was opened or shut; it waits at the gate, and writes behind it."""
    gate = parley.store.hold("together")
    late = asyncio.create_task(spreading.reach(parley.application, following(post)))
    await gate.reached.wait()
    return gate, late


async def joins(person: Person, owner: Person, topic: str) -> None:
    """Come into a topic that is shut."""
    await owner.do("room.add", room=topic, user=person.id)


async def is_opened(_person: Person, owner: Person, topic: str) -> None:
    """Have a topic open again."""
    await owner.do("topic.update", topic=topic, open=True)


@pytest.mark.parametrize("act", [joins, is_opened])
async def test_who_is_to_have_a_post_while_it_is_taken_out_has_it(
    one: Parley, act: Callable[[Person, Person, str], Awaitable[None]]
) -> None:
    ann, bob, topic, post = await followed(one)
    await ann.do("topic.update", topic=topic, open=False)
    assert await readers(one, post) == {ann.id}
    gate, late = await reached_late(one, post)
    await act(bob, ann, topic)
    assert await readers(one, post) == {ann.id, bob.id}
    gate.release()
    await late
    assert await readers(one, post) == {ann.id, bob.id}


async def shuts(_person: Person, owner: Person, topic: str) -> None:
    """Have a topic shut again."""
    await owner.do("topic.update", topic=topic, open=False)


async def unfollows(person: Person, owner: Person, _topic: str) -> None:
    """Follow the author no more."""
    await person.do("follow.take", user=owner.id)


@pytest.mark.parametrize("act", [shuts, unfollows])
async def test_who_is_to_have_a_post_no_more_while_it_is_put_in_does_not_have_it(
    one: Parley, act: Callable[[Person, Person, str], Awaitable[None]]
) -> None:
    ann, bob, topic, post = await followed(one)
    gate, late = await reached_late(one, post)
    await act(bob, ann, topic)
    assert await readers(one, post) == {ann.id}
    gate.release()
    await late
    assert await readers(one, post) == {ann.id}


def following(post: str) -> dict[str, list[str]]:
    """Return what there is to do where a topic was opened or shut, as that writes it down."""
    write = feeding.reach(post)
    assert isinstance(write.record, Job)
    return write.record.work


async def test_who_is_to_have_a_post_again_while_what_was_put_in_is_taken_back_has_it(one: Parley) -> None:
    ann, bob, topic, post = await followed(one)
    putting, late = await reached_late(one, post)
    await ann.do("topic.update", topic=topic, open=False)
    assert await readers(one, post) == {ann.id}
    taking = one.store.hold("together")
    putting.release()
    await taking.reached.wait()
    await ann.do("topic.update", topic=topic, open=True)
    assert await readers(one, post) == {ann.id, bob.id}
    taking.release()
    await late
    assert await readers(one, post) == {ann.id, bob.id}
