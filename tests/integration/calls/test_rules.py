"""Who may call whom, and where: through the websocket, on one node."""

import functools
import operator

import pytest

from tests.application import Parley
from tests.callers import Device, direct, group, people
from tests.client.account import Account
from tests.client.rest import path_of

SOON_S = 2.0
"""How long it may take until somebody who may not be in a call any more is out of it."""


async def ask(account: Account, method: str, *path: str, **body: object) -> None:
    answer = await account.request(method, path_of("api", *path), body or None)
    assert answer.status in {200, 204}, answer


async def test_who_is_not_in_the_room_knows_of_no_call(one: Parley) -> None:
    ada, bob, eve = await people(one.site, "ada", "bob", "eve")
    room = await direct(ada.account, bob.account)
    call = await ada.start(room)
    steps = ("ringing", "accept", "decline", "cancel", "join", "leave", "connected", "end", "get", "ice")
    codes = {step: await eve.refused(step, call["id"]) for step in steps}
    codes["set"] = await eve.refused("set", call["id"], muted=True)
    codes["mute"] = await eve.refused("mute", call["id"])
    codes["remove"] = await eve.refused("remove", call["id"], leg=call["leg"])
    codes["signal"] = await eve.refused("signal", call["id"], to=call["leg"], kind="ice", data={})
    assert set(codes.values()) == {"not_found"}, codes
    assert await eve.refused("start", None, room=room, media="audio") == "room_not_found"
    assert (await eve.do("list"))["items"] == []
    assert ada.calls[call["id"]]["version"] == 1


async def test_a_call_that_there_is_not_is_not_found(one: Parley) -> None:
    (ada,) = await people(one.site, "ada")
    assert await ada.refused("join", "0" * 32) == "not_found"


async def test_who_is_not_in_a_public_room_cannot_call_there(one: Parley) -> None:
    ada, eve = await people(one.site, "ada", "eve")
    room = (await ada.account.post("rooms", body={"name": "Open", "kind": "public"}))["id"]
    call = (await ada.start(room))["id"]
    assert await eve.refused("start", None, room=room, media="audio") == "not_a_member"
    assert await eve.refused("join", call) == "not_found"


async def test_nobody_calls_themselves(one: Parley) -> None:
    (ada,) = await people(one.site, "ada")
    own = ada.greeted["rooms"][0]["id"]
    alone = await direct(ada.account, ada.account)
    assert [await ada.refused("start", None, room=room, media="audio") for room in (own, alone)] == ["forbidden"] * 2


@pytest.mark.parametrize("by_caller", [True, False])
async def test_blocked_people_reach_nobody(one: Parley, by_caller: bool) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await direct(ada.account, bob.account)
    who, whom = (ada, bob) if by_caller else (bob, ada)
    await ask(who.account, "PUT", "users", "me", "blocks", whom.account.id)
    assert await ada.refused("start", None, room=room, media="audio") == "blocked"
    assert bob.calls == {}


