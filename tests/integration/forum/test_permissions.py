"""Moderators with permissions: each lets do what it says and nothing else; bans with reasons and ends."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from services.ids import now_ms
from services.rooms.members.bans import DAY_MS
from store.tables import BANS
from tests.application import Parley
from tests.client.checks import Json
from tests.people import Person

PERMISSIONS = ("delete_messages", "ban_users", "invite", "edit_topic", "manage_posts", "manage_rooms")


class Scene:
    """A topic with an owner, a moderator and members, and what is done to each of them."""

    def __init__(self, topic: str, people: dict[str, Person], ids: dict[str, str]) -> None:
        self.topic = topic
        self.people = people
        self.ids = ids

    async def tried(self, who: str, what: str) -> str:
        """Return with which code somebody is answered who tries something."""
        op, d = TRIED[what](self)
        return await self.people[who].code(op, **d)


TRIED: dict[str, Callable[[Scene], tuple[str, Json]]] = {
    "delete_messages": lambda scene: ("message.delete", {"room": scene.topic, "message": scene.ids["message"]}),
    "ban_users": lambda scene: ("room.ban", {"room": scene.topic, "user": scene.people["bob"].id}),
    "invite": lambda scene: ("room.add", {"room": scene.topic, "user": scene.people["eve"].id}),
    "edit_topic": lambda scene: ("topic.update", {"topic": scene.topic, "description": "new"}),
    "manage_rooms": lambda scene: ("room.delete", {"room": scene.ids["room"]}),
}
ALSO: dict[str, str] = {
    "room.remove": "ban_users",
    "room.unban": "ban_users",
    "room.bans": "ban_users",
    "invitation.pending": "invite",
}
"""What else needs which of them."""


async def scene_of(parley: Parley, permissions: list[str] | None) -> Scene:
    names = ("ann", "mod", "bob", "eve")
    people = dict(zip(names, await parley.people(*names), strict=True))
    ann = people["ann"]
    topic = (await ann.do("topic.create", title="Sailing"))["id"]
    for name in ("mod", "bob"):
        await people[name].do("topic.join", topic=topic)
    given: Json = {} if permissions is None else {"permissions": permissions}
    await ann.do("room.role", room=topic, user=people["mod"].id, role="moderator", **given)
    room = (await people["bob"].do("topic.rooms.create", topic=topic, name="cabin"))["id"]
    message = (await people["bob"].say(topic))["id"]
    return Scene(topic, people, {"room": room, "message": message})


@pytest.mark.parametrize("permission", PERMISSIONS)
async def test_permission_lets_do_what_it_says_and_nothing_else(one: Parley, permission: str) -> None:
    scene = await scene_of(one, [permission])
    others = [what for what in TRIED if what != permission]
    assert {what: await scene.tried("mod", what) for what in others} == dict.fromkeys(others, "permission_missing")
    for op, needed in ALSO.items():
        d = {"room": scene.topic} | ({"user": scene.people["bob"].id} if op in {"room.remove", "room.unban"} else {})
        assert (await scene.people["mod"].code(op, **d) == "permission_missing") == (needed != permission), op
    if permission == "ban_users":
        await scene.people["bob"].do("topic.join", topic=scene.topic)
    if permission in TRIED:
        assert await scene.tried("mod", permission) == "ok"


@pytest.mark.parametrize("who", ["mod", "ann"])
async def test_owners_and_moderators_without_a_list_may_do_all(one: Parley, who: str) -> None:
    scene = await scene_of(one, None)
    assert {what: await scene.tried(who, what) for what in reversed(TRIED)} == dict.fromkeys(TRIED, "ok")


async def test_members_may_do_none_of_it(one: Parley) -> None:
    scene = await scene_of(one, None)
    eve, ann = scene.people["eve"], scene.people["ann"]
    (scene.people["eve"],) = await one.people("outsider")
    scene.people["member"] = eve
    await eve.do("topic.join", topic=scene.topic)
    await eve.do("room.join", room=scene.ids["room"])
    assert {what: await scene.tried("member", what) for what in TRIED} == dict.fromkeys(TRIED, "forbidden")
    assert await eve.refused("room.ban", room=scene.topic, user=ann.id) == "forbidden"


async def test_no_moderator_bans_the_owner_or_another_moderator(one: Parley) -> None:
    scene = await scene_of(one, ["ban_users"])
    ann, mod, bob = (scene.people[name] for name in ("ann", "mod", "bob"))
    await ann.do("room.role", room=scene.topic, user=bob.id, role="moderator", permissions=[])
    for other in (ann, bob, mod):
        assert await mod.refused("room.ban", room=scene.topic, user=other.id) == "forbidden"


async def test_permissions_are_shown_and_change_at_once(one: Parley) -> None:
    scene = await scene_of(one, ["invite", "ban_users"])
    ann, mod = scene.people["ann"], scene.people["mod"]
    assert (await mod.room(scene.topic))["permissions"] == ["ban_users", "invite"]
    live = await mod.connect()
    same: Json = {"room": scene.topic, "user": mod.id, "role": "moderator"}
    assert (await ann.do("room.role", **same))["permissions"] == ["ban_users", "invite"]
    await ann.do("room.role", **same, permissions=["edit_topic"])
    told = (await live.next("message"))["d"]
    assert (told["type"], told["user"], told["permissions"]) == ("role", mod.id, ["edit_topic"])
    assert await scene.tried("mod", "edit_topic") == "ok"
    assert await scene.tried("mod", "ban_users") == "permission_missing"
    await ann.do("room.role", **same, permissions=None)
    assert await scene.tried("mod", "ban_users") == "ok"
    assert "permissions" not in await mod.room(scene.topic)


async def test_permissions_end_with_the_role_and_come_back_as_all(one: Parley) -> None:
    scene = await scene_of(one, [])
    ann, mod = scene.people["ann"], scene.people["mod"]
    same: Json = {"room": scene.topic, "user": mod.id}
    assert await ann.refused("room.role", **same, role="member", permissions=["invite"]) == "bad_request"
    await ann.do("room.role", **same, role="member")
    assert "permissions" not in await ann.do("room.role", **same, role="moderator")


# Bans


async def _until(scene: Scene, **given: Any) -> str:
    return await scene.people["mod"].code("room.ban", room=scene.topic, user=scene.people["bob"].id, **given)


async def test_ban_has_a_reason_and_an_end_that_those_read_who_may_ban(one: Parley) -> None:
    scene = await scene_of(one, None)
    mod, bob = scene.people["mod"], scene.people["bob"]
    assert await _until(scene, reason="noise", days=2) == "ok"
    (ban,) = (await mod.do("room.bans", room=scene.topic))["items"]
    assert (ban["user"]["id"], ban["by"]["id"], ban["reason"]) == (bob.id, mod.id, "noise")
    end = datetime.datetime.fromisoformat(ban["until"]).timestamp() * 1000
    assert abs(end - now_ms() - 2 * DAY_MS) < 60_000
    refused = await bob.answer("topic.join", topic=scene.topic)
    assert (refused.status, refused.code) == (403, "banned")
    assert "noise" in refused.json["detail"]
    assert ban["until"] in refused.json["detail"]


async def test_second_ban_takes_the_place_of_the_first(one: Parley) -> None:
    scene = await scene_of(one, None)
    assert await _until(scene, reason="noise", days=2) == "ok"
    assert await _until(scene, reason="spam") == "ok"
    (ban,) = (await scene.people["ann"].do("room.bans", room=scene.topic))["items"]
    assert (ban["reason"], ban["until"]) == ("spam", None)


async def test_ban_ends_by_itself_and_by_hand(one: Parley) -> None:
    scene = await scene_of(one, None)
    bob = scene.people["bob"]
    assert await _until(scene, until="2035-01-01T00:00:00Z") == "ok"
    assert await bob.code("topic.join", topic=scene.topic) == "banned"
    await one.database.update(BANS, f"{scene.topic}:{bob.id}", {"until": now_ms() - 1})
    assert await bob.code("topic.join", topic=scene.topic) == "ok"
    assert await one.database.get(BANS, f"{scene.topic}:{bob.id}") is None
    assert await _until(scene) == "ok"
    await scene.people["mod"].do("room.unban", room=scene.topic, user=bob.id)
    assert await bob.code("topic.join", topic=scene.topic) == "ok"


@pytest.mark.parametrize(
    "given",
    [
        {"days": 0},
        {"days": 1, "until": "2035-01-01T00:00:00Z"},
        {"until": "2020-01-01T00:00:00Z"},
        {"until": "2090-01-01T00:00:00Z"},
        {"reason": ""},
    ],
)
async def test_ban_that_is_not_as_described_is_refused(one: Parley, given: Json) -> None:
    scene = await scene_of(one, None)
    assert await _until(scene, **given) == "bad_request"


async def test_bans_come_page_by_page(one: Parley) -> None:
    scene = await scene_of(one, None)
    ann, people = scene.people["ann"], await one.people("one", "two", "three")
    for person in people:
        await ann.do("room.ban", room=scene.topic, user=person.id)
    found: list[str] = []
    cursor: Json = {}
    while True:
        page = await ann.do("room.bans", room=scene.topic, limit=1, **cursor)
        found += [ban["user"]["id"] for ban in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert sorted(found) == sorted(person.id for person in people)
