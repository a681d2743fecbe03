"""What comes into somebody's feed, and what goes out of it."""

import pytest

from services.forum.feed import spreading
from store.tables import FED, JOBS
from tests.application import Parley
from tests.forum import fed, make_topic, posted
from tests.people import Person


async def feed(parley: Parley, person: Person) -> list[str]:
    """Return the titles of somebody's feed, once nothing is on its way."""
    await fed(parley)
    return [item["title"] for item in (await person.do("feed.list", limit=100))["items"]]


async def test_feed_has_oneself_those_one_follows_and_topics_one_is_in(one: Parley) -> None:
    ann, bob, cid, eve = await one.people("ann", "bob", "cid", "eve")
    topic = await make_topic(one, cid)
    await bob.do("follow.put", user=ann.id)
    await bob.do("room.join", room=topic)
    for person, where in ((bob, ""), (ann, ""), (eve, ""), (cid, topic)):
        await posted(person, where, person.account.username[:3])
    assert await feed(one, bob) == ["cid", "ann", "bob"]


async def test_sessions_are_told_of_what_is_new_in_the_feed(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await bob.do("follow.put", user=ann.id)
    await fed(one)
    live = await bob.connect()
    item = await posted(ann)
    assert (await live.next("feed"))["d"] == {"post": item["id"], "place": item["room"]}


async def test_whoever_follows_finds_what_was_posted_before(one: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "FILLED", 2)
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    for number in range(3):
        await posted(ann, title=f"page {number}")
        await posted(ann, topic, f"topic {number}", anonymous=True)
    await bob.do("follow.put", user=ann.id)
    assert await feed(one, bob) == ["page 2", "page 1"]
    await bob.do("room.join", room=topic)
    assert await feed(one, bob) == ["topic 2", "page 2", "topic 1", "page 1"]


async def test_whoever_follows_finds_as_many_posts_whatever_was_said_where_they_may_not_look(
    one: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "FILLED", 2)
    ann, bob, cid = await one.people("ann", "bob", "cid")
    shut, opened = await make_topic(one, ann, open=False), await make_topic(one, ann)
    for title, where in (("old", ""), ("page", ""), ("topic", opened), ("shut 1", shut), ("shut 2", shut)):
        await posted(ann, where, title)
    await bob.do("follow.put", user=ann.id)
    assert await feed(one, bob) == ["topic", "page"]
    await ann.do("room.add", room=shut, user=cid.id)
    await cid.do("follow.put", user=ann.id)
    assert await feed(one, cid) == ["shut 2", "shut 1", "topic", "page"]


async def test_whoever_follows_no_more_keeps_what_they_have_for_another_reason(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    await bob.do("room.join", room=topic)
    await bob.do("follow.put", user=ann.id)
    await posted(ann, topic, "topic")
    await posted(ann, title="page")
    await posted(bob, topic, "own")
    assert await feed(one, bob) == ["own", "page", "topic"]
    await bob.do("follow.take", user=ann.id)
    assert await feed(one, bob) == ["own", "topic"]
    await bob.do("room.leave", room=topic)
    assert await feed(one, bob) == ["own"]


async def test_whoever_leaves_keeps_the_posts_of_those_they_follow(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    topic = await make_topic(one, ann)
    for person in (bob, cid):
        await person.do("room.join", room=topic)
    await bob.do("follow.put", user=ann.id)
    await posted(ann, topic, "of ann")
    await posted(cid, topic, "of cid")
    assert await feed(one, bob) == ["of cid", "of ann"]
    await bob.do("room.leave", room=topic)
    assert await feed(one, bob) == ["of ann"]


async def test_post_under_another_name_is_not_fed_to_followers(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    topic = await make_topic(one, ann)
    await bob.do("follow.put", user=ann.id)
    await cid.do("room.join", room=topic)
    await posted(ann, topic, anonymous=True)
    assert await feed(one, bob) == []
    assert await feed(one, cid) == ["title"]
    assert await feed(one, ann) == ["title"]


async def test_blocks_keep_posts_out_of_feeds_but_not_those_under_another_name(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    await bob.do("room.join", room=topic)
    await posted(ann, topic, "before")
    assert await feed(one, bob) == ["before"]
    await bob.do("users.block", user=ann.id)
    await posted(ann, topic, "after")
    await posted(ann, topic, "masked", anonymous=True)
    assert await feed(one, bob) == ["masked"]
    await bob.do("users.unblock", user=ann.id)
    assert await feed(one, bob) == ["masked", "before"]


async def test_posts_of_a_closed_topic_are_fed_to_its_members_alone(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    shut = await make_topic(one, ann, open=False)
    for person in (bob, cid):
        await person.do("follow.put", user=ann.id)
    await ann.do("room.add", room=shut, user=cid.id)
    await posted(ann, shut, "shut")
    assert (await feed(one, bob), await feed(one, cid)) == ([], ["shut"])
    await ann.do("room.remove", room=shut, user=cid.id)
    assert (await cid.do("feed.list"))["items"] == []


async def test_deleted_post_leaves_all_feeds_and_comes_back_restored(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await bob.do("follow.put", user=ann.id)
    item = await posted(ann)
    assert await feed(one, bob) == ["title"]
    await ann.do("post.delete", post=item["id"])
    assert await feed(one, bob) == []
    assert await one.database.find(FED, {"post": item["id"]}) == []
    await ann.do("post.restore", post=item["id"])
    assert await feed(one, bob) == ["title"]


async def test_feed_goes_on_with_a_cursor(one: Parley) -> None:
    (ann,) = await one.people("ann")
    for number in range(5):
        await posted(ann, title=str(number))
    await fed(one)
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await ann.do("feed.list", limit=2, **cursor)
        found += [item["title"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == ["4", "3", "2", "1", "0"]


async def test_spreading_is_done_in_parts_and_goes_on_where_it_stopped(
    one: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "PAGE", 2)
    ann, *people = await one.people("ann", *(f"p{number}" for number in range(5)))
    topic = await make_topic(one, ann)
    for number, person in enumerate(people):
        await (person.do("follow.put", user=ann.id) if number % 2 else person.do("room.join", room=topic))
    item = await posted(ann, topic)
    for person in (ann, *people):
        assert await feed(one, person) == ["title"]
    work = {"post": item["id"]}
    for _ in range(2):  # as another node does that was not told that it is done
        await spreading.spread(one.application, work)
    await fed(one)
    assert len(await one.database.find(FED, {"post": item["id"]})) == 6
    assert await one.database.find(JOBS, {"state": "dead"}) == []


async def test_following_that_ended_before_the_job_fills_nothing(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await posted(ann)
    await fed(one)
    await spreading.fill(one.application, {"user": bob.id, "author": ann.id, "place": ""})
    assert await feed(one, bob) == []
