"""Whoever may not be in a call any more is out of it within two seconds, wherever their leg is and whoever said so."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from services.accounts.moderation.ending import end_all
from tests.application import Parley
from tests.callers import Device, direct, group
from tests.client.rest import path_of
from tests.parts import Redis
from tests.people import Person

pytestmark = pytest.mark.redis

SOON_S = 2.0
"""How long it may take."""


@dataclass
class Scene:
    """A call of two at two nodes."""

    here: Parley
    there: Parley
    ada: Device
    bob: Device
    room: str
    call: str
    leg: str
    """The leg of the second one, who is at the second node."""

    async def ask(self, who: Device, method: str, *path: str, **body: object) -> None:
        """Ask the first node for something, whosever socket is where."""
        person = Person(self.there.site, who.account).at(self.here.site)
        answer = await person.account.request(method, path_of("api", *path), body or None)
        assert answer.status in {200, 204}, answer


async def scene_of(nodes: tuple[Parley, Parley], make: Callable[..., Awaitable[str]]) -> Scene:
    here, there = nodes
    ada, bob = await here.site.register("ada"), await there.site.register("bob")
    room = await make(ada, bob)
    caller, called = await Device(ada).connect(here.site), await Device(bob).connect(there.site)
    call = (await caller.start(room))["id"]
    leg = (await called.do("join", call))["leg"]
    await caller.sees_leg(call, "connecting", leg)
    return Scene(here, there, caller, called, room, call, leg)


async def removed(scene: Scene) -> None:
    await scene.ask(scene.ada, "DELETE", "rooms", scene.room, "members", scene.bob.account.id)


async def banned_there(scene: Scene) -> None:
    await scene.ask(scene.ada, "PUT", "rooms", scene.room, "bans", scene.bob.account.id)


async def logged_out(scene: Scene) -> None:
    await scene.ask(scene.bob, "POST", "auth", "logout")


async def ended_everywhere(scene: Scene) -> None:
    """As a ban of the installation does, and the end of an account."""
    await end_all(scene.here.application, scene.bob.account.id, "told so")


async def deleted(scene: Scene) -> None:
    await scene.ask(scene.ada, "DELETE", "rooms", scene.room)


async def switched_off(scene: Scene) -> None:
    await scene.ask(scene.ada, "PATCH", "rooms", scene.room, voip_enabled=False)


ENDS = [removed, banned_there, logged_out, ended_everywhere, deleted, switched_off]


@pytest.mark.parametrize("away", [False, True], ids=["connecting", "reconnecting"])
@pytest.mark.parametrize("end", ENDS)
async def test_a_leg_at_another_node_ends(
    nodes: tuple[Parley, Parley], end: Callable[[Scene], Awaitable[None]], away: bool
) -> None:
    scene = await scene_of(nodes, group)
    if away:
        scene.bob.socket.cut()
        await scene.ada.sees_leg(scene.call, "reconnecting", scene.leg)
    await end(scene)
    await scene.ada.sees_leg(scene.call, "left", scene.leg, SOON_S)


@pytest.mark.parametrize("end", ENDS)
async def test_a_leg_at_another_node_ends_though_redis_is_away(
    nodes: tuple[Parley, Parley], redis_part: Redis, end: Callable[[Scene], Awaitable[None]]
) -> None:
    scene = await scene_of(nodes, group)
    redis_part.kill()
    await end(scene)
    await scene.ada.sees_leg(scene.call, "left", scene.leg, SOON_S)


async def test_a_block_at_one_node_ends_the_call_at_the_other(nodes: tuple[Parley, Parley]) -> None:
    scene = await scene_of(nodes, direct)
    await scene.ask(scene.bob, "PUT", "users", "me", "blocks", scene.ada.account.id)
    ends = [device.sees(scene.call, "ended", SOON_S) for device in (scene.ada, scene.bob)]
    assert {call["reason"] for call in await asyncio.gather(*ends)} == {"removed"}


async def test_who_is_removed_at_one_node_does_not_come_in_at_the_other(nodes: tuple[Parley, Parley]) -> None:
    here, there = nodes
    ada, bob = await here.site.register("ada"), await there.site.register("bob")
    caller, called = await Device(ada).connect(here.site), await Device(bob).connect(there.site)
    for _ in range(5):
        room = await group(ada, bob)
        call = (await caller.start(room))["id"]
        path = path_of("api", "rooms", room, "members", bob.id)
        joining = asyncio.ensure_future(called.do("join", call))
        assert (await ada.request("DELETE", path)).status == 204
        await asyncio.wait((joining,))
        assert joining.exception() is None or "not_found" in str(joining.exception())
        async with asyncio.timeout(SOON_S):
            while any(leg["user"]["id"] == bob.id and leg["state"] != "left" for leg in caller.calls[call]["legs"]):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await caller.do("end", call)
