"""Presence over several nodes: what the sessions of one are told of people on others, and when."""

import asyncio

import pytest

from tests.unit.ws.presence.town import Town, settle
from ws.presence.here import GRACE_S
from ws.presence.looking import HOLD_S, LOOK_EVERY_S
from ws.presence.others import CHANNEL
from ws.presence.telling import PUT_EVERY_S

GRACE = int(GRACE_S) + 1


async def test_people_on_other_nodes_are_known_when_they_are_asked_for(town: Town) -> None:
    a, b = await town.build("a", "b")
    device = a.connect("ann")
    b.connect("bob")
    await settle()
    assert await a.watch(device, "ann", "bob", "eve") == {"ann": "online", "bob": "online", "eve": "offline"}
    assert device.told == []


async def test_those_who_ask_at_the_same_time_are_answered_alike(town: Town) -> None:
    a, b = await town.build("a", "b")
    people = [f"user-{number}" for number in range(100)]
    for user in people:
        b.connect(user)
    await settle()
    devices = [a.connect("ann") for _ in range(20)]
    asked = town.place.questions
    answers = await asyncio.gather(*(a.watch(device, *people) for device in devices))
    assert town.place.questions == asked + 2, "one for all of them, and the put of ann"
    await settle()
    for device, answer in zip(devices, answers, strict=True):
        assert answer == dict.fromkeys(people, "online")
        assert device.told == []


async def test_changes_are_told_to_those_who_watch(town: Town) -> None:
    a, b = await town.build("a", "b")
    watching, other = a.connect("ann"), a.connect("zoe")
    await a.watch(watching, "bob")
    bob = b.connect("bob")
    await settle()
    b.desk.declare(bob.session, "busy")
    await settle()
    b.disconnect(bob)
    await town.forward(GRACE)
    assert watching.told == [("bob", "online"), ("bob", "busy"), ("bob", "offline")]
    assert [event["last_seen"] is None for event in watching.events] == [True, True, False]
    assert other.told == []


async def test_one_of_several_devices_going_changes_nothing(town: Town) -> None:
    a, b, c = await town.build("a", "b", "c")
    watching = c.connect("cid")
    phone, desk = a.connect("ann"), b.connect("ann")
    await settle()
    await c.watch(watching, "ann")
    a.disconnect(phone)
    await town.forward(3 * GRACE)
    assert watching.told == []
    b.disconnect(desk)
    await town.forward(GRACE)
    assert watching.told == [("ann", "offline")]


async def test_devices_on_several_nodes_are_merged(town: Town) -> None:
    a, b, c = await town.build("a", "b", "c")
    watching = c.connect("cid")
    phone, desk = a.connect("ann"), b.connect("ann")
    await settle()
    assert await c.watch(watching, "ann") == {"ann": "online"}
    b.desk.declare(desk.session, "busy")
    a.desk.declare(phone.session, "away")
    await settle()
    b.disconnect(desk)
    await town.forward(GRACE)
    assert watching.told == [("ann", "busy"), ("ann", "away")]


async def test_who_comes_back_on_another_node_in_time_was_never_gone(town: Town) -> None:
    a, b, c = await town.build("a", "b", "c")
    watching = c.connect("cid")
    device = a.connect("ann")
    await settle()
    await c.watch(watching, "ann")
    for node, following in ((a, b), (b, c), (c, a)):
        node.disconnect(device)
        await town.forward(GRACE - 2)
        device = following.connect("ann")
        await settle()
        await town.forward(3 * GRACE)
    assert watching.told == []


async def test_people_of_a_node_that_died_are_gone_within_its_lease_and_a_grace(town: Town) -> None:
    a, b = await town.build("a", "b")
    watching = a.connect("ann")
    people = [f"user-{number}" for number in range(500)]
    for user in people:
        b.connect(user)
    await settle()
    for start in range(0, 500, 200):
        await a.watch(watching, *people[start : start + 200])
    await b.kill()
    await town.forward(6)
    assert watching.told == [], "its lease has only just ended"
    await town.forward(9)
    assert sorted(watching.told) == sorted((user, "offline") for user in people)
    assert all(event["last_seen"] for event in watching.events)


async def test_death_of_a_node_is_no_storm(town: Town) -> None:
    a, b = await town.build("a", "b")
    watching = [a.connect(f"watcher-{number}") for number in range(3)]
    people = [f"user-{number}" for number in range(1000)]
    for user in people:
        b.connect(user)
    await settle()
    for one in watching:
        for start in range(0, 1000, 200):
            await a.watch(one, *people[start : start + 200])
    await b.kill()
    counts, asked = [], town.place.questions
    for _ in range(15):
        before = len(watching[0].told)
        await town.forward(1)
        counts.append(len(watching[0].told) - before)
    assert sum(counts) == 1000
    assert max(counts) <= 600, "spread over two seconds"
    assert town.place.questions - asked < 120, "parts of hundreds, and no question a person"


async def test_who_comes_back_after_their_node_died_never_flaps(town: Town) -> None:
    a, b, c = await town.build("a", "b", "c")
    watching = a.connect("ann")
    b.connect("bob")
    b.connect("eve")
    await settle()
    await a.watch(watching, "bob", "eve")
    await b.kill()
    await town.forward(7)
    c.connect("bob")
    a.connect("eve")
    await town.forward(60)
    assert watching.told == []


