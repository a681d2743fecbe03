"""Rooms in topics: who makes, sees, joins and deletes them, and what becomes of them when people leave the topic."""

from typing import Any

import pytest

from services.rooms.topics import endings
from store.tables import BANS, MEMBERS, ROOMS
from tests.application import Parley
from tests.client.checks import Json
from tests.people import Person


async def make(person: Person, **more: Any) -> str:
    return str((await person.do("topic.create", title="Sailing", **more))["id"])


async def inside(person: Person, topic: str, name: str = "cabin", **more: Any) -> str:
    return str((await person.do("topic.rooms.create", topic=topic, name=name, **more))["id"])


async def listed(person: Person, topic: str, **given: Any) -> list[str]:
    return [room["name"] for room in (await person.do("topic.rooms", topic=topic, **given))["items"]]


async def test_members_make_rooms_with_all_that_they_have(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    assert await bob.refused("topic.rooms.create", topic=topic, name="cabin") == "not_a_member"
    await bob.do("topic.join", topic=topic)
    look: Json = {"picture": "https://a.b/p.png", "background": "https://a.b/b.png", "tags": ["sea"]}
    made = await bob.do("topic.rooms.create", topic=topic, name="cabin", description="warm", voip_enabled=False, **look)
    assert (made["kind"], made["place"], made["role"], made["open"]) == ("private", topic, "owner", True)
    assert made | look | {"voip_enabled": False} == made | {"tags": ["sea"]}
    assert await ann.refused("topic.rooms.create", topic=made["id"], name="in a room") == "room_not_found"


async def test_list_has_the_open_ones_and_those_one_is_in(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    await inside(ann, topic, "open one", tags=["sea"])
    hidden = await inside(ann, topic, "hidden one", open=False, tags=["sea"])
    assert await listed(ann, topic) == ["hidden one", "open one"]
    assert (
        await listed(bob, topic)
        == await listed(bob, topic, q="one")
        == await listed(bob, topic, tags="sea")
        == ["open one"]
    )
    assert await listed(ann, topic, tags="sea") == ["hidden one", "open one"]
    for op in ("room.get", "room.join", "room.members", "message.list", "room.leave", "room.delete"):
        assert await bob.refused(op, room=hidden) == "room_not_found"


async def test_whoever_joins_an_open_room_is_in_the_topic_too(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    room = await inside(ann, topic)
    live = await bob.connect()
    await bob.do("room.join", room=room)
    assert {(await live.next("room.joined"))["d"]["id"] for _ in range(2)} == {topic, room}
    assert [(await ann.room(id_))["member_count"] for id_ in (topic, room)] == [2, 2]


async def test_nobody_is_added_to_a_room_who_is_not_in_the_topic(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann, open=False)
    room = await inside(ann, topic)
    assert await ann.refused("room.add", room=room, user=bob.id) == "forbidden"
    assert await ann.refused("invitation.make", room=room, user=bob.id) == "forbidden"
    assert await bob.refused("room.join", room=room) == "room_not_found"
    await ann.do("room.add", room=topic, user=bob.id)
    await bob.do("room.join", room=room)


@pytest.mark.parametrize("way", ["left", "removed", "banned"])
async def test_whoever_is_out_of_the_topic_is_out_of_its_rooms(one: Parley, way: str) -> None:
    ann, bob = await one.people("ann", "bob")
    topic, elsewhere = await make(ann), await ann.create()
    open_room, hidden = await inside(ann, topic), await inside(ann, topic, open=False)
    for room in (open_room, elsewhere):
        await bob.do("room.join", room=room)
    await ann.do("room.add", room=hidden, user=bob.id)
    live = await bob.connect()
    match way:
        case "left":
            await bob.do("topic.leave", topic=topic)
        case "removed":
            await ann.do("room.remove", room=topic, user=bob.id)
        case _:
            await ann.do("room.ban", room=topic, user=bob.id)
    assert {(await live.next("room.left"))["d"]["room"] for _ in range(3)} == {topic, open_room, hidden}
    await one.without_jobs()
    rows = await one.database.find(MEMBERS, {"user": bob.id})
    assert {row.room for row in rows} == {elsewhere, bob.stream}
    assert [(await ann.room(id_))["member_count"] for id_ in (topic, open_room, hidden)] == [1, 1, 1]
    assert await bob.code("room.join", room=open_room) == ("banned" if way == "banned" else "ok")


async def test_room_whose_owner_leaves_the_topic_is_handed_over_or_closed(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    await bob.do("topic.join", topic=topic)
    shared, lonely = await inside(bob, topic, "shared"), await inside(bob, topic, "lonely")
    await ann.do("room.join", room=shared)
    await bob.do("topic.leave", topic=topic)
    await one.without_jobs()
    assert (await ann.room(shared))["role"] == "owner"
    assert await listed(ann, topic) == ["shared"]
    assert await ann.refused("room.get", room=lonely) == "room_not_found"


async def test_many_rooms_are_left_and_closed_a_page_at_a_time(one: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "ROOMS_A_JOB", 2)
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    rooms = [await inside(ann, topic, f"cabin {number}") for number in range(5)]
    for room in rooms:
        await bob.do("room.join", room=room)
    await bob.do("topic.leave", topic=topic)
    await one.without_jobs()
    assert {row.room for row in await one.database.find(MEMBERS, {"user": bob.id})} == {bob.stream}
    await ann.do("topic.delete", topic=topic)
    await one.without_jobs()
    assert {row.room for row in await one.database.find(MEMBERS, {"user": ann.id})} == {ann.stream}
    assert all(room.deleted for room in (await one.database.get_many(ROOMS, rooms)).values())


async def test_jobs_done_twice_do_no_harm(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    room = await inside(ann, topic)
    await bob.do("room.join", room=room)
    work: Json = {"topic": topic, "user": bob.id, "by": bob.id, "at": 1, "after": ""}
    await endings.left(one.application, work)
    assert (await bob.room(room))["role"] == "member", "is in the topic, and came after that"
    await bob.do("topic.leave", topic=topic)
    await one.without_jobs()
    await endings.left(one.application, work)
    await ann.do("topic.delete", topic=topic)
    await one.without_jobs()
    await endings.closed(one.application, {"topic": topic, "by": ann.id})
    assert await ann.refused("room.get", room=room) == "room_not_found"


async def test_whoever_is_back_in_the_topic_keeps_the_rooms_joined_since(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    room = await inside(ann, topic)
    await bob.do("room.join", room=room)
    (left,) = [row for row in await one.database.find(MEMBERS, {"user": bob.id}) if row.room == room]
    await bob.do("topic.leave", topic=topic)
    await bob.do("room.join", room=room)
    await one.without_jobs()
    assert (await bob.room(topic))["role"] == "member"
    found = await one.database.get(MEMBERS, left.id)
    # Whoever came back before the job is in the room still, by the row that they had.
    assert found is None or found.joined > left.joined or found.joined_at > left.joined_at


async def test_moderators_of_the_topic_who_manage_rooms_delete_those_of_others(one: Parley) -> None:
    ann, mod, bob = await one.people("ann", "mod", "bob")
    topic = await make(ann)
    for person in (mod, bob):
        await person.do("topic.join", topic=topic)
    room = await inside(bob, topic)
    await ann.do("room.role", room=topic, user=mod.id, role="moderator", permissions=["ban_users"])
    assert await mod.refused("room.delete", room=room) == "permission_missing"
    await ann.do("room.role", room=topic, user=mod.id, role="moderator", permissions=["manage_rooms"])
    await mod.do("room.delete", room=room)
    assert await listed(ann, topic) == []
    assert await bob.refused("room.get", room=room) == "room_not_found"


async def test_members_of_the_topic_delete_no_rooms_of_others(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    room = await inside(ann, topic)
    await bob.do("topic.join", topic=topic)
    assert await bob.refused("room.delete", room=room) == "not_a_member"
    await bob.do("room.join", room=room)
    assert await bob.refused("room.delete", room=room) == "forbidden"


async def test_room_is_opened_and_shut_by_its_owner(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    room = await inside(ann, topic)
    await ann.do("room.update", room=room, open=False, tags=["sea"], background="https://a.b/b.png")
    assert await bob.refused("room.get", room=room) == "room_not_found"
    await ann.do("room.update", room=room, open=True)
    assert (await bob.room(room))["background"] == "https://a.b/b.png"
    assert await ann.refused("room.update", room=await ann.create(), open=True) == "bad_request"


async def test_ban_that_is_over_lets_into_the_rooms_again(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    room = await inside(ann, topic)
    await ann.do("room.ban", room=topic, user=bob.id, days=1, reason="noise")
    answer = await bob.answer("room.join", room=room)
    assert (answer.code, "noise" in answer.json["detail"]) == ("banned", True)
    await one.database.update(BANS, f"{topic}:{bob.id}", {"until": 1})
    await bob.do("room.join", room=room)
    assert (await ann.do("room.bans", room=topic))["items"] == []


async def test_what_is_said_in_a_room_moves_its_topic_and_no_more_than_once_a_minute(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    room, silent = await inside(ann, topic, "cabin"), await inside(ann, topic, "silent")
    for id_ in (topic, room, silent):
        await one.database.update(ROOMS, id_, {"active_at": 1})
    await bob.do("room.join", room=room)
    await one.application.activity.flush()
    assert await moved(one, topic, room, silent) == [False, False, False]
    await bob.say(room)
    await one.application.activity.flush()
    assert await moved(one, topic, room, silent) == [True, True, False]
    await one.database.update(ROOMS, room, {"active_at": 1})
    await bob.say(room)
    await one.application.activity.flush()
    assert await moved(one, room) == [False]
    assert await listed(ann, topic) == ["silent", "cabin"]


async def moved(parley: Parley, *places: str) -> list[bool]:
    found = await parley.database.get_many(ROOMS, places)
    return [(found[id_].active_at or 0) > 1 for id_ in places]
