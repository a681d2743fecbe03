"""Blocks: between two people nothing is said any more, through either door and on every node at once."""

import asyncio
from typing import Any

import pytest

from services.ids import direct_room, member_id
from store.tables import BLOCKS, MEMBERS, ROOMS
from tests.application import Parley, running
from tests.integration.conftest import Store
from tests.integration.signing_in.trusted import ask, refusal
from tests.people import Live, Person


def path_of(person: Person) -> str:
    return f"users/me/blocks/{person.id}"


async def block(who: Person, whom: Person) -> None:
    answer = await ask(who, "PUT", path_of(whom))
    assert answer.status == 204, answer


async def unblock(who: Person, whom: Person) -> None:
    assert (await ask(who, "DELETE", path_of(whom))).status == 204


async def talked(ann: Person, bob: Person) -> tuple[str, str]:
    """Have two people say a word to each other; return room and the first one's message."""
    room = str((await ann.do("room.direct", user=bob.id))["id"])
    message = await ann.say(room)
    await bob.say(room)
    return room, str(message["id"])


async def tried(person: Person, live: Live, room: str, message: str) -> dict[str, list[str]]:
    """Try all that may be done in a room; return what each door says."""
    here = {"room": room}
    asked: dict[str, dict[str, Any]] = {
        "message.send": here | {"text": "x", "cid": "again"},
        "message.edit": here | {"message": message, "text": "y"},
        "message.react": here | {"message": message, "emoji": "👍", "on": True},
        "room.read": here | {"seq": 1},
        "room.typing": here,
    }
    codes = {op: [await live.refused(op, **d)] for op, d in asked.items()}
    for op, d in asked.items():
        if op != "room.typing":
            codes[op].append(await person.code(op, **d))
    return codes


@pytest.mark.parametrize("blocker", [0, 1])
async def test_nobody_says_anything_in_the_room_of_two_whoever_blocks(one: Parley, blocker: int) -> None:
    ann, bob = await one.people("ann", "bob")
    room, message = await talked(ann, bob)
    lives = [await ann.connect(), await bob.connect()]
    await block(*((ann, bob) if blocker == 0 else (bob, ann)))
    for person, live in zip((ann, bob), lives, strict=True):
        codes = await tried(person, live, room, message)
        assert {code for answers in codes.values() for code in answers} == {"blocked"}, codes


