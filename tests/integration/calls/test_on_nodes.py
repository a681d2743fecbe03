"""Calls over two nodes that hear each other: whoever is where, all devices agree in the end."""

import asyncio
from collections.abc import Awaitable

import pytest

from services.calls.machine import begin
from tests.application import Parley
from tests.callers import Device, agreed, direct, group, hung_up, on_the_phone
from tests.client.checks import Json
from tests.client.rest import Refused, path_of
from tests.integration.signing_in.trusted import ask, people_with
from tests.people import Person

pytestmark = pytest.mark.redis

Nodes = tuple[Parley, Parley]

RACES = 6
"""Tries of a race: both of its ends are seen in most runs."""


async def answer(work: Awaitable[Json]) -> str:
    """Return the state of the call that is answered, or the code of the refusal."""
    try:
        return str((await work)["state"])
    except Refused as refused:
        return refused.code


async def test_one_answered_elsewhere_never_rings_at_a_device_that_comes_back(nodes: Nodes) -> None:
    here, there = nodes
    ada, bob = await here.site.register("ada"), await here.site.register("bob")
    phone_of_bob = await there.site.log_in(bob)
    room = await direct(ada, bob)
    caller, desk = await Device(ada).connect(here.site), await Device(bob).connect(here.site)
    phone = await Device(phone_of_bob).connect(there.site)
    call = (await caller.start(room))["id"]
    await asyncio.gather(desk.sees(call, "ringing"), phone.sees(call, "ringing"))
    await phone.do("ringing", call)
    phone.socket.cut()
    await desk.do("accept", call)
    phone.told.clear()
    await phone.connect(here.site)
    assert phone.calls[call]["state"] == "connecting"
    await agreed(call, caller, desk, phone)
    assert "ringing" not in {told["state"] for _, told in phone.told}
    assert phone.calls[call]["invited"][0]["state"] == "accepted"


