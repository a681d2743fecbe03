"""Speaking under another name: messages, typing, reactions, and what of it tells nothing."""

import json

import pytest

from store.tables import ENTRIES, MEMBERS
from tests.client.checks import Json
from tests.integration.aliases.scene import Scene
from tests.people import Person


async def alias_of(person: Person, scene: Scene) -> Json:
    alias = await person.do("alias.get", topic=scene.topic)
    return {"id": alias["id"], "username": alias["name"], "anonymous": True}


@pytest.mark.parametrize("place", ["topic", "room"])
async def test_a_message_shows_the_other_name_and_no_more(scene: Scene, place: str) -> None:
    room = getattr(scene, place) if place == "room" else scene.topic
    live = await scene.dan.connect()
    item = await scene.cat.say(room, "hello", anonymous=True)
    assert item["author"] == await alias_of(scene.cat, scene)
    assert item["cid"] == f"~{item['id']}"
    event = (await live.next("message"))["d"]
    assert event == item
    seen = [item, event, await scene.dan.items(room), await scene.dan.account.changes(room)]
    seen.append(await scene.dan.do("message.get", room=room, message=item["id"]))
    told = json.dumps([entry for entry in seen if isinstance(entry, dict)] + [one["author"] for one in seen[2]])
    assert scene.cat.id not in told
    assert scene.cat.account.username not in told


async def test_the_store_knows_who_it_was(scene: Scene) -> None:
    item = await scene.cat.say(scene.topic, anonymous=True)
    entry = await scene.parley.database.get(ENTRIES, item["id"])
    assert entry is not None
    assert entry.person == scene.cat.id
    assert entry.author == item["author"]["id"]


async def test_the_same_cid_again_answers_the_first_message_under_each_name(scene: Scene) -> None:
    cid = "chosen"
    first = await scene.cat.do("message.send", room=scene.topic, text="a", cid=cid, anonymous=True)
    again = await scene.cat.answer("message.send", room=scene.topic, text="a", cid=cid, anonymous=True)
    assert (again.status, again.json["id"]) == (200, first["id"])
    assert await scene.cat.code("message.send", room=scene.topic, text="b", cid=cid, anonymous=True) == "cid_conflict"
    own = await scene.cat.do("message.send", room=scene.topic, text="a", cid=cid)
    assert own["id"] != first["id"]
    assert own["author"]["id"] == scene.cat.id


async def test_nobody_is_anonymous_where_that_is_not_permitted(scene: Scene) -> None:
    private = await scene.cat.create("mine", "private")
    direct = (await scene.cat.do("room.direct", user=scene.dan.id))["id"]
    for room in (private, direct):
        assert await scene.cat.code("message.send", room=room, text="a", cid="c", anonymous=True) == "anonymous_off"
    await scene.change(scene.topic, anonymous=False)
    for room in (scene.topic, scene.room):
        assert await scene.cat.code("message.send", room=room, text="a", cid="c", anonymous=True) == "anonymous_off"


async def test_ones_own_message_is_ones_own_under_whatever_name(scene: Scene) -> None:
    item = await scene.cat.say(scene.topic, "before", anonymous=True)
    at = {"room": scene.topic, "message": item["id"]}
    for person in (scene.dan, scene.bob):
        assert await person.code("message.edit", **at, text="not mine") == "forbidden"
    edited = await scene.cat.do("message.edit", **at, text="after")
    assert (edited["text"], edited["author"]) == ("after", item["author"])
    assert await scene.dan.code("message.delete", **at) in {"forbidden", "permission_missing"}
    gone = await scene.cat.do("message.delete", **at)
    assert (gone["deleted"], gone["author"]) == (True, item["author"])


async def test_a_moderator_deletes_it_without_learning_whose_it_is(scene: Scene) -> None:
    item = await scene.cat.say(scene.topic, anonymous=True)
    gone = await scene.bob.do("message.delete", room=scene.topic, message=item["id"])
    assert (gone["deleted"], gone["author"]) == (True, item["author"])


