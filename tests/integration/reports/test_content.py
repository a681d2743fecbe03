"""What may be said in topics, and what people may be called."""

from pathlib import Path

import pytest

from store.tables import ENTRIES
from tests.application import Parley, running
from tests.integration.aliases.scene import Scene, scene_of

REFUSED = "what a F4gg0t"
MASKED, AS_KEPT = "Oh shit, no", "Oh ****, no"
FLAGGED = "I will kill you"


async def say(scene: Scene, room: str, text: str, cid: str = "c1") -> str:
    return await scene.cat.code("message.send", room=room, text=text, cid=cid)


@pytest.mark.parametrize("place", ["topic", "room"])
async def test_what_is_said_in_a_topic_and_its_rooms_is_judged(scene: Scene, place: str) -> None:
    room = str(getattr(scene, place))
    assert await say(scene, room, REFUSED) == "content_refused"
    assert REFUSED not in await scene.cat.texts(room)
    item = await scene.cat.say(room, MASKED)
    assert item["text"] == AS_KEPT
    kept = await scene.parley.database.get(ENTRIES, item["id"])
    assert kept is not None
    assert MASKED not in repr(kept)
    changed = await scene.cat.do("message.edit", room=room, message=item["id"], text=f"2 {MASKED}")
    assert changed["text"] == f"2 {AS_KEPT}"
    assert await scene.cat.code("message.edit", room=room, message=item["id"], text=REFUSED) == "content_refused"
    assert await scene.cat.texts(room) == [f"2 {AS_KEPT}"]


async def test_a_refusal_does_not_repeat_what_was_said(scene: Scene) -> None:
    answer = await scene.cat.answer("message.send", room=scene.topic, text=REFUSED, cid="c1")
    assert (answer.status, answer.code) == (400, "content_refused")
    assert "F4gg0t" not in str(answer)


async def test_a_repeated_masked_message_is_the_first_one(scene: Scene) -> None:
    first = await scene.cat.do("message.send", room=scene.topic, text=MASKED, cid="same")
    assert await scene.cat.do("message.send", room=scene.topic, text=MASKED, cid="same") == first
    assert await say(scene, scene.topic, AS_KEPT, "same") == "cid_conflict"


@pytest.mark.parametrize("text", [REFUSED, MASKED, FLAGGED])
async def test_what_is_said_elsewhere_is_kept_as_it_was_sent(scene: Scene, text: str) -> None:
    for room in (await scene.cat.create(), await scene.cat.create(kind="private")):
        assert (await scene.cat.say(room, text))["text"] == text
    direct = await scene.cat.do("room.direct", user=scene.dan.id)
    assert (await scene.cat.say(direct["id"], text))["text"] == text


async def test_links_are_what_the_topic_makes_of_them(scene: Scene) -> None:
    text = "see https://chat.example/a"
    assert await say(scene, scene.topic, text, "c1") == "ok"
    await scene.change(scene.topic, links="flag")
    assert await say(scene, scene.room, text, "c2") == "ok"
    await scene.change(scene.topic, links="refuse")
    assert await say(scene, scene.topic, text, "c3") == "content_refused"
    assert await say(scene, scene.room, text, "c4") == "content_refused"
    assert await say(scene, scene.room, "no link", "c5") == "ok"


@pytest.mark.parametrize("name", ["F4gg0t", "the-faggot", "BigFaggot", "faggot_99"])
async def test_nobody_is_called_so(one: Parley, name: str) -> None:
    body = {"username": name, "email": "a@chat.example", "password": "correct horse battery"}
    assert (await one.site.rest.request("POST", "/api/auth/register", body=body)).code == "content_refused"
    sign_up = {"username": name, "email": "a@chat.example"}
    assert (await one.site.rest.request("POST", "/api/auth/signup", body=sign_up)).code == "content_refused"
    (cat,) = await one.people("cat")
    assert (await cat.account.request("PATCH", "/api/users/me", {"username": name})).code == "content_refused"


async def test_an_operators_words_are_refused_too(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("[refuse spam]\nfreefollowers\n")
    async with running(tmp_path, words=words) as parley:
        scene = await scene_of(parley)
        assert await say(scene, scene.topic, "Get FreeFollowers now") == "content_refused"
        assert await say(scene, scene.topic, REFUSED) == "content_refused"
        assert await say(scene, scene.topic, "Get followers now") == "ok"
