"""Who may know how somebody is."""

import msgspec
import pytest

from services.ids import direct_room, member_id
from services.presence import acquaintance
from services.presence.acquaintance import LARGE_MEMBERS, acquaintances
from store.tables import MEMBERS, ROOMS, Member, Room
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
    assert len(unstable.calls) == 4