async def test_unblocking_opens_it_again_and_two_blocks_need_two(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, _ = await talked(ann, bob)
    await block(ann, bob)
    await block(bob, ann)
    await unblock(ann, bob)
    assert await ann.code("message.send", room=room, text="x", cid="c1") == "blocked"
    await unblock(bob, ann)
    assert await ann.code("message.send", room=room, text="x", cid="c2") == "ok"


async def test_what_was_said_stays_readable_and_one_s_own_can_be_deleted(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, message = await talked(ann, bob)
    await block(bob, ann)
    assert await ann.texts(room) == ["hello", "hello"]
    assert await ann.code("message.delete", room=room, message=message) == "ok"


async def test_block_of_somebody_never_talked_to_makes_a_room_that_nobody_sees(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await block(ann, bob)
    for person in (ann, bob):
        assert (await person.do("room.list"))["items"] == []
    opened = await bob.do("room.direct", user=ann.id)
    assert opened["id"] == direct_room(ann.id, bob.id)
    assert await bob.code("message.send", room=opened["id"], text="x", cid="c") == "blocked"
    await unblock(ann, bob)
    assert await bob.code("message.send", room=opened["id"], text="x", cid="c") == "ok"
    assert [room["id"] for room in (await ann.do("room.list"))["items"]] == [opened["id"]]


async def test_opening_at_the_very_moment_of_a_block_does_not_get_round_it(one: Parley, two: Parley) -> None:
    for number in range(5):
        ann, bob = await one.people(f"ann{number}", f"bob{number}")
        opened, _ = await asyncio.gather(bob.at(two.site).answer("room.direct", user=ann.id), block(ann, bob))
        room = await one.database.get(ROOMS, opened.json["id"])
        assert room is not None
        assert room.blocked == (ann.id,)


async def test_rooms_of_more_are_not_filtered(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    await block(ann, bob)
    await bob.say(room)
    assert await ann.texts(room) == ["hello"]


async def test_the_blocked_add_nobody_who_blocked_them(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await bob.create(kind="private")
    await block(ann, bob)
    live = await bob.connect()
    assert await bob.refused("room.add", room=room, user=ann.id) == "blocked"
    assert await live.refused("room.add", room=room, user=ann.id) == "blocked"
    await unblock(ann, bob)
    assert await bob.code("room.add", room=room, user=ann.id) == "ok"


async def test_presence_of_who_blocks_is_told_no_more(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await talked(ann, bob)
    _there, watching = await ann.connect(), await bob.connect()
    assert [one["status"] for one in await watching.call("presence.watch", users=[ann.id])] == ["online"]
    await block(ann, bob)
    told = await watching.next("presence")
    assert (told["d"]["user"], told["d"]["status"], told["d"]["last_seen"]) == (ann.id, "offline", None)
    shown = await watching.call("presence.watch", users=[ann.id])
    assert shown == [{"user": ann.id, "status": "offline", "last_seen": None}]
    mine = await ann.connect()
    assert [one["status"] for one in await mine.call("presence.watch", users=[bob.id])] == ["online"]


async def test_list_has_whom_one_blocks_page_by_page_and_nobody_else(one: Parley) -> None:
    ann, bob, cid, dan = await one.people("ann", "bob", "cid", "dan")
    for whom in (bob, cid, dan):
        await block(ann, whom)
        await block(ann, whom)  # twice is once
    found: list[str] = []
    more, cursor = True, None
    while more:
        page = await ann.account.get("users", "me", "blocks", limit=2, cursor=cursor)
        found += [one["user"]["id"] for one in page["items"]]
        cursor = page["next"]
        more = cursor is not None
    assert sorted(found) == sorted(person.id for person in (bob, cid, dan))
    assert (await ask(bob, "GET", "users/me/blocks")).json == {"items": [], "next": None}


async def test_oneself_and_nobody_cannot_be_blocked(one: Parley) -> None:
    (ann,) = await one.people("ann")
    assert await refusal(ann, "PUT", path_of(ann)) == (400, "bad_request")
    assert await refusal(ann, "PUT", "users/me/blocks/me") == (400, "bad_request")
    assert await refusal(ann, "PUT", "users/me/blocks/nobody") == (404, "user_not_found")
    assert await refusal(ann, "DELETE", "users/me/blocks/nobody") == (204, None)


async def test_block_is_not_told_in_any_view_of_the_room(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, _ = await talked(ann, bob)
    before = (await bob.room(room)).keys()
    await block(ann, bob)
    assert (await bob.room(room)).keys() == before


async def test_block_stands_on_each_store(store: Store) -> None:
    async with running(store.folder, mongo_url=store.mongo) as parley:
        ann, bob = await parley.people("ann", "bob")
        room, _ = await talked(ann, bob)
        await block(ann, bob)
        assert await bob.code("message.send", room=room, text="x", cid="c") == "blocked"
        assert await parley.database.get(BLOCKS, f"{ann.id}:{bob.id}") is not None
        assert await parley.database.get(MEMBERS, member_id(room, bob.id)) is not None


@pytest.mark.redis
async def test_block_holds_on_the_other_node_at_once_though_it_knew_the_room(nodes: tuple[Parley, Parley]) -> None:
    one, two = nodes
    ann, bob = await one.people("ann", "bob")
    room, _ = await talked(ann, bob)
    there, live = bob.at(two.site), await bob.at(two.site).connect()
    for turn in range(10):
        await there.say(room)
        await block(ann, bob)
        assert await there.code("message.send", room=room, text="x", cid=f"r{turn}") == "blocked"
        assert await live.refused("message.send", room=room, text="x", cid=f"w{turn}") == "blocked"
        await unblock(ann, bob)


async def test_block_holds_on_a_node_that_heard_nothing_of_it(one: Parley, two: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room, _ = await talked(ann, bob)
    there = bob.at(two.site)
    await there.say(room)  # the other node knows the room now, and hears nothing of the first
    await block(ann, bob)
    assert await there.code("message.send", room=room, text="x", cid="late") == "blocked"