async def test_a_block_ends_the_call_of_the_two(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await direct(ada.account, bob.account)
    call = (await ada.start(room))["id"]
    await bob.do("accept", call)
    await ask(bob.account, "PUT", "users", "me", "blocks", ada.account.id)
    assert (await ada.sees(call, "ended", SOON_S))["reason"] == "removed"
    assert await ada.refused("join", call) in {"blocked", "call_over"}


async def test_who_blocks_the_caller_is_not_rung_in_a_room_of_many(one: Parley) -> None:
    ada, bob, cid = await people(one.site, "ada", "bob", "cid")
    room = await group(ada.account, bob.account, cid.account)
    await ask(bob.account, "PUT", "users", "me", "blocks", ada.account.id)
    call = await ada.start(room, ring=[bob.account.id, cid.account.id])
    assert [rung["user"]["id"] for rung in call["invited"]] == [cid.account.id]


async def test_nobody_is_rung_who_is_not_in_the_room(one: Parley) -> None:
    ada, bob, eve = await people(one.site, "ada", "bob", "eve")
    room = await group(ada.account, bob.account)
    assert await ada.refused("start", None, room=room, media="audio", ring=[eve.account.id]) == "member_not_found"
    assert (eve.calls, ada.calls) == ({}, {})


async def test_switching_calls_off_ends_the_one_that_goes_on_and_refuses_others(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await group(ada.account, bob.account)
    call = (await ada.start(room))["id"]
    await ask(ada.account, "PATCH", "rooms", room, voip_enabled=False)
    assert (await ada.sees(call, "ended", SOON_S))["reason"] == "removed"
    assert await bob.refused("start", None, room=room, media="audio") == "calls_off"
    await ask(ada.account, "PATCH", "rooms", room, voip_enabled=True)
    assert (await bob.start(room))["state"] == "active"


async def test_deleting_the_room_ends_its_call(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await group(ada.account, bob.account)
    call = (await ada.start(room))["id"]
    await bob.do("join", call)
    await ask(ada.account, "DELETE", "rooms", room)
    assert (await bob.sees(call, "ended", SOON_S))["reason"] == "removed"
    assert await bob.refused("get", call) == "not_found"


async def test_who_leaves_the_room_leaves_its_call(one: Parley) -> None:
    ada, bob, cid = await people(one.site, "ada", "bob", "cid")
    room = await group(ada.account, bob.account, cid.account)
    call = (await ada.start(room))["id"]
    leg = (await bob.do("join", call))["leg"]
    await ask(bob.account, "DELETE", "rooms", room, "members", "me")
    await ada.sees_leg(call, "left", leg, SOON_S)
    assert await bob.refused("join", call) == "not_found"


async def test_who_is_removed_is_not_rung_any_more(one: Parley) -> None:
    ada, bob, cid = await people(one.site, "ada", "bob", "cid")
    room = await group(ada.account, bob.account, cid.account)
    call = (await ada.start(room, ring=[bob.account.id, cid.account.id]))["id"]
    await bob.do("ringing", call)
    leg = (await ada.sees_leg(call, "ringing", bob.calls[call]["legs"][1]["id"]))["id"]
    await ask(ada.account, "PUT", "rooms", room, "bans", bob.account.id)
    await ada.sees_leg(call, "left", leg, SOON_S)
    states = {rung["user"]["id"]: rung["state"] for rung in ada.calls[call]["invited"]}
    assert states == {bob.account.id: "cancelled", cid.account.id: "ringing"}


async def test_hiding_a_direct_room_leaves_its_call_alone(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await direct(ada.account, bob.account)
    call = (await ada.start(room))["id"]
    await bob.do("accept", call)
    await ask(bob.account, "DELETE", "rooms", room, "members", "me")
    assert (await ada.do("get", call))["state"] == "connecting"


async def test_logging_out_ends_a_leg_whose_socket_is_away(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await group(ada.account, bob.account)
    call = (await ada.start(room))["id"]
    leg = (await bob.do("join", call))["leg"]
    bob.socket.cut()
    await ada.sees_leg(call, "reconnecting", leg)
    await bob.account.log_out()
    await ada.sees_leg(call, "left", leg, SOON_S)


async def test_who_is_in_another_call_is_busy(one: Parley) -> None:
    ada, bob, cid = await people(one.site, "ada", "bob", "cid")
    first = await group(ada.account, bob.account)
    second = await direct(cid.account, ada.account)
    await ada.start(first)
    called = await cid.start(second)
    assert (called["state"], called["reason"]) == ("ended", "busy")
    assert await ada.refused("start", None, room=second, media="audio") == "busy"
    other = await Device(await one.site.log_in(ada.account)).connect(one.site)
    assert await other.refused("start", None, room=second, media="audio") == "busy"


async def test_a_leg_that_lost_its_socket_does_not_keep_its_person_from_another_call(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    first, second = await group(ada.account, bob.account), await group(bob.account, ada.account)
    call = (await ada.start(first))["id"]
    leg = (await bob.do("join", call))["leg"]
    bob.socket.cut()
    await ada.sees_leg(call, "reconnecting", leg)
    other = await Device(await one.site.log_in(bob.account)).connect(one.site)
    assert (await other.start(second))["state"] == "active"
    await ada.sees_leg(call, "left", leg, SOON_S)


async def test_a_refused_call_leaves_the_one_before_alone(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    first, second = await group(ada.account, bob.account), await group(ada.account, bob.account)
    await ask(ada.account, "PATCH", "rooms", second, voip_enabled=False)
    call = (await ada.start(first))["id"]
    leg = (await bob.do("join", call))["leg"]
    bob.socket.cut()
    await ada.sees_leg(call, "reconnecting", leg)
    other = await Device(await one.site.log_in(bob.account)).connect(one.site)
    assert await other.refused("start", None, room=second, media="audio") == "calls_off"
    assert ada.legs(call, "reconnecting")[0]["id"] == leg


async def test_a_call_carries_six_and_no_more(one: Parley) -> None:
    everybody = await people(one.site, *["ada"] * 7)
    room = await group(*(device.account for device in everybody))
    call = (await everybody[0].start(room))["id"]
    for device in everybody[1:6]:
        await device.do("join", call)
    assert await everybody[6].refused("join", call) == "call_full"
    assert await everybody[6].refused("start", None, room=room, media="audio") == "call_full"
    again = await everybody[5].do("join", call)
    assert len([leg for leg in again["legs"] if leg["state"] != "left"]) == 6


async def test_who_has_no_leg_does_nothing_that_needs_one(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await group(ada.account, bob.account)
    call = await ada.start(room)
    codes = [await bob.refused(step, call["id"]) for step in ("connected", "ringing", "decline", "accept", "leave")]
    codes.append(await bob.refused("set", call["id"], muted=True))
    codes.append(await bob.refused("signal", call["id"], to=call["leg"], kind="ice", data={}))
    codes.append(await ada.refused("signal", call["id"], to=call["leg"], kind="ice", data={}))
    codes.append(await ada.refused("signal", call["id"], to="nobody", kind="ice", data={}))
    assert set(codes) == {"not_in_call"}


async def test_nothing_is_said_between_two_calls(one: Parley) -> None:
    ada, bob, cid = await people(one.site, "ada", "bob", "cid")
    room, other = await group(ada.account, bob.account), await group(cid.account, ada.account)
    mine, theirs = await ada.start(room), await cid.start(other)
    assert await ada.refused("signal", mine["id"], to=theirs["leg"], kind="offer", data={}) == "not_in_call"
    assert await ada.refused("remove", mine["id"], leg=theirs["leg"]) == "not_in_call"
    assert await ada.refused("mute", mine["id"], leg=theirs["leg"]) == "not_in_call"


async def test_an_ended_call_says_so_to_what_needs_it_and_answers_the_rest(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await direct(ada.account, bob.account)
    call = await ada.start(room)
    await ada.do("cancel", call["id"])
    codes = [await bob.refused(step, call["id"]) for step in ("accept", "join", "connected", "ice")]
    codes.append(await ada.refused("set", call["id"], muted=True))
    codes.append(await ada.refused("mute", call["id"]))
    codes.append(await ada.refused("signal", call["id"], to=call["leg"], kind="ice", data={}))
    assert set(codes) == {"call_over"}
    answers = [await bob.do(step, call["id"]) for step in ("ringing", "decline", "leave", "cancel", "get")]
    answers += [await ada.do("end", call["id"]), await ada.do("remove", call["id"], leg=call["leg"])]
    assert {(answer["state"], answer["reason"]) for answer in answers} == {("ended", "cancelled")}


async def test_what_is_too_large_is_not_passed_on(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await direct(ada.account, bob.account)
    call = await ada.start(room)
    leg = (await bob.do("accept", call["id"]))["leg"]
    large = {"candidate": {"c": "x" * 4096}, "sdp": {"s": "x" * 32768}}
    to = {"to": leg}
    assert await ada.refused("signal", call["id"], kind="ice", data=large["candidate"], **to) == "too_large"
    for kind in ("offer", "answer", "restart"):
        assert await ada.refused("signal", call["id"], kind=kind, data=large["sdp"], **to) == "too_large"
    await ada.do("signal", call["id"], kind="ice", data={"c": "x" * 4088}, **to)
    await ada.do("signal", call["id"], kind="offer", data={"s": "x" * 32760}, **to)
    assert [signal["kind"] for signal in bob.signals] == ["ice", "offer"]


async def test_ids_of_calls_are_random(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await group(ada.account, bob.account)
    ids = []
    for _ in range(8):
        ids.append((await ada.start(room))["id"])
        await ada.do("end", ids[-1])
    assert len(set(ids)) == 8
    assert all(len(bytes.fromhex(id_)) == 16 for id_ in ids)
    every_bit = functools.reduce(operator.or_, (int(id_, 16) ^ int(ids[0], 16) for id_ in ids))
    assert every_bit.bit_count() > 100, "bits that are the same in all of them"


async def test_who_was_taken_out_of_the_room_is_told_of_that_and_of_nothing_after_it(one: Parley) -> None:
    ada, bob, cyn = await people(one.site, "ada", "bob", "cyn")
    room = await group(ada.account, bob.account, cyn.account)
    call = (await ada.start(room))["id"]
    leg = (await bob.do("join", call))["leg"]
    await ask(ada.account, "DELETE", "rooms", room, "members", bob.account.id)
    await bob.sees_leg(call, "left", leg, within_s=SOON_S)
    version = bob.calls[call]["version"]
    await ada.do("set", call, hand=True)
    await ada.sees_leg(call, "connecting", (await cyn.do("join", call))["leg"])
    await bob.socket.call("ping", {})
    assert bob.calls[call]["version"] == version


async def test_nothing_is_remembered_of_devices_that_many_others_have_rung_beside(one: Parley) -> None:
    ada, *others = await people(one.site, "ada", *(f"other{number}" for number in range(10)))
    room = await group(ada.account, *(other.account for other in others))
    call = (await ada.start(room, ring=[other.account.id for other in others]))["id"]
    legs = {leg["id"] for other in others for leg in (await other.do("ringing", call))["legs"]}
    assert all(one.door.calls.has(leg) for leg in legs)
    assert len(legs) > len((await ada.do("cancel", call))["legs"])
    assert not any(one.door.calls.has(leg) for leg in legs)
