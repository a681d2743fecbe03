"""Log-ins end and people are put out of rooms while others talk: it bites on all nodes at once, with Redis or without.

Their devices come back to other nodes with the token they have, and REST is asked with it on every node.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.client.account import Account
from tests.client.rest import Refused
from tests.faults.deeds import Deed, do
from tests.faults.device import Device
from tests.faults.figures import Outcome, percentile
from tests.faults.history import Fault
from tests.faults.judging import at_most, judge
from tests.faults.rig import Node, Rig, Room, rigged, until
from tests.faults.timeline import NEVER, Session, Timeline
from tests.faults.traffic import TALK, Traffic, places

CARRIED_S, CARRIED_MOST_S = 1.0, 2.0
"""From the answer to the end of everything, where Redis carries: for 99 of 100, and at most."""
FOUND_S = 5.0
"""The same where it does not."""
GIVEN_UP_S = 20.0
"""What has not ended by then is taken not to end."""
ASK_S = 0.05
"""Pause between two requests with a token that should not be good any more."""
REFUSED = frozenset({4501, 4504})
"""Close codes of those who have no log-in."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    victims: int
    """People for each way and each state of Redis."""
    sockets: int
    """Of each of them, spread over the nodes."""
    rooms: int
    talkers: int
    """People who write, in each room."""
    rate: float
    states: tuple[str, ...]
    """Of Redis: ``up``, ``killed``, ``frozen``."""


SHORT = Size(2, 3, 2, 1, 40, ("up", "killed"))
LONG = Size(8, 10, 10, 2, 40, ("up", "killed", "frozen"))


@dataclass(eq=False)
class Victim:
    """Somebody whose log-in or place in a room is to end."""

    account: Account
    devices: list[Device]
    room: Room
    owner: Device
    """Of the one who owns the room."""


async def _log_out(_rig: Rig, victim: Victim) -> None:
    await victim.account.log_out()


async def _use_again(_rig: Rig, victim: Victim) -> None:
    """Use a refresh token a third time; it is forgiven once."""
    account, first = victim.account, victim.account.refresh_token
    access = account.token
    await account.refresh()
    account.refresh_token = first
    await account.refresh()
    account.refresh_token, account.token = first, access
    with pytest.raises(Refused, match="unauthenticated"):
        await account.refresh()


async def _remove(_rig: Rig, victim: Victim) -> None:
    await do(victim.owner, Deed("room.remove", victim.room.id, user=victim.account.id))


async def _ban(_rig: Rig, victim: Victim) -> None:
    await do(victim.owner, Deed("room.ban", victim.room.id, user=victim.account.id))


Way = Callable[[Rig, Victim], Awaitable[None]]

LOGINS: dict[str, Way] = {"logged out": _log_out, "token used again": _use_again}
"""Ways to end a log-in."""
ROOMS: dict[str, Way] = {"removed": _remove, "banned": _ban}
"""Ways to put somebody out of a room."""


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("revocations", seed, store)
    async with rigged("revocations", folder, seed, store=store) as rig:
        victims = await _people(rig, size)
        await rig.begin()
        gone = [device for victim in victims for device in victim.devices]
        talkers = [device for device in rig.devices if device not in gone]
        traffic = Traffic(places(rig, talkers), size.rate, rig.rng, TALK)
        began = time.monotonic()
        talking = asyncio.ensure_future(traffic.run())
        asked: dict[str, list[float]] = {}
        for state in size.states:
            part = [victims.pop() for _ in range(size.victims * len(LOGINS | ROOMS))]
            await _break(rig, state)
            asked[state] = await _revoke_all(rig, state, part, size)
            await _mend(rig, state)
        traffic.stop()
        await talking
        outcome.seconds = time.monotonic() - began
        await _dismiss(rig, gone)
        await rig.finish(20)
    _measure(outcome, judge(outcome, folder), asked, size)
    return outcome


async def _people(rig: Rig, size: Size) -> list[Victim]:
    """Make rooms with talkers and victims; return the victims, those of all rooms in turn."""
    count = size.victims * len(size.states) * len(LOGINS | ROOMS)
    people = await rig.people(count)
    victims = []
    for number in range(size.rooms):
        mine = people[number :: size.rooms]
        owner, *others = await rig.people(size.talkers)
        room = await rig.room(owner, [*others, *mine])
        device, *_ = [rig.device(talker) for talker in (owner, *others)]
        for account in mine:
            devices = [rig.device(account, (number + at) % len(rig.nodes)) for at in range(size.sockets)]
            victims.append(Victim(account, devices, room, device))
    rig.rng.shuffle(victims)
    return victims


async def _break(rig: Rig, state: str) -> None:
    if state != "up":
        await asyncio.to_thread(rig.redis.kill if state == "killed" else rig.redis.freeze)


async def _mend(rig: Rig, state: str) -> None:
    if state != "up":
        await asyncio.to_thread(rig.redis.start if state == "killed" else rig.redis.thaw)
        await _all_carried(rig)


async def _all_carried(rig: Rig) -> None:
    """Wait until all nodes say that Redis carries."""
    async with asyncio.timeout(GIVEN_UP_S):
        for node in rig.nodes:
            while (await node.meters())["parley_degraded"]:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(ASK_S)


async def _revoke_all(rig: Rig, state: str, victims: Sequence[Victim], size: Size) -> list[float]:
    """Revoke all at about one moment, and wait for the end; return how long REST took the tokens."""
    ways = [way for way in LOGINS | ROOMS for _ in range(size.victims)]
    return [
        took
        for all_ in await asyncio.gather(
            *(_revoke(rig, state, way, victim) for way, victim in zip(ways, victims, strict=True))
        )
        for took in all_
    ]


