"""Rooms that are special: direct ones, one's own stream, large ones, and those whose history begins at the join."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.rooms.members import entering
from tests.application import Parley, running
from tests.audit import audit
from tests.people import Person


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley
        assert await audit(parley.database) == []


async def listed(person: Person) -> list[str]:
    return [room["id"] for room in (await person.do("room.list"))["items"]]


# Direct rooms


async def test_pair_has_one_direct_room_whoever_asks(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    first = await ann.answer("room.direct", user=bob.id)
    again = await ann.answer("room.direct", user=bob.id)
    other = await bob.answer("room.direct", user=ann.id)
    assert [answer.status for answer in (first, again, other)] == [201, 200, 200]
    assert first.json["id"] == again.json["id"] == other.json["id"]
    assert first.json["peer"] == {"id": bob.id, "username": bob.account.username}
    assert other.json["peer"] == {"id": ann.id, "username": ann.account.username}
    assert (first.json["kind"], first.json["owner"], first.json["member_count"]) == ("direct", None, 2)


async def test_pair_that_asks_at_once_has_one_direct_room(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    answers = await asyncio.gather(*(a.answer("room.direct", user=b.id) for a, b in ((ann, bob), (bob, ann)) * 3))
    assert sorted(answer.status for answer in answers) == [200] * 5 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1


async def test_direct_room_appears_at_the_peer_with_its_first_message(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    live = await bob.connect()
    await live.next("live")
    room = (await ann.do("room.direct", user=bob.id))["id"]
    assert (await listed(ann), await listed(bob)) == ([room], [])
    assert await live.pending() == []
    item = await ann.say(room, "hello bob")
    joined = await live.next("room.joined")
    assert (joined["d"]["id"], joined["d"]["peer"]["id"], joined["d"]["unread"]) == (room, ann.id, 1)
    assert joined["d"]["head"] >= item["rev"]
    assert await listed(bob) == [room]
    assert await bob.texts(room) == ["hello bob"]


async def test_one_may_talk_with_oneself(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    first = await ann.answer("room.direct", user=ann.id)
    again = await ann.answer("room.direct", user=ann.id)
    assert (first.status, again.status) == (201, 200)
    assert (first.json["peer"]["id"], first.json["member_count"]) == (ann.id, 1)
    await ann.say(first.json["id"], "a note")
    assert await ann.texts(first.json["id"]) == ["a note"]
    assert (await ann.room(first.json["id"]))["unread"] == 0


@pytest.mark.parametrize("writer", ["ann", "bob"])
async def test_hidden_direct_room_shows_again_with_the_next_message(parley: Parley, writer: str) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = (await ann.do("room.direct", user=bob.id))["id"]
    await bob.say(room, "first")
    live = await ann.connect()
    await live.next("live")
    for _ in range(2):
        await ann.do("room.leave", room=room)
    assert (await live.next("room.left"))["d"] == {"room": room, "reason": "left", "by": ann.id}
    assert await listed(ann) == []
    item = await (ann if writer == "ann" else bob).say(room, "second")
    assert (item["kind"], item["text"]) == ("text", "second")
    assert (await live.next("room.joined"))["d"]["id"] == room
    assert await listed(ann) == [room]
    assert await ann.texts(room) == ["first", "second"]


async def test_hidden_direct_room_shows_again_when_it_is_opened(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = (await ann.do("room.direct", user=bob.id))["id"]
    await ann.do("room.leave", room=room)
    answer = await ann.answer("room.direct", user=bob.id)
    assert (answer.status, answer.json["id"]) == (200, room)
    assert await listed(ann) == [room]
    assert await listed(bob) == []


async def test_message_and_hiding_at_once_leave_the_room_in_order(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = (await ann.do("room.direct", user=bob.id))["id"]
    for _ in range(5):
        codes = await asyncio.gather(
            ann.code("room.leave", room=room), bob.say(room, "now"), bob.code("room.leave", room=room), ann.say(room)
        )
        assert [code for code in codes if isinstance(code, str)] == ["ok", "ok"]
    assert len(await ann.texts(room)) == 10
    await ann.say(room)
    assert await listed(ann) == await listed(bob) == [room]


@pytest.mark.parametrize(
    ("op", "d"),
    [
        ("room.delete", {}),
        ("room.update", {"name": "new"}),
        ("room.add", {"user": "cay"}),
        ("room.remove", {"user": "bob"}),
        ("room.ban", {"user": "bob"}),
        ("room.role", {"user": "bob", "role": "owner"}),
    ],
)
async def test_direct_room_cannot_be_ruled(parley: Parley, op: str, d: dict[str, str]) -> None:
    people = dict(zip(("ann", "bob", "cay"), await parley.people("ann", "bob", "cay"), strict=True))
    ann = people["ann"]
    room = (await ann.do("room.direct", user=people["bob"].id))["id"]
    d = {key: people[value].id if key == "user" else value for key, value in d.items()}
    assert await ann.refused(op, room=room, **d) == "direct_room"


async def test_direct_room_is_nobody_elses_business(parley: Parley) -> None:
    ann, bob, eve = await parley.people("ann", "bob", "eve")
    room = (await ann.do("room.direct", user=bob.id))["id"]
    for op in ("room.get", "room.join", "room.members", "message.list"):
        assert await eve.refused(op, room=room) == "room_not_found", op


# One's own stream


@pytest.mark.parametrize(
    ("op", "d"),
    [
        ("room.update", {"name": "mine"}),
        ("room.delete", {}),
        ("room.leave", {}),
        ("room.add", {"user": "bob"}),
        ("room.ban", {"user": "bob"}),
        ("room.role", {"user": "bob", "role": "owner"}),
        ("message.send", {"text": "to myself", "cid": "x"}),
    ],
)
async def test_ones_own_stream_is_only_read(parley: Parley, op: str, d: dict[str, str]) -> None:
    ann, bob = await parley.people("ann", "bob")
    await ann.create()
    d = {key: bob.id if key == "user" else value for key, value in d.items()}
    assert await ann.refused(op, room=ann.stream, **d) == "forbidden"
    assert await ann.notices(ann.stream) == ["joined"]
    assert (await ann.connect()).hello["rooms"][0]["kind"] == "self"


async def test_ones_own_stream_is_read_like_a_room(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create()
    seen = await ann.room(ann.stream)
    assert (seen["kind"], seen["role"], seen["head"], seen["owner"]) == ("self", "owner", 1, ann.id)
    assert [item["target"] for item in (await ann.do("room.changes", room=ann.stream, since=0))["items"]] == [room]
    assert (await ann.do("room.read", room=ann.stream, seq=1))["read"] == 1
    assert await bob.refused("room.get", room=ann.stream) == "room_not_found"
    assert await bob.refused("room.join", room=ann.stream) == "room_not_found"
    assert await bob.refused("message.list", room=ann.stream) == "room_not_found"


async def test_role_in_a_room_is_none_in_ones_own_stream(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    await bob.room(bob.stream)
    await ann.do("room.role", room=room, user=bob.id, role="moderator")
    assert (await bob.room(bob.stream))["role"] == "owner"


# Large rooms


async def test_joins_and_leaves_of_a_large_room_are_quiet(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "QUIET_MEMBERS", 2)
    ann, bob, cay, dan = await parley.people("ann", "bob", "cay", "dan")
    room = await ann.create()
    for person in (bob, cay, dan):
        await person.do("room.join", room=room)
    assert await ann.notices(room) == ["joined", "joined"]
    assert (await ann.room(room))["head"] == 4
    await cay.do("room.leave", room=room)
    await ann.do("room.remove", room=room, user=dan.id)
    assert await ann.notices(room) == ["joined", "joined", "removed"]
    assert await cay.notices(cay.stream) == ["joined", "left"]
    assert (await ann.room(room))["member_count"] == 2


async def test_number_of_members_is_told_at_once_and_then_with_a_pause(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parley.application.counts, "_every_s", 0.2)
    ann, *others = await parley.people("ann", *["other"] * 4)
    room = await ann.create()
    live = await ann.connect()
    began = time.monotonic()
    for other in others:
        await other.do("room.join", room=room)
    first, second = await live.next("member_count"), await live.next("member_count")
    assert (first["d"], second["d"]) == ({"member_count": 2}, {"member_count": 5})
    assert "rev" not in first
    assert time.monotonic() - began >= 0.2


# History from the join on


async def test_history_from_the_join_on_shows_nothing_older(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create(history="joined")
    old = await ann.say(room, "before")
    view = await bob.do("room.join", room=room)
    new = await ann.say(room, "after")
    assert await bob.texts(room) == ["after"]
    assert [item["kind"] for item in await bob.items(room)] == ["notice", "text"]
    assert view["read"] == old["seq"] + 1
    for where in ({"around": old["seq"]}, {"before": new["seq"]}, {"after": 0}, {}):
        page = await bob.do("message.list", room=room, **where)
        assert all(item["seq"] > old["seq"] for item in page["items"]), where
    assert (await bob.do("message.list", room=room, before=new["seq"]))["has_more"] is False
    changes = await bob.do("room.changes", room=room, since=0)
    assert [item["id"] for item in changes["items"]][-1] == new["id"]
    assert old["id"] not in [item["id"] for item in changes["items"]]


async def test_nothing_can_be_done_to_what_is_older_than_the_join(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create(history="joined")
    old = await ann.say(room, "before")
    await bob.do("room.join", room=room)
    await ann.do("room.role", room=room, user=bob.id, role="moderator")
    message = {"room": room, "message": old["id"]}
    for op, d in (
        ("message.get", message),
        ("message.delete", message),
        ("message.edit", message | {"text": "x"}),
        ("message.react", message | {"emoji": ":x:", "on": True}),
        ("message.send", {"room": room, "text": "x", "cid": "x", "reply_to": old["id"]}),
    ):
        assert await bob.refused(op, **d) == "message_not_found", op


async def test_changes_of_what_is_older_than_the_join_are_not_told(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create(history="joined")
    old = await ann.say(room, "before")
    await bob.do("room.join", room=room)
    live = await bob.connect()
    await live.next("live")
    await ann.do("message.edit", room=room, message=old["id"], text="edited")
    new = await ann.say(room, "after")
    await ann.do("message.edit", room=room, message=new["id"], text="edited after")
    events = [await live.next("message"), await live.next("message")]
    assert [event["d"]["text"] for event in events] == ["after", "edited after"]
    changes = (await bob.do("room.changes", room=room, since=0))["items"]
    assert [item.get("text") for item in changes] == [None, "edited after"]


async def test_whoever_joins_again_begins_anew(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create(history="joined")
    await bob.do("room.join", room=room)
    await ann.say(room, "while there")
    await bob.do("room.leave", room=room)
    await ann.say(room, "while away")
    await bob.do("room.join", room=room)
    assert await bob.texts(room) == []


async def test_history_of_other_rooms_is_all(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create()
    await ann.say(room, "before")
    await bob.do("room.join", room=room)
    assert await bob.texts(room) == ["before"]
