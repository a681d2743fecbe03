"""What a node knows of rooms: true at the rev it names, whoever wrote, and asked anew where it may not be."""

import asyncio
from typing import Any

import msgspec
import pytest

from services.errors import RoomNotFound
from services.rooms.rights import facts as facts_module
from services.rooms.rights.facts import Facts
from services.streams.append import Append, Plan, Step, View, marker_entry
from services.streams.batch import Batch, batch_of, event_of
from services.streams.lanes.lanes import Lanes
from store.database import Delete, Insert, Put, Update
from store.tables import MEMBERS, ROOMS, Effect, Member, Room
from tests.unstable import Unstable

ROOM = Room(id="r", kind="public", name="old", member_count=1, created_at=1)


def member(user: str, role: str = "member") -> Member:
    return Member(id=f"r:{user}", room="r", user=user, username=user, role=role, joined_at=1)


class Node:
    """Facts, and lanes that keep them in step."""

    def __init__(self, unstable: Unstable) -> None:
        self.facts = Facts(unstable.database)
        self.lanes = Lanes(unstable.database, self.facts.apply)

    async def write(self, effect: Effect | None = None, *writes: Any) -> None:
        """Write a marker into the room's stream, and rows with it."""

        async def plan(_view: View) -> Plan:
            return Plan([Step(marker_entry("r", effect=effect))], list(writes))

        await self.lanes.append(Append(("r",), plan))

    async def role(self, user: str) -> str | None:
        """Return somebody's role as known."""
        found = await self.facts.member(await self.facts.known("r"), user)
        return None if found is None else found.role


@pytest.fixture
async def node(unstable: Unstable) -> Node:
    await unstable.real.insert(ROOMS, msgspec.structs.replace(ROOM))
    await unstable.real.insert(MEMBERS, member("ann", "owner"))
    return Node(unstable)


async def test_what_is_known_is_not_read_again(unstable: Unstable, node: Node) -> None:
    assert (await node.facts.known("r")).room.name == "old"
    assert (await node.role("ann"), await node.role("bob")) == ("owner", None)
    reads = len(unstable.calls)
    assert (await node.role("ann"), await node.role("bob")) == ("owner", None)
    assert len(unstable.calls) == reads


@pytest.mark.parametrize("room", ["none", "deleted"])
async def test_room_that_is_none_or_no_more_is_not_found(unstable: Unstable, node: Node, room: str) -> None:
    await unstable.real.insert(ROOMS, msgspec.structs.replace(ROOM, id="deleted", deleted=True))
    for ask in (node.facts.known, node.facts.current):
        with pytest.raises(RoomNotFound):
            await ask(room)


async def test_joined_and_left_are_learnt_from_the_stream(node: Node) -> None:
    assert await node.role("bob") is None
    await node.write(Effect("joined", "bob", room="r"), Insert(MEMBERS, member("bob")))
    assert await node.role("bob") == "member"
    await node.write(Effect("left", "bob", room="r"), Delete(MEMBERS, "r:bob"))
    assert await node.role("bob") is None


async def test_role_is_learnt_without_reading(unstable: Unstable, node: Node) -> None:
    await node.role("ann")
    await node.write(Effect("role", "ann", role="moderator", room="r"), Update(MEMBERS, "r:ann", {"role": "moderator"}))
    reads = unstable.count("get", "find")
    assert await node.role("ann") == "moderator"
    assert unstable.count("get", "find") == reads


async def test_role_of_somebody_not_asked_about_is_read_when_asked(node: Node) -> None:
    await node.facts.known("r")
    await node.write(Effect("role", "ann", role="moderator", room="r"), Update(MEMBERS, "r:ann", {"role": "moderator"}))
    assert await node.role("ann") == "moderator"


@pytest.mark.parametrize(
    "effect", [Effect("room"), Effect("shut"), Effect("joined", "bob", room="r"), Effect("left", "bob", room="r")]
)
async def test_room_that_changed_is_read_again(node: Node, effect: Effect) -> None:
    before = await node.facts.known("r")
    await node.write(effect, Put(ROOMS, msgspec.structs.replace(ROOM, name="new")))
    assert (await node.facts.known("r")).room.name == "new"
    assert before.version == 2, "learnt, and then forgotten"


async def test_closed_room_is_not_found(node: Node) -> None:
    await node.facts.known("r")
    await node.write(Effect("closed", room="r"), Put(ROOMS, msgspec.structs.replace(ROOM, deleted=True)))
    with pytest.raises(RoomNotFound):
        await node.facts.known("r")


async def test_effect_that_is_about_another_room_means_nothing(node: Node) -> None:
    facts = await node.facts.known("r")
    await node.role("ann")
    await node.write(Effect("role", "ann", role="member", room="another"))
    assert await node.role("ann") == "owner"
    assert (facts.version, facts.rev) == (0, 1)


