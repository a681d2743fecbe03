"""Legs whose sockets are gone, and what is said to them meanwhile."""

import pytest

from store.tables import JOBS, KEEPERS
from tests.application import Parley
from tests.callers import agreed, hung_up, on_the_phone
from tests.unstable import Fault
from ws.calls import listening


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at sockets often."""
    monkeypatch.setattr(listening, "LOOK_S", 0.02)


@pytest.mark.usefixtures("_hurried")
async def test_a_leg_whose_loss_the_store_did_not_take_is_lost_later(one: Parley) -> None:
    caller, callee, call = await on_the_phone(one.site, one.site)
    one.store.spared = (JOBS, KEEPERS)
    one.store.fail(Fault.UNAVAILABLE, "update", times=20)  # one change is tried four times
    callee.socket.cut()
    leg = caller.legs(call, "connected")
    await caller.sees_leg(call, "reconnecting", next(a["id"] for a in leg if a["user"]["id"] == callee.account.id))
    assert one.store.healed


@pytest.mark.usefixtures("_hurried")
async def test_a_silent_socket_gives_way_to_one_that_the_device_comes_back_with(
    one: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "SILENT_S", 0.5)
    monkeypatch.setattr("ws.calls.desk.SILENT_S", 0.5)
    monkeypatch.setattr(listening, "ASK_S", 0.2)
    caller, callee, call = await on_the_phone(one.site, one.site)
    leg = (await callee.sees_leg(call, "connected"))["id"]
    half_open = callee.socket
    half_open.wire.transport.pause_reading()
    await caller.sees_leg(call, "reconnecting", leg)
    await callee.connect(one.site)
    await caller.sees_leg(call, "connected", leg)
    await caller.do("signal", call, to=leg, kind="ice", data={})
    await callee.hears(1)
    half_open.cut()
    await callee.do("set", call, muted=True)
    known = await agreed(call, caller, callee)
    assert [(one["state"], one["muted"]) for one in known["legs"] if one["id"] == leg] == [("connected", True)]


async def test_what_is_said_to_a_leg_that_was_just_cut_off_waits_for_it(nodes: tuple[Parley, Parley]) -> None:
    here, there = nodes
    caller, callee, call = await on_the_phone(here.site, there.site)
    leg = (await callee.sees_leg(call, "connected"))["id"]
    there.store.spared = (JOBS, KEEPERS)
    gate = there.store.hold("update")  # that it is lost is not known yet
    callee.socket.cut()
    await gate.reached.wait()
    for number in range(3):
        await caller.do("signal", call, to=leg, kind="ice", data={"n": number})
    gate.release()
    await caller.sees_leg(call, "reconnecting", leg)
    await caller.do("signal", call, to=leg, kind="ice", data={"n": 3})
    await callee.connect(there.site)
    await callee.hears(4)
    assert [signal["data"]["n"] for signal in callee.signals] == [0, 1, 2, 3]


async def test_the_end_of_a_call_that_a_node_has_forgotten_is_told_to_who_asks_alone(one: Parley) -> None:
    caller, callee, call = await on_the_phone(one.site, one.site)
    await hung_up(call, caller, callee)
    one.application.calls.registry._over.clear()
    told = len(caller.told), len(callee.told)
    assert (await callee.do("leave", call))["state"] == "ended"
    await caller.socket.call("ping", {})
    assert (len(caller.told), len(callee.told)) == told
