"""Topics: made, looked at, changed, joined and deleted; who may, and who may not even know."""

import pytest

from tests.application import Parley
from tests.client.checks import Json
from tests.integration.every_operation.rows import REFUSED
from tests.people import Person


async def make(person: Person, title: str = "Sailing", **more: object) -> str:
    """Make a topic and return its id."""
    return str((await person.do("topic.create", title=title, **more))["id"])


async def test_topic_is_a_room_that_its_maker_owns(one: Parley) -> None:
    (ann,) = await one.people("ann")
    made = await ann.do("topic.create", title=" Sailing  boats ", description="wind", tags=["wind", "sea", "wind"])
    assert (made["kind"], made["name"], made["role"], made["member_count"]) == ("topic", "Sailing boats", "owner", 1)
    assert (made["open"], made["anonymous"], made["tags"]) == (True, True, ["wind", "sea"])
    assert await ann.do("topic.get", topic=made["id"]) == await ann.room(made["id"])


async def test_topic_has_a_chat_of_its_own(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    assert await bob.refused("message.send", room=topic, text="hello", cid="c1") == "not_a_member"
    await bob.do("topic.join", topic=topic)
    live = await ann.connect()
    item = await bob.say(topic)
    assert (await live.next("message"))["d"] == item


async def test_title_is_taken_whatever_its_case_and_blanks(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await make(ann, "Sailing Boats")
    assert await bob.refused("topic.create", title="sailing  BOATS") == "title_taken"


async def test_title_is_free_again_once_its_topic_is_called_otherwise_or_deleted(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    first = await make(ann, "Sailing")
    await ann.do("topic.update", topic=first, title="Rowing")
    second = await make(bob, "sailing")
    assert await ann.refused("topic.update", topic=first, title="SAILING") == "title_taken"
    await bob.do("topic.delete", topic=second)
    await ann.do("room.update", room=first, name="Sailing")
    assert await bob.refused("topic.create", title="sailing") == "title_taken"


async def test_title_changes_its_case(one: Parley) -> None:
    (ann,) = await one.people("ann")
    topic = await make(ann, "sailing")
    assert (await ann.do("topic.update", topic=topic, title="Sailing"))["name"] == "Sailing"
    assert await ann.refused("topic.create", title="sailing") == "title_taken"


async def test_title_of_an_invite_only_topic_tells_nobody_that_it_is_there(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    hidden = await make(ann, "Surprise", open=False)
    await make(bob, "Surprise")
    assert await ann.refused("topic.update", topic=hidden, open=True) == "title_taken"


@pytest.mark.parametrize(
    "wrong", [{"title": "ab"}, {"title": "  a  "}, {"tags": ["No"]}, {"tags": ["a"]}, {"links": "eat"}]
)
async def test_topic_that_is_not_as_described_is_refused(one: Parley, wrong: Json) -> None:
    (ann,) = await one.people("ann")
    assert await ann.refused("topic.create", **({"title": "Sailing"} | wrong)) == "bad_request"


async def test_invite_only_topic_does_not_exist_for_strangers(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann, "Surprise party", open=False, tags=["party"])
    asked: list[tuple[str, Json]] = [
        ("topic.get", {"topic": topic}),
        ("topic.update", {"topic": topic, "title": "Mine"}),
        ("topic.delete", {"topic": topic}),
        ("topic.join", {"topic": topic}),
        ("topic.leave", {"topic": topic}),
        ("topic.rooms", {"topic": topic}),
        ("topic.rooms.create", {"topic": topic, "name": "room"}),
        ("room.get", {"room": topic}),
        ("room.members", {"room": topic}),
        ("room.join", {"room": topic}),
        ("room.bans", {"room": topic}),
        ("invitation.make", {"room": topic, "user": bob.id}),
        ("invitation.pending", {"room": topic}),
        ("message.list", {"room": topic}),
    ]
    assert {op: await bob.refused(op, **d) for op, d in asked} == {op: "room_not_found" for op, _ in asked}
    for found in ({"q": "surprise"}, {"tags": "party"}, {}):
        assert (await bob.do("topic.list", **found))["items"] == []


async def test_other_rooms_are_no_topics(one: Parley) -> None:
    (ann,) = await one.people("ann")
    room = await ann.create()
    for op in ("topic.get", "topic.update", "topic.delete", "topic.join", "topic.leave", "topic.rooms"):
        assert await ann.refused(op, topic=room) == "room_not_found"


async def test_owner_alone_opens_and_shuts_a_topic(one: Parley) -> None:
    ann, mod = await one.people("ann", "mod")
    topic = await make(ann)
    await mod.do("topic.join", topic=topic)
    await ann.do("room.role", room=topic, user=mod.id, role="moderator")
    assert (await mod.do("topic.update", topic=topic, description="new"))["description"] == "new"
    assert await mod.refused("topic.update", topic=topic, open=False) == "forbidden"
    assert (await ann.do("topic.update", topic=topic, open=False)).get("open", False) is False


async def test_shutting_a_topic_sends_off_those_who_only_watched(one: Parley) -> None:
    ann, bob, eve = await one.people("ann", "bob", "eve")
    topic = await make(ann)
    await bob.do("topic.join", topic=topic)
    inside, outside = await bob.connect(), await eve.connect()
    await outside.call("room.watch", room=topic)
    await ann.do("topic.update", topic=topic, open=False)
    assert (await outside.next("unwatched"))["d"]["room"] == topic
    await ann.say(topic, "secret words")
    assert (await inside.next("message"))["d"]["text"] == "secret words"
    assert await outside.pending() == []
    assert await eve.refused("topic.get", topic=topic) == "room_not_found"


async def test_change_of_a_topic_is_told_to_those_in_it(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann)
    await bob.do("topic.join", topic=topic)
    live = await bob.connect()
    change = {"title": "Rowing", "tags": ["oars"], "anonymous": False, "links": "flag", "picture": "https://a.b/c.png"}
    await ann.do("topic.update", topic=topic, **change)
    told = (await live.next("room"))["d"]
    assert (told["name"], told["tags"], told["links"], told["picture"]) == (
        "Rowing", ["oars"], "flag", "https://a.b/c.png",
    )  # fmt: skip
    assert not told.get("anonymous")
    assert "renamed" in await bob.notices(topic)


async def test_deleted_topic_is_gone_with_its_rooms_and_invitations(one: Parley) -> None:
    ann, bob, eve = await one.people("ann", "bob", "eve")
    topic = await make(ann)
    await bob.do("topic.join", topic=topic)
    room = (await bob.do("topic.rooms.create", topic=topic, name="cabin", open=False))["id"]
    await ann.do("invitation.make", room=topic, user=eve.id)
    live = await bob.connect()
    assert await bob.refused("topic.delete", topic=topic) == "forbidden"
    await ann.do("topic.delete", topic=topic)
    left = {(await live.next("room.left"))["d"]["room"] for _ in range(2)}
    assert left == {topic, room}
    for person in (ann, bob):
        assert await person.refused("room.get", room=room) == "room_not_found"
        assert await person.refused("topic.get", topic=topic) == "room_not_found"
    assert (await ann.do("topic.list"))["items"] == (await eve.do("invitation.list"))["items"] == []
    assert await bob.refused("topic.rooms.create", topic=topic, name="late") == "room_not_found"


async def test_topic_is_handed_over_to_a_member(one: Parley) -> None:
    ann, bob, eve = await one.people("ann", "bob", "eve")
    topic = await make(ann)
    await bob.do("topic.join", topic=topic)
    assert await ann.refused("topic.leave", topic=topic) == "owner_must_stay"
    assert await ann.refused("room.role", room=topic, user=eve.id, role="owner") == "member_not_found"
    await ann.do("room.role", room=topic, user=bob.id, role="owner")
    assert (await bob.do("topic.get", topic=topic))["owner"] == bob.id
    await ann.do("topic.leave", topic=topic)
    assert (await bob.do("topic.get", topic=topic))["member_count"] == 1


# What may be said


@pytest.mark.parametrize("wrong", [{"title": REFUSED}, {"description": REFUSED}])
async def test_words_that_are_refused_name_no_topic_and_no_room_in_one(one: Parley, wrong: Json) -> None:
    (ann,) = await one.people("ann")
    assert await ann.refused("topic.create", **({"title": "Sailing"} | wrong)) == "content_refused"
    topic = await make(ann)
    assert await ann.refused("topic.update", topic=topic, **wrong) == "content_refused"
    named = {"name": "cabin"} | {"name" if key == "title" else key: value for key, value in wrong.items()}
    assert await ann.refused("topic.rooms.create", topic=topic, **named) == "content_refused"
    assert (await ann.do("room.group", **named))["kind"] == "private", "what is in no topic is called as people like"


async def test_words_that_are_masked_are_kept_so(one: Parley) -> None:
    (ann,) = await one.people("ann")
    made = await ann.do("topic.create", title="Oh shit, no", description="shit")
    assert (made["name"], made["description"]) == ("Oh ****, no", "****")
    assert await ann.refused("topic.create", title="Sailing", tags=["shit"]) == "content_refused"


async def test_links_in_the_description_are_held_to_the_topics_rule(one: Parley) -> None:
    (ann,) = await one.people("ann")
    topic = await make(ann, links="refuse")
    link = {"description": "see https://example.org"}
    assert await ann.refused("topic.update", topic=topic, **link) == "content_refused"
    assert await ann.refused("topic.rooms.create", topic=topic, name="cabin", **link) == "content_refused"
