"""Who may know how somebody is."""

import msgspec
import pytest

from services.ids import direct_room, member_id
from services.people import acquaintance
from services.people.acquaintance import LARGE_MEMBERS, acquaintances, watchable
from store.tables import FRIENDS, MEMBERS, ROOMS, USERS, Friend, Member, Preferences, Room, User
from tests.unstable import Unstable


async def put(unstable: Unstable, room: Room, *users: str, hidden: tuple[str, ...] = ()) -> None:
    room = msgspec.structs.replace(room, member_count=room.member_count or len(users))
    await unstable.real.insert(ROOMS, room)
    for user in users:
        row = Member(id=member_id(room.id, user), room=room.id, user=user, username=user, role="member", joined_at=1)
        await unstable.real.insert(MEMBERS, msgspec.structs.replace(row, hidden=user in hidden))


def room(id_: str, kind: str = "private", member_count: int = 0) -> Room:
    return Room(id=id_, kind=kind, created_at=1, member_count=member_count)


def direct(first: str, second: str) -> Room:
    return Room(id=direct_room(first, second), kind="direct", pair=(first, second), created_at=1)


async def known(unstable: Unstable, user: str, *others: str) -> list[str]:
    return sorted(await acquaintances(unstable.database, user, others))


async def test_oneself_is_known_and_costs_nothing(unstable: Unstable) -> None:
    assert await known(unstable, "ann", "ann") == ["ann"]
    assert unstable.calls == []


async def test_people_of_ones_rooms_are_known_and_no_others(unstable: Unstable) -> None:
    await put(unstable, room("r1"), "ann", "bob")
    await put(unstable, room("r2", "public"), "ann", "cid", "bob")
    await put(unstable, room("r3"), "bob", "dan")
    await put(unstable, room("u_ann", "self"), "ann")
    assert await known(unstable, "ann", "bob", "cid", "dan", "nobody") == ["bob", "cid"]
    assert await known(unstable, "dan", "ann", "bob", "cid") == ["bob"]
    assert await known(unstable, "nobody", "ann", "bob") == []


async def test_large_room_makes_nobody_acquainted(unstable: Unstable) -> None:
    await put(unstable, room("r1", member_count=LARGE_MEMBERS + 1), "ann", "bob")
    await put(unstable, room("r2", member_count=LARGE_MEMBERS), "ann", "cid")
    assert await known(unstable, "ann", "bob", "cid") == ["cid"]


async def test_room_that_is_no_more_makes_nobody_acquainted(unstable: Unstable) -> None:
    await put(unstable, Room(id="r1", kind="private", created_at=1, deleted=True), "ann", "bob")
    assert await known(unstable, "ann", "bob") == []


async def test_direct_room_counts_unless_the_other_has_hidden_it(unstable: Unstable) -> None:
    await put(unstable, direct("ann", "bob"), "ann", "bob")
    await put(unstable, direct("ann", "cid"), "ann", "cid", hidden=("cid",))
    await put(unstable, direct("ann", "dan"), "ann", "dan", hidden=("ann",))
    assert await known(unstable, "ann", "bob", "cid", "dan") == ["bob", "dan"]
    assert await known(unstable, "cid", "ann") == ["ann"]


async def test_reads_are_few(unstable: Unstable) -> None:
    for number in range(30):
        await put(unstable, direct("ann", f"peer-{number}"), "ann", f"peer-{number}")
    people = [f"user-{number}" for number in range(170)]
    await put(unstable, room("r1"), "ann", *people)
    asked = [*(f"peer-{number}" for number in range(30)), *people]
    assert len(await known(unstable, "ann", *asked)) == 200
    assert len(unstable.calls) <= 4


async def test_reads_are_bounded(unstable: Unstable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acquaintance, "PLACES_LOOKED_AT", 2000)
    for number in range(30):
        await put(unstable, room(f"r{number:02}"), "ann", "bob")
    strangers = [f"stranger-{number}" for number in range(200)]
    await known(unstable, "ann", *strangers)
    assert len(unstable.calls) == 5


async def test_room_may_be_left_out(unstable: Unstable) -> None:
    await put(unstable, room("r1"), "ann", "bob")
    await put(unstable, room("r2"), "ann", "bob", "cid")
    others = ["bob", "cid"]
    assert await acquaintances(unstable.database, "ann", others, without="r1") == {"bob", "cid"}
    assert await acquaintances(unstable.database, "ann", others, without="r2") == {"bob"}


async def befriend(unstable: Unstable, user: str, other: str, state: str = "friends") -> None:
    row = Friend(id=f"{user}:{other}", user=user, other=other, state=state, since="1")
    await unstable.real.insert(FRIENDS, row)


async def test_friends_are_known_without_a_room_and_who_only_asked_is_not(unstable: Unstable) -> None:
    await befriend(unstable, "ann", "bob")
    await befriend(unstable, "ann", "cid", "received")
    await befriend(unstable, "ann", "dan", "sent")
    assert await known(unstable, "ann", "bob", "cid", "dan") == ["bob"]


async def test_people_are_watched_by_those_whom_they_let(unstable: Unstable) -> None:
    await put(unstable, room("r1"), "ann", "all", "friend", "far", "shut")
    await befriend(unstable, "ann", "friend")
    await befriend(unstable, "ann", "shut")
    for name, let in (("all", "everybody"), ("friend", "friends"), ("far", "friends"), ("shut", "nobody")):
        preferences = Preferences(last_seen=let)
        row = User(id=name, name_key=name, username=name, name=name, email="", preferences=preferences, created_at=1)
        await unstable.real.insert(USERS, row)
    others = ["ann", "all", "friend", "far", "shut"]
    assert await watchable(unstable.database, "ann", others) == {"ann", "all", "friend"}
