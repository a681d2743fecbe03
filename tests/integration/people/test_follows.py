"""Following people: once each, counted exactly on every node, and not where one of the two blocks the other."""

import asyncio
from typing import Any

from store.tables import COUNTS, FOLLOWS, Counts
from tests.application import Parley
from tests.client.checks import Json
from tests.integration.notifications.told import types
from tests.people import Person


async def counts(parley: Parley, *people: Person) -> list[tuple[int, int]]:
    """Return followers and following of people."""
    rows = await parley.database.get_many(COUNTS, [person.id for person in people])
    found = [rows.get(person.id, Counts(id=person.id)) for person in people]
    return [(row.followers, row.following) for row in found]


async def ids(person: Person, op: str, whose: Person, **more: Any) -> list[str]:
    page: Json = await person.do(op, user=whose.id, **more)
    return [item["user"]["id"] for item in page["items"]]


async def test_follow_is_counted_for_both_and_taken_back(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    tie = await ann.do("follow.put", user=bob.id)
    assert tie["following"] is True
    assert tie["followed_by"] is False
    assert await counts(one, ann, bob) == [(0, 1), (1, 0)]
    assert await ids(ann, "follow.followers", bob) == [ann.id]
    assert await ids(bob, "follow.following", ann) == [bob.id]
    tie = await ann.do("follow.take", user=bob.id)
    assert tie["following"] is False
    assert await counts(one, ann, bob) == [(0, 0), (0, 0)]
    assert await ids(ann, "follow.followers", bob) == []


async def test_follow_again_changes_nothing(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    for _ in range(2):
        await ann.do("follow.put", user=bob.id)
    assert await counts(one, ann, bob) == [(0, 1), (1, 0)]
    for _ in range(2):
        await ann.do("follow.take", user=bob.id)
    assert await counts(one, ann, bob) == [(0, 0), (0, 0)]


async def test_lists_have_the_latest_first_and_pages(one: Parley) -> None:
    star, *fans = await one.people("star", "ann", "bob", "cid")
    for fan in fans:
        await fan.do("follow.put", user=star.id)
    first = await star.do("follow.followers", user="me", limit=2)
    rest = await star.do("follow.followers", user="me", limit=2, cursor=first["next"])
    listed = [item["user"]["id"] for item in [*first["items"], *rest["items"]]]
    assert listed == [fan.id for fan in reversed(fans)]
    assert rest["next"] is None


async def test_counts_are_exact_where_many_follow_and_unfollow_at_once_on_two_nodes(one: Parley, two: Parley) -> None:
    people = await one.people(*(f"p{n}" for n in range(6)))
    here = [[person, person.at(two.site)] for person in people]

    async def one_of(who: int, whom: int) -> None:
        for turn in range(4):
            op = "follow.take" if turn == 1 else "follow.put"
            await here[who][(turn + whom) % 2].do(op, user=people[whom].id)

    await asyncio.gather(*(one_of(who, whom) for who in range(6) for whom in (0, 1, 2) if who != whom))
    rows = await one.database.get_many(FOLLOWS, [f"{a.id}:{b.id}" for a in people for b in people])
    live = [row for row in rows.values() if row.since is not None]
    recounted = [
        (sum(row.other == person.id for row in live), sum(row.user == person.id for row in live)) for person in people
    ]
    assert await counts(one, *people) == recounted
    assert len(live) == 15


async def test_nobody_follows_oneself_or_nobody(one: Parley) -> None:
    (ann,) = await one.people("ann")
    assert await ann.refused("follow.put", user=ann.id) == "bad_request"
    assert await ann.refused("follow.put", user="me") == "bad_request"
    assert await ann.refused("follow.put", user="nobody") == "user_not_found"


async def test_who_is_followed_again_within_a_day_is_not_told_again(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    told = []
    for _ in range(2):
        await ann.do("follow.put", user=bob.id)
        row = await one.database.get(FOLLOWS, f"{ann.id}:{bob.id}")
        assert row is not None
        told.append(row.told_at)
        await ann.do("follow.take", user=bob.id)
    assert told[0] is not None
    assert told[0] == told[1]


async def test_who_is_followed_finds_a_notification(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await ann.do("follow.put", user=bob.id)
    assert [await types(one, bob), await types(one, ann)] == [["follow"], []]


async def test_sessions_of_both_hear_of_it(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    lives = [await ann.connect(), await bob.connect()]
    await ann.do("follow.put", user=bob.id)
    mine, theirs = [(await live.next("tie"))["d"] for live in lives]
    assert (mine["tie"]["user"], mine["tie"]["following"], mine["counts"]["following"]) == (bob.id, True, 1)
    assert (theirs["tie"]["user"], theirs["tie"]["followed_by"], theirs["counts"]["followers"]) == (ann.id, True, 1)


async def test_nobody_hears_of_what_changes_nothing(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await ann.do("follow.put", user=bob.id)
    assert await types(one, bob) == ["follow"]
    live = await bob.connect()
    await ann.do("follow.put", user=bob.id)
    await bob.do("follow.take", user=ann.id)
    assert await live.pending() == []
