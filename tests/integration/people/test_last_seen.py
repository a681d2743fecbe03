"""Who may know whether somebody is there, and when they last were: as they choose it, and friends without a room."""

import pytest

from tests.application import Parley
from tests.people import Person


async def choose(person: Person, last_seen: str) -> None:
    answer = await person.account.request("PATCH", "/api/users/me/preferences", {"last_seen": last_seen})
    assert answer.status == 200, answer


async def befriend(ann: Person, bob: Person) -> None:
    await ann.do("friend.request", user=bob.id)
    await bob.do("friend.request", user=ann.id)


async def acquainted(ann: Person, bob: Person) -> None:
    room = await ann.create(kind="private")
    await ann.do("room.add", room=room, user=bob.id)


@pytest.mark.parametrize(
    ("choice", "room", "friend"),
    [("everybody", True, True), ("friends", False, True), ("nobody", False, False)],
)
async def test_choice_says_who_watches(one: Parley, choice: str, room: bool, friend: bool) -> None:
    ann, neighbour, pal, stranger = await one.people("ann", "neighbour", "pal", "stranger")
    await acquainted(ann, neighbour)
    await befriend(ann, pal)
    await choose(ann, choice)
    await ann.connect()
    seen = {}
    for other in (neighbour, pal, stranger):
        live = await other.connect()
        seen[other] = (await live.call("presence.watch", users=[ann.id]))[0]["status"] == "online"
    assert seen == {neighbour: room, pal: friend, stranger: False}


async def test_choice_ends_what_others_watch_already(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await acquainted(ann, bob)
    await ann.connect()
    live = await bob.connect()
    await live.call("presence.watch", users=[ann.id])
    await choose(ann, "nobody")
    told = [(await live.next("presence"))["d"]["status"]]
    while told[-1] != "offline":
        told.append((await live.next("presence"))["d"]["status"])
    assert told[-1] == "offline"


async def test_profile_says_when_somebody_was_last_there_to_those_who_may_know(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    await acquainted(ann, bob)
    one.application.seen.note(ann.id, 1_700_000_000_000)
    assert (await bob.do("users.one", user=ann.id))["last_seen"] == "2023-11-14T22:13:20.000Z"
    assert (await ann.do("users.one", user=ann.id))["last_seen"] is not None
    assert (await cid.do("users.one", user=ann.id))["last_seen"] is None
    await choose(ann, "friends")
    assert (await bob.do("users.one", user=ann.id))["last_seen"] is None


async def test_who_is_no_friend_any_more_watches_no_more(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await befriend(ann, bob)
    await ann.connect()
    live = await bob.connect()
    assert (await live.call("presence.watch", users=[ann.id]))[0]["status"] == "online"
    await ann.do("friend.remove", user=bob.id)
    assert (await live.next("presence"))["d"]["status"] == "offline"
