"""Reporting what one sees: once, as it was, with what was said before it."""

import asyncio
from typing import Any

import pytest

from services.jobs.jobs import LOOK_S
from store.tables import ENTRIES, REPORTS, USERS
from tests.application import Parley
from tests.client.checks import Json
from tests.integration.aliases.scene import Scene
from tests.integration.reports.staff import staff_of
from tests.people import Person


async def post(person: Person, topic: str, **more: Any) -> str:
    """Post in a topic and return the id."""
    body = {"title": "Of owls", "text": "They fly.", "cid": "p1", "topic": topic}
    return str((await person.do("post.create", **body | more))["id"])


async def report(person: Person, item: Json, **more: Any) -> Json:
    """Report a message."""
    d = {"kind": "message", "target": item["id"], "room": item["room"], "reason": "abuse"} | more
    answer: Json = await person.do("report.make", **d)
    return answer


async def first(scene: Scene, person: Person | None = None, **more: Any) -> Json:
    """Return the latest report of the topic, whole, as one of its moderators sees it."""
    person = person or scene.bob
    found = (await person.do("report.list", **{"topic": scene.topic} | more))["items"]
    answer: Json = await person.do("report.get", report=found[0]["id"])
    return answer


async def test_a_report_shows_what_was_said_though_it_was_changed_and_deleted(scene: Scene) -> None:
    for number in range(4):
        await scene.cat.say(scene.topic, f"before {number}")
    item = await scene.dan.say(scene.topic, "something bad")
    made = await report(scene.cat, item, context=2, description="see for yourself")
    assert (made["state"], made["kind"], made["target"]) == ("pending", "message", item["id"])
    await scene.dan.do("message.edit", room=scene.topic, message=item["id"], text="something good")
    await scene.dan.do("message.delete", room=scene.topic, message=item["id"])
    found = await first(scene)
    assert found["said"]["text"] == "something bad"
    assert found["said"]["author"]["id"] == scene.dan.id
    assert [one["text"] for one in found["context"]] == ["before 2", "before 3"]
    assert (found["where"], found["room"], found["topic"]) == ("topic", scene.topic, scene.topic)
    assert (found["description"], found["reason"]) == ("see for yourself", "abuse")


async def test_a_thing_is_reported_once_by_each(scene: Scene) -> None:
    item = await scene.dan.say(scene.topic)
    await report(scene.cat, item)
    again = {"kind": "message", "target": item["id"], "room": scene.topic, "reason": "spam"}
    assert await scene.cat.refused("report.make", **again) == "reported_already"
    await report(scene.ann, item)
    assert len((await scene.bob.do("report.list", topic=scene.topic))["items"]) == 2


async def test_nobody_reports_themselves(scene: Scene) -> None:
    item = await scene.cat.say(scene.topic)
    alias = await scene.cat.say(scene.topic, anonymous=True)
    for wanted in (
        {"kind": "message", "target": item["id"], "room": scene.topic},
        {"kind": "message", "target": alias["id"], "room": scene.topic},
        {"kind": "user", "target": scene.cat.id},
        {"kind": "user", "target": alias["author"]["id"]},
    ):
        assert await scene.cat.refused("report.make", reason="abuse", **wanted) == "own_content"
    assert await scene.ann.refused("report.make", reason="abuse", kind="topic", target=scene.topic) == "own_content"


async def test_what_one_does_not_see_is_not_there(scene: Scene) -> None:
    (eve,) = await scene.parley.people("eve")
    private = await scene.ann.create(kind="private")
    secret = await scene.ann.say(private, "secret")
    public = await scene.ann.create()
    inside = await scene.ann.say(public, "for members")
    gone = await scene.dan.say(scene.topic)
    await scene.dan.do("message.delete", room=scene.topic, message=gone["id"])
    for wanted in (
        {"kind": "message", "target": secret["id"], "room": private},
        {"kind": "message", "target": secret["id"], "room": scene.topic},
        {"kind": "message", "target": inside["id"], "room": public},
        {"kind": "message", "target": gone["id"], "room": scene.topic},
        {"kind": "room", "target": private},
        {"kind": "room", "target": scene.topic},
        {"kind": "topic", "target": public},
        {"kind": "picture", "target": private},
        {"kind": "picture", "target": scene.ann.id},
        {"kind": "post", "target": "nowhere"},
        {"kind": "comment", "target": "nowhere", "post": "nowhere"},
        {"kind": "user", "target": "nowhere"},
        {"kind": "user", "target": "a_nowhere"},
    ):
        assert await eve.refused("report.make", reason="other", **wanted) == "target_not_found", wanted
    assert await eve.refused("report.make", reason="other", kind="message", target=gone["id"]) == "bad_request"
    assert await eve.refused("report.make", reason="other", kind="comment", target=gone["id"]) == "bad_request"


