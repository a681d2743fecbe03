"""Mentions and answers in rooms: who is told, once, and who is not."""

from typing import Any

import pytest

from services.ids import new_id, now_ms
from services.notifications.telling.mentions import named_in, names_everybody
from services.notifications.telling.telling import tell
from store.tables import ALIASES, MEMBERS, ROOMS, Alias, Member, Room
from tests.application import Parley, running
from tests.integration.conftest import Store
from tests.integration.notifications.told import at, room_of, told, types, unread
from tests.people import Person


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@ann", ["ann"]),
        ("hello @Ann, and @bob!", ["ann", "bob"]),
        ("(@ann) @ann. '@ann'", ["ann"]),
        ("@a_b-c", ["a_b-c"]),
        ("write to ann@example.org or x.@ann", []),
        ("@an", []),
        ("@" + "x" * 21, []),
        ("@@ann", []),
        ("", []),
    ],
)
def test_names_are_found_in_texts(text: str, names: list[str]) -> None:
    assert named_in(text) == names


@pytest.mark.parametrize(
    ("text", "is_for_all"), [("@everyone", True), ("@TODOS?", True), ("@everyones everyone", False)]
)
def test_everybody_has_two_names(text: str, is_for_all: bool) -> None:
    assert names_everybody(text) is is_for_all


