"""Invitations: who may make them, what they show, and how they end."""

import asyncio
from typing import Any

import pytest

from tests.application import Parley
from tests.client.checks import Json
from tests.people import Person


async def make(person: Person, *, is_open: bool = False, **more: Any) -> str:
    return str((await person.do("topic.create", title="Surprise", description="hush", open=is_open, **more))["id"])


async def mine(person: Person) -> list[Json]:
    found: list[Json] = (await person.do("invitation.list"))["items"]
    return found


async def test_invited_see_what_it_is_called_and_about_and_no_more(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann, tags=["party"])
    made = await ann.do("invitation.make", room=topic, user=bob.id)
    (seen,) = await mine(bob)
    assert seen == made
    assert seen["room"] == {"id": topic, "kind": "topic", "name": "Surprise", "description": "hush"}
    assert (seen["user"]["id"], seen["by"]["username"]) == (bob.id, ann.account.username)
    for op in ("room.get", "room.join", "room.members", "message.list", "invitation.pending"):
        assert await bob.refused(op, room=topic) == "room_not_found"


async def test_accepting_joins(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    await ann.do("invitation.make", room=topic, user=bob.id)
    live = await bob.connect()
    assert (await bob.do("invitation.accept", room=topic))["role"] == "member"
    assert (await live.next("room.joined"))["d"]["id"] == topic
    assert await mine(bob) == []
    assert (await ann.room(topic))["member_count"] == 2
    assert await bob.refused("invitation.accept", room=topic) == "invitation_not_found"


async def test_declined_and_withdrawn_invitations_are_none(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    for who, op, d in (
        (bob, "invitation.decline", {"room": topic}),
        (ann, "invitation.withdraw", {"room": topic, "user": bob.id}),
    ):
        await ann.do("invitation.make", room=topic, user=bob.id)
        await who.do(op, **d)
        assert await mine(bob) == []
        assert await who.refused(op, **d) == "invitation_not_found"
        assert await bob.refused("invitation.accept", room=topic) == "invitation_not_found"


async def test_invitation_is_accepted_or_withdrawn_at_one_moment_not_both(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    for _ in range(5):
        topic = await make(ann)
        await ann.do("invitation.make", room=topic, user=bob.id)
        codes = await asyncio.gather(
            bob.code("invitation.accept", room=topic), ann.code("invitation.withdraw", room=topic, user=bob.id)
        )
        assert sorted(codes) == ["invitation_not_found", "ok"]
        members = (await ann.do("room.members", room=topic))["items"]
        assert len(members) == (2 if codes[0] == "ok" else 1)


async def test_all_members_of_a_topic_invite_to_it(one: Parley) -> None:
    ann, bob, eve = await one.people("ann", "bob", "eve")
    topic = await make(ann)
    assert await bob.refused("invitation.make", room=topic, user=eve.id) == "room_not_found"
    await ann.do("room.add", room=topic, user=bob.id)
    await bob.do("invitation.make", room=topic, user=eve.id)
    assert [one["user"]["id"] for one in (await ann.do("invitation.pending", room=topic))["items"]] == [eve.id]
    assert await bob.refused("invitation.pending", room=topic) == "forbidden"
    await bob.do("invitation.withdraw", room=topic, user=eve.id)


async def test_to_a_room_its_moderators_invite_who_may(one: Parley) -> None:
    ann, mod, bob, eve = await one.people("ann", "mod", "bob", "eve")
    room = await ann.create(kind="private")
    for person in (mod, bob):
        await ann.do("room.add", room=room, user=person.id)
    await ann.do("room.role", room=room, user=mod.id, role="moderator", permissions=["ban_users"])
    assert await bob.refused("invitation.make", room=room, user=eve.id) == "forbidden"
    assert await mod.refused("invitation.make", room=room, user=eve.id) == "permission_missing"
    await ann.do("invitation.make", room=room, user=eve.id)
    assert await mod.refused("invitation.withdraw", room=room, user=eve.id) == "permission_missing"


async def test_nobody_is_invited_twice_or_where_they_are(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    assert await ann.refused("invitation.make", room=topic, user=ann.id) == "already_member"
    await ann.do("invitation.make", room=topic, user=bob.id)
    assert await ann.refused("invitation.make", room=topic, user=bob.id) == "already_invited"
    assert await ann.refused("invitation.make", room=topic, user="nobody") == "user_not_found"


@pytest.mark.parametrize("who", ["ann", "bob"])
async def test_nobody_is_invited_where_one_blocks_the_other(one: Parley, who: str) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    blocker, other = (ann, bob) if who == "ann" else (bob, ann)
    await blocker.do("users.block", user=other.id)
    assert await ann.refused("invitation.make", room=topic, user=bob.id) == "blocked"


async def test_ban_ends_an_invitation_and_forbids_another(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    await ann.do("invitation.make", room=topic, user=bob.id)
    await ann.do("room.ban", room=topic, user=bob.id)
    assert await mine(bob) == []
    assert await ann.refused("invitation.make", room=topic, user=bob.id) == "banned"


async def test_whoever_is_added_is_invited_no_more(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    await ann.do("invitation.make", room=topic, user=bob.id)
    await ann.do("room.add", room=topic, user=bob.id)
    assert await mine(bob) == []


async def test_nobody_is_invited_to_what_has_no_members(one: Parley) -> None:
    ann, bob, eve = await one.people("ann", "bob", "eve")
    direct = (await ann.do("room.direct", user=bob.id))["id"]
    assert await ann.refused("invitation.make", room=direct, user=eve.id) == "direct_room"
    assert await ann.refused("invitation.make", room=ann.stream, user=eve.id) == "forbidden"


async def test_invited_to_a_room_of_an_open_topic_comes_into_both(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann, is_open=True)
    room = (await ann.do("topic.rooms.create", topic=topic, name="cabin", open=False))["id"]
    await ann.do("invitation.make", room=room, user=bob.id)
    await bob.do("invitation.accept", room=room)
    assert [(await bob.room(id_))["role"] for id_ in (topic, room)] == ["member", "member"]


async def test_invited_to_a_room_of_a_topic_that_was_shut_stays_outside(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann, is_open=True)
    room = (await ann.do("topic.rooms.create", topic=topic, name="cabin", open=False))["id"]
    await ann.do("invitation.make", room=room, user=bob.id)
    await ann.do("topic.update", topic=topic, open=False)
    assert await bob.refused("invitation.accept", room=room) == "forbidden"
    assert await bob.refused("room.get", room=room) == "room_not_found"


async def test_invitations_come_page_by_page(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    rooms = [await ann.create(name, "private") for name in ("one", "two", "three")]
    for room in rooms:
        await ann.do("invitation.make", room=room, user=bob.id)
    first = await bob.do("invitation.list", limit=2)
    rest = await bob.do("invitation.list", limit=2, cursor=first["next"])
    assert [one["room"]["id"] for one in first["items"] + rest["items"]] == sorted(rooms)
    assert rest["next"] is None
    await ann.do("room.delete", room=rooms[0])
    assert len(await mine(bob)) == 2


async def test_invited_are_told_of_it(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    live = await bob.connect()
    topic = await make(ann)
    await ann.do("invitation.make", room=topic, user=bob.id)
    told = (await live.next("message"))["d"]
    assert (told["kind"], told["type"]) == ("notification", "invitation")
    assert (told["place"], told["text"]) == (topic, "Surprise")
    assert [person["id"] for person in told["people"]] == [ann.id]


# Groups


async def test_group_is_a_private_room_with_invitations(one: Parley) -> None:
    ann, bob, eve = await one.people("ann", "bob", "eve")
    look = {"picture": "https://a.b/p.png", "background": "https://a.b/b.png"}
    made = await ann.do("room.group", name="crew", description="of four", invite=[bob.id, eve.id, bob.id], **look)
    assert (made["kind"], made["role"], made["member_count"]) == ("private", "owner", 1)
    assert made | look == made
    for person in (bob, eve):
        assert [one["room"]["name"] for one in await mine(person)] == ["crew"]
    await bob.do("invitation.accept", room=made["id"])
    assert (await ann.room(made["id"]))["member_count"] == 2


async def test_group_is_made_for_all_or_not_at_all(one: Parley) -> None:
    ann, bob, eve = await one.people("ann", "bob", "eve")
    await eve.do("users.block", user=ann.id)
    assert await ann.refused("room.group", name="crew", invite=[bob.id, eve.id]) == "blocked"
    assert await ann.refused("room.group", name="crew", invite=[bob.id, "nobody"]) == "user_not_found"
    assert await ann.refused("room.group", name="crew", invite=[bob.id, ann.id]) == "bad_request"
    assert await mine(bob) == []
    assert [room["kind"] for room in (await ann.do("room.list"))["items"] if room["kind"] == "private"] == []
