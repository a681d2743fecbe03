"""How often somebody may ring, and what they may send; limits are on, and their clock stands still."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.operations.limits import CALL_DESCRIPTION, CALL_PAIR, CALL_RING, CALL_SIGNAL, CALL_START, Limits
from tests.application import Parley, running
from tests.callers import Device, direct, group
from tests.client.rest import Refused
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(0.0)


@pytest.fixture
async def parley(tmp_path: Path, clock: Clock) -> AsyncIterator[Parley]:
    """A node whose limits are by a clock of the test's; on once there is somebody."""
    async with running(tmp_path) as parley:
        limits: Limits = parley.application.limits
        limits._clock = clock
        yield parley


async def pair(parley: Parley, room_of: str = "direct") -> tuple[Device, Device, str]:
    """Return two people and their room; from now on limits hold."""
    ada, bob = [await Device(await parley.site.register(name)).connect(parley.site) for name in ("ada", "bob")]
    room = await (direct if room_of == "direct" else group)(ada.account, bob.account)
    parley.application.limits.on = True
    return ada, bob, room


async def rings(caller: Device, room: str, **more: object) -> int:
    """Ring and give up until it is too often; return how often it rang."""
    for count in range(100):
        code = await said(caller, "start", None, room=room, media="audio", **more)
        if code != "ok":
            assert code == "rate_limited"
            return count
        (call,) = [call for call in caller.calls.values() if call["state"] != "ended"]
        await caller.do("cancel", call["id"])
    raise AssertionError("no limit")


async def said(device: Device, op: str, call: str | None, **more: object) -> str:
    """Return ``ok``, or the code with which something is refused."""
    try:
        await device.do(op, call, **more)
    except Refused as refused:
        return refused.code
    return "ok"


async def test_nobody_is_rung_by_one_more_often_than_three_times_a_minute(parley: Parley, clock: Clock) -> None:
    ada, bob, room = await pair(parley)
    assert await rings(ada, room) == CALL_PAIR.burst == 3
    assert await rings(bob, room) == 3
    clock.now += 60
    assert await rings(ada, room) == 3


async def test_nobody_starts_more_calls_than_ten_at_once(parley: Parley) -> None:
    ada, _, room = await pair(parley, "group")
    assert await rings(ada, room) == CALL_START.burst == 10


async def test_lists_of_people_to_ring_count_by_the_person(parley: Parley) -> None:
    parley.application.limits.on = False
    (ada, *others) = await parley.site.register_all("ada", 32)
    caller = await Device(ada).connect(parley.site)
    room = await group(ada, *others)
    parley.application.limits.on = True
    assert await rings(caller, room, ring=[one.id for one in others]) == CALL_RING.burst // len(others) == 1


async def test_a_leg_is_not_flooded_with_descriptions(parley: Parley) -> None:
    ada, bob, room = await pair(parley)
    call = await ada.start(room)
    leg = (await bob.do("accept", call["id"]))["leg"]
    kinds = ["offer"] * CALL_DESCRIPTION.burst + ["restart", "ice"]
    codes = [await said(ada, "signal", call["id"], to=leg, kind=kind, data={}) for kind in kinds]
    assert codes == ["ok"] * CALL_DESCRIPTION.burst + ["rate_limited", "ok"]
    assert [signal["kind"] for signal in bob.signals] == ["offer"] * CALL_DESCRIPTION.burst + ["ice"]


async def test_somebody_sends_so_many_signals_and_no_more(parley: Parley) -> None:
    ada, bob, room = await pair(parley)
    call = await ada.start(room)
    leg = (await bob.do("accept", call["id"]))["leg"]
    times = CALL_SIGNAL.burst + 1
    codes = [await said(ada, "signal", call["id"], to=leg, kind="ice", data={}) for _ in range(times)]
    assert codes == ["ok"] * CALL_SIGNAL.burst + ["rate_limited"]
    assert len(bob.signals) == CALL_SIGNAL.burst


@pytest.mark.parametrize("much", [51, 1000])
async def test_a_list_of_people_to_ring_has_an_end(parley: Parley, much: int) -> None:
    ada, _, room = await pair(parley, "group")
    assert await ada.refused("start", None, room=room, media="audio", ring=["x"] * much) == "bad_request"