async def test_what_was_told_and_not_heard_is_found_in_half_a_minute(town: Town) -> None:
    a, b = await town.build("a", "b")
    watching = a.connect("ann")
    bob = b.connect("bob")
    await settle()
    assert await a.watch(watching, "bob", "eve") == {"bob": "online", "eve": "offline"}
    await town.forward(5)
    town.deaf.add("a")
    b.connect("eve")
    b.disconnect(bob)
    await town.forward(int(LOOK_EVERY_S) + 2 * GRACE)
    assert sorted(watching.told) == [("bob", "offline"), ("eve", "online")]


async def test_what_is_told_between_asking_and_hearing_is_found_soon(town: Town) -> None:
    a, b = await town.build("a", "b")
    watching = a.connect("ann")
    town.deaf.add("a")
    await a.watch(watching, "bob")
    b.connect("bob")
    await town.forward(4)
    assert watching.told == [("bob", "online")]


async def test_flush_is_healed_before_anybody_is_told_a_thing(town: Town) -> None:
    a, b = await town.build("a", "b")
    watching = a.connect("ann")
    people = [f"user-{number}" for number in range(50)]
    for user in people:
        b.connect(user)
    await settle()
    await a.watch(watching, *people)
    for _ in range(5):
        town.place.clear()
        await town.forward(10)
        assert await town.place.get(people) == {user: {"b": "online"} for user in people}
    assert watching.told == []


async def test_paused_node_is_taken_for_dead_and_its_people_are_back_when_it_is(town: Town) -> None:
    a, b = await town.build("a", "b")
    watching = a.connect("ann")
    b.connect("bob")
    await settle()
    await a.watch(watching, "bob")
    b.alive = False
    await town.forward(20)
    assert watching.told == [("bob", "offline")]
    b.alive = True
    await town.forward(3)
    assert watching.told == [("bob", "offline"), ("bob", "online")]


async def test_everything_is_put_again_before_it_ends(town: Town) -> None:
    a, b = await town.build("a", "b")
    b.connect("bob")
    await town.forward(4 * int(PUT_EVERY_S))
    assert await town.place.get(["bob"]) == {"bob": {"b": "online"}}
    assert await a.watch(a.connect("ann"), "bob") == {"bob": "online"}


@pytest.mark.parametrize("proven", [True, False])
async def test_without_redis_a_node_knows_its_own_people_and_nothing_fails(town: Town, proven: bool) -> None:
    a, b = await town.build("a", "b")
    town.place.down = True
    a.line.degraded = b.line.degraded = not proven
    watching = a.connect("ann")
    cid = a.connect("cid")
    b.connect("bob")
    assert await a.watch(watching, "bob", "cid") == {"bob": "offline", "cid": "online"}
    a.desk.declare(cid.session, "away")
    a.disconnect(cid)
    await town.forward(GRACE)
    assert watching.told == [("cid", "away"), ("cid", "offline")]
    assert await a.desk.present(["ann", "bob"]) == 1


async def test_short_loss_of_redis_is_not_noticed(town: Town) -> None:
    a, b = await town.build("a", "b")
    watching = a.connect("ann")
    b.connect("bob")
    await settle()
    await a.watch(watching, "bob")
    await _without_redis(town, HOLD_S - 5)
    await town.forward(60)
    assert watching.told == []


async def test_after_half_a_minute_without_redis_only_ones_own_truth_is_told(town: Town) -> None:
    a, b = await town.build("a", "b")
    watching = a.connect("ann")
    a.connect("cid")
    b.connect("bob")
    await settle()
    await a.watch(watching, "bob", "cid")
    await _without_redis(town, HOLD_S + 10)
    assert watching.told == [("bob", "offline")]
    await town.forward(8)
    assert watching.told == [("bob", "offline"), ("bob", "online")]


async def test_what_happened_without_redis_is_told_when_it_is_back(town: Town) -> None:
    a, b = await town.build("a", "b")
    watching = a.connect("ann")
    bob, zoe = b.connect("bob"), b.connect("zoe")
    await settle()
    await a.watch(watching, "bob", "eve", "zoe")
    town.place.down = b.line.degraded = True
    b.disconnect(bob)
    b.connect("eve")
    b.desk.declare(zoe.session, "away")
    await town.forward(15)
    town.place.down = b.line.degraded = False
    b.ledger.recovered()
    await town.forward(4)
    assert sorted(watching.told) == [("bob", "offline"), ("eve", "online"), ("zoe", "away")]


async def _without_redis(town: Town, seconds: int) -> None:
    """Take Redis away and bring it back empty."""
    town.place.down = True
    for node in town.nodes.values():
        node.line.degraded = True
    await town.forward(seconds)
    town.place.clear()
    town.place.down = False
    for node in town.nodes.values():
        node.line.degraded = False
        node.ledger.recovered()


async def test_node_hears_only_of_people_who_are_watched_on_it(town: Town) -> None:
    (a,) = await town.build("a")
    first, second = a.connect("ann"), a.connect("cid")
    await a.watch(first, "bob", "eve")
    await a.watch(second, "bob")
    assert a.line.wanted == {f"{CHANNEL}bob", f"{CHANNEL}eve"}
    a.disconnect(first)
    assert a.line.wanted == {f"{CHANNEL}bob"}
    a.desk.end_watch(second.session)
    assert a.line.wanted == set()


async def test_older_word_does_not_undo_a_newer_one(town: Town) -> None:
    a, b = await town.build("a", "b")
    watching = a.connect("ann")
    await a.watch(watching, "bob")
    marks = a.desk._watching.marks(["bob"])
    b.connect("bob")
    await settle()
    a.desk._watching.settle(marks, {}, {})
    assert watching.told == [("bob", "online")], "what was read before the word came is older than it"