async def test_what_came_before_a_join_is_not_attached(scene: Scene) -> None:
    room = await scene.ann.create(kind="private", history="joined")
    await scene.ann.say(room, "before they came")
    await scene.ann.do("room.add", room=room, user=scene.cat.id)
    await scene.ann.say(room, "after")
    item = await scene.ann.say(room, "bad")
    made = await report(scene.cat, item, context=100)
    kept = await scene.parley.database.get(REPORTS, made["id"])
    assert kept is not None
    assert [said.text for said in kept.context] == ["after"]


async def test_of_a_direct_room_moderators_read_what_was_attached_and_nothing_more(scene: Scene) -> None:
    room = (await scene.dan.do("room.direct", user=scene.cat.id))["id"]
    for text in ("one", "two", "three"):
        await scene.dan.say(room, text)
    item = await scene.dan.say(room, "bad")
    made = await report(scene.cat, item, context=1)
    staff = await staff_of(scene.parley)
    found = await staff.do("report.get", report=made["id"])
    assert found["said"]["text"] == "bad"
    assert [one["text"] for one in found["context"]] == ["three"]
    assert found["topic"] is None
    assert await scene.bob.refused("report.get", report=made["id"]) == "report_not_found"


async def test_every_kind_is_reported(scene: Scene) -> None:
    await scene.parley.database.update(USERS, scene.dan.id, {"picture": "https://chat.example/d.png"})
    posted = await post(scene.dan, scene.topic)
    comment = await scene.dan.do("comment.create", post=posted, text="and hoot", cid="k1")
    wanted = {
        "post": {"target": posted},
        "comment": {"target": comment["id"], "post": posted},
        "user": {"target": scene.dan.id},
        "room": {"target": scene.room},
        "topic": {"target": scene.topic},
        "picture": {"target": scene.dan.id},
    }
    for kind, where in wanted.items():
        await scene.cat.do("report.make", kind=kind, reason="other", **where)
    staff = await staff_of(scene.parley)
    found = {one["kind"]: one for one in (await staff.do("report.list"))["items"]}
    assert set(found) == set(wanted)
    said = {kind: (one["said"]["title"], one["said"]["text"]) for kind, one in found.items()}
    assert said["post"] == ("Of owls", "They fly.")
    assert said["comment"] == ("", "and hoot")
    assert said["user"] == ("", "dan") or said["user"][1].startswith("dan")
    assert said["room"][0] == "inside"
    assert said["topic"][0] == "topic"
    assert said["picture"] == ("", "https://chat.example/d.png")
    in_topic = {one["kind"] for one in (await scene.bob.do("report.list", topic=scene.topic))["items"]}
    assert in_topic == {"post", "comment", "room", "topic"}


async def test_who_speaks_under_another_name_is_reported_under_it(scene: Scene) -> None:
    item = await scene.dan.say(scene.topic, "bad", anonymous=True)
    other = await scene.dan.say(scene.topic, "worse", anonymous=True)
    await report(scene.cat, other, context=5)
    await scene.cat.do("report.make", kind="user", target=item["author"]["id"], reason="abuse")
    staff = await staff_of(scene.parley)
    for person in (scene.bob, staff):
        for one in (await person.do("report.list", topic=scene.topic))["items"]:
            whole = await person.do("report.get", report=one["id"])
            assert whole["said"]["author"] == item["author"]
            assert scene.dan.id not in str(whole)
            assert scene.dan.account.username not in str(whole)
    assert scene.dan.id not in str(await scene.cat.do("report.mine"))