async def test_who_is_named_is_told_in_their_own_stream(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    room = await room_of(ann, bob, cid)
    live = await bob.connect()
    said = await ann.say(room, f"hello {at(bob).upper()}, how are you?")
    event = await live.next("message")
    while event["room"] != bob.stream:
        event = await live.next("message")
    item = event["d"]
    assert (item["kind"], item["type"], item["place"], item["item"]) == ("notification", "mention", room, said["id"])
    assert item["people"] == [{"id": ann.id, "username": ann.account.username}]
    assert (item["count"], item["text"], item["seen"], item["author"]) == (1, "room", False, None)
    assert await told(one, bob) == [item]
    assert [await told(one, ann), await told(one, cid)] == [[], []]
    assert [await unread(bob), await unread(cid)] == [1, 0]


async def test_hyphen_behind_a_name_is_no_part_of_it(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await room_of(ann, bob)
    await ann.say(room, f"{at(bob)}- hello")
    assert await types(one, bob) == ["mention"]


async def test_who_is_answered_is_told_of_the_answer_and_not_of_their_name_in_it(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await room_of(ann, bob)
    first = await bob.say(room, "who is there?")
    await ann.say(room, f"I am, {at(bob)}", reply_to=first["id"])
    await bob.say(room, "I see", reply_to=first["id"])
    (item,) = await told(one, bob)
    assert (item["type"], item["count"]) == ("reply", 1)
    assert await types(one, ann) == []


async def test_who_may_not_see_the_room_is_not_told(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    private, public = await room_of(ann, bob), await room_of(ann, kind="public")
    await ann.say(private, f"{at(cid)} is not here")
    await bob.do("room.leave", room=private)
    await ann.say(private, f"{at(bob)} is gone")
    assert [await types(one, bob), await types(one, cid)] == [[], []]
    await ann.say(public, f"{at(cid)} may come")
    assert await types(one, cid) == ["mention"]


async def test_room_of_two_and_oneself_make_none(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    direct = str((await ann.do("room.direct", user=bob.id))["id"])
    said = await ann.say(direct, at(bob))
    await bob.say(direct, at(ann), reply_to=said["id"])
    room = await room_of(ann, bob)
    mine = await ann.say(room, at(ann))
    await ann.say(room, "again", reply_to=mine["id"])
    assert [await types(one, ann), await types(one, bob)] == [[], []]


async def test_blocks_either_way_leave_nothing_to_tell(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    room = await room_of(ann, bob, cid)
    assert (await bob.account.request("PUT", f"/api/users/me/blocks/{ann.id}")).status == 204
    assert (await ann.account.request("PUT", f"/api/users/me/blocks/{cid.id}")).status == 204
    await ann.say(room, f"{at(bob)} {at(cid)}")
    assert [await types(one, bob), await types(one, cid)] == [[], []]


@pytest.mark.parametrize("how", [{"mute": -1}, {"mute": 5}, {"silence": -1}])
@pytest.mark.parametrize("what", ["room", "person", "message"])
async def test_what_is_muted_or_silenced_tells_nothing(one: Parley, how: dict[str, Any], what: str) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    room = await room_of(ann, bob, cid)
    said = await bob.say(room, "something")
    target = {"room": room, "person": ann.id, "message": said["id"]}[what]
    await bob.do("stance.set", target=target, **how)
    await ann.say(room, f"{at(cid)} and {at(bob)}", reply_to=said["id"])
    assert [await types(one, bob), await types(one, cid)] == [[], ["mention"]]
    await bob.do("stance.set", target=target, mute=0, silence=0)
    await ann.say(room, at(bob), reply_to=said["id"])
    assert await types(one, bob) == ["reply"]


def news_of(ann: Person, room: str, item: str, text: str) -> dict[str, Any]:
    """Return the work of the job that tells of a message."""
    shown = {"id": ann.id, "username": ann.account.username}
    return {"id": "n1", "type": "message", "actor": ann.id, "shown": shown, "place": room, "item": item, "text": text}


async def test_nobody_is_told_of_what_was_deleted_meanwhile(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await room_of(ann, bob)
    kept, gone = await ann.say(room, "kept"), await ann.say(room, "gone")
    await ann.do("message.delete", room=room, message=gone["id"])
    await tell(one.application, news_of(ann, room, gone["id"], at(bob)))
    assert await types(one, bob) == []
    await tell(one.application, news_of(ann, room, kept["id"], at(bob)))
    assert await types(one, bob) == ["mention"]


async def test_job_done_again_tells_nobody_again(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    room = await room_of(ann, bob, cid)
    said = await ann.say(room, "x", reply_to=(await bob.say(room))["id"])
    for _ in range(3):
        await tell(one.application, news_of(ann, room, said["id"], f"{at(cid)} @everyone"))
        await one.without_jobs()
    # One of bob's two is that of the answer itself, as it was sent.
    assert [(item["type"], item["count"]) for item in await told(one, bob)] == [("reply", 2)]
    assert [(item["type"], item["count"]) for item in await told(one, cid)] == [("mention", 1)]


async def test_message_sent_again_tells_nobody_again(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await room_of(ann, bob)
    for _ in range(3):
        await ann.do("message.send", room=room, text=at(bob), cid="the same")
    assert [item["count"] for item in await told(one, bob)] == [1]


@pytest.mark.parametrize(
    ("who", "kind", "tells"), [("owner", "private", 2), ("member", "private", 0), ("owner", "public", 0)]
)
async def test_everybody_is_called_by_those_who_moderate_where_people_were_added(
    one: Parley, who: str, kind: str, tells: int
) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    room = await room_of(ann, bob, cid, kind=kind)
    speaker = {"owner": ann, "member": bob}[who]
    await speaker.say(room, "@everyone come here")
    others = [person for person in (ann, bob, cid) if person is not speaker]
    assert [await types(one, person) for person in others] == [["everyone"] * bool(tells)] * 2


async def test_everybody_but_those_who_muted_the_room(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    room = await room_of(ann, bob, cid)
    await bob.do("stance.set", target=room, mute=-1)
    await ann.say(room, f"@todos, and {at(cid)}")
    assert [await types(one, bob), await types(one, cid)] == [[], ["mention"]]


async def test_large_room_is_told_page_by_page_and_each_once(one: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notifications.telling.telling.PAGE", 3)
    ann, *others = await one.people("ann", *(f"p{n}" for n in range(7)))
    room = await room_of(ann, *others)
    await ann.say(room, "@everyone")
    assert [await types(one, person) for person in others] == [["everyone"]] * 7
    assert await types(one, ann) == []


async def test_other_name_in_a_topic_is_called_without_a_way_to_the_person(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = Room(id=new_id(), kind="topic", name="t", owner=ann.id, open=True, anonymous=True, created_at=now_ms())
    await one.database.insert(ROOMS, topic)
    await one.database.insert(MEMBERS, _member(topic.id, ann, "owner"))
    await one.database.insert(MEMBERS, _member(topic.id, bob, "member"))
    owned = f"{topic.id}:{bob.id}"
    alias = Alias(id="a_x", topic=topic.id, user=bob.id, owned=owned, name="Quiet1", name_key="quiet1", created_at=1)
    await one.database.insert(ALIASES, alias)
    await ann.say(topic.id, "@quiet1 are you there?")
    (item,) = await told(one, bob)
    assert (item["type"], item["place"]) == ("mention", topic.id)
    said = await bob.say(topic.id, f"{at(ann)} I am", anonymous=True)
    (mine,) = await told(one, ann)
    assert mine["people"] == [{"id": alias.id, "username": "Quiet1", "anonymous": True}]
    assert (mine["item"], bob.id in str(mine)) == (said["id"], False)


def _member(room: str, person: Person, role: str) -> Member:
    return Member(
        id=f"{room}:{person.id}", room=room, user=person.id, username=person.account.username, role=role, joined_at=1
    )


async def test_block_is_not_found_out_by_whom_another_name_tells(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = Room(id=new_id(), kind="topic", name="t", owner=ann.id, open=True, anonymous=True, created_at=now_ms())
    await one.database.insert(ROOMS, topic)
    for person, role in ((ann, "owner"), (bob, "member")):
        await one.database.insert(MEMBERS, _member(topic.id, person, role))
    assert (await ann.account.request("PUT", f"/api/users/me/blocks/{bob.id}")).status == 204
    await bob.say(topic.id, at(ann), anonymous=True)
    assert await types(one, ann) == ["mention"]


async def test_each_store_tells(store: Store) -> None:
    async with running(store.folder, mongo_url=store.mongo) as parley:
        ann, bob = await parley.people("ann", "bob")
        room = await room_of(ann, bob)
        said = await bob.say(room, "something")
        await ann.say(room, f"{at(bob)} @everyone")
        await ann.say(room, "yes", reply_to=said["id"])
        assert await types(parley, bob) == ["mention", "reply"]
