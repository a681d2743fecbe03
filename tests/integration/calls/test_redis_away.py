"""Calls while Redis is away: none ends, what is decided is known a moment later, and signals go when they can."""

import asyncio
import time

import pytest

from tests.application import Parley
from tests.callers import Device, agreed, direct, on_the_phone
from tests.client.rest import Refused
from tests.parts import Redis

pytestmark = pytest.mark.redis

KNOWN_S = 2.5
"""Longest until another node knows what was decided, while it is read from the store each second."""


async def settled(nodes: tuple[Parley, Parley], *, degraded: bool) -> None:
    """Wait until both nodes know how it is."""
    async with asyncio.timeout(20):
        for node in nodes:
            value = node.application.metrics.registry.get_sample_value
            while bool(value("parley_degraded")) is not degraded:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)


async def signalled(sender: Device, call: str, leg: str, number: int) -> None:
    """Say something until there is a road for it."""
    async with asyncio.timeout(20):
        while True:
            try:
                await sender.do("signal", call, to=leg, kind="ice", data={"n": number})
            except Refused as refused:
                assert refused.code == "unavailable"  # noqa: PT017 - every other one would be a defect
                await asyncio.sleep(refused.retry_after or 0)
            else:
                return


async def test_without_redis_an_answer_stops_the_ringing_elsewhere_all_the_same(
    nodes: tuple[Parley, Parley], redis_part: Redis
) -> None:
    here, there = nodes
    ada, bob = await here.site.register("ada"), await here.site.register("bob")
    room, phone_of_bob = await direct(ada, bob), await there.site.log_in(bob)
    caller, desk = await Device(ada).connect(here.site), await Device(bob).connect(here.site)
    phone = await Device(phone_of_bob).connect(there.site)
    call = (await caller.start(room))["id"]
    await asyncio.gather(desk.sees(call, "ringing"), phone.sees(call, "ringing"))
    redis_part.kill()
    await settled(nodes, degraded=True)
    began = time.monotonic()
    await desk.do("accept", call)
    await phone.sees(call, "connecting")
    assert time.monotonic() - began < KNOWN_S
    await asyncio.gather(caller.do("connected", call), desk.do("connected", call))
    redis_part.start()
    await settled(nodes, degraded=False)
    assert (await agreed(call, caller, desk, phone))["state"] == "active"


async def test_a_call_starts_and_rings_on_another_node_without_redis(
    nodes: tuple[Parley, Parley], redis_part: Redis
) -> None:
    here, there = nodes
    ada, bob = await here.site.register("ada"), await there.site.register("bob")
    room = await direct(ada, bob)
    caller, callee = await Device(ada).connect(here.site), await Device(bob).connect(there.site)
    redis_part.kill()
    await settled(nodes, degraded=True)
    began = time.monotonic()
    call = (await caller.start(room))["id"]
    await callee.sees(call, "ringing")
    assert time.monotonic() - began < KNOWN_S
    began = time.monotonic()
    await callee.do("decline", call)
    assert (await caller.sees(call, "ended"))["reason"] == "declined"
    assert time.monotonic() - began < KNOWN_S


async def test_a_call_outlasts_redis_and_its_signals_go_again_in_order(
    nodes: tuple[Parley, Parley], redis_part: Redis
) -> None:
    here, there = nodes
    caller, callee, call = await on_the_phone(here.site, there.site)
    mine = (await caller.sees_leg(call, "connected"))["id"]
    theirs = (await callee.sees_leg(call, "connected"))["id"]
    known = await agreed(call, caller, callee)
    await signalled(caller, call, theirs, 0)
    redis_part.kill()
    await settled(nodes, degraded=True)
    with pytest.raises(Refused, match="unavailable"):
        await caller.do("signal", call, to=theirs, kind="ice", data={})
    redis_part.start()
    for number in range(1, 4):
        await signalled(caller, call, theirs, number)
    await signalled(callee, call, mine, 0)
    await asyncio.gather(caller.hears(1), callee.hears(4))
    assert [signal["data"]["n"] for signal in callee.signals] == [0, 1, 2, 3]
    assert (await agreed(call, caller, callee))["version"] == known["version"], "nobody lost a leg"
