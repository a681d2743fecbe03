"""Keeping other names from speaking, and finding out whose they are."""

from typing import Any

import pytest

from services.ids import now_ms
from store.tables import ACTS, LOGINS, USERS
from tests.forum import posted
from tests.integration.aliases.scene import Scene
from tests.people import Person
from tests.refusals import claims
from tests.unstable import Fault


async def says(person: Person, room: str, **more: Any) -> str:
    return await person.code("message.send", room=room, text="a", cid=f"c{id(more)}", **more)


@pytest.fixture
async def alias(scene: Scene) -> str:
    """The other name of cat, who has said something under it."""
    item = await scene.cat.say(scene.topic, anonymous=True)
    return str(item["author"]["id"])


async def test_a_silent_name_speaks_nowhere_in_the_topic(scene: Scene, alias: str) -> None:
    item = await scene.cat.say(scene.topic, "before", anonymous=True)
    await scene.bob.do("alias.silence", topic=scene.topic, alias=alias)
    at = {"room": scene.topic, "message": item["id"]}
    for room in (scene.topic, scene.room):
        assert await says(scene.cat, room, anonymous=True) == "alias_silenced"
    live = await scene.cat.connect()
    assert await live.refused("room.typing", room=scene.topic, anonymous=True) == "alias_silenced"
    assert await scene.cat.code("message.react", **at, emoji="👍", on=True, anonymous=True) == "alias_silenced"
    assert await scene.cat.code("message.edit", **at, text="after") == "alias_silenced"
    assert await scene.cat.code("message.delete", **at) == "ok"


async def test_a_silent_name_changes_neither_post_nor_comment(scene: Scene, alias: str) -> None:
    post = await posted(scene.cat, scene.topic, anonymous=True)
    said = {"post": post["id"], "text": "a", "cid": "c", "anonymous": True}
    comment = await scene.cat.do("comment.create", **said)
    await scene.bob.do("alias.silence", topic=scene.topic, alias=alias)
    assert await scene.cat.code("post.edit", post=post["id"], title="b") == "alias_silenced"
    assert await scene.cat.code("comment.edit", post=post["id"], comment=comment["id"], text="b") == "alias_silenced"
    assert await scene.cat.code("post.create", topic=scene.topic, title="b", text="b", cid="d", anonymous=True) == (
        "alias_silenced"
    )
    assert await scene.cat.code("comment.create", **said | {"cid": "d"}) == "alias_silenced"
    assert await scene.cat.code("post.delete", post=post["id"]) == "ok"


async def test_a_silent_names_person_speaks_under_their_own(scene: Scene, alias: str) -> None:
    await scene.bob.do("alias.silence", topic=scene.topic, alias=alias)
    assert await says(scene.cat, scene.topic) == "ok"
    assert await says(scene.dan, scene.topic, anonymous=True) == "ok"


async def test_a_new_name_does_not_help(scene: Scene, alias: str) -> None:
    await scene.bob.do("alias.silence", topic=scene.topic, alias=alias)
    await scene.cat.do("alias.set", topic=scene.topic, name="NightOwl7")
    assert await says(scene.cat, scene.topic, anonymous=True) == "alias_silenced"
    await scene.cat.do("alias.drop", topic=scene.topic)
    assert await says(scene.cat, scene.topic, anonymous=True) == "alias_silenced"


async def test_each_name_is_silent_for_itself(scene: Scene, alias: str) -> None:
    """Whether two names are one person's is not to be found out by letting one of them speak again."""
    await scene.cat.do("alias.drop", topic=scene.topic)
    second = (await scene.cat.say(scene.topic, anonymous=True))["author"]["id"]
    for one in (alias, second):
        await scene.bob.do("alias.silence", topic=scene.topic, alias=one)
    await scene.bob.do("alias.unsilence", topic=scene.topic, alias=alias)
    assert await says(scene.cat, scene.topic, anonymous=True) == "alias_silenced"
    await scene.bob.do("alias.unsilence", topic=scene.topic, alias=second)
    assert await says(scene.cat, scene.topic, anonymous=True) == "ok"


async def test_silence_is_of_one_topic(scene: Scene, alias: str) -> None:
    other = await scene.cat.create("other")
    await scene.change(other, kind="topic", open=True, anonymous=True)
    await scene.bob.do("alias.silence", topic=scene.topic, alias=alias)
    assert await says(scene.cat, other, anonymous=True) == "ok"


