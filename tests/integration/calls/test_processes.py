"""Calls over two processes on each store."""

import asyncio

import pytest

from tests.callers import Device, agreed, direct, hung_up
from tests.client.rest import Refused
from tests.integration.conftest import Store
from tests.integration.nodes.test_presence import cluster
from tests.parts import Redis

pytestmark = [pytest.mark.redis, pytest.mark.timeout(90)]

RACES = 4


async def test_whoever_is_first_all_devices_agree(store: Store, redis_part: Redis) -> None:
    """Both dial at once, both phones of one answer at once, and an answer and a change of mind meet."""
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        ada, bob = await here.register("ada"), await here.register("bob")
        room, phone_of_bob = await direct(ada, bob), await there.log_in(bob)
        caller, desk = await Device(ada).connect(here), await Device(bob).connect(here)
        phone = await Device(phone_of_bob).connect(there)
        for _ in range(RACES):
            first, second = await asyncio.gather(caller.start(room), phone.start(room))
            assert first["id"] == second["id"]
            assert (await agreed(first["id"], caller, desk, phone))["state"] == "connecting"
            await hung_up(first["id"], caller, desk, phone)
        for _ in range(RACES):
            call = (await caller.start(room))["id"]
            await asyncio.gather(desk.sees(call, "ringing"), phone.sees(call, "ringing"))
            answers = await asyncio.gather(desk.do("accept", call), phone.do("accept", call), return_exceptions=True)
            (refused,) = [one for one in answers if isinstance(one, Refused)]
            assert refused.code == "answered_elsewhere"
            await agreed(call, caller, desk, phone)
            await hung_up(call, caller, desk, phone)
        for _ in range(RACES):
            call = (await caller.start(room))["id"]
            await phone.sees(call, "ringing")
            await asyncio.gather(caller.do("cancel", call), phone.do("accept", call), return_exceptions=True)
            assert (await agreed(call, caller, desk, phone))["reason"] == "cancelled"
        items = (await ada.get("rooms", room, "messages"))["items"]
        assert [item["kind"] for item in items] == ["call"] * (3 * RACES)
