"""Friends: one asks, the other agrees; both asking are friends at once, on every node, and counted exactly."""

import asyncio

from store.tables import COUNTS, FRIENDS
from tests.application import Parley
from tests.integration.notifications.told import types
from tests.people import Person


async def listed(person: Person, op: str, **d: str) -> list[str]:
    return [item["user"]["id"] for item in (await person.do(op, **d))["items"]]


async def befriend(ann: Person, bob: Person) -> None:
    await ann.do("friend.request", user=bob.id)
    await bob.do("friend.accept", user=ann.id)


async def friends_of(parley: Parley, *people: Person) -> list[int]:
    rows = await parley.database.get_many(COUNTS, [person.id for person in people])
    return [rows[person.id].friends if person.id in rows else 0 for person in people]


async def test_request_is_listed_at_both_until_it_is_accepted(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    tie = await ann.do("friend.request", user=bob.id)
    assert (tie["requested"], tie["asked"], tie["friends"]) == (True, False, False)
    assert await listed(ann, "friend.requests", direction="out") == [bob.id]
    assert await listed(bob, "friend.requests", direction="in") == [ann.id]
    tie = await bob.do("friend.accept", user=ann.id)
    assert (tie["requested"], tie["asked"], tie["friends"]) == (False, False, True)
    assert [await listed(who, "friend.list") for who in (ann, bob)] == [[bob.id], [ann.id]]
    assert await listed(bob, "friend.requests", direction="in") == []
    assert await friends_of(one, ann, bob) == [1, 1]


async def test_both_asking_are_friends_at_once(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await ann.do("friend.request", user=bob.id)
    assert (await bob.do("friend.request", user=ann.id))["friends"] is True
    assert await friends_of(one, ann, bob) == [1, 1]


async def test_both_asking_at_the_same_moment_on_two_nodes_are_friends(one: Parley, two: Parley) -> None:
    ann, *others = await one.people("ann", "p1", "p2", "p3", "p4")
    there = [other.at(two.site) for other in others]
    asked = [ann.do("friend.request", user=other.id) for other in others]
    await asyncio.gather(*asked, *(other.do("friend.request", user=ann.id) for other in there))
    assert await friends_of(one, ann, *others) == [4, 1, 1, 1, 1]
    rows = await one.database.find(FRIENDS, {"user": ann.id, "state": "friends"}, by="since")
    assert {row.other for row in rows} == {other.id for other in others}


async def test_request_is_rejected_or_taken_back(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await ann.do("friend.request", user=bob.id)
    await bob.do("friend.reject", user=ann.id)
    assert await bob.refused("friend.accept", user=ann.id) == "request_not_found"
    await ann.do("friend.request", user=bob.id)
    await ann.do("friend.cancel", user=bob.id)
    assert await bob.refused("friend.accept", user=ann.id) == "request_not_found"
    assert await friends_of(one, ann, bob) == [0, 0]


async def test_rejecting_and_cancelling_end_no_friendship(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await befriend(ann, bob)
    await ann.do("friend.cancel", user=bob.id)
    await bob.do("friend.reject", user=ann.id)
    assert await friends_of(one, ann, bob) == [1, 1]
    await bob.do("friend.accept", user=ann.id)
    assert await friends_of(one, ann, bob) == [1, 1]


async def test_friend_is_removed_by_either(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    for who, whom in ((ann, bob), (bob, ann)):
        await befriend(ann, bob)
        assert (await who.do("friend.remove", user=whom.id))["friends"] is False
        assert await listed(whom, "friend.list") == []
        assert await friends_of(one, ann, bob) == [0, 0]


async def test_sessions_of_both_hear_of_a_request_and_its_answer(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    lives = [await ann.connect(), await bob.connect()]
    await ann.do("friend.request", user=bob.id)
    assert [(await live.next("tie"))["d"]["tie"]["asked"] for live in lives] == [False, True]
    await lives[1].call("friend.accept", user=ann.id)
    told = [(await live.next("tie"))["d"] for live in lives]
    assert [one["tie"]["friends"] for one in told] == [True, True]
    assert [one["counts"]["friends"] for one in told] == [1, 1]


async def test_profile_says_what_two_are_to_each_other(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await befriend(ann, bob)
    await ann.do("follow.put", user=bob.id)
    seen = await ann.do("users.one", user=bob.id)
    assert (seen["friends"], seen["followers"], seen["following"]) == (1, 1, 0)
    assert (seen["tie"]["friends"], seen["tie"]["following"], seen["tie"]["followed_by"]) == (True, True, False)
    assert (await ann.do("users.one", user=ann.id))["tie"] is None


async def test_own_profile_counts_who_asks(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    for other in (bob, cid):
        await other.do("friend.request", user=ann.id)
    mine = await ann.do("users.me")
    assert (mine["requests"], mine["friends"]) == (2, 0)


async def test_request_and_agreement_are_notified_and_a_refusal_is_not(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    await befriend(ann, bob)
    await ann.do("friend.request", user=cid.id)
    await cid.do("friend.reject", user=ann.id)
    assert [await types(one, who) for who in (ann, bob, cid)] == [
        ["friend_accepted"],
        ["friend_request"],
        ["friend_request"],
    ]
