"""Calls while nodes die, end in order and come back: nothing ends that media still carries, and no ghost is shown."""

import asyncio
import time
from pathlib import Path

import pytest

from tests import application
from tests.application import Parley
from tests.callers import Device, agreed, direct, group, on_the_phone
from tests.client.site import Site
from tests.integration.conftest import Store
from tests.integration.nodes.test_presence import Cluster, cluster
from tests.parts import Redis
from tests.processes import ServerProcess, running

pytestmark = pytest.mark.redis

SQLITE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
"""For what does not depend on the store."""

GHOST_S = 30.0
"""Longest that somebody is shown in a call who is gone."""

BACK_S = 5.0
"""Longest until a call goes on as it did, once its devices are back."""


class Scene:
    """Two nodes, one of which dies when all stories have come so far."""

    def __init__(self, nodes: Cluster, stories: int) -> None:
        self.lives, self.dies = nodes.sites
        self.over = asyncio.Event()
        """Whether everybody is gone by now who is to be."""
        self._ready = asyncio.Barrier(stories + 1)
        self._killed = asyncio.Event()

    async def death(self) -> None:
        """Return when the node is dead."""
        await self._ready.wait()
        await self._killed.wait()

    async def kill(self, server: ServerProcess) -> None:
        """Kill it, once all stories have come so far."""
        await self._ready.wait()
        await asyncio.to_thread(server.kill)
        self._killed.set()


async def rings_no_more(scene: Scene) -> None:
    """The caller's node dies, and the caller does not come back: the other one is not rung for ever."""
    lives, dies = scene.lives, scene.dies
    ada, bob = await dies.register("ada"), await lives.register("bob")
    room = await direct(ada, bob)
    caller, callee = await Device(ada).connect(dies), await Device(bob).connect(lives)
    call = (await caller.start(room))["id"]
    await callee.sees(call, "ringing")
    await callee.do("ringing", call)
    await scene.death()
    assert (await callee.sees(call, "ended", GHOST_S))["reason"] == "cancelled"


async def is_answered(scene: Scene) -> None:
    """The caller's node dies while it rings; it is answered all the same, and the caller comes back to it."""
    lives, dies = scene.lives, scene.dies
    ada, bob = await dies.register("ada"), await lives.register("bob")
    room = await direct(ada, bob)
    caller, callee = await Device(ada).connect(dies), await Device(bob).connect(lives)
    call = (await caller.start(room))["id"]
    await callee.sees(call, "ringing")
    await scene.death()
    leg = (await callee.do("accept", call))["leg"]
    await caller.connect(lives)
    assert caller.calls[call]["state"] == "connecting"
    await caller.do("signal", call, to=leg, kind="answer", data={})
    await callee.hears(1)
    await asyncio.gather(caller.do("connected", call), callee.do("connected", call))
    await scene.over.wait()
    assert (await agreed(call, caller, callee))["state"] == "active"


async def goes_on(scene: Scene, *, says_so: bool) -> None:
    """Somebody's node dies in the middle; they come back to the other one, and go on with their leg."""
    lives, dies = scene.lives, scene.dies
    caller, callee, call = await on_the_phone(lives, dies)
    legs = {leg["id"] for leg in caller.legs(call, "connected")}
    await scene.death()
    await callee.connect(lives)
    assert {leg["id"] for leg in callee.legs(call, "connected")} == legs
    if says_so:
        await callee.do("connected", call)
    await scene.over.wait()
    known = await agreed(call, caller, callee)
    assert known["state"] == "active"
    assert {leg["id"] for leg in known["legs"] if leg["state"] == "connected"} == legs


async def is_over(scene: Scene) -> None:
    """Somebody's node dies in the middle, and they do not come back."""
    lives, dies = scene.lives, scene.dies
    caller, callee, call = await on_the_phone(lives, dies)
    leg = (await callee.sees_leg(call, "connected"))["id"]
    await scene.death()
    await caller.sees_leg(call, "reconnecting", leg, GHOST_S)
    assert (await caller.sees(call, "ended", GHOST_S))["reason"] == "completed"


async def is_kept_by_another(scene: Scene) -> None:
    """The node that dies has only the timers of a call: they go on."""
    lives, dies = scene.lives, scene.dies
    ada, bob = await lives.register("ada"), await lives.register("bob")
    cid = await dies.register("cid")
    room = await group(ada, bob, cid)
    caller, callee = await Device(ada).connect(lives), await Device(bob).connect(lives)
    keeper = await Device(cid).connect(dies)
    call = (await caller.start(room, ring=[bob.id, cid.id]))["id"]
    await callee.do("accept", call)
    accepted = time.monotonic()
    await keeper.sees(call, "connecting")
    await keeper.do("decline", call)
    await agreed(call, caller, callee, keeper)
    await scene.death()
    assert (await caller.sees(call, "ended", GHOST_S))["reason"] == "failed_media"
    assert 19 < time.monotonic() - accepted < 25


