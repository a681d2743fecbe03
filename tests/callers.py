"""People on the phone: clients that keep the calls they hear of, as any client of the protocol would."""

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from tests.client.account import Account
from tests.client.checks import Json
from tests.client.rest import Refused
from tests.client.site import Site
from tests.client.socket import Socket

SOON_S = 20.0
"""Longest that is waited for what is not measured."""

OWN = frozenset({"leg", "joined", "sfu"})
"""Fields that are for one device alone: its own leg, and how it came."""


@dataclass
class Device:
    """One device of somebody: a socket, and the calls it knows, each in its highest version."""

    account: Account
    socket: Socket = field(init=False)
    calls: dict[str, Json] = field(default_factory=dict)
    told: list[tuple[float, Json]] = field(default_factory=list)
    """Every ``call`` event, with its moment."""
    signals: list[Json] = field(default_factory=list)
    speaking: list[Json] = field(default_factory=list)
    greeted: Json = field(default_factory=dict)

    async def connect(self, site: Site) -> "Device":
        """Connect, or come back, at a site; what hello says of calls replaces what was known."""
        self.socket = await site.open(self._hear)
        self.greeted = await self.socket.hello(self.account.token)
        return self

    def _hear(self, event: Json) -> None:
        match event["ev"]:
            case "hello":
                self.calls = {call["id"]: call for call in event["d"]["calls"]}
            case "call":
                self.told.append((time.monotonic(), event["d"]))
                self._take(event["d"])
            case "call.signal":
                self.signals.append(event["d"])
            case "call.speaking":
                self.speaking.append(event["d"])

    def _take(self, call: Json) -> None:
        known = self.calls.get(call["id"])
        if known is None or call["version"] > known["version"]:
            self.calls[call["id"]] = call

    async def do(self, op: str, call: str | None = None, **more: object) -> Json:
        """Ask for something in a call; return the answer."""
        given = more if call is None else {"call": call, **more}
        answer: Json = await self.socket.call(f"call.{op}", given)
        if "version" in answer:
            self._take(answer)
        return answer

    async def refused(self, op: str, call: str | None = None, **more: object) -> str:
        """Return the code with which something is refused; it has to be."""
        with pytest.raises(Refused) as caught:
            await self.do(op, call, **more)
        return caught.value.code

    async def start(self, room: str, media: str = "audio", **more: object) -> Json:
        """Start a call, or join the one that is there."""
        return await self.do("start", None, room=room, media=media, **more)

    async def sees(self, call: str, state: str, within_s: float = SOON_S) -> Json:
        """Wait until a call is known in a state; return it."""
        async with asyncio.timeout(within_s):
            while self.calls.get(call, {}).get("state") != state:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.005)
        return self.calls[call]

    async def sees_leg(self, call: str, state: str, leg: str | None = None, within_s: float = SOON_S) -> Json:
        """Wait until a leg, by default one of one's own, is known in a state; return it."""
        async with asyncio.timeout(within_s):
            while True:
                for one in self.calls.get(call, {}).get("legs", ()):
                    mine = one["user"]["id"] == self.account.id if leg is None else one["id"] == leg
                    if mine and one["state"] == state:
                        return dict(one)
                await asyncio.sleep(0.005)

    async def sees_attributes(self, call: str, within_s: float = SOON_S, **wanted: bool) -> None:
        """Wait until a leg of somebody else's is known to be so."""
        async with asyncio.timeout(within_s):
            while True:
                others = (leg for leg in self.calls[call]["legs"] if leg["user"]["id"] != self.account.id)
                if any(leg | wanted == leg for leg in others):
                    return
                await asyncio.sleep(0.005)

    async def hears(self, count: int, within_s: float = SOON_S) -> None:
        """Wait until so many signals have come."""
        async with asyncio.timeout(within_s):
            while len(self.signals) < count:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.005)

    def legs(self, call: str, *states: str) -> list[Json]:
        """Return the legs of a call that are in one of some states."""
        return [leg for leg in self.calls[call]["legs"] if leg["state"] in states]


async def people(site: Site, *names: str) -> list[Device]:
    """Make accounts; return a connected device of each."""
    return [await Device(await site.register(name)).connect(site) for name in names]


async def direct(one: Account, other: Account) -> str:
    """Return the room of two people."""
    return str((await one.post("rooms", "direct", body={"user": other.id}))["id"])


async def group(owner: Account, *members: Account) -> str:
    """Return a private room of these people."""
    room = str((await owner.post("rooms", body={"name": "Calls", "kind": "private"}))["id"])
    for member in members:
        await owner.post("rooms", room, "members", body={"user": member.id})
    return room


async def on_the_phone(here: Site, there: Site) -> tuple[Device, Device, str]:
    """Return two people on two sites who are in a call, and it."""
    ada, bob = await here.register("ada"), await there.register("bob")
    room = await direct(ada, bob)
    caller, callee = await Device(ada).connect(here), await Device(bob).connect(there)
    call = (await caller.start(room))["id"]
    for device, op in ((callee, "accept"), (caller, "connected"), (callee, "connected")):
        await device.do(op, call)
    await agreed(call, caller, callee)
    return caller, callee, call


async def agreed(call: str, *devices: Device, within_s: float = SOON_S) -> Json:
    """Wait until all devices know one and the same of a call; return it as the first does."""

    def seen(device: Device) -> Json:
        return {name: value for name, value in device.calls.get(call, {}).items() if name not in OWN}

    async with asyncio.timeout(within_s):
        while any(seen(device) != seen(devices[0]) for device in devices[1:]):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
    return devices[0].calls[call]


async def hung_up(call: str, *devices: Device) -> None:
    """Have the first of some devices hang up; wait until all know that the call is over."""
    await devices[0].do("leave", call)
    await asyncio.gather(*(device.sees(call, "ended") for device in devices))
