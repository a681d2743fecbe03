"""What those may do who lead a call: who started it, and the moderators and the owner of its room."""

import pytest

from tests.application import Parley
from tests.callers import Device, direct, group, people
from tests.client.rest import path_of


async def four(one: Parley) -> tuple[list[Device], str, dict[str, str]]:
    """Return owner, moderator, member and starter, the call that they are in, and the leg of each."""
    devices = await people(one.site, "owner", "moderator", "member", "starter")
    room = await group(*(device.account for device in devices))
    moderator = path_of("api", "rooms", room, "members", devices[1].account.id)
    assert (await devices[0].account.request("PATCH", moderator, {"role": "moderator"})).status == 200
    call = await devices[3].start(room)
    legs = {"starter": call["leg"]}
    for name, device in zip(("owner", "moderator", "member"), devices, strict=False):
        legs[name] = (await device.do("join", call["id"]))["leg"]
    return devices, call["id"], legs


@pytest.mark.parametrize("host", [0, 1, 3], ids=["owner", "moderator", "starter"])
async def test_hosts_end_the_call_for_all(one: Parley, host: int) -> None:
    devices, call, _ = await four(one)
    assert (await devices[host].do("end", call))["reason"] == "completed"
    for device in devices:
        assert (await device.sees(call, "ended"))["reason"] == "completed"


async def test_a_member_ends_mutes_and_removes_nobody(one: Parley) -> None:
    devices, call, legs = await four(one)
    member = devices[2]
    codes = [await member.refused("end", call), await member.refused("mute", call)]
    codes += [await member.refused(op, call, leg=legs["owner"]) for op in ("mute", "remove")]
    assert codes == ["forbidden"] * 4
    assert len(member.legs(call, "connecting", "connected")) == 4


async def test_muting_without_a_leg_mutes_all_others(one: Parley) -> None:
    devices, call, legs = await four(one)
    muted = await devices[1].do("mute", call)
    assert {leg["id"] for leg in muted["legs"] if leg["muted"]} == set(legs.values()) - {legs["moderator"]}


async def test_one_who_was_muted_may_speak_again(one: Parley) -> None:
    devices, call, legs = await four(one)
    member = devices[2]
    await devices[0].do("mute", call, leg=legs["member"])
    assert (await member.do("get", call))["legs"][3]["muted"]
    await member.do("set", call, muted=False)
    now = await member.do("get", call)
    assert [leg["muted"] for leg in now["legs"]] == [False] * 4


async def test_a_leg_that_is_taken_out_is_out_and_its_person_may_come_again(one: Parley) -> None:
    devices, call, legs = await four(one)
    await devices[3].do("remove", call, leg=legs["member"])
    await devices[2].sees_leg(call, "left", legs["member"])
    assert await devices[2].refused("connected", call) == "not_in_call"
    assert (await devices[2].do("join", call))["leg"] != legs["member"]


async def test_of_two_people_the_one_who_started_leads(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await direct(ada.account, bob.account)
    call = await ada.start(room)
    await bob.do("accept", call["id"])
    assert await bob.refused("remove", call["id"], leg=call["leg"]) == "forbidden"
    assert await bob.refused("end", call["id"]) == "forbidden"
    assert (await ada.do("end", call["id"]))["reason"] == "cancelled"


async def test_who_started_a_call_and_left_the_room_leads_no_more(one: Parley) -> None:
    devices, call, _ = await four(one)
    room = devices[3].calls[call]["room"]
    assert (await devices[3].account.request("DELETE", path_of("api", "rooms", room, "members", "me"))).status == 204
    assert await devices[3].refused("end", call) == "not_found"
