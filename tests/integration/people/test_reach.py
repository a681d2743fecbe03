"""How far a block reaches: everything by which somebody could reach whoever blocks them, in one place."""

from collections.abc import Awaitable, Callable

import pytest

from services.ids import page_room
from store.tables import COUNTS, Counts
from tests.application import Parley
from tests.integration.notifications.told import at, types
from tests.people import Person


async def friends(ann: Person, bob: Person) -> None:
    """Have two people follow each other, be friends, and share a room and a talk."""
    await ann.do("follow.put", user=bob.id)
    await bob.do("follow.put", user=ann.id)
    await ann.do("friend.request", user=bob.id)
    await bob.do("friend.accept", user=ann.id)
    for who, whom in ((ann, bob), (bob, ann)):
        await who.say((await who.do("room.direct", user=whom.id))["id"])


async def _message(who: Person, whom: Person) -> str:
    room = (await who.do("room.direct", user=whom.id))["id"]
    return await who.code("message.send", room=room, text="hello", cid="again")


async def _follow(who: Person, whom: Person) -> str:
    return await who.code("follow.put", user=whom.id)


async def _request(who: Person, whom: Person) -> str:
    return await who.code("friend.request", user=whom.id)


async def _comment(who: Person, whom: Person) -> str:
    """Comment on the other's page, on which they have posted."""
    post = await whom.do("post.publish", title="a title", text="words", cid=f"page-{who.id[-8:]}")
    assert post["room"] == page_room(whom.id)
    return await who.code("comment.create", post=post["id"], text="hello", cid="again")


BOTH_WAYS: dict[str, Callable[[Person, Person], Awaitable[str]]] = {
    "a message": _message,
    "following": _follow,
    "asking to be friends": _request,
    "a comment on their page": _comment,
}
"""What neither of the two can do to the other, whoever of them blocks."""


@pytest.mark.parametrize("what", BOTH_WAYS)
async def test_neither_reaches_the_other(one: Parley, what: str) -> None:
    ann, bob = await one.people("ann", "bob")
    await friends(ann, bob)
    await ann.do("users.block", user=bob.id)
    assert [await BOTH_WAYS[what](bob, ann), await BOTH_WAYS[what](ann, bob)] == ["blocked", "blocked"]
    await ann.do("users.unblock", user=bob.id)
    assert await BOTH_WAYS[what](bob, ann) == "ok", "it was the block"


async def _add(who: Person, whom: Person) -> str:
    return await who.code("room.add", room=await who.create(kind="private"), user=whom.id)


async def _invite(who: Person, whom: Person) -> str:
    topic = await who.do("topic.create", title="closed to most", open=False)
    return await who.code("invitation.make", room=topic["id"], user=whom.id)


TO_THE_BLOCKER: dict[str, Callable[[Person, Person], Awaitable[str]]] = {
    "adding them to a room": _add,
    "inviting them": _invite,
}
"""What whoever is blocked cannot do to who blocks them."""


@pytest.mark.parametrize("what", TO_THE_BLOCKER)
async def test_who_is_blocked_draws_nobody_in(one: Parley, what: str) -> None:
    ann, bob = await one.people("ann", "bob")
    await ann.do("users.block", user=bob.id)
    assert await TO_THE_BLOCKER[what](bob, ann) == "blocked"
    await ann.do("users.unblock", user=bob.id)
    assert await TO_THE_BLOCKER[what](bob, ann) == "ok", "it was the block"


async def test_who_blocks_is_not_rung(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await ann.create(kind="private")
    await ann.do("room.add", room=room, user=bob.id)
    await ann.do("users.block", user=bob.id)
    live = await bob.connect()
    call = await live.call("call.start", room=room, media="audio", ring=[ann.id])
    assert call["invited"] == []


@pytest.mark.parametrize("blocker", [0, 1])
async def test_naming_the_other_in_a_room_of_both_notifies_nobody(one: Parley, blocker: int) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    room = await ann.create(kind="private")
    for other in (bob, cid):
        await ann.do("room.add", room=room, user=other.id)
    pair = (ann, bob)
    await pair[blocker].do("users.block", user=pair[1 - blocker].id)
    await bob.say(room, f"hello {at(ann)} and {at(cid)}")
    assert [await types(one, ann), await types(one, cid)] == [[], ["mention"]]


async def test_block_ends_follows_and_friendship_both_ways_and_what_is_counted_of_them(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await friends(ann, bob)
    await ann.do("users.block", user=bob.id)
    seen = (await bob.do("users.one", user=ann.id))["tie"]
    assert (seen["following"], seen["followed_by"], seen["friends"], seen["blocked"]) == (False, False, False, False)
    assert (await ann.do("users.one", user=bob.id))["tie"]["blocked"] is True
    for person in (ann, bob):
        row = await one.database.get(COUNTS, person.id)
        assert row == Counts(id=person.id)


async def test_block_takes_back_what_was_asked(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await bob.do("friend.request", user=ann.id)
    await ann.do("users.block", user=bob.id)
    assert (await bob.do("friend.requests", direction="out"))["items"] == []
    assert (await ann.do("friend.requests"))["items"] == []


async def test_sessions_of_both_hear_that_nothing_is_between_them_and_the_other_not_why(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await friends(ann, bob)
    lives = [await ann.connect(), await bob.connect()]
    await ann.do("users.block", user=bob.id)
    mine, theirs = [(await live.next("tie"))["d"]["tie"] for live in lives]
    assert (mine["friends"], mine["blocked"]) == (False, True)
    assert (theirs["friends"], theirs["blocked"]) == (False, False)


async def test_who_had_nothing_to_do_with_one_hears_of_no_block_and_of_no_end_of_it(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    own, theirs = await ann.connect(), await bob.connect()
    await ann.do("users.block", user=bob.id)
    assert (await own.next("tie"))["d"]["tie"]["blocked"] is True
    await ann.do("users.unblock", user=bob.id)
    assert (await own.next("tie"))["d"]["tie"]["blocked"] is False
    assert await theirs.pending() == []


async def test_presence_is_told_no_more_though_they_were_friends(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await friends(ann, bob)
    watcher, watched = await bob.connect(), await ann.connect()
    assert (await watcher.call("presence.watch", users=[ann.id]))[0]["status"] == "online"
    await ann.do("users.block", user=bob.id)
    assert (await watcher.next("presence"))["d"] == {"user": ann.id, "status": "offline", "last_seen": None}
    assert (await watcher.call("presence.watch", users=[ann.id]))[0]["status"] == "offline"
    assert (await bob.do("users.one", user=ann.id))["last_seen"] is None
    assert await watched.call("ping") == {}


async def test_who_blocks_is_not_found(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await ann.do("users.block", user=bob.id)
    assert (await bob.do("users.search", q=ann.account.username))["items"] == []