async def test_what_changes_nobodys_place_moves_no_version(node: Node) -> None:
    facts = await node.facts.known("r")
    await node.write()
    assert (facts.version, facts.rev, facts.stale) == (0, 1, False)


async def test_batch_that_was_missed_makes_it_forget(unstable: Unstable, node: Node) -> None:
    facts = await node.facts.known("r")
    node.facts.apply(batch_of("r", 5, [event_of(msgspec.structs.replace(marker_entry("r"), rev=6), None)]))
    assert facts.version == 1
    reads = unstable.count("get")
    assert (await node.facts.known("r")).rev == 6, "what was delivered is in the store, whenever the head was read"
    assert unstable.count("get") == reads + 2


async def test_batch_of_the_past_means_nothing(node: Node) -> None:
    await node.write()
    await node.write()
    facts = await node.facts.known("r")
    left = msgspec.structs.replace(marker_entry("r", effect=Effect("left", "ann", room="r")), rev=1)
    node.facts.apply(batch_of("r", 0, [event_of(left, None)]))
    assert (facts.version, facts.rev) == (0, 2)


async def test_forgotten_room_has_another_version(node: Node) -> None:
    facts = await node.facts.known("r")
    node.facts.forget("r")
    assert facts.version == 1
    assert await node.facts.known("r") is not facts
    node.facts.forget("never known")


async def test_only_so_many_rooms_are_remembered(
    unstable: Unstable, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_module, "ROOMS_KEPT", 2)
    for id_ in "abc":
        await unstable.real.insert(ROOMS, msgspec.structs.replace(ROOM, id=id_))
    kept = {id_: await node.facts.known(id_) for id_ in "ab"}
    await node.facts.known("a")
    await node.facts.known("c")
    assert (kept["a"].version, kept["b"].version) == (0, 1)
    assert await node.facts.known("a") is kept["a"]


async def test_only_so_many_streams_are_noted_as_moved(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "ROOMS_KEPT", 2)
    for stream in "abc":
        node.facts.apply(batch_of(stream, 0, [event_of(msgspec.structs.replace(marker_entry(stream), rev=1), None)]))
    assert list(node.facts._told) == ["b", "c"]


# Others


async def test_current_asks_the_store_what_others_wrote(unstable: Unstable, node: Node) -> None:
    other = Node(unstable)
    await node.role("bob")
    await other.write(Effect("joined", "bob", room="r"), Insert(MEMBERS, member("bob")))
    assert await node.role("bob") is None, "known is as last known"
    facts, head = await node.facts.current("r")
    assert (head, facts.rev) == (1, 1)
    assert await node.role("bob") == "member"


@pytest.mark.parametrize("limit", [2, 100])
async def test_current_catches_up_or_begins_anew(
    unstable: Unstable, node: Node, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(facts_module, "CATCH_UP_REVS", limit)
    other = Node(unstable)
    before = await node.facts.known("r")
    for _ in range(5):
        await other.write()
    facts, head = await node.facts.current("r")
    assert (facts.rev, head) == (5, 5)
    assert (facts is before) == (limit == 100)


async def test_current_of_what_is_known_at_its_head_reads_the_head_alone(unstable: Unstable, node: Node) -> None:
    await node.facts.current("r")
    unstable.calls.clear()
    await node.facts.current("r")
    assert [verb for verb, _ in unstable.calls] == ["find"]


async def test_member_read_while_the_stream_moves_is_not_remembered(unstable: Unstable, node: Node) -> None:
    facts = await node.facts.known("r")
    gate = unstable.hold("get", answered=True)
    asking = asyncio.create_task(node.facts.member(facts, "ann"))
    await gate.reached.wait()
    await node.write(Effect("role", "ann", role="member", room="r"), Update(MEMBERS, "r:ann", {"role": "member"}))
    gate.release()
    found = await asking
    assert found is not None
    assert found.role == "owner", "as it was asked"
    assert await node.role("ann") == "member"


async def test_room_read_while_the_stream_moves_does_not_replace_what_is_newer(unstable: Unstable, node: Node) -> None:
    gate = unstable.hold("get")
    late = asyncio.create_task(node.facts.known("r"))
    await gate.reached.wait()
    await node.write()
    newer = await node.facts.known("r")
    gate.release()
    assert await late is newer
    assert newer.version == 0


async def test_room_read_while_the_stream_moves_is_not_older_than_that_though_old_heads_are_told(
    unstable: Unstable, node: Node
) -> None:
    await node.write()
    gate = unstable.hold("get", answered=True)
    late = asyncio.create_task(node.facts.known("r"))
    await gate.reached.wait()
    await node.write(Effect("room"), Update(ROOMS, "r", {"name": "new"}))
    node.facts.apply(Batch("r", 1, 1, []))
    gate.release()
    assert (await late).room.name == "new"