async def _revoke(rig: Rig, state: str, way: str, victim: Victim) -> list[float]:
    """Revoke one, and wait until it has bitten everywhere, or long enough; return when REST refused, on each node."""
    await asyncio.sleep(rig.rng.uniform(0, 0.3))
    victim.account.rest = rig.rng.choice(rig.nodes).rest
    token = victim.account.token
    for node in rig.nodes:  # which has no need to ask the store about the log-in from now on
        (await node.rest.request("GET", "/api/users/me", token=token)).ok()
    since, sessions = rig.history.now(), [device.session for device in victim.devices]
    await (LOGINS | ROOMS)[way](rig, victim)
    began = time.monotonic()
    rig.broke(way, victim.account.id, since, state=state, room=victim.room.id)
    if way in ROOMS:
        await _at_last(lambda: not any(victim.room.id in device.cursors for device in victim.devices))
        return []
    took = await asyncio.gather(*(_refused(node, token, began) for node in rig.nodes))
    # Each has come back with what it has, and is not let in.
    pairs = list(zip(victim.devices, sessions, strict=True))
    await _at_last(lambda: all(device.session > session and not device.live.is_set() for device, session in pairs))
    return took


async def _at_last(holds: Callable[[], bool]) -> None:
    """Wait until something holds, or too long; that it does not shows in the history."""
    with contextlib.suppress(AssertionError):
        await until(holds, GIVEN_UP_S, "the end")


async def _refused(node: Node, token: str, began: float) -> float:
    """Ask a node until a token is refused; return how long that took."""
    while time.monotonic() < began + GIVEN_UP_S:
        if (await node.rest.request("GET", "/api/users/me", token=token)).status == 401:
            return time.monotonic() - began
        await asyncio.sleep(ASK_S)
    return NEVER


async def _dismiss(rig: Rig, devices: Sequence[Device]) -> None:
    """Let devices go before the end: most of them cannot come back."""
    rig.devices = [device for device in rig.devices if device not in devices]
    await asyncio.gather(*(device.leave() for device in devices))


def _measure(outcome: Outcome, timeline: Timeline, asked: dict[str, list[float]], size: Size) -> None:
    """Note how long everything took from the answer, and that none of it went on."""
    for state in size.states:
        revoked = [fault for fault in timeline.faults if fault.facts.get("state") == state]
        ended = [fault for fault in revoked if fault.name in LOGINS]
        closed = [late for fault in ended for late in _closings(timeline, fault)]
        left = [late for fault in revoked if fault.name in ROOMS for late in _leavings(timeline, fault)]
        heard = [late for fault in ended for late in _heard_after(timeline, fault)]
        again = sum(_refusals(timeline, fault) for fault in ended)
        outcome.proofs[f"{state}: sockets that had to end"] = len(closed)
        outcome.proofs[f"{state}: sockets that had to leave a room"] = len(left)
        outcome.proofs[f"{state}: new sockets with an ended log-in"] = again
        outcome.wrong += [f"{state}: nothing was there to end"] if not (closed and left and again) else []
        outcome.figures[f"{state}: events said after the answer, to ended sockets"] = len(heard)
        most = CARRIED_MOST_S if state == "up" else FOUND_S
        for name, late in (("socket ended", closed), ("room left", left), ("REST refused", asked[state])):
            outcome.figures[f"{state}: {name}, p50 s"] = percentile(late, 50)
            if state == "up":
                at_most(outcome, f"{state}: {name}, p99 s", percentile(late, 99), CARRIED_S)
            at_most(outcome, f"{state}: {name}, longest s", max(late), most)
            outcome.wrong += [f"{state}: {name} never"] if max(late) >= GIVEN_UP_S else []
        at_most(outcome, f"{state}: last event after the answer, s", max(heard, default=0.0), most)


def _sessions(timeline: Timeline, fault: Fault) -> list[Session]:
    """Return the sessions of somebody that were there when it was answered, or begun later."""
    return [
        session
        for session in timeline.sessions.values()
        if session.opened.user == fault.target and (session.closed is None or session.closed.at > fault.at)
    ]


def _closings(timeline: Timeline, fault: Fault) -> list[float]:
    """Return how long after the answer each session ended that was greeted."""
    late = []
    for session in _sessions(timeline, fault):
        if session.greeted is not None:
            refused = session.closed is not None and session.closed.code in REFUSED
            late.append(max(0.0, session.closed.at - fault.until) if refused and session.closed else NEVER)
    return late


def _refusals(timeline: Timeline, fault: Fault) -> int:
    """Return how many sessions were begun after the answer and not greeted."""
    return sum(s.opened.at > fault.until and s.greeted is None for s in _sessions(timeline, fault))


def _leavings(timeline: Timeline, fault: Fault) -> list[float]:
    """Return how long after the answer each live session was told that the room is not its own any more."""
    room = fault.facts["room"]
    late = []
    for session in _sessions(timeline, fault):
        if session.live is not None and session.live.at < fault.at:
            told = [told.at for told in session.told if told.what == "left" and told.room == room]
            late.append(max(0.0, min(told, default=NEVER) - fault.until))
    return late


def _heard_after(timeline: Timeline, fault: Fault) -> list[float]:
    """Return how long after the answer each event came that was said after it."""
    said = {call.ok.item: call.first.at for call in timeline.calls.values() if call.ok is not None and call.ok.item}
    return [
        heard.at - fault.until
        for session in _sessions(timeline, fault)
        for spans in session.spans.values()
        for span in spans
        for heard in span.heard
        if heard.item is not None and said.get(heard.item.id, 0.0) > fault.until
    ]