async def is_gone(scene: Scene, *, silently: bool) -> None:
    """A device dies, with its connection or without a word: its leg is left in time."""
    caller, callee, call = await on_the_phone(scene.lives, scene.lives)
    if silently:
        callee.socket.wire.transport.pause_reading()
    else:
        callee.socket.cut()
    assert (await caller.sees(call, "ended", GHOST_S))["reason"] == "completed"


@pytest.mark.slow
@pytest.mark.timeout(120)
@SQLITE
async def test_a_node_dies_in_the_middle_of_calls(store: Store, redis_part: Redis) -> None:
    """All at once, for each of these waits until half a minute is over."""
    async with cluster(store, redis_part) as nodes, asyncio.TaskGroup() as stories:
        scene = Scene(nodes, stories=6)
        for story in (rings_no_more, is_answered, is_over, is_kept_by_another):
            stories.create_task(story(scene))
        for what in (True, False):
            stories.create_task(goes_on(scene, says_so=what))
            stories.create_task(is_gone(scene, silently=what))
        await scene.kill(nodes.servers[1])
        await asyncio.sleep(GHOST_S)
        scene.over.set()
        await asyncio.to_thread(nodes.servers[1].start)  # it is stopped as the others are


async def is_back(device: Device, call: str, leg: str, site: Site) -> None:
    """Come back at a site, say that media flows still, and see that the leg is what it was."""
    await device.connect(site)
    assert device.calls[call]["leg"] == leg
    await device.do("connected", call)


async def test_a_node_knows_which_calls_go_on_before_it_greets_anybody(one: Parley, tmp_path: Path) -> None:
    """Whoever comes back to it must not hear that their call is no more."""
    ada, bob = await one.site.register("ada"), await one.site.register("bob")
    call = (await (await Device(ada).connect(one.site)).start(await direct(ada, bob)))["id"]
    async with application.running(tmp_path) as late:
        assert late.application.calls.registry.get(call) is not None


@SQLITE
async def test_a_single_node_is_killed_and_started_again_under_a_call(store: Store) -> None:
    async with running(store.server()) as server, Site(server.address) as site:
        caller, callee, call = await on_the_phone(site, site)
        legs = [(await device.sees_leg(call, "connected"))["id"] for device in (caller, callee)]
        ringing, rung = [await Device(await site.register(name)).connect(site) for name in ("cid", "dan")]
        other = (await ringing.start(await direct(ringing.account, rung.account)))["id"]
        await asyncio.to_thread(server.kill)
        await asyncio.gather(*(device.socket.closed for device in (caller, callee, ringing, rung)))
        await asyncio.to_thread(server.start)
        started = time.monotonic()
        await asyncio.gather(*(is_back(*who, site) for who in ((caller, call, legs[0]), (callee, call, legs[1]))))
        await asyncio.gather(ringing.connect(site), rung.connect(site))
        assert rung.calls[other]["state"] == "ringing"
        await rung.do("accept", other)
        for device, leg in zip((callee, caller), legs, strict=True):
            await device.do("signal", call, to=leg, kind="restart", data={})
        await asyncio.gather(caller.hears(1), callee.hears(1))
        assert time.monotonic() - started < BACK_S
        known = await agreed(call, caller, callee)
        assert known["state"] == "active"
        assert {leg["id"] for leg in known["legs"] if leg["state"] == "connected"} == set(legs)


@SQLITE
async def test_a_call_moves_with_its_devices_when_a_node_ends(store: Store, redis_part: Redis) -> None:
    async with cluster(store, redis_part) as nodes:
        here, there = nodes.sites
        one, two, call = await on_the_phone(here, there)
        mine, theirs = [(await device.sees_leg(call, "connected"))["id"] for device in (one, two)]
        ending = asyncio.create_task(asyncio.to_thread(nodes.servers[1].stop))
        await two.socket.closed
        await is_back(two, call, theirs, here)
        await one.do("signal", call, to=theirs, kind="ice", data={})
        await two.do("signal", call, to=mine, kind="ice", data={})
        await asyncio.gather(one.hears(1), two.hears(1))
        assert await ending == 0
        known = await agreed(call, one, two)
        assert {leg["id"] for leg in known["legs"] if leg["state"] == "connected"} == {mine, theirs}
        seen = {leg["state"] for _, told in one.told + two.told for leg in told["legs"]}
        assert "left" not in seen
