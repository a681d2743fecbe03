"""Lists of posts: their orders, who sees what, and what a page asks of the store."""

import asyncio
from typing import Any

import pytest

from services.forum.orders import hot, top
from services.forum.posts import reaching
from services.forum.posts.writing import EVERYBODY
from store.database import Put
from store.tables import POSTS
from tests.application import Parley
from tests.client.checks import Json
from tests.forum import fed, make_topic, posted
from tests.people import Person
from tests.questions import asked


def titles(page: Json) -> list[str]:
    """Return the titles of a page."""
    return [item["title"] for item in page["items"]]


async def through(person: Person, op: str, **d: Any) -> list[str]:
    """Return the titles of all pages of a list."""
    found, page = [], await person.do(op, **d)
    found += titles(page)
    while page["next"] is not None:
        page = await person.do(op, cursor=page["next"], **d)
        found += titles(page)
    return found


async def scored(parley: Parley, post: str, score: int, age_h: float = 0) -> None:
    """Have a post stand where one with this score, written so long ago, would."""
    row = await parley.database.get(POSTS, post)
    assert row is not None
    row.top = top(score, row.top % 2**33)
    row.hot = hot(score, int(post[:12], 16) - int(age_h * 3_600_000), 1)
    await parley.database.together([Put(POSTS, row)])


async def test_topic_is_listed_in_each_order(one: Parley) -> None:
    (ann,) = await one.people("ann")
    topic = await make_topic(one, ann)
    ids = [(await posted(ann, topic, title))["id"] for title in ("a", "b", "c", "d")]
    await scored(one, ids[0], 30, age_h=48)
    await scored(one, ids[1], 2)
    await scored(one, ids[2], -3)
    wanted = {"new": "dcba", "old": "abcd", "top": "abdc", "hot": "bdca"}
    for order, titles_ in wanted.items():
        assert "".join(await through(ann, "post.list", topic=topic, order=order, limit=3)) == titles_
        assert "".join(await through(ann, "post.list", topic=topic, order=order, limit=1)) == titles_


async def test_cursor_of_another_list_is_refused(one: Parley) -> None:
    (ann,) = await one.people("ann")
    topic = await make_topic(one, ann)
    for cursor in ("x", "9" * 20, "--1"):
        assert await ann.refused("post.list", topic=topic, order="top", cursor=cursor) == "bad_request"


async def test_list_of_a_topic_is_for_those_who_see_it(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    opened, shut = await make_topic(one, ann), await make_topic(one, ann, open=False)
    for topic in (opened, shut):
        await posted(ann, topic, "said")
    assert titles(await bob.do("post.list", topic=opened)) == ["said"]
    assert await bob.refused("post.list", topic=shut) == "room_not_found"
    assert titles(await ann.do("post.list", topic=shut)) == ["said"]
    assert await ann.refused("post.list", topic="none") == "room_not_found"
    assert await ann.refused("post.list", topic=await ann.create()) == "room_not_found"


async def test_list_by_author_has_own_names_in_places_that_one_sees(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    opened, shut = await make_topic(one, ann), await make_topic(one, ann, open=False)
    await posted(ann, opened, "open")
    await posted(ann, shut, "shut")
    await posted(ann, opened, "masked", anonymous=True)
    await posted(ann, title="page")
    assert await through(ann, "post.written", user="me", limit=2) == ["page", "shut", "open"]
    assert await through(bob, "post.written", user=ann.id, limit=1) == ["page", "open"]
    assert titles(await bob.do("post.written", user=ann.id, on="page")) == ["page"]
    assert await through(bob, "post.written", user=ann.id, order="old", limit=1) == ["open", "page"]
    assert titles(await bob.do("post.written", user=ann.id, on="page", order="hot")) == ["page"]
    assert await bob.refused("post.written", user=ann.id, order="hot") == "bad_request"
    assert await bob.refused("post.written", user="nobody") == "user_not_found"


async def test_list_by_author_has_what_came_into_ones_feed(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    opened, shut = await make_topic(one, ann), await make_topic(one, ann, open=False)
    await posted(ann, shut, "before")
    await ann.do("room.add", room=shut, user=bob.id)
    await posted(ann, opened, "open")
    await posted(ann, shut, "after")
    await posted(ann, shut, "masked", anonymous=True)
    await posted(ann, title="page")
    await fed(one)
    assert await through(bob, "post.written", user=ann.id, limit=2) == ["page", "after", "open", "before"]
    assert await through(bob, "post.written", user=ann.id, order="old", limit=1) == ["before", "open", "after", "page"]
    await ann.do("room.remove", room=shut, user=bob.id)
    assert await through(bob, "post.written", user=ann.id, limit=2) == ["page", "open"]


async def test_recent_posts_are_those_of_open_topics_and_pages(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    opened, shut = await make_topic(one, ann), await make_topic(one, ann, open=False)
    await posted(ann, opened, "open", anonymous=True)
    await posted(ann, shut, "shut")
    gone = await posted(ann, opened, "gone")
    await posted(ann, title="page")
    await ann.do("post.delete", post=gone["id"])
    assert await through(bob, "post.recent", limit=1) == ["page", "open"]
    assert titles(await ann.do("post.recent")) == ["page", "open"]


async def test_page_is_cut_where_it_grows_too_large(one: Parley) -> None:
    (ann,) = await one.people("ann")
    for number in range(40):
        await posted(ann, title=str(number), text="\U0001f600" * 5_000)
    first = await ann.do("post.recent", limit=100)
    assert 1 < len(first["items"]) < 40
    assert await through(ann, "post.recent", limit=100) == [str(number) for number in reversed(range(40))]


@pytest.mark.parametrize(
    ("op", "d"),
    [
        ("post.list", {"topic": "$topic", "order": "hot"}),
        ("post.list", {"topic": "$topic", "order": "old"}),
        ("post.written", {"user": "$ann"}),
        ("post.recent", {}),
        ("feed.list", {}),
    ],
)
async def test_page_asks_the_store_three_times_at_most(one: Parley, op: str, d: Json) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    await bob.do("follow.put", user=ann.id)
    for number in range(30):
        await posted(ann, topic if number % 2 else "", str(number))
    await fed(one)
    given = {name: {"$topic": topic, "$ann": ann.id}.get(value, value) for name, value in d.items()}
    first = await bob.do(op, limit=10, **given)
    with asked(one) as calls:
        await bob.do(op, limit=10, cursor=first["next"], **given)
    assert 0 < len(calls) <= 3, calls


async def test_posts_of_a_topic_are_listed_for_everybody_while_it_is_open(
    one: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "PAGE", 2)
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    ids = [(await posted(ann, topic, str(number)))["id"] for number in range(5)]
    for is_open, wide in ((False, None), (True, EVERYBODY)):
        await ann.do("topic.update", topic=topic, open=is_open)
        async with asyncio.timeout(20):
            while {row.wide for row in (await one.database.get_many(POSTS, ids)).values()} != {wide}:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert titles(await bob.do("post.recent")) == (["4", "3", "2", "1", "0"] if is_open else [])
