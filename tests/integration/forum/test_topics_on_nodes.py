"""Topics on two nodes at once: what is unique stays so, counts are exact, and a change on one holds on the other."""

import asyncio
from typing import Any

from store.tables import MEMBERS, ROOMS
from tests.application import Parley
from tests.people import Person

Nodes = tuple[Parley, Parley]


async def both(nodes: Nodes, *names: str) -> list[tuple[Person, Person]]:
    """Make people, each as a client of either node."""
    return [(person, person.at(nodes[1].site)) for person in await nodes[0].people(*names)]


async def make(person: Person, **more: Any) -> str:
    return str((await person.do("topic.create", title="Sailing", **more))["id"])


async def test_one_of_those_has_a_title_who_ask_for_it_at_once(nodes: Nodes) -> None:
    ((ann, ann2),) = await both(nodes, "ann")
    works = [person.code("topic.create", title="Sailing") for person in (ann, ann2) for _ in range(4)]
    assert sorted(await asyncio.gather(*works)) == ["ok"] + ["title_taken"] * 7
    assert len((await ann.do("topic.list"))["items"]) == 1


async def test_members_are_counted_right_whatever_they_do_at_once(nodes: Nodes) -> None:
    people = await both(nodes, *(f"p{number}" for number in range(8)))
    topic = await make(people[0][0])
    room = (await people[0][0].do("topic.rooms.create", topic=topic, name="cabin"))["id"]

    async def restless(here: Person, there: Person) -> None:
        for turn in range(4):
            person = (here, there)[turn % 2]
            await person.code("room.join", room=room)
            await (there if turn % 2 == 0 else here).code("topic.leave" if turn != 3 else "topic.get", topic=topic)

    await asyncio.gather(*(restless(*pair) for pair in people[1:]))
    for node in nodes:
        await node.without_jobs()
    for place in (topic, room):
        found = await nodes[0].database.get(ROOMS, place)
        assert found is not None
        assert found.member_count == len(await nodes[0].database.find(MEMBERS, {"room": place}))
    inside = {row.user for row in await nodes[0].database.find(MEMBERS, {"room": room})}
    assert inside <= {row.user for row in await nodes[0].database.find(MEMBERS, {"room": topic})}


async def test_permissions_that_are_taken_hold_on_the_other_node_at_once(nodes: Nodes) -> None:
    (ann, _), (mod, mod2), (bob, _) = await both(nodes, "ann", "mod", "bob")
    topic = await make(ann)
    for person in (mod, bob):
        await person.do("topic.join", topic=topic)
    change = {"room": topic, "user": mod.id, "role": "moderator"}
    await ann.do("room.role", **change)
    assert await mod2.code("topic.update", topic=topic, description="one") == "ok"
    await ann.do("room.role", **change, permissions=["invite"])
    assert await mod2.code("topic.update", topic=topic, description="two") == "permission_missing"
    assert await mod2.code("room.ban", room=topic, user=bob.id) == "permission_missing"


async def test_shutting_a_topic_sends_off_watchers_on_the_other_node(nodes: Nodes) -> None:
    (ann, _), (_, eve2) = await both(nodes, "ann", "eve")
    topic = await make(ann)
    live = await eve2.connect()
    await live.call("room.watch", room=topic)
    await ann.do("topic.update", topic=topic, open=False)
    assert (await live.next("unwatched"))["d"]["room"] == topic
    assert await live.refused("room.watch", room=topic) == "room_not_found"


async def test_invitation_of_one_node_is_accepted_on_the_other_once(nodes: Nodes) -> None:
    (ann, _), (bob, bob2) = await both(nodes, "ann", "bob")
    topic = await make(ann, open=False)
    await ann.do("invitation.make", room=topic, user=bob.id)
    codes = await asyncio.gather(*(one.code("invitation.accept", room=topic) for one in (bob, bob2)))
    assert sorted(codes) in (["invitation_not_found", "ok"], ["ok", "ok"])
    assert (await ann.room(topic))["member_count"] == 2
