"""Direct messages: what is read is told to who said it, and what one deletes for oneself is gone for nobody else."""

from typing import Any

import pytest

from tests.application import Parley
from tests.client.checks import Json
from tests.people import Person
from tests.unstable import Fault


async def direct(ann: Person, bob: Person, *texts: str) -> tuple[str, list[Json]]:
    room = str((await ann.do("room.direct", user=bob.id))["id"])
    return room, [await ann.say(room, text) for text in texts]


async def conversations(person: Person, **more: Any) -> list[Json]:
    items: list[Json] = (await person.do("message.conversations", **more))["items"]
    return items


async def hidden(person: Person, room: str) -> list[str]:
    return [item["id"] for item in (await person.do("message.hidden", room=room))["items"]]


async def test_sender_hears_on_another_node_that_it_was_read(nodes: tuple[Parley, Parley]) -> None:
    ann, bob = await nodes[0].people("ann", "bob")
    room, (item,) = await direct(ann, bob, "hello")
    live = await ann.at(nodes[1].site).connect()
    await bob.do("room.read", room=room, seq=item["seq"])
    event = await live.next("read")
    assert (event["room"], event["d"]) == (room, {"user": bob.id, "seq": item["seq"]})


async def test_message_deleted_for_oneself_stays_for_the_other(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, (item,) = await direct(ann, bob, "hello")
    for _ in range(2):
        await bob.do("message.hide", room=room, message=item["id"])
    assert await hidden(bob, room) == [item["id"]]
    assert await hidden(ann, room) == []
    assert await ann.texts(room) == ["hello"]
    await bob.do("message.show", room=room, message=item["id"])
    assert await hidden(bob, room) == []


async def test_other_sessions_of_ones_own_hear_of_it_and_nobody_else(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, (item,) = await direct(ann, bob, "hello")
    mine, theirs = await bob.connect(), await ann.connect()
    await bob.do("message.hide", room=room, message=item["id"])
    event = await mine.next("hidden")
    assert event["d"] == {"room": room, "message": item["id"], "seq": item["seq"], "hidden": True}
    assert await theirs.pending() == []


async def test_hidden_messages_have_pages(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, items = await direct(ann, bob, "a", "b", "c")
    for item in items:
        await bob.do("message.hide", room=room, message=item["id"])
    first = await bob.do("message.hidden", room=room, limit=2)
    rest = await bob.do("message.hidden", room=room, limit=2, cursor=first["next"])
    assert [one["id"] for one in [*first["items"], *rest["items"]]] == [item["id"] for item in reversed(items)]
    assert rest["next"] is None
    assert await bob.refused("message.hidden", room=room, cursor="x") == "bad_request"


async def test_cleared_conversation_is_empty_for_oneself_alone_and_counts_as_read(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, items = await direct(ann, bob, "a", "b")
    assert (await bob.do("message.clear", room=room))["cleared"] >= items[-1]["seq"]
    (mine,), (theirs,) = await conversations(bob), await conversations(ann)
    assert (mine["last"], mine["room"]["unread"]) == (None, 0)
    assert theirs["last"]["text"] == "b"
    await ann.say(room, "c")
    (mine,) = await conversations(bob)
    assert (mine["last"]["text"], mine["room"]["unread"]) == ("c", 1)


async def test_clearing_never_goes_back(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, items = await direct(ann, bob, "a", "b")
    whole = (await bob.do("message.clear", room=room))["cleared"]
    assert (await bob.do("message.clear", room=room, seq=items[0]["seq"]))["cleared"] == whole
    assert (await bob.do("message.hidden", room=room))["cleared"] == whole


async def test_peer_does_not_hear_that_a_conversation_was_cleared(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, _ = await direct(ann, bob, "a")
    live, own = await ann.connect(), await bob.connect()
    await bob.do("message.clear", room=room)
    assert (await own.next("hidden"))["d"]["message"] is None
    assert await live.pending() == []


async def test_last_message_is_one_that_is_not_hidden(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, items = await direct(ann, bob, "a", "b")
    await bob.do("message.hide", room=room, message=items[1]["id"])
    assert [one["last"]["text"] for one in await conversations(bob)] == ["a"]


async def test_conversations_come_by_activity_in_pages_and_without_other_rooms(one: Parley) -> None:
    ann, *others = await one.people("ann", "bob", "cid", "dan")
    await ann.create()
    rooms = [(await direct(other, ann, "hello"))[0] for other in others]
    await others[0].say(rooms[0], "again")
    first = await ann.do("message.conversations", limit=2)
    rest = await ann.do("message.conversations", limit=2, cursor=first["next"])
    listed = [item["room"]["id"] for item in [*first["items"], *rest["items"]]]
    assert listed == [rooms[0], rooms[2], rooms[1]]
    assert [item["room"]["peer"]["id"] for item in first["items"]] == [others[0].id, others[2].id]
    assert first["items"][0]["room"]["unread"] == 2
    assert rest["next"] is None


async def test_unread_counts_conversations_that_are_not_muted(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    await direct(bob, ann, "a", "b")
    loud, _ = await direct(cid, ann, "c")
    assert await ann.do("message.unread") == {"unread": 3, "conversations": 2}
    await ann.do("stance.set", target=loud, mute=60)
    assert await ann.do("message.unread") == {"unread": 2, "conversations": 1}
    assert {item["room"]["id"]: item["muted"] for item in await conversations(ann)}[loud] is True


async def test_unread_is_unavailable_while_the_store_is(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await direct(bob, ann, "a")
    for op in ("message.unread", "message.conversations"):
        one.store.fail(Fault.UNAVAILABLE, "count")
        assert await ann.refused(op) == "unavailable"


async def test_one_talks_with_oneself_too(one: Parley) -> None:
    (ann,) = await one.people("ann")
    room, items = await direct(ann, ann, "note", "more")
    (mine,) = await conversations(ann)
    assert (mine["room"]["peer"]["id"], mine["last"]["text"], mine["room"]["unread"]) == (ann.id, "more", 0)
    await ann.do("message.hide", room=room, message=items[1]["id"])
    assert (await conversations(ann))[0]["last"]["text"] == "note"
    await ann.do("message.delete", room=room, message=items[0]["id"])
    assert (await conversations(ann))[0]["last"]["deleted"] is True


@pytest.mark.parametrize("op", ["message.hide", "message.show"])
async def test_message_of_another_room_is_not_there(one: Parley, op: str) -> None:
    ann, bob = await one.people("ann", "bob")
    _, (item,) = await direct(ann, bob, "hello")
    other = await ann.create()
    assert await ann.refused(op, room=other, message=item["id"]) == "message_not_found"


async def test_clearing_a_room_that_does_not_show_is_no_reading_of_it(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, _ = await direct(ann, bob, "hello")
    await bob.do("room.leave", room=room)
    live = await bob.connect()
    await bob.do("message.clear", room=room)
    assert [event["ev"] for event in await live.pending()] == ["hidden"]
