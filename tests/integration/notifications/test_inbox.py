"""Notifications as they are gathered, counted, read and deleted, on all of one's devices."""

import asyncio
from typing import Any

import pytest

from services.ids import new_id, now_ms
from services.jobs.job import job
from services.news import News, news
from services.notifications.telling.gathering import PEOPLE_SHOWN, gather_late
from store.tables import JOBS, NOTIFICATIONS, TOLD, USERS, Told
from store.tables import Person as Shown
from tests.application import Parley, running
from tests.client.checks import Json
from tests.integration.conftest import Store
from tests.integration.notifications.told import at, room_of, told, unread
from tests.people import Live, Person


async def followed_by(parley: Parley, person: Person, *names: str) -> None:
    """Have people of these names follow somebody, as far as telling of it goes."""
    for name in names:
        what = News(type="follow", actor=name, shown=Shown(name, name), to=(person.id,))
        await parley.database.together([news(what)])
    parley.application.jobs.wake()


async def own_event(live: Live, person: Person, name: str = "message") -> Json:
    """Return the next event of somebody's own stream."""
    while True:
        event = await live.next(name)
        if event["room"] == person.stream:
            return event


async def test_several_of_one_type_about_one_thing_are_one_while_unread(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    room, other = await room_of(ann, bob, cid), await room_of(ann, bob, cid)
    for speaker, where in ((ann, room), (cid, room), (ann, room), (ann, other)):
        await speaker.say(where, at(bob))
        await one.without_jobs()
    items = await told(one, bob)
    assert [(item["place"], item["count"]) for item in items] == [(other, 1), (room, 3)]
    assert [person["id"] for person in items[1]["people"]] == [ann.id, cid.id]
    assert await unread(bob) == 2


async def test_what_comes_after_reading_is_another(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await room_of(ann, bob)
    await ann.say(room, at(bob))
    (first,) = await told(one, bob)
    await bob.do("notification.read", notification=first["id"])
    await ann.say(room, at(bob))
    assert [item["count"] for item in await told(one, bob)] == [1, 1]
    await bob.do("notification.read_all")
    await ann.say(room, at(bob))
    assert [item["count"] for item in await told(one, bob)] == [1, 1, 1]
    latest = (await told(one, bob))[0]
    await bob.do("notification.delete", notification=latest["id"])
    await ann.say(room, at(bob))
    assert [item["count"] for item in await told(one, bob)] == [1, 1, 1]


async def test_one_notification_changes_once_a_second_and_counts_all(one: Parley) -> None:
    (bob,) = await one.people("bob")
    live = await bob.connect()
    names = [f"u{number:02}" for number in range(30)]
    began = now_ms()
    await followed_by(one, bob, *names)
    (item,) = await told(one, bob)
    took = (now_ms() - began) / 1000
    assert (item["count"], item["type"], len(item["people"])) == (30, "follow", PEOPLE_SHOWN)
    assert {person["id"] for person in item["people"]} <= set(names)
    changes = [event for event in await live.pending() if event["room"] == bob.stream]
    assert len(changes) <= 2 + took
    assert changes[-1]["d"] == item


async def test_same_person_counts_once_for_a_follow_however_often(one: Parley) -> None:
    (bob,) = await one.people("bob")
    for _ in range(3):
        await followed_by(one, bob, "u1", "u2")
        await one.without_jobs()
    (item,) = await told(one, bob)
    assert item["count"] == 2


async def test_votes_on_different_things_are_different(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await room_of(ann, bob)
    items = [(await bob.say(room))["id"] for _ in range(2)]
    for voter in ("u1", "u2", "u1"):
        for item in items:
            what = News(type="vote", actor=voter, shown=Shown(voter, voter), to=(bob.id,), place=room, item=item)
            await one.database.together([news(what)])
    one.application.jobs.wake()
    assert sorted((item["item"], item["count"]) for item in await told(one, bob)) == sorted((item, 2) for item in items)


async def test_reading_one_leaves_the_others_unread_on_all_devices(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    rooms = [await room_of(ann, bob) for _ in range(3)]
    for room in rooms:
        await ann.say(room, at(bob))
    items = await told(one, bob)
    live = await bob.connect()
    assert live.rooms[bob.stream]["unread"] == 3
    read = await bob.do("notification.read", notification=items[1]["id"])
    assert (read["seen"], read["rev"] > items[1]["rev"]) == (True, True)
    assert (await own_event(live, bob))["d"] == read
    assert await bob.do("notification.read", notification=items[1]["id"]) == read
    assert await unread(bob) == 2
    page = await bob.do("notification.list")
    assert [one["unread"] for one in page["items"]] == [True, False, True]
    assert [item["id"] for item in await told(one, bob, unread=True)] == [items[0]["id"], items[2]["id"]]
    assert (await bob.connect()).rooms[bob.stream]["unread"] == 2


async def test_reading_all_is_the_marker_of_ones_own_stream(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await room_of(ann, bob)
    await ann.say(room, at(bob))
    await one.without_jobs()
    live = await bob.connect()
    state = await bob.do("notification.read_all")
    assert state["unread"] == 0
    event = await own_event(live, bob, "read")
    assert event["d"] == {"user": bob.id, "seq": state["read"]}
    assert [await unread(bob), await told(one, bob, unread=True)] == [0, []]
    assert (await bob.room(bob.stream))["unread"] == 0
    assert (await bob.connect()).rooms[bob.stream]["unread"] == 0


async def test_deleted_one_is_listed_and_counted_no_more_and_empty_in_its_place(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await room_of(ann, bob)
    await ann.say(room, at(bob))
    (item,) = await told(one, bob)
    live = await bob.connect()
    await bob.do("notification.delete", notification=item["id"])
    event = await own_event(live, bob)
    assert (event["d"]["deleted"], event["d"]["people"], event["d"]["place"]) == (True, [], None)
    assert [await told(one, bob), await unread(bob)] == [[], 0]
    for op in ("notification.read", "notification.delete"):
        assert await bob.refused(op, notification=item["id"]) == "notification_not_found"


async def test_nobody_elses_can_be_read_or_deleted(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await room_of(ann, bob)
    said = await ann.say(room, at(bob))
    (item,) = await told(one, bob)
    for target in (item["id"], said["id"], "nothing"):
        for op in ("notification.read", "notification.delete"):
            assert await ann.refused(op, notification=target) == "notification_not_found"
    assert await unread(bob) == 1


async def test_list_goes_page_by_page_and_by_type(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    rooms = [await room_of(ann, bob) for _ in range(5)]
    for room in rooms:
        await ann.say(room, at(bob))
        await one.without_jobs()
    await followed_by(one, bob, "u1")
    await one.without_jobs()
    found: list[str] = []
    which: Json = {"type": "mention", "limit": 2}
    while True:
        page = await bob.do("notification.list", **which)
        found += [one["item"]["place"] for one in page["items"]]
        if page["next"] is None:
            break
        which["cursor"] = page["next"]
    assert found == rooms[::-1]
    assert [item["type"] for item in await told(one, bob, type="follow", unread=True)] == ["follow"]
    assert len(await told(one, bob)) == 6


async def test_missed_calls_and_warnings_are_among_them(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await room_of(ann, bob)
    live, ringing = await ann.connect(), await bob.connect()
    call = await live.call("call.start", room=room, media="audio", ring=[bob.id])
    await ringing.next("call")
    await live.call("call.cancel", call=call["id"])
    (item,) = await told(one, bob)
    assert (item["kind"], item["type"], item["target"], item["by"]) == ("notice", "missed_call", room, ann.id)
    assert await unread(bob) == 1
    assert (await bob.connect()).rooms[bob.stream]["unread"] == 1
    await bob.do("notification.read", notification=item["id"])
    assert await unread(bob) == 0
    await bob.do("notification.delete", notification=item["id"])
    assert await told(one, bob) == []


async def test_a_hundred_is_as_far_as_is_counted(one: Parley) -> None:
    (bob,) = await one.people("bob")
    rows = [
        Told(id=f"x{n}", user=bob.id, due=bob.id, type="invitation", subject=f"{n}", shown=Shown("u", "u"), told_at=n)
        for n in range(230)
    ]
    await one.database.batch(TOLD, rows)
    await gather_late(one.application, {})
    assert await unread(bob) == 100
    assert (await bob.connect()).rooms[bob.stream]["unread"] == 100
    assert len(await one.database.find(NOTIFICATIONS, {"listed": bob.id}, by="seq", limit=1000)) == 230


async def test_what_a_dead_node_left_is_gathered(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    for person in (ann, bob):
        row = Told(
            id=f"{person.id}:x",
            user=person.id,
            due=person.id,
            type="follow",
            subject="",
            shown=Shown("u", "u"),
            told_at=now_ms(),
        )
        await one.database.insert(TOLD, row)
    await gather_late(one.application, {})
    assert [len(await told(one, ann)), len(await told(one, bob))] == [1, 1]
    await gather_late(one.application, {})
    assert [item["count"] for item in await told(one, ann)] == [1]


async def test_who_deleted_their_account_meanwhile_is_told_nothing_and_holds_nothing_up(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await one.database.update(USERS, bob.id, {"deleted_at": now_ms()})
    what = News(type="follow", actor=ann.id, shown=Shown(ann.id, "ann"), to=(bob.id, "nobody"))
    await one.database.insert(JOBS, job("news", {"id": new_id()} | _work(what)))
    row = Told(id="x", user="none", due="none", type="follow", subject="", shown=Shown("u", "u"), told_at=now_ms())
    await one.database.insert(TOLD, row)
    await gather_late(one.application, {})
    await one.without_jobs()
    assert await one.database.find(NOTIFICATIONS, {"listed": bob.id}, by="seq") == []
    assert (await one.database.get(TOLD, "x")).due is None  # type: ignore[union-attr]


def _work(what: News) -> dict[str, Any]:
    record = news(what).record
    assert record.work["type"] == what.type  # type: ignore[attr-defined]
    return record.work  # type: ignore[attr-defined,no-any-return]


@pytest.mark.redis
async def test_counts_are_exact_whoever_gathers(nodes: tuple[Parley, Parley]) -> None:
    one, two = nodes
    (bob,) = await one.people("bob")
    live = await bob.at(two.site).connect()
    names = [f"u{number:02}" for number in range(40)]
    halves = [followed_by(node, bob, *part) for node, part in ((one, names[:25]), (two, names[15:]))]
    await asyncio.gather(*halves)
    (item,) = await told(two, bob)
    assert item["count"] == 40
    assert {event["d"]["count"] for event in await live.pending() if event["room"] == bob.stream} >= {40}
    assert await unread(bob.at(two.site)) == 1


async def test_each_store_counts_alike(store: Store) -> None:
    async with running(store.folder, mongo_url=store.mongo) as parley:
        (bob,) = await parley.people("bob")
        await followed_by(parley, bob, *(f"u{number}" for number in range(12)))
        (item,) = await told(parley, bob)
        assert item["count"] == 12
        await bob.do("notification.read", notification=item["id"])
        await followed_by(parley, bob, "u99")
        assert [one["count"] for one in await told(parley, bob)] == [1, 12]
        assert [one["count"] for one in await told(parley, bob, unread=True)] == [1]
