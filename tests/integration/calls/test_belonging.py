"""Who may not be in a call any more and was not taken out in time: their node died, or its store was away."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from services.calls.keeping.tending import Tending
from services.ids import direct_room
from store.tables import MEMBERS, ROOMS
from tests.application import Parley
from tests.callers import Device, direct, group, people
from tests.peers import until

Undo = Callable[[Parley, str, Device], Awaitable[object]]


async def look(parley: Parley) -> None:
    """Have a node look after its calls once, as it does every ten seconds."""

    async def nobody(_users: object) -> int:
        return 0

    await Tending(parley.application.calls, parley.database, nobody).tick()


async def removed(parley: Parley, room: str, device: Device) -> None:
    await parley.database.delete(MEMBERS, f"{room}:{device.account.id}")


async def changed(parley: Parley, room: str, _device: Device, **changes: object) -> None:
    await parley.database.update(ROOMS, room, changes)


async def test_who_is_no_member_any_more_is_found_in_a_call_and_taken_out(one: Parley) -> None:
    ada, bob, cleo, dan = await people(one.site, "ada", "bob", "cleo", "dan")
    room = await group(ada.account, bob.account, cleo.account, dan.account)
    call = (await ada.start(room, ring=[dan.account.id]))["id"]
    for device in (bob, cleo):
        await device.do("join", call)
    for gone in (bob, dan):
        await removed(one, room, gone)
    await look(one)
    left = await bob.sees_leg(call, "left")
    await ada.sees_leg(call, "left", left["id"])
    await until(lambda: ada.calls[call]["invited"][0]["state"] == "cancelled")
    assert {leg["user"]["id"] for leg in ada.legs(call, "connecting")} == {ada.account.id, cleo.account.id}


@pytest.mark.parametrize("undo", [partial(changed, voip_enabled=False), partial(changed, deleted=True)])
async def test_a_call_goes_on_in_no_room_that_has_none(one: Parley, undo: Undo) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    room = await group(ada.account, bob.account)
    call = (await ada.start(room))["id"]
    await undo(one, room, bob)
    await look(one)
    assert (await ada.sees(call, "ended"))["reason"] == "removed"


async def test_no_call_goes_on_between_two_of_whom_one_blocks_the_other(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    call = (await ada.start(await direct(ada.account, bob.account)))["id"]
    await changed(one, direct_room(ada.account.id, bob.account.id), bob, blocked=(bob.account.id,))
    await look(one)
    assert (await bob.sees(call, "ended"))["reason"] == "removed"


async def test_who_belongs_in_a_call_stays(one: Parley) -> None:
    ada, bob = await people(one.site, "ada", "bob")
    call = (await ada.start(await direct(ada.account, bob.account)))["id"]
    await look(one)
    assert (await bob.do("accept", call))["version"] == 2