async def test_moderators_of_the_topic_alone_silence(scene: Scene, alias: str) -> None:
    (stranger,) = await scene.parley.people("eve")
    at = {"topic": scene.topic, "alias": alias}
    assert await scene.dan.code("alias.silence", **at) == "forbidden"
    assert await scene.cat.code("alias.silence", **at) == "forbidden"
    assert await stranger.code("alias.silence", **at) == "not_a_member"
    assert await scene.bob.code("alias.silence", **at | {"alias": "a_none"}) == "alias_not_found"
    assert await scene.bob.code("alias.silence", **at | {"topic": scene.room}) == "room_not_found"
    await scene.change(scene.topic, open=False)
    assert await stranger.code("alias.silence", **at) == "room_not_found"


async def test_a_name_is_of_its_topic_alone(scene: Scene) -> None:
    other = await scene.dan.create("other")
    await scene.change(other, kind="topic", open=True, anonymous=True)
    foreign = (await scene.dan.do("alias.get", topic=other))["id"]
    assert await scene.bob.code("alias.silence", topic=scene.topic, alias=foreign) == "alias_not_found"


async def test_whoever_is_banned_has_no_other_name(scene: Scene) -> None:
    await scene.bob.do("room.ban", room=scene.topic, user=scene.cat.id)
    assert await says(scene.cat, scene.topic, anonymous=True) == "not_a_member"
    assert await scene.cat.code("alias.get", topic=scene.topic) == "anonymous_off"
    assert await says(scene.cat, scene.room, anonymous=True) in {"anonymous_off", "not_a_member"}


async def test_an_alias_cannot_be_removed_or_banned_as_if_it_were_a_person(scene: Scene, alias: str) -> None:
    for op in ("room.ban", "room.remove", "users.block", "room.add"):
        place = {} if op == "users.block" else {"room": scene.topic}
        assert await scene.bob.code(op, user=alias, **place) in {"user_not_found", "member_not_found"}, op
    assert await scene.bob.code("users.one", user=alias) == "user_not_found"
    assert (await scene.bob.do("users.list", ids=alias))["items"] == []


async def staff(scene: Scene, person: Person, role: str = "moderator") -> None:
    """Make somebody a moderator of the installation, logged in with two proofs just now."""
    await scene.parley.database.update(USERS, person.id, {"role": role, "email_verified": True})
    login = str(claims(person.account.token)["sid"])
    await scene.parley.database.update(LOGINS, login, {"methods": ("password", "totp"), "confirmed_at": now_ms()})


async def test_moderators_of_the_installation_find_out_and_it_is_written_down(scene: Scene, alias: str) -> None:
    await staff(scene, scene.dan)
    at = {"topic": scene.topic, "alias": alias}
    told = await scene.dan.do("alias.reveal", **at, reason="threats")
    assert told == {"user": {"id": scene.cat.id, "username": scene.cat.account.username}}
    (line,) = await scene.parley.database.find(ACTS, {"actor": scene.dan.id}, by="id", limit=10)
    assert (line.action, line.subject) == ("alias.revealed", scene.cat.id)
    assert line.details == at | {"reason": "threats"}


async def test_nobody_else_finds_out(scene: Scene, alias: str) -> None:
    at = {"topic": scene.topic, "alias": alias, "reason": "curious"}
    for person in (scene.ann, scene.bob, scene.dan, scene.cat):
        assert await person.code("alias.reveal", **at) == "forbidden"
    assert await scene.parley.database.find(ACTS, {"subject": scene.cat.id}, by="id", limit=10) == []


async def test_nothing_is_found_out_without_a_reason_or_a_line(scene: Scene, alias: str) -> None:
    await staff(scene, scene.dan)
    assert await scene.dan.code("alias.reveal", topic=scene.topic, alias=alias, reason="") == "bad_request"
    assert await scene.dan.code("alias.reveal", topic=scene.topic, alias="a_x", reason="why") == "alias_not_found"
    await scene.parley.without_jobs()
    scene.parley.store.fail(Fault.UNAVAILABLE, "together")
    assert await scene.dan.code("alias.reveal", topic=scene.topic, alias=alias, reason="why") == "unavailable"
