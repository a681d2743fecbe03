"""Two nodes in one process on one store, each knowing of the other by what it finds there alone."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.streams.batch import Batch
from tests.application import Parley
from tests.audit import audit
from tests.people import Live, Person


@pytest.fixture
async def one(one: Parley) -> AsyncIterator[Parley]:
    """The node of the other tests, whose store is whole in the end."""
    yield one
    assert await audit(one.database) == []


class Place:
    """A public room of Ann's with Bob in it, both on both nodes."""

    def __init__(self, room: str, ann: Person, bob: Person, two: Parley) -> None:
        self.room = room
        self.ann, self.bob = ann, bob
        self.ann2, self.bob2 = ann.at(two.site), bob.at(two.site)


@pytest.fixture
async def place(one: Parley, two: Parley) -> Place:
    ann, bob = await one.people("ann", "bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    return Place(room, ann, bob, two)


@pytest.mark.parametrize("wrote", [True, False], ids=["with a lane", "without a lane"])
@pytest.mark.parametrize(
    ("op", "d"),
    [
        ("message.send", {"text": "behind the back", "cid": "x"}),
        ("message.edit", {"text": "behind the back"}),
        ("message.react", {"emoji": ":x:", "on": True}),
    ],
)
async def test_removed_member_is_refused_where_the_removal_is_not_known(
    place: Place, wrote: bool, op: str, d: dict[str, str]
) -> None:
    item = await place.bob.say(place.room, "mine")
    if wrote:
        await place.bob2.say(place.room)
    await place.bob2.room(place.room)
    await place.ann.do("room.remove", room=place.room, user=place.bob.id)
    d = d if op == "message.send" else d | {"message": item["id"]}
    assert await place.bob2.refused(op, room=place.room, **d) == "not_a_member"
    assert "behind the back" not in await place.ann.texts(place.room)


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("verb", ["get", "find"])
async def test_member_removed_while_a_send_looks_around_is_refused(
    one: Parley, place: Place, verb: str, answered: bool
) -> None:
    item = await place.ann.say(place.room)
    one.application.facts.forget(place.room)
    body = {"room": place.room, "text": "behind the back", "cid": "x", "reply_to": item["id"]}
    for skip in range(3):
        gate = one.store.hold(verb, skip=skip, answered=answered)
        sending = asyncio.create_task(place.bob.answer("message.send", **body))
        reached = asyncio.ensure_future(gate.reached.wait())
        await asyncio.wait({sending, reached}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            reached.cancel()
            one.store.heal()
            break
        one.store.heal()
        await place.ann.do("room.remove", room=place.room, user=place.bob.id)
        gate.release()
        assert (await sending).code == "not_a_member", skip
        await place.bob.do("room.join", room=place.room)
        one.application.facts.forget(place.room)


async def test_lost_role_is_not_used_where_the_loss_is_not_known(place: Place) -> None:
    await place.ann.do("room.role", room=place.room, user=place.bob.id, role="moderator")
    await place.bob2.do("room.update", room=place.room, name="while a moderator")
    await place.ann.do("room.role", room=place.room, user=place.bob.id, role="member")
    assert await place.bob2.refused("room.update", room=place.room, name="afterwards") == "forbidden"


async def test_deleted_room_is_gone_where_the_deletion_is_not_known(place: Place) -> None:
    await place.bob2.say(place.room)
    await place.ann.do("room.delete", room=place.room)
    assert await place.bob2.refused("message.send", room=place.room, text="x", cid="x") == "room_not_found"
    assert await place.bob2.refused("room.get", room=place.room) == "room_not_found"
    assert await place.bob2.refused("room.join", room=place.room) == "room_not_found"


async def test_removed_member_reads_nothing_where_the_removal_is_not_known(place: Place) -> None:
    await place.bob2.do("message.list", room=place.room)
    await place.ann.do("room.remove", room=place.room, user=place.bob.id)
    for op, d in (
        ("message.list", {}),
        ("room.changes", {"since": 0}),
        ("room.members", {}),
        ("room.read", {"seq": 1}),
    ):
        assert await place.bob2.refused(op, room=place.room, **d) == "not_a_member", op


@pytest.mark.parametrize(
    ("op", "d", "verb"),
    [
        ("message.list", {}, "find"),
        ("message.list", {"around": 3}, "find"),
        ("room.changes", {"since": 0}, "find"),
        ("message.get", {}, "get"),
    ],
)
async def test_whoever_is_removed_while_a_page_is_read_is_not_told_what_came_after(
    two: Parley, place: Place, op: str, d: dict[str, int], verb: str
) -> None:
    item = await place.bob2.say(place.room, "said")
    d = d if op != "message.get" else {"message": item["id"]}
    await place.bob2.do("message.list", room=place.room)
    gate = two.store.hold(verb, skip=verb == "find")  # the head is asked about first
    asking = asyncio.create_task(place.bob2.answer(op, room=place.room, **d))
    await gate.reached.wait()
    await place.ann.do("room.remove", room=place.room, user=place.bob.id)
    await place.ann.do("message.delete", room=place.room, message=item["id"])
    await place.ann.say(place.room, "behind his back")
    gate.release()
    assert (await asking).code == "not_a_member"


async def test_new_member_is_known_at_once_where_the_join_is_not(one: Parley, two: Parley, place: Place) -> None:
    cay = (await one.people("cay"))[0]
    cay2 = cay.at(two.site)
    assert await cay2.refused("message.list", room=place.room) == "not_a_member"
    await cay.do("room.join", room=place.room)
    assert await cay2.code("message.list", room=place.room) == "ok"
    assert await cay2.code("message.send", room=place.room, text="x", cid="x") == "ok"


async def test_new_member_may_write_at_once_where_they_could_not_before(one: Parley, two: Parley, place: Place) -> None:
    cay = (await one.people("cay"))[0]
    cay2 = cay.at(two.site)
    assert await cay2.refused("message.send", room=place.room, text="x", cid="x") == "not_a_member"
    await cay.do("room.join", room=place.room)
    assert await cay2.code("message.send", room=place.room, text="x", cid="x") == "ok"


async def test_new_role_is_used_at_once_where_it_was_missing_before(place: Place) -> None:
    assert await place.bob2.refused("room.update", room=place.room, name="before") == "forbidden"
    await place.ann.do("room.role", room=place.room, user=place.bob.id, role="moderator")
    assert await place.bob2.code("room.update", room=place.room, name="since") == "ok"


async def test_owner_who_is_not_alone_any_more_closes_no_room_by_leaving(one: Parley, two: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await ann.create()
    await ann.at(two.site).room(room)
    await bob.do("room.join", room=room)
    assert await ann.at(two.site).refused("room.leave", room=room) == "owner_must_stay"
    await bob.say(room)


async def test_owner_who_leaves_while_somebody_joins_closes_no_room(one: Parley, two: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await ann.create()
    gate = two.store.hold("together")
    leaving = asyncio.create_task(ann.at(two.site).code("room.leave", room=room))
    await gate.reached.wait()
    await bob.do("room.join", room=room)
    gate.release()
    assert await leaving == "owner_must_stay"
    await bob.say(room)


@pytest.mark.parametrize(("op", "d"), [("message.edit", {"text": "mine"}), ("message.delete", {})])
async def test_removed_member_is_not_told_an_item_by_changing_nothing(place: Place, op: str, d: dict[str, str]) -> None:
    item = await place.bob2.say(place.room, "mine")
    message = {"room": place.room, "message": item["id"]}
    if op == "message.delete":
        await place.bob2.do(op, **message)
    await place.ann.do("room.remove", room=place.room, user=place.bob.id)
    assert await place.bob2.refused(op, **message, **d) == "not_a_member"


async def test_read_marker_does_not_go_back_on_the_other_node(place: Place) -> None:
    await place.bob2.room(place.room)
    item = await place.ann.say(place.room)
    await place.bob.do("room.read", room=place.room, seq=item["seq"])
    seen = await place.bob2.room(place.room)
    assert (seen["read"], seen["unread"]) == (item["seq"], 0)
    assert (await place.bob2.do("room.read", room=place.room, seq=1))["read"] == item["seq"]


async def test_watchers_get_what_the_other_node_wrote_before_what_this_one_writes(place: Place) -> None:
    live = await place.bob.connect()
    await place.ann.say(place.room, "here 1")
    for number in range(3):
        await place.ann2.say(place.room, f"there {number}")
    await place.ann.say(place.room, "here 2")
    got = [(await live.next("message"))["d"]["text"] for _ in range(5)]
    assert got == ["here 1", "there 0", "there 1", "there 2", "here 2"]


async def test_watchers_get_what_the_other_node_wrote_though_this_one_never_wrote_there(place: Place) -> None:
    live = await place.bob2.connect()
    await place.ann.say(place.room, "there")
    await place.ann2.say(place.room, "here")
    assert [(await live.next("message"))["d"]["text"] for _ in range(2)] == ["there", "here"]


async def test_foreign_removal_is_applied_in_its_place(place: Place) -> None:
    lives = [await place.ann.connect(), await place.bob.connect()]
    await place.ann2.do("room.remove", room=place.room, user=place.bob.id)
    await place.ann2.say(place.room, "behind the back")
    await place.ann.say(place.room, "here")
    seen = [(await lives[0].next("message"))["d"] for _ in range(3)]
    assert [item.get("text", "notice") for item in seen] == ["notice", "behind the back", "here"]
    assert "behind the back" not in str(await lives[1].pending())


async def test_ban_and_join_at_once_on_two_nodes_leave_nobody_banned_inside(
    one: Parley, two: Parley, place: Place
) -> None:
    for number in range(6):
        (cay,) = await one.people(f"cay{number}")
        cay.at(two.site)
        gate = two.store.hold("together")
        joining = asyncio.create_task(cay.at(two.site).code("room.join", room=place.room))
        await gate.reached.wait()
        await place.ann.do("room.ban", room=place.room, user=cay.id)
        gate.release()
        assert await joining == "banned"
        members = (await place.ann.do("room.members", room=place.room))["items"]
        assert cay.id not in [member["user"]["id"] for member in members]


async def test_both_nodes_count_members_as_one(one: Parley, two: Parley, place: Place) -> None:
    people = await one.people(*["cay"] * 6)
    await asyncio.gather(
        *(
            (person.at(two.site) if at % 2 else person).do("room.join", room=place.room)
            for at, person in enumerate(people)
        )
    )
    for node in (place.ann, place.ann2):
        assert (await node.room(place.room))["member_count"] == 8


async def test_message_and_removal_at_once_on_two_nodes_have_an_order(one: Parley, two: Parley, place: Place) -> None:
    live: Live = await place.ann.connect()
    for number in range(10):
        said, _ = await asyncio.gather(
            place.bob2.answer("message.send", room=place.room, text=f"{number}", cid=f"{number}"),
            place.ann.do("room.remove", room=place.room, user=place.bob.id),
        )
        items = await place.ann.items(place.room)
        removal = max(item["seq"] for item in items if item.get("type") == "removed")
        assert said.status == 403 or said.json["seq"] < removal
        await place.bob.do("room.join", room=place.room)
    assert await live.call("ping") == {}


async def test_lost_role_unbans_nobody_where_the_loss_is_not_known(one: Parley, place: Place) -> None:
    (cay,) = await one.people("cay")
    await place.ann.do("room.ban", room=place.room, user=cay.id)
    await place.ann.do("room.role", room=place.room, user=place.bob.id, role="moderator")
    await place.bob2.do("room.update", room=place.room, name="while a moderator")
    await place.ann.do("room.role", room=place.room, user=place.bob.id, role="member")
    assert await place.bob2.refused("room.unban", room=place.room, user=cay.id) == "forbidden"
    assert await cay.refused("room.join", room=place.room) == "banned"


# Sessions that come to a node which has not heard all yet


async def test_whoever_comes_from_a_node_that_was_ahead_has_missed_nothing(place: Place) -> None:
    waiting = await place.bob2.connect()
    live = await place.bob.connect()
    items = [await place.ann.say(place.room, text) for text in ("one", "two")]
    cursor = items[-1]["rev"]
    assert (await live.until("message"))[-1]["rev"] == items[0]["rev"]
    back = await place.bob2.connect({place.room: cursor})
    assert back.rooms[place.room]["state"] == "ok"
    assert [(await waiting.next("message"))["d"]["text"] for _ in items] == ["one", "two"]
    assert not [event for event in await back.pending() if event["ev"] == "message"]


async def test_cursor_above_what_the_store_has_is_reset(place: Place) -> None:
    await place.bob2.connect()
    back = await place.bob2.connect({place.room: 99})
    assert back.rooms[place.room]["state"] == "reset"


async def test_older_removal_takes_nothing_from_whoever_is_in_again(place: Place) -> None:
    await place.bob2.connect()
    await place.ann.do("room.remove", room=place.room, user=place.bob.id)
    await place.bob.do("room.join", room=place.room)
    back = await place.bob2.connect()
    assert place.room in back.rooms
    await place.ann2.say(place.room, "welcome")
    told = await back.until("message")
    assert told[-1]["d"]["text"] == "welcome"


async def test_older_hiding_takes_nothing_from_whoever_sees_the_room_again(one: Parley, two: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = (await ann.do("room.direct", user=bob.id))["id"]
    await ann.say(room, "hello")
    await ann.at(two.site).connect()
    await bob.do("room.leave", room=room)
    await ann.say(room, "again")
    back = await bob.at(two.site).connect()
    assert room in back.rooms
    await ann.at(two.site).say(room, "welcome")
    while (await back.next("message"))["d"].get("text") != "welcome":
        pass


async def test_removal_that_is_heard_late_comes_before_the_join_that_followed(place: Place, two: Parley) -> None:
    live = await place.bob2.connect()
    await place.ann.do("room.remove", room=place.room, user=place.bob.id)
    await place.ann.say(place.room, "behind his back")
    await place.bob.do("room.join", room=place.room)
    # The person's own stream is heard of first, the room's not at all.
    two.door.hub.deliver(Batch(place.bob.stream, 99, 99, []))
    await live.until("room.left")
    joined = (await live.until("room.joined"))[-1]
    await place.ann2.say(place.room, "welcome")
    told = await live.until("message")
    assert told[-1]["d"]["text"] == "welcome"
    assert told[-1]["rev"] > joined["d"]["head"]
    assert not [event for event in told if event["ev"] == "room.left"]
