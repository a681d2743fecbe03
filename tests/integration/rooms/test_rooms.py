"""Rooms: who may what, who is in them, what they are called."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.application import Parley, running
from tests.audit import audit
from tests.people import Person
from tests.unstable import Fault


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley
        assert await audit(parley.database) == []


class Staff:
    """A room with people of each role, and two who are not in it."""

    def __init__(self, room: str, people: list[Person]) -> None:
        self.room = room
        self.owner, self.moderator, self.other, self.member, self.second, self.stranger, self.outsider = people


@pytest.fixture
async def staff(parley: Parley) -> Staff:
    people = await parley.people("owner", "moderator", "other", "member", "second", "stranger", "outsider")
    staff = Staff(await people[0].create(), people)
    for person in people[1:5]:
        await person.do("room.join", room=staff.room)
    for person in (staff.moderator, staff.other):
        await staff.owner.do("room.role", room=staff.room, user=person.id, role="moderator")
    return staff


# Making


@pytest.mark.parametrize("kind", ["public", "private"])
async def test_new_room_has_its_maker_as_owner_and_first_member(parley: Parley, kind: str) -> None:
    (ann,) = await parley.people("ann")
    answer = await ann.answer("room.create", name="tea", kind=kind, description="about tea", history="joined")
    room = answer.json
    assert answer.status == 201
    assert (room["name"], room["kind"], room["description"], room["history"]) == ("tea", kind, "about tea", "joined")
    assert (room["owner"], room["role"], room["member_count"], room["head"]) == (ann.id, "owner", 1, 1)
    assert (room["read"], room["unread"]) == (1, 0)
    assert await ann.notices(room["id"]) == ["joined"]
    assert [(item["type"], item["target"]) for item in await ann.items(ann.stream)] == [("joined", room["id"])]


async def test_private_room_does_not_exist_for_strangers(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create(kind="private")
    for op in ("room.get", "room.join", "room.members", "message.list", "room.delete", "room.leave"):
        assert await bob.refused(op, room=room) == "room_not_found", op


async def test_public_room_is_seen_by_strangers_and_only_seen(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create()
    seen = await bob.room(room)
    assert seen["role"] is None
    assert not seen.keys() & {"read", "unread"}
    for op in ("room.members", "message.list", "room.delete", "room.leave"):
        assert await bob.refused(op, room=room) == "not_a_member", op


# Who may what


_OUT, _NO, _OK = "not_a_member", "forbidden", "ok"


@pytest.mark.parametrize(
    ("op", "d", "codes"),
    [
        ("room.update", {"name": "new"}, [_OUT, _NO, _OK, _OK]),
        ("room.add", {"user": "outsider"}, [_OUT, _NO, _OK, _OK]),
        ("room.remove", {"user": "second"}, [_OUT, _NO, _OK, "member_not_found"]),
        ("room.ban", {"user": "second"}, [_OUT, _NO, _OK, _OK]),
        ("room.unban", {"user": "outsider"}, [_OUT, _NO, _OK, _OK]),
        ("room.role", {"user": "second", "role": "moderator"}, [_OUT, _NO, _NO, _OK]),
        ("room.delete", {}, [_OUT, _NO, _NO, _OK]),
        ("room.members", {}, [_OUT, _OK, _OK, _OK]),
        ("message.list", {}, [_OUT, _OK, _OK, _OK]),
        ("message.send", {"text": "x", "cid": "x"}, [_OUT, _OK, _OK, _OK]),
        ("room.read", {"seq": 1}, [_OUT, _OK, _OK, _OK]),
        ("room.changes", {"since": 0}, [_OUT, _OK, _OK, _OK]),
    ],
)
async def test_role_decides_who_may(staff: Staff, op: str, d: dict[str, str], codes: list[str]) -> None:
    d = d | {"user": getattr(staff, d["user"]).id} if "user" in d else d
    people = (staff.stranger, staff.member, staff.moderator, staff.owner)
    assert [await person.code(op, room=staff.room, **d) for person in people] == codes


@pytest.mark.parametrize("op", ["room.remove", "room.ban"])
async def test_moderation_reaches_only_below_oneself(staff: Staff, op: str) -> None:
    async def code(by: Person, whom: Person) -> str:
        return await by.code(op, room=staff.room, user=whom.id)

    assert await code(staff.member, staff.second) == "forbidden"
    assert await code(staff.moderator, staff.owner) == "forbidden"
    assert await code(staff.moderator, staff.other) == "forbidden"
    assert await code(staff.moderator, staff.member) == "ok"
    assert await code(staff.owner, staff.moderator) == "ok"
    assert await code(staff.other, staff.second) == "ok"
    assert (await staff.owner.room(staff.room))["member_count"] == 2


async def test_role_that_somebody_has_takes_no_rev(staff: Staff) -> None:
    head = (await staff.owner.room(staff.room))["head"]
    view = await staff.owner.do("room.role", room=staff.room, user=staff.member.id, role="member")
    assert view["role"] == "member"
    assert (await staff.owner.room(staff.room))["head"] == head


async def test_role_given_is_used_at_once_and_taken_is_gone_at_once(staff: Staff) -> None:
    room = staff.room
    assert await staff.member.refused("room.update", room=room, name="by a member") == "forbidden"
    await staff.owner.do("room.role", room=room, user=staff.member.id, role="moderator")
    assert (await staff.member.do("room.update", room=room, name="by a moderator"))["role"] == "moderator"
    await staff.owner.do("room.role", room=room, user=staff.member.id, role="member")
    assert await staff.member.refused("room.update", room=room, name="again") == "forbidden"
    roles = [item["role"] for item in await staff.member.items(staff.member.stream) if item["type"] == "role"]
    assert roles == ["moderator", "member"]


# Owners


async def test_handing_over_makes_the_former_owner_a_moderator(staff: Staff) -> None:
    room = staff.room
    assert (await staff.owner.do("room.role", room=room, user=staff.member.id, role="owner"))["role"] == "owner"
    assert (await staff.owner.room(room))["owner"] == staff.member.id
    assert (await staff.owner.room(room))["role"] == "moderator"
    assert await staff.owner.refused("room.delete", room=room) == "forbidden"
    assert await staff.member.code("room.delete", room=room) == "ok"


async def test_one_of_two_who_are_handed_a_room_at_once_owns_it(staff: Staff) -> None:
    codes = await asyncio.gather(
        *(
            staff.owner.code("room.role", room=staff.room, user=person.id, role="owner")
            for person in (staff.member, staff.second)
        )
    )
    assert sorted(codes) == ["forbidden", "ok"]


async def test_owner_stays_while_others_are_there(staff: Staff) -> None:
    assert await staff.owner.refused("room.leave", room=staff.room) == "owner_must_stay"
    assert await staff.owner.refused("room.remove", room=staff.room, user=staff.owner.id) == "owner_must_stay"
    assert (
        await staff.owner.refused("room.role", room=staff.room, user=staff.owner.id, role="member") == "owner_must_stay"
    )
    assert (await staff.owner.room(staff.room))["role"] == "owner"


async def test_owner_who_leaves_alone_deletes_the_room(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    await bob.do("room.leave", room=room)
    await ann.do("room.leave", room=room)
    assert await ann.refused("room.get", room=room) == "room_not_found"
    assert await ann.notices(ann.stream) == ["joined", "deleted"]


# Joining and leaving


async def test_joining_twice_changes_nothing(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create()
    first = await bob.answer("room.join", room=room)
    again = await bob.answer("room.join", room=room)
    added = await ann.answer("room.add", room=room, user=bob.id)
    assert [answer.status for answer in (first, again, added)] == [201, 200, 200]
    assert first.json == again.json == added.json
    assert (first.json["user"], first.json["role"]) == ({"id": bob.id, "username": bob.account.username}, "member")
    assert await ann.notices(room) == ["joined", "joined"]


async def test_everybody_may_join_at_once(parley: Parley) -> None:
    ann, *others = await parley.people("ann", *["other"] * 8)
    room = await ann.create()
    await asyncio.gather(
        *(other.do("room.join", room=room) for other in others), ann.do("room.update", room=room, name="full")
    )
    after = await ann.room(room)
    assert (after["member_count"], after["name"]) == (9, "full")
    await asyncio.gather(
        *(other.do("room.leave", room=room) for other in others), ann.do("room.update", room=room, name="empty")
    )
    after = await ann.room(room)
    assert (after["member_count"], after["name"]) == (1, "empty")


async def test_somebody_who_joins_begins_at_the_head(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create()
    for _ in range(3):
        await ann.say(room)
    await bob.do("room.join", room=room)
    seen = await bob.room(room)
    assert (seen["read"], seen["unread"]) == (seen["head"], 0)


async def test_added_people_are_told_who_added_them(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create(kind="private")
    assert (await ann.answer("room.add", room=room, user=bob.id)).status == 201
    (item,) = await bob.items(bob.stream)
    assert (item["type"], item["user"], item["by"], item["target"]) == ("joined", bob.id, ann.id, room)
    assert (item["author"], item["cid"][0]) == (None, "~")


async def test_removed_people_see_nothing_any_more(staff: Staff) -> None:
    await staff.moderator.do("room.remove", room=staff.room, user=staff.member.id)
    assert await staff.member.refused("message.list", room=staff.room) == "not_a_member"
    assert await staff.member.notices(staff.member.stream) == ["joined", "removed"]
    assert (await staff.owner.notices(staff.room))[-1] == "removed"
    await staff.member.do("room.join", room=staff.room)


async def test_me_is_oneself(staff: Staff) -> None:
    room = staff.room
    assert await staff.member.code("room.remove", room=room, user="me") == "ok"
    assert await staff.member.code("room.add", room=room, user="me") == "ok"
    assert await staff.owner.refused("room.role", room=room, user="me", role="member") == "owner_must_stay"
    assert (await staff.member.notices(room))[-2:] == ["left", "joined"]


# Bans


async def test_banned_people_may_neither_join_nor_be_added(staff: Staff) -> None:
    room, whom = staff.room, staff.member
    await staff.moderator.do("room.ban", room=room, user=whom.id)
    assert await whom.refused("room.join", room=room) == "banned"
    assert await staff.owner.refused("room.add", room=room, user=whom.id) == "banned"
    assert await whom.notices(whom.stream) == ["joined", "banned"]
    await staff.owner.do("room.unban", room=room, user=whom.id)
    assert (await whom.answer("room.join", room=room)).status == 201


async def test_ban_of_somebody_who_is_not_there_holds_too(staff: Staff) -> None:
    for _ in range(2):
        await staff.moderator.do("room.ban", room=staff.room, user=staff.stranger.id)
    assert await staff.stranger.refused("room.join", room=staff.room) == "banned"
    assert "banned" not in await staff.owner.notices(staff.room)
    await staff.moderator.do("room.unban", room=staff.room, user=staff.stranger.id)
    await staff.stranger.do("room.join", room=staff.room)


async def test_ban_is_of_one_room(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    one, other = await ann.create("one"), await ann.create("other")
    await ann.do("room.ban", room=one, user=bob.id)
    assert await bob.code("room.join", room=other) == "ok"


# Names


async def test_rename_is_told_in_the_room_and_to_its_watchers(staff: Staff) -> None:
    live = await staff.member.connect()
    await live.next("live")
    changed = await staff.moderator.do("room.update", room=staff.room, name="new", description="words", picture=None)
    notice, event = await live.next("message"), await live.next("room")
    assert (notice["d"]["type"], notice["d"]["name"], notice["d"]["by"]) == ("renamed", "new", staff.moderator.id)
    assert (event["d"]["name"], event["d"]["description"], event["rev"]) == ("new", "words", changed["head"])
    assert not event["d"].keys() & {"role", "read", "unread", "peer"}


async def test_update_changes_what_is_given_alone(staff: Staff) -> None:
    picture = "https://pictures.example/1.png"
    assert (await staff.owner.do("room.update", room=staff.room, picture=picture))["picture"] == picture
    after = await staff.owner.do("room.update", room=staff.room, description="words")
    assert (after["name"], after["description"], after["picture"]) == ("room", "words", picture)
    assert (await staff.owner.do("room.update", room=staff.room, picture=None))["picture"] is None


async def test_update_that_changes_nothing_takes_no_rev(staff: Staff) -> None:
    head = (await staff.owner.room(staff.room))["head"]
    assert (await staff.owner.do("room.update", room=staff.room, name="room", description=""))["head"] == head
    assert (await staff.owner.do("room.update", room=staff.room))["head"] == head


# Deleting


async def test_deleted_room_is_gone_for_everybody_who_is_told(staff: Staff) -> None:
    live = await staff.member.connect()
    await live.next("live")
    await staff.owner.do("room.delete", room=staff.room)
    left = await live.next("room.left")
    assert left["d"] == {"room": staff.room, "reason": "deleted", "by": staff.owner.id}
    for person in (staff.owner, staff.member, staff.stranger):
        assert await person.refused("room.get", room=staff.room) == "room_not_found"
        assert await person.refused("room.join", room=staff.room) == "room_not_found"
        assert (await person.do("room.list"))["items"] == []
        assert (await person.do("room.list", scope="public"))["items"] == []
    for person in (staff.owner, staff.moderator, staff.member):
        assert (await person.notices(person.stream))[-1] == "deleted"
    assert await staff.stranger.notices(staff.stranger.stream) == []


@pytest.mark.parametrize("skip", [1, 2, 3])
async def test_deletion_that_is_cut_short_goes_on_when_it_is_asked_again(parley: Parley, skip: int) -> None:
    ann, bob, cay = await parley.people("ann", "bob", "cay")
    room = await ann.create()
    for person in (bob, cay):
        await person.do("room.join", room=room)
    live = await bob.connect()
    parley.store.fail(Fault.UNAVAILABLE, "together", skip=skip, times=2)
    code = await ann.code("room.delete", room=room)
    parley.store.heal()
    assert await cay.refused("room.delete", room=room) == "room_not_found"
    assert await ann.code("room.delete", room=room) == ("ok" if code == "unavailable" else "room_not_found")
    assert (await live.next("room.left"))["d"]["reason"] == "deleted"
    for person in (ann, bob, cay):
        assert (await person.notices(person.stream)).count("deleted") == 1
    assert await ann.refused("room.delete", room=room) == "room_not_found"


async def test_deleted_room_takes_no_message(staff: Staff) -> None:
    item = await staff.member.say(staff.room)
    await staff.owner.do("room.delete", room=staff.room)
    assert await staff.member.refused("message.send", room=staff.room, text="x", cid="x") == "room_not_found"
    assert await staff.member.refused("message.get", room=staff.room, message=item["id"]) == "room_not_found"
