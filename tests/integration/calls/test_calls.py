"""Calls over the websocket: one node, and the whole way from ringing to the end."""

import asyncio

from tests.application import Parley
from tests.callers import Device, direct, group
from tests.client.rest import path_of
from tests.peers import until


async def two_people(one: Parley) -> tuple[Device, Device, str]:
    ada, bob = await one.site.register("ada"), await one.site.register("bob")
    room = await direct(ada, bob)
    return await Device(ada).connect(one.site), await Device(bob).connect(one.site), room


async def test_a_call_rings_is_answered_connects_and_ends(one: Parley) -> None:
    ada, bob, room = await two_people(one)
    call = (await ada.start(room))["id"]
    assert (await bob.sees(call, "ringing"))["started_by"]["id"] == ada.account.id
    await bob.do("ringing", call)
    await ada.sees_leg(call, "connecting")
    assert (await bob.do("accept", call))["state"] == "connecting"
    await ada.sees(call, "connecting")
    await ada.do("connected", call)
    await bob.do("connected", call)
    assert (await ada.sees(call, "active"))["deadline"] is None
    await bob.do("leave", call)
    assert (await ada.sees(call, "ended"))["reason"] == "completed"
    items = (await ada.account.get("rooms", room, "messages"))["items"]
    assert [(item["kind"], item["outcome"]) for item in items] == [("call", "completed")]


async def test_a_second_start_joins_the_first(one: Parley) -> None:
    ada, bob, room = await two_people(one)
    first = await ada.start(room)
    second = await bob.start(room)
    assert (second["id"], second["joined"], second["state"]) == (first["id"], True, "connecting")


async def test_signals_reach_the_other_leg_alone_and_in_order(one: Parley) -> None:
    ada, bob, room = await two_people(one)
    mine = await ada.start(room)
    theirs = await bob.do("accept", mine["id"])
    for number in range(20):
        await bob.do("signal", mine["id"], to=mine["leg"], kind="ice", data={"n": number})
    await ada.do("signal", mine["id"], to=theirs["leg"], kind="answer", data={"sdp": "x"})
    assert [signal["data"]["n"] for signal in ada.signals] == list(range(20))
    assert {signal["from"] for signal in ada.signals} == {theirs["leg"]}


async def test_who_speaks_is_told_to_the_others_of_the_call_alone(one: Parley) -> None:
    ada, bob, cyn = [await Device(await one.site.register(name)).connect(one.site) for name in ("ada", "bob", "cyn")]
    room = await group(ada.account, bob.account, cyn.account)
    call = await ada.start(room)
    await bob.do("join", call["id"])
    await ada.do("set", call["id"], speaking=True)
    await until(lambda: bob.speaking)
    await cyn.socket.call("ping", {})
    assert bob.speaking == [{"call": call["id"], "leg": call["leg"], "speaking": True}]
    assert (ada.speaking, cyn.speaking) == ([], [])


async def test_a_leg_whose_socket_is_gone_comes_back_with_its_session(one: Parley) -> None:
    ada, bob, room = await two_people(one)
    call = (await ada.start(room))["id"]
    leg = (await bob.do("accept", call))["leg"]
    await bob.do("connected", call)
    bob.socket.cut()
    await ada.sees_leg(call, "reconnecting", leg)
    await bob.connect(one.site)
    assert [known["leg"] for known in bob.greeted["calls"]] == [leg]
    await ada.sees_leg(call, "connected", leg)


async def test_removal_from_the_room_ends_a_leg(one: Parley) -> None:
    ada, bob = await one.site.register("ada"), await one.site.register("bob")
    room = await group(ada, bob)
    host, guest = await Device(ada).connect(one.site), await Device(bob).connect(one.site)
    call = (await host.start(room))["id"]
    leg = (await guest.do("join", call))["leg"]
    assert (await ada.request("DELETE", path_of("api", "rooms", room, "members", bob.id))).status == 204
    await host.sees_leg(call, "left", leg, within_s=2)


async def test_a_device_comes_back_on_another_node_before_anybody_noticed_that_it_was_gone(
    nodes: tuple[Parley, Parley],
) -> None:
    one, two = nodes
    ada, bob = await one.site.register("ada"), await one.site.register("bob")
    room = await direct(ada, bob)
    caller, callee = await Device(ada).connect(one.site), await Device(bob).connect(one.site)
    mine = await caller.start(room)
    call, leg = mine["id"], (await callee.do("accept", mine["id"]))["leg"]
    await callee.do("connected", call)
    again = await Device(bob).connect(two.site)
    assert [known["leg"] for known in again.greeted["calls"]] == [leg]
    await again.do("connected", call)
    async with asyncio.timeout(5):
        while not again.signals:
            await caller.do("signal", call, to=leg, kind="ice", data={})
            await asyncio.sleep(0.05)
    heard = len(callee.signals)
    callee.socket.cut()
    await caller.do("signal", call, to=leg, kind="ice", data={"last": True})
    await until(lambda: again.signals[-1]["data"] == {"last": True})
    assert len(callee.signals) == heard
    assert [one["state"] for one in caller.calls[call]["legs"] if one["id"] == leg] == ["connected"]
