"""Other names in topics: had, chosen, given up."""

import re

from store.tables import ALIASES
from tests.forum import make_topic
from tests.integration.aliases.scene import Scene


async def test_a_name_is_made_for_whoever_has_none(scene: Scene) -> None:
    alias = await scene.cat.do("alias.get", topic=scene.topic)
    assert re.fullmatch(r"[A-Z][a-z]+[A-Z][a-z]+\d{3}", alias["name"])
    assert await scene.cat.do("alias.get", topic=scene.topic) == alias
    assert scene.cat.id not in str(alias)


async def test_two_people_have_names_and_ids_of_their_own(scene: Scene) -> None:
    first = await scene.cat.do("alias.get", topic=scene.topic)
    second = await scene.dan.do("alias.get", topic=scene.topic)
    assert first["id"] != second["id"]
    assert first["name"] != second["name"]


async def test_a_chosen_name_has_an_id_of_its_own(scene: Scene) -> None:
    made = await scene.cat.do("alias.get", topic=scene.topic)
    chosen = await scene.cat.do("alias.set", topic=scene.topic, name="NightOwl7")
    assert chosen["name"] == "NightOwl7"
    assert chosen["id"] != made["id"]
    assert await scene.cat.do("alias.set", topic=scene.topic, name="NightOwl7") == chosen
    assert await scene.cat.do("alias.get", topic=scene.topic) == chosen


async def test_a_name_is_had_once_in_a_topic_whatever_its_case(scene: Scene) -> None:
    await scene.cat.do("alias.set", topic=scene.topic, name="NightOwl7")
    assert await scene.dan.code("alias.set", topic=scene.topic, name="nightowl7") == "alias_taken"


async def test_a_name_that_was_given_up_is_nobodys_again(scene: Scene) -> None:
    await scene.cat.do("alias.set", topic=scene.topic, name="NightOwl7")
    await scene.cat.do("alias.drop", topic=scene.topic)
    for person in (scene.cat, scene.dan):
        assert await person.code("alias.set", topic=scene.topic, name="NightOWL7") == "alias_taken"


async def test_no_name_is_that_of_a_user_or_of_a_role(scene: Scene) -> None:
    for name in (scene.dan.account.username.replace("-", ""), "admin", "Moderator", "EVERYONE", "owner1", "deleted"):
        expected = "alias_taken" if not name.startswith("dan") else "ok"
        assert await scene.cat.code("alias.set", topic=scene.topic, name=name) == expected, name
    other = await scene.parley.site.register("Plain")
    if other.username.isalnum():
        assert await scene.cat.code("alias.set", topic=scene.topic, name=other.username.upper()) == "alias_taken"


async def test_a_name_has_letters_and_digits_alone(scene: Scene) -> None:
    for name in ("ab", "a" * 21, "with space", "da-sh", "ünicode", "new\n", ""):
        assert await scene.cat.code("alias.set", topic=scene.topic, name=name) == "bad_request", name


async def test_a_name_says_nothing_that_may_not_be_said(scene: Scene) -> None:
    assert await scene.cat.code("alias.set", topic=scene.topic, name="F4gg0t77") == "content_refused"


async def test_the_next_name_after_one_that_was_given_up_has_another_id(scene: Scene) -> None:
    first = await scene.cat.do("alias.get", topic=scene.topic)
    await scene.cat.do("alias.drop", topic=scene.topic)
    second = await scene.cat.do("alias.get", topic=scene.topic)
    assert first["id"] != second["id"]
    await scene.cat.do("alias.drop", topic=scene.topic)
    await scene.cat.do("alias.drop", topic=scene.topic)  # done twice it changes nothing


async def test_ones_own_names_are_listed_by_topic_a_page_at_a_time(scene: Scene) -> None:
    topics = [scene.topic, *[await make_topic(scene.parley, scene.cat, name="more") for _ in range(2)]]
    for topic in topics:
        await scene.cat.do("alias.get", topic=topic)
        await scene.cat.do("alias.drop", topic=topic)
        await scene.cat.do("alias.get", topic=topic)
    await scene.dan.do("alias.get", topic=scene.topic)
    page = await scene.cat.do("alias.mine", limit=2)
    rest = await scene.cat.do("alias.mine", limit=2, cursor=page["next"])
    assert [item["topic"] for item in page["items"] + rest["items"]] == sorted(topics)
    assert {item["topic_name"] for item in page["items"] + rest["items"]} == {"topic", "more"}
    assert rest["next"] is None


async def test_the_name_of_a_topic_that_one_sees_no_more_is_not_told(scene: Scene) -> None:
    await scene.cat.do("alias.get", topic=scene.topic)
    await scene.change(scene.topic, open=False)
    assert (await scene.cat.do("alias.mine"))["items"][0]["topic_name"] == "topic"
    await scene.ann.do("room.remove", room=scene.topic, user=scene.cat.id)
    assert (await scene.cat.do("alias.mine"))["items"][0]["topic_name"] == ""


async def test_nobody_has_another_name_where_that_is_not_permitted(scene: Scene) -> None:
    await scene.change(scene.topic, anonymous=False)
    assert await scene.cat.code("alias.get", topic=scene.topic) == "anonymous_off"
    assert await scene.cat.code("alias.set", topic=scene.topic, name="NightOwl7") == "anonymous_off"
    assert await scene.cat.code("alias.get", topic=scene.room) == "room_not_found"


async def test_a_topic_that_one_may_not_see_has_no_names(scene: Scene) -> None:
    await scene.change(scene.topic, open=False)
    (stranger,) = await scene.parley.people("eve")
    for op, d in (("alias.get", {}), ("alias.set", {"name": "NightOwl7"}), ("alias.drop", {})):
        assert await stranger.code(op, topic=scene.topic, **d) == "room_not_found"
        assert await stranger.code(op, topic="nowhere", **d) == "room_not_found"


async def test_other_sessions_of_ones_own_hear_of_the_name_and_nobody_else(scene: Scene) -> None:
    lives = {name: await person.connect() for name, person in scene.people.items()}
    chosen = await scene.cat.do("alias.set", topic=scene.topic, name="NightOwl7")
    assert (await lives["cat"].next("alias"))["d"] == {"topic": scene.topic, "alias": chosen}
    await scene.cat.do("alias.drop", topic=scene.topic)
    assert (await lives["cat"].next("alias"))["d"] == {"topic": scene.topic, "alias": None}
    for name in ("ann", "bob", "dan"):
        assert await lives[name].pending() == []


async def test_what_is_asked_for_twice_at_once_makes_one_name(scene: Scene) -> None:
    live = await scene.cat.connect()
    asked = [live.socket.start("alias.get", {"topic": scene.topic}) for _ in range(8)]
    names = {(await one)["id"] for one in asked}
    assert len(names) == 1
    assert len(await scene.parley.database.find(ALIASES, {"user": scene.cat.id}, by="owned", above="")) == 1