async def test_somebody_types_under_the_other_name(scene: Scene) -> None:
    live, own = await scene.dan.connect(), await scene.cat.connect()
    await own.call("room.typing", room=scene.topic, anonymous=True)
    assert (await live.next("typing"))["d"]["user"] == await alias_of(scene.cat, scene)
    assert await own.pending() == []


async def test_a_reaction_shows_the_other_name_and_counts_once_a_person(scene: Scene) -> None:
    item = await scene.dan.say(scene.topic)
    at = {"room": scene.topic, "message": item["id"], "emoji": "👍"}
    alias = await alias_of(scene.cat, scene)
    shown = await scene.cat.do("message.react", **at, on=True, anonymous=True)
    assert shown["reactions"] == [{"emoji": "👍", "count": 1, "users": [alias["id"]]}]
    again = await scene.cat.do("message.react", **at, on=True)
    assert again["reactions"] == shown["reactions"]
    await scene.cat.do("alias.drop", topic=scene.topic)
    both = await scene.dan.do("message.react", **at, on=True)
    assert both["reactions"] == [{"emoji": "👍", "count": 2, "users": [alias["id"], scene.dan.id]}]
    away = await scene.cat.do("message.react", **at, on=False)
    assert away["reactions"] == [{"emoji": "👍", "count": 1, "users": [scene.dan.id]}]


async def test_ones_own_message_is_not_unread(scene: Scene) -> None:
    await scene.cat.say(scene.topic, anonymous=True)
    assert (await scene.cat.room(scene.topic))["unread"] == 0
    assert (await scene.cat.connect()).rooms[scene.topic]["unread"] == 0
    assert (await scene.dan.room(scene.topic))["unread"] == 1
    assert (await scene.dan.connect()).rooms[scene.topic]["unread"] == 1


async def test_ones_own_message_is_not_unread_where_the_mark_was_lost(scene: Scene) -> None:
    await scene.cat.say(scene.topic, anonymous=True)
    marks = scene.parley.application.marks
    await marks.flush()
    marks._written = {}
    row = f"{scene.topic}:{scene.cat.id}"
    await scene.parley.database.update(MEMBERS, row, {"read": 0})
    assert (await scene.cat.room(scene.topic))["unread"] == 0


@pytest.mark.parametrize("place", ["topic", "room"])
async def test_who_has_read_what_is_not_shown_in_topics(scene: Scene, place: str) -> None:
    room = scene.room if place == "room" else scene.topic
    lives = {name: await person.connect() for name, person in scene.people.items()}
    other = await scene.cat.connect()
    await scene.cat.say(room, anonymous=True)
    item = await scene.ann.say(room)
    await lives["cat"].call("room.read", room=room, seq=item["seq"])
    await scene.dan.do("room.read", room=room, seq=item["seq"])
    for name, live in lives.items():
        read = [event["d"]["user"] for event in await live.pending() if event["ev"] == "read"]
        assert read in ([], [scene.people[name].id]), name
    assert [event["d"]["user"] for event in await other.pending() if event["ev"] == "read"] == [scene.cat.id]
    for person in (scene.ann, scene.bob, scene.dan):
        members = (await person.do("room.members", room=room))["items"]
        assert {one["read"] for one in members if one["user"]["id"] != person.id} == {0}


async def test_a_name_that_was_given_up_stays_on_what_was_said(scene: Scene) -> None:
    item = await scene.cat.say(scene.topic, anonymous=True)
    await scene.cat.do("alias.drop", topic=scene.topic)
    after = await scene.cat.say(scene.topic, anonymous=True)
    assert after["author"]["id"] != item["author"]["id"]
    kept = await scene.dan.do("message.get", room=scene.topic, message=item["id"])
    assert kept["author"] == item["author"]
    edited = await scene.cat.do("message.edit", room=scene.topic, message=item["id"], text="mine still")
    assert edited["author"] == item["author"]
