"""Lists of posts leave out what their reader hides, and nobody else's do."""

from typing import Any

import pytest

from tests.application import Parley
from tests.client.checks import Json
from tests.forum import fed, make_topic, posted
from tests.people import Person
from tests.questions import asked

LISTS = ("post.list", "post.written", "post.recent", "feed.list")


async def listed(person: Person, topic: str, author: Person) -> dict[str, str]:
    """Return the titles of one letter that each list has: of the topic, of the author, the latest, and the feed."""
    given: dict[str, Json] = {"post.list": {"topic": topic}, "post.written": {"user": author.id}}
    pages = {op: await person.do(op, **given.get(op, {})) for op in LISTS}
    return {op: "".join(item["title"] for item in page["items"]) for op, page in pages.items()}


async def told(parley: Parley) -> tuple[Person, Person, Person, str, str]:
    """Return ann, who wrote, bob, who follows her, cid, who is in her topic as bob is, the topic, and a post in it."""
    ann, bob, cid = await parley.people("ann", "bob", "cid")
    topic = await make_topic(parley, ann)
    for person in (bob, cid):
        await person.do("room.join", room=topic)
    await bob.do("follow.put", user=ann.id)
    post = await posted(ann, topic, "a")
    await posted(ann, title="b")
    await posted(cid, topic, "c")
    await posted(ann, topic, "d", anonymous=True)
    await fed(parley)
    assert await listed(bob, topic, ann) == everything("dca", "ba", "dcba", "dcba")
    return ann, bob, cid, topic, post["id"]


def everything(*values: str) -> dict[str, str]:
    """Return what the lists have."""
    return dict(zip(LISTS, values, strict=True))


async def test_hidden_post_is_in_no_list(one: Parley) -> None:
    ann, bob, cid, topic, post = await told(one)
    before = await listed(cid, topic, ann)
    await bob.do("stance.set", target=post, hide=True)
    assert await listed(bob, topic, ann) == everything("dc", "b", "dcb", "dcb")
    assert (await bob.do("post.get", post=post))["title"] == "a"
    assert await listed(cid, topic, ann) == before
    await bob.do("stance.set", target=post, mute=-1, hide=False)
    assert await listed(bob, topic, ann) == everything("dca", "ba", "dcba", "dcba")


async def test_posts_of_a_hidden_topic_are_in_its_own_list_alone(one: Parley) -> None:
    ann, bob, _, topic, _ = await told(one)
    await bob.do("stance.set", target=topic, hide=True)
    assert await listed(bob, topic, ann) == everything("dca", "b", "b", "b")


async def test_posts_of_a_hidden_person_are_in_their_own_list_alone(one: Parley) -> None:
    ann, bob, _, topic, _ = await told(one)
    await bob.do("stance.set", target=ann.id, hide=True)
    # What she posted under another name stays: that it went would tell whose it is.
    assert await listed(bob, topic, ann) == everything("dc", "ba", "dc", "dc")
    assert [item["title"] for item in (await bob.do("post.written", user=ann.id, on="page"))["items"]] == ["b"]


async def test_posts_under_a_hidden_other_name_are_in_no_list(one: Parley) -> None:
    ann, bob, _, topic, _ = await told(one)
    name = (await bob.do("post.list", topic=topic, limit=1))["items"][0]["author"]["id"]
    assert name != ann.id
    await bob.do("stance.set", target=name, hide=True)
    assert await listed(bob, topic, ann) == everything("ca", "ba", "cba", "cba")


async def test_page_that_is_hidden_whole_is_followed_by_others(one: Parley) -> None:
    _, bob, _, _, post = await told(one)
    await bob.do("stance.set", target=post, hide=True)
    found: list[list[str]] = []
    given: dict[str, Any] = {"limit": 1}
    while given.get("cursor", "") is not None:
        page = await bob.do("post.recent", **given)
        found.append([item["title"] for item in page["items"]])
        given["cursor"] = page["next"]
    assert found == [["d"], ["c"], ["b"], []]


@pytest.mark.parametrize("op", LISTS)
async def test_page_with_other_names_asks_the_store_three_times_at_most(one: Parley, op: str) -> None:
    ann, bob, _, topic, post = await told(one)
    await bob.do("stance.set", target=post, hide=True)
    given = {"post.list": {"topic": topic}, "post.written": {"user": ann.id}}.get(op, {})
    await bob.do(op, **given)
    with asked(one) as calls:
        await bob.do(op, **given)
    assert 0 < len(calls) <= 3, calls