async def test_a_device_that_comes_after_the_deadline_does_not_ring(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(begin, "RING_S", 1)
    here, there = nodes
    ada, bob = await here.site.register("ada"), await here.site.register("bob")
    room = await direct(ada, bob)
    caller = await Device(ada).connect(here.site)
    late = await Device(bob).connect(there.site)
    call = (await caller.start(room))["id"]
    await late.sees(call, "ringing")
    late.socket.cut()
    assert (await caller.sees(call, "ended"))["reason"] == "missed"
    await late.connect(there.site)
    assert late.calls == {}
    assert await answer(late.do("accept", call)) == "call_over"


async def test_two_who_dial_at_once_on_two_nodes_have_one_call(nodes: Nodes) -> None:
    here, there = nodes
    ada, bob = await here.site.register("ada"), await there.site.register("bob")
    room = await direct(ada, bob)
    one, two = await Device(ada).connect(here.site), await Device(bob).connect(there.site)
    for _ in range(RACES):
        first, second = await asyncio.gather(one.start(room), two.start(room))
        assert first["id"] == second["id"]
        assert {first["joined"], second["joined"]} == {True, False}
        call = await agreed(first["id"], one, two)
        assert call["state"] == "connecting"
        await hung_up(call["id"], one, two)


async def test_of_accept_and_cancel_whichever_comes_first_all_agree(nodes: Nodes) -> None:
    here, there = nodes
    ada, bob = await here.site.register("ada"), await there.site.register("bob")
    room = await direct(ada, bob)
    one, two = await Device(ada).connect(here.site), await Device(bob).connect(there.site)
    pauses = [(0.0, 0.05), (0.05, 0.0), *[(0.0, 0.0)] * RACES]
    answers: list[tuple[str, str]] = []
    for before_accept, before_cancel in pauses:
        call = (await one.start(room))["id"]
        await two.sees(call, "ringing")

        async def after(pause: float, who: Device, op: str, call: str = call) -> str:
            await asyncio.sleep(pause)
            return await answer(who.do(op, call))

        works = after(before_accept, two, "accept"), after(before_cancel, one, "cancel")
        accepted, cancelled = await asyncio.gather(*works)
        answers.append((accepted, cancelled))
        assert (await agreed(call, one, two))["reason"] == "cancelled"
    assert answers[:2] == [("connecting", "ended"), ("call_over", "ended")]
    assert {first for first, _ in answers} <= {"connecting", "call_over"}


async def test_of_two_devices_that_answer_at_once_on_two_nodes_one_wins(nodes: Nodes) -> None:
    here, there = nodes
    ada, bob = await here.site.register("ada"), await here.site.register("bob")
    room, phone_of_bob = await direct(ada, bob), await there.site.log_in(bob)
    caller, desk = await Device(ada).connect(here.site), await Device(bob).connect(here.site)
    phone = await Device(phone_of_bob).connect(there.site)
    for _ in range(RACES):
        call = (await caller.start(room))["id"]
        await asyncio.gather(desk.sees(call, "ringing"), phone.sees(call, "ringing"))
        await asyncio.gather(desk.do("ringing", call), phone.do("ringing", call))
        answers = await asyncio.gather(answer(desk.do("accept", call)), answer(phone.do("accept", call)))
        assert sorted(answers) == ["answered_elsewhere", "connecting"]
        known = await agreed(call, caller, desk, phone)
        states = [leg["state"] for leg in known["legs"] if leg["user"]["id"] == bob.id]
        assert sorted(states) == ["answered_elsewhere", "connecting"]
        await hung_up(call, caller, desk, phone)


async def test_a_decline_after_an_answer_is_ignored(nodes: Nodes) -> None:
    here, there = nodes
    ada, bob = await here.site.register("ada"), await here.site.register("bob")
    room, phone_of_bob = await direct(ada, bob), await there.site.log_in(bob)
    caller, desk = await Device(ada).connect(here.site), await Device(bob).connect(here.site)
    phone = await Device(phone_of_bob).connect(there.site)
    call = (await caller.start(room))["id"]
    await desk.do("accept", call)
    assert await answer(phone.do("decline", call)) == "connecting"
    assert (await agreed(call, caller, desk, phone))["invited"][0]["state"] == "accepted"


async def test_a_reload_replaces_the_leg_on_whatever_node_it_comes_back(nodes: Nodes) -> None:
    here, there = nodes
    caller, callee, call = await on_the_phone(here.site, here.site)
    before = callee.legs(call, "connected")
    callee.socket.cut()
    again = await Device(callee.account).connect(there.site)
    leg = (await again.do("join", call))["leg"]
    assert leg not in {one["id"] for one in before}
    await again.do("connected", call)
    known = await agreed(call, caller, again)
    mine = [one for one in known["legs"] if one["user"]["id"] == callee.account.id]
    assert [(one["id"], one["state"]) for one in mine if one["state"] != "left"] == [(leg, "connected")]


async def test_two_devices_of_somebody_are_two_legs_of_a_group(nodes: Nodes) -> None:
    here, there = nodes
    ada, bob = await here.site.register("ada"), await here.site.register("bob")
    room, phone_of_bob = await group(ada, bob), await there.site.log_in(bob)
    host, desk = await Device(ada).connect(here.site), await Device(bob).connect(here.site)
    phone = await Device(phone_of_bob).connect(there.site)
    mine = await host.start(room)
    call, legs = mine["id"], {mine["leg"]}
    for device in (desk, phone):
        legs.add((await device.do("join", call))["leg"])
        await device.do("connected", call)
    assert len(legs) == 3
    await phone.do("signal", call, to=mine["leg"], kind="offer", data={"sdp": "of the phone"})
    await host.hears(1)
    await desk.do("leave", call)
    known = await agreed(call, host, desk, phone)
    assert len([leg for leg in known["legs"] if leg["state"] == "connected"]) == 2


async def test_signals_are_for_those_alone_who_are_in_the_call(nodes: Nodes) -> None:
    here, there = nodes
    ada, bob, cid = [await here.site.register(name) for name in ("ada", "bob", "cid")]
    stranger = await Device(await there.site.register("eve")).connect(there.site)
    room = await group(ada, bob, cid)
    host, guest = await Device(ada).connect(here.site), await Device(bob).connect(there.site)
    watcher = await Device(cid).connect(there.site)
    mine = await host.start(room)
    call = mine["id"]
    theirs = (await guest.do("join", call))["leg"]
    signal = {"to": mine["leg"], "kind": "ice", "data": {}}
    assert await answer(stranger.do("signal", call, **signal)) == "not_found"
    assert await answer(watcher.do("signal", call, **signal)) == "not_in_call"
    assert await answer(watcher.do("set", call, muted=True)) == "not_in_call"
    await guest.do("signal", call, **signal)
    await guest.do("leave", call)
    assert await answer(guest.do("signal", call, **signal)) == "not_in_call"
    assert await answer(host.do("signal", call, to=theirs, kind="ice", data={})) == "not_in_call"
    await host.hears(1)
    assert [one["from"] for one in host.signals] == [theirs]
    assert not watcher.signals


async def test_who_logs_out_on_another_node_is_out_of_the_call_within_two_seconds(nodes: Nodes) -> None:
    here, there = nodes
    caller, callee, call = await on_the_phone(here.site, there.site)
    leg = (await callee.sees_leg(call, "connected"))["id"]
    await Person(there.site, callee.account).at(here.site).account.log_out()
    await caller.sees_leg(call, "left", leg, within_s=2)
    assert (await caller.sees(call, "ended"))["reason"] == "completed"


async def test_who_is_removed_on_another_node_is_out_of_the_call_within_two_seconds(nodes: Nodes) -> None:
    here, there = nodes
    ada, bob = await here.site.register("ada"), await here.site.register("bob")
    room = await group(ada, bob)
    host, guest = await Device(ada).connect(here.site), await Device(bob).connect(there.site)
    call = (await host.start(room))["id"]
    leg = (await guest.do("join", call))["leg"]
    assert (await ada.request("DELETE", path_of("api", "rooms", room, "members", bob.id))).status == 204
    await host.sees_leg(call, "left", leg, within_s=2)
    await guest.sees_leg(call, "left", leg, within_s=2)
    assert await answer(guest.do("join", call)) == "not_found"


async def test_who_is_banned_on_another_node_is_out_of_the_call_within_two_seconds(nodes: Nodes) -> None:
    here, there = nodes
    ada, bob = await people_with(here, ada="admin", bob="user")
    room = await direct(ada.account, bob.account)
    caller = await Device(ada.account).connect(here.site)
    callee = await Device(bob.account).connect(there.site)
    call = (await caller.start(room))["id"]
    leg = (await callee.do("accept", call))["leg"]
    banned = await ask(ada, "PUT", f"admin/users/{bob.id}/ban", reason="spam")
    assert banned.status == 204, banned
    await caller.sees_leg(call, "left", leg, within_s=2)