async def test_who_reported_is_for_the_installations_moderators_alone(scene: Scene) -> None:
    await report(scene.cat, await scene.dan.say(scene.topic))
    assert (await first(scene))["reporter"] is None
    assert scene.cat.id not in str(await first(scene))
    staff = await staff_of(scene.parley)
    assert (await first(scene, staff))["reporter"]["id"] == scene.cat.id


async def test_what_is_about_somebody_is_not_theirs_to_see(scene: Scene) -> None:
    made = await report(scene.cat, await scene.bob.say(scene.topic))
    assert (await scene.bob.do("report.list", topic=scene.topic))["items"] == []
    assert await scene.bob.refused("report.get", report=made["id"]) == "report_not_found"
    assert len((await scene.ann.do("report.list", topic=scene.topic))["items"]) == 1


async def test_one_reads_ones_own_reports_and_how_they_stand(scene: Scene) -> None:
    made = await report(scene.cat, await scene.dan.say(scene.topic))
    await scene.bob.do("report.dismiss", report=made["id"], note="nothing to see")
    mine = (await scene.cat.do("report.mine"))["items"]
    assert [(one["id"], one["state"]) for one in mine] == [(made["id"], "dismissed")]
    assert "nothing to see" not in str(mine)
    assert (await scene.dan.do("report.mine"))["items"] == []


@pytest.mark.parametrize("kind", ["message", "comment"])
async def test_what_the_filter_flags_is_reported_by_the_server(scene: Scene, kind: str) -> None:
    live = await scene.bob.connect()
    if kind == "message":
        item = await scene.dan.say(scene.room, "I will kill you")
    else:
        posted = await post(scene.cat, scene.topic)
        item = await scene.dan.do("comment.create", post=posted, text="I will kill you", cid="k1")
    told = await live.next("report")
    assert told["d"] == {
        "id": told["d"]["id"],
        "kind": kind,
        "topic": scene.topic,
        "reason": "other",
        "state": "pending",
    }
    found = await first(scene)
    assert (found["flags"], found["reporter"]) == (["threat"], None)
    assert (found["target"], found["said"]["text"]) == (item["id"], "I will kill you")
    await scene.bob.do("report.resolve", report=found["id"], actions=["delete"])
    kept = await scene.parley.database.get(ENTRIES, item["id"])
    assert kept is not None
    assert kept.deleted


async def test_what_the_filter_flags_in_a_message_is_reported_at_once(scene: Scene) -> None:
    live = await scene.bob.connect()
    await scene.parley.without_jobs()
    async with asyncio.timeout(2 * LOOK_S):
        for number in range(4):
            await scene.dan.say(scene.room, f"I will kill you {number}")
            assert (await live.next("report"))["d"]["kind"] == "message"


@pytest.mark.parametrize("kind", ["message", "post", "comment"])
async def test_what_the_filter_flags_in_an_edit_is_reported_at_once(scene: Scene, kind: str) -> None:
    item = await scene.dan.say(scene.room, "well")
    given = {"room": scene.room, "message": item["id"]}
    if kind != "message":
        given = {"post": await post(scene.dan, scene.topic)}
    if kind == "comment":
        said = {"text": "well", "cid": "k1"}
        given["comment"] = (await scene.dan.do("comment.create", **given, **said))["id"]
    live = await scene.bob.connect()
    await scene.parley.without_jobs()
    # Without a word of it each would be found when the node looks of itself, which it does every few seconds.
    async with asyncio.timeout(2 * LOOK_S):
        for number in range(4):
            await scene.dan.do(f"{kind}.edit", **given, text=f"I will kill you {number}")
            assert (await live.next("report"))["d"]["kind"] == kind
    found = await first(scene)
    assert (found["flags"], found["target"]) == (["threat"], given[kind])
    assert found["said"]["text"].endswith("I will kill you 3")


async def test_moderators_alone_are_told_and_not_whom_it_is_about(scene: Scene, one: Parley) -> None:
    staff = await staff_of(one)
    lives = {name: await person.connect() for name, person in {**scene.people, "staff": staff}.items()}
    item = await scene.ann.say(scene.topic)
    await report(scene.cat, item)
    for name in ("bob", "staff"):
        told = await lives[name].next("report")
        assert item["text"] not in str(told)
        assert scene.cat.id not in str(told)
    for name in ("ann", "cat", "dan"):
        assert "report" not in [event["ev"] for event in await lives[name].pending()]
