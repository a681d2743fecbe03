"""What is told of calls besides events: lists, history, what is kept of somebody, and what is left of who is gone."""

import secrets

import msgspec

from services.accounts.people.person import GONE_NAME
from services.ids import self_stream
from services.rooms.apart.parting import erase
from store.database import Insert
from store.tables import CALLS, USERS, Call
from tests.application import Parley
from tests.callers import Device, direct, group, people
from tests.client.account import Account
from tests.client.checks import Json
from tests.client.rest import path_of
from tests.integration.accounts.test_export import export
from tests.people import Person


async def pages(account: Account, room: str, limit: int) -> list[str]:
    """Return the calls of a room, read in pages."""
    found: list[str] = []
    cursor: dict[str, object] = {}
    while True:
        page = await account.get("rooms", room, "calls", limit=limit, **cursor)
        assert len(page["items"]) <= limit
        found += [call["id"] for call in page["items"]]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def rung_out(caller: Device, room: str) -> str:
    """Begin a call and give it up; return its id."""
    call = str((await caller.start(room))["id"])
    await caller.do("cancel", call)
    return call


async def test_history_has_all_calls_of_a_room_the_latest_first(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await direct(ada.account, bob.account)
    begun = [await rung_out(ada, room) for _ in range(5)]
    for limit in (1, 2, 5, 100):
        assert await pages(bob.account, room, limit) == begun[::-1]


async def test_history_loses_no_call_that_began_at_the_moment_of_another(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await direct(ada.account, bob.account)
    first = await one.database.get(CALLS, await rung_out(ada, room))
    assert first is not None
    moments = [first.started_at - 1, *[first.started_at] * 5, first.started_at + 1]
    calls = [msgspec.structs.replace(first, id=secrets.token_hex(16), started_at=moment) for moment in moments]
    await one.database.together([Insert(CALLS, call) for call in calls])
    wanted = [call.id for call in sorted([*calls, first], key=lambda call: (call.started_at, call.id), reverse=True)]
    for limit in range(1, 9):
        assert await pages(ada.account, room, limit) == wanted


async def test_a_cursor_of_ones_own_making_is_refused(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await group(ada.account, bob.account)
    for cursor in ("1", ".", "x.y", "-1.a", "1" * 16 + ".a", "1."):
        answer = await ada.account.request("GET", path_of("api", "rooms", room, "calls", cursor=cursor))
        assert (answer.status, answer.code) == (400, "bad_request"), cursor


async def test_who_sees_a_room_from_their_joining_on_sees_its_calls_so(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = (await ada.account.post("rooms", body={"name": "New", "kind": "public", "history": "joined"}))["id"]
    before = (await ada.start(room))["id"]
    await ada.do("end", before)
    await bob.account.post("rooms", room, "members", body={})
    after = (await ada.start(room))["id"]
    await ada.do("end", after)
    assert await pages(bob.account, room, 10) == [after]
    assert (await bob.refused("get", before), (await bob.do("get", after))["reason"]) == ("not_found", "completed")
    assert await pages(ada.account, room, 10) == [after, before]


async def test_who_came_when_a_call_was_over_learns_of_it_by_no_operation(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = (await ada.account.post("rooms", body={"name": "New", "kind": "public", "history": "joined"}))["id"]
    before = (await ada.start(room))["id"]
    await ada.do("end", before)
    during = (await ada.start(room))["id"]
    await bob.account.post("rooms", room, "members", body={})
    await bob.do("join", during)
    await ada.do("end", during)
    steps = ("ringing", "accept", "decline", "cancel", "join", "leave", "connected", "end", "ice")
    assert {await bob.refused(step, before) for step in steps} == {"not_found"}
    assert (await bob.do("leave", during))["state"] == "ended"


async def test_history_of_a_room_is_its_members_alone(one: Parley) -> None:
    ada, eve = await people(one.site, "ada", "eve")
    room = await group(ada.account)
    await ada.start(room)
    answer = await eve.account.request("GET", path_of("api", "rooms", room, "calls"))
    assert (answer.status, answer.code) == (404, "room_not_found")


async def test_the_list_and_hello_have_the_calls_of_ones_rooms_alone(one: Parley) -> None:
    ada, bob, cid = await people(one.site, "ada", "bob", "cid")
    both, alone = await group(ada.account, bob.account), await group(cid.account)
    call, other = (await ada.start(both))["id"], (await cid.start(alone))["id"]
    for device, wanted in ((bob, call), (cid, other)):
        listed: Json = await device.account.get("calls")
        assert [one["id"] for one in listed["items"]] == [wanted]
        again = await Device(device.account).connect(one.site)
        assert list(again.calls) == [wanted]
    await ada.do("end", call)
    assert (await bob.account.get("calls"))["items"] == []


async def test_hello_has_the_call_that_one_is_in_beyond_the_rooms_it_lists(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await group(ada.account, bob.account)
    call = (await ada.start(room, ring=[bob.account.id]))["id"]
    for number in range(201):
        await bob.account.post("rooms", body={"name": f"Later {number}", "kind": "private"})
    again = await Device(bob.account).connect(one.site)
    assert room not in {listed["id"] for listed in again.greeted["rooms"]}
    assert list(again.calls) == [call]


async def test_who_missed_a_call_is_told_in_their_own_stream(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await direct(ada.account, bob.account)
    await rung_out(ada, room)
    told = [item for item in await bob.account.history(self_stream(bob.account.id)) if item["type"] == "missed_call"]
    assert [(item["by"], item["target"]) for item in told] == [(ada.account.id, room)]


async def test_an_export_names_the_calls_that_one_has_started(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await direct(ada.account, bob.account)
    await rung_out(ada, room)
    await rung_out(bob, room)
    (told,) = (await export(Person(one.site, ada.account)))["call"]
    assert (told["room"], told["media"], told["outcome"], told["seconds"]) == (room, "audio", "cancelled", 0)


async def test_the_name_of_somebody_who_is_no_more_is_on_no_call(one: Parley) -> None:
    ada, bob, cid = await people(one.site, "ada", "bob", "cid")
    pair, room = await direct(ada.account, bob.account), await group(cid.account, ada.account, bob.account)
    ended = [await rung_out(ada, pair), await rung_out(bob, pair)]
    open_ = (await cid.start(room, ring=[ada.account.id]))["id"]
    await ada.do("accept", open_)
    await cid.do("connected", open_)
    await one.database.update(USERS, ada.account.id, {"deleted_at": 1})
    work = {"user": ada.account.id, "step": "rooms", "after": ""}
    await erase(one.application, work)
    await erase(one.application, work | {"step": "words", "room": ""})
    for id_ in (*ended, open_):
        call = await one.database.get(CALLS, id_)
        assert call is not None
        assert names(call, ada.account.id) == {GONE_NAME}, call
        assert ada.account.username not in str(msgspec.to_builtins(call))
    seen = await cid.do("get", open_)
    assert (seen["state"], [leg["state"] for leg in seen["legs"]]) == ("active", ["connected", "left"])


def names(call: Call, user: str) -> set[str]:
    """Return all names that somebody has in a call."""
    found = {leg.username for leg in call.legs if leg.user == user}
    found |= {rung.username for rung in call.invited if rung.user == user}
    return found | ({call.starter_name} if call.starter == user else set())
