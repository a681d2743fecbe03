"""Posts, comments, votes, follows, friends and invitations: each tells those whom it concerns."""

import pytest

from services.errors import Unavailable
from services.notifications.telling.gathering import gather_for
from tests.application import Parley
from tests.integration.notifications.told import at, told, types
from tests.unstable import Fault


async def test_posts_and_comments_tell_followers_authors_and_who_is_answered(one: Parley) -> None:
    ann, bob, cid, dan = await one.people("ann", "bob", "cid", "dan")
    topic = str((await ann.do("topic.create", title="Sailing"))["id"])
    for person in (bob, cid, dan):
        await person.do("room.join", room=topic)
    await dan.do("stance.set", target=topic, follow=True)
    post = (await bob.do("post.create", topic=topic, title="Wind", text=f"{at(cid)} look", cid="p"))["id"]
    assert [await types(one, person) for person in (ann, bob, cid, dan)] == [[], [], ["mention"], ["post"]]
    await ann.do("stance.set", target=post, follow=True)
    comment = (await cid.do("comment.create", post=post, text="I look", cid="c1"))["id"]
    await dan.do("comment.create", post=post, parent=comment, text="I too", cid="c2")
    assert [await types(one, person) for person in (ann, dan)] == [["comment"], ["post"]]
    (item,) = await told(one, bob)
    assert (item["type"], item["count"], item["post"], item["place"]) == ("comment", 2, post, topic)
    assert await types(one, cid) == ["mention", "reply"]


async def test_votes_for_what_is_ones_own_are_told_and_gathered(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    topic = str((await ann.do("topic.create", title="Sailing"))["id"])
    for person in (bob, cid):
        await person.do("room.join", room=topic)
    post = (await ann.do("post.create", topic=topic, title="Wind", text="words", cid="p"))["id"]
    for person, value in ((bob, 1), (cid, 1), (bob, 0), (bob, 1), (ann, 1)):
        await person.do("post.vote", post=post, value=value)
    (item,) = await told(one, ann)
    assert (item["type"], item["count"], item["item"]) == ("vote", 2, post)
    assert {person["id"] for person in item["people"]} == {bob.id, cid.id}


async def test_follows_friends_and_invitations_are_told(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await ann.do("follow.put", user=bob.id)
    await ann.do("friend.request", user=bob.id)
    topic = str((await ann.do("topic.create", title="Hidden", open=False))["id"])
    await ann.do("invitation.make", room=topic, user=bob.id)
    assert await types(one, bob) == ["follow", "friend_request", "invitation"]
    await bob.do("friend.accept", user=ann.id)
    assert await types(one, ann) == ["friend_accepted"]


async def test_store_that_is_away_is_no_mistake_of_who_gathers_for_many(one: Parley) -> None:
    people = await one.people("ann", "bob", "cid")
    one.store.fail(Fault.UNAVAILABLE, times=100)
    with pytest.raises(Unavailable):
        await gather_for(one.application, [person.id for person in people])
