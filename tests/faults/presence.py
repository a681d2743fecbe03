"""Hundreds of people come and go, fall silent, lose their node; Redis forgets all: who watches is told the truth."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import redis.asyncio

from tests.client.account import Account
from tests.faults.figures import Outcome
from tests.faults.judging import at_most
from tests.faults.link import Frame, Gone, Link
from tests.faults.rig import NODES, Rig, rigged

ROOM = 150
"""People of one room: with those who watch it stays small enough to know each other in."""
AT_ONCE = 200
"""People asked about in one question."""
OPENING = 24
LOOK_S = 0.1
PATIENCE_S = 45.0
"""Longest wait for a truth beyond its time, before it counts as a lie."""
CLEAN_S, SILENT_S, KILLED_S, FLUSHED_S, GHOSTS_S = 7.0, 55.0, 15.0, 10.0, 60.0


@dataclass(frozen=True)
class Size:
    """How many, and how many of them in each fault."""

    people: int
    closing: int
    silent: int
    """None in the short form: they are noticed after 45 s."""


SHORT = Size(45, 10, 0)
LONG = Size(500, 100, 50)


class Told(msgspec.Struct):
    """How somebody is."""

    user: str
    status: str
    last_seen: str | None


@dataclass(eq=False)
class Watcher:
    """Somebody who watches everybody."""

    node: int
    link: Link
    shown: dict[str, str] = field(default_factory=dict)
    told: list[tuple[float, str, str]] = field(default_factory=list)

    @classmethod
    async def come(cls, rig: Rig, account: Account, node: int, users: list[str]) -> "Watcher":
        """Connect to a node and watch people."""
        watcher: Watcher

        def heard(frame: Frame) -> None:
            if frame.ev == "presence":
                told = msgspec.json.decode(frame.d, type=Told)
                watcher.shown[told.user] = told.status
                watcher.told.append((time.monotonic(), told.user, told.status))

        watcher = cls(node, await enter(rig, account, node, heard))
        for start in range(0, len(users), AT_ONCE):
            answer = await watcher.link.start("presence.watch", {"users": users[start : start + AT_ONCE]})
            shown = msgspec.json.decode(answer, type=list[Told])
            watcher.shown |= {one.user: one.status for one in shown}
        return watcher


@dataclass(eq=False)
class Crowd:
    """The people, their devices, and how it really is."""

    rig: Rig
    accounts: dict[str, Account]
    rng: random.Random
    devices: dict[str, list[tuple[int, Link]]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    """Those who fell silent, and have until ``SILENT_S`` to be noticed."""

    async def come(self, user: str, node: int) -> None:
        """Bring a device of somebody's to a node."""
        link = await enter(self.rig, self.accounts[user], node, lambda _: None)
        self.devices.setdefault(user, []).append((node, link))

    def present(self, user: str) -> bool:
        """Tell whether somebody has a device anywhere."""
        return bool(self.devices.get(user))

    def some(self, count: int, *, node: int | None = None) -> list[str]:
        """Return some who are there with one device, on a node where one is named."""
        there = [
            user for user, own in self.devices.items() if len(own) == 1 and (node is None or own[0][0] == node)
        ]  # fmt: skip
        return self.rng.sample(sorted(there), min(count, len(there)))


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("presence", seed, store)
    async with rigged("presence", folder, seed, store=store) as rig:
        people, watching = await rig.people(size.people), await rig.people(NODES)
        for start in range(0, size.people, ROOM):
            await rig.room(people[start], [*people[start + 1 : start + ROOM], *watching])
        crowd = Crowd(rig, {one.id: one for one in people}, rig.rng)
        users = list(crowd.accounts)
        watchers = [await Watcher.come(rig, one, node, users) for node, one in enumerate(watching)]
        began = time.monotonic()
        await _gather(crowd.come(user, number % NODES) for number, user in enumerate(users))
        await _gather(crowd.come(user, (number + 1) % NODES) for number, user in enumerate(users[:: len(users) // 8]))
        await _judge(outcome, crowd, watchers, "coming", began, CLEAN_S)
        silent = _fall_silent(crowd, size.silent)
        faults = [_closed, _flushed, _killed]
        crowd.rng.shuffle(faults)
        for fault in faults:
            watchers = await fault(outcome, crowd, watchers, watching, size)
        if size.silent:
            crowd.silent.clear()
            await _judge(outcome, crowd, watchers, "silent", silent, SILENT_S)
            await asyncio.sleep(max(0.0, silent + GHOSTS_S - time.monotonic()))
        fresh = [await Watcher.come(rig, one, node, users) for node, one in enumerate(watching)]
        wrong = sum(_is_wrong(crowd, watcher, user) for watcher in fresh for user in users)
        if wrong:
            outcome.wrong.append(f"{wrong} ghosts, or people who are there and not shown")
        outcome.seconds = time.monotonic() - began
        outcome.proofs["told"] = sum(len(watcher.told) for watcher in watchers)
    return outcome


async def enter(rig: Rig, account: Account, node: int, heard: Callable[[Frame], None]) -> Link:
    """Connect and say hello; where the node is busy, again."""
    for _ in range(20):
        with contextlib.suppress(OSError, Gone):
            link = await Link.open(rig.nodes[node].server.address, heard)
            await link.start("hello", {"token": account.token})
            return link
        await asyncio.sleep(0.2)
    raise AssertionError(f"node {node} takes nobody")


async def _closed(
    outcome: Outcome, crowd: Crowd, watchers: list[Watcher], _watching: list[Account], size: Size
) -> list[Watcher]:
    """Let some close in order; a third of them come back elsewhere in time."""
    going = crowd.some(size.closing)
    back = going[: len(going) // 3]
    began = time.monotonic()
    marks = {watcher: len(watcher.told) for watcher in watchers}
    for user in going:
        crowd.devices.pop(user)[0][1].close()
    await _gather(crowd.come(user, crowd.rng.randrange(NODES)) for user in back)
    await _judge(outcome, crowd, watchers, "closed", began, CLEAN_S)
    _no_flap(outcome, "came back after closing", marks, set(back))
    outcome.proofs["closed"] = len(going)
    return watchers


async def _flushed(
    outcome: Outcome, crowd: Crowd, watchers: list[Watcher], _watching: list[Account], _size: Size
) -> list[Watcher]:
    """Let Redis forget everything; nobody may be told, and everybody has to be in it again."""
    marks = {watcher: len(watcher.told) for watcher in watchers}
    present = {user for user in crowd.accounts if crowd.present(user)}
    began = time.monotonic()
    async with redis.asyncio.Redis(port=crowd.rig.redis.port) as client:
        await client.flushall()
        missing = present
        while missing and time.monotonic() - began < PATIENCE_S:
            await asyncio.sleep(LOOK_S)
            kept = {key.decode().rpartition(":")[2] async for key in client.scan_iter("*:person:*", count=1000)}
            missing = present - kept
    if missing:
        outcome.wrong.append(f"{len(missing)} people were not put again")
    at_most(outcome, "flushed, healed in s", time.monotonic() - began, FLUSHED_S)
    await asyncio.sleep(max(0.0, began + FLUSHED_S - time.monotonic()))
    _no_flap(outcome, "was there while Redis forgot", marks, present)
    return watchers


async def _killed(
    outcome: Outcome, crowd: Crowd, watchers: list[Watcher], watching: list[Account], _size: Size
) -> list[Watcher]:
    """Kill a node; half of its people come back elsewhere in time."""
    gone = crowd.rng.randrange(NODES)
    there = crowd.some(len(crowd.accounts), node=gone)
    back = there[::2]
    left = [watcher for watcher in watchers if watcher.node != gone]
    marks = {watcher: len(watcher.told) for watcher in left}
    began = time.monotonic()
    await crowd.rig.nodes[gone].kill()
    for user, own in list(crowd.devices.items()):
        crowd.devices[user] = [device for device in own if device[0] != gone]
    await _gather(crowd.come(user, (gone + 1 + number % 2) % NODES) for number, user in enumerate(back))
    await _judge(outcome, crowd, left, "killed", began, KILLED_S)
    _no_flap(outcome, "came back after their node died", marks, set(back))
    outcome.proofs["on the killed node"] = len(there)
    await crowd.rig.nodes[gone].start()
    return [*left, await Watcher.come(crowd.rig, watching[gone], gone, list(crowd.accounts))]


def _fall_silent(crowd: Crowd, count: int) -> float:
    """Let some read nothing more; they count as gone from now on. Return the moment."""
    for user in crowd.some(count):
        crowd.devices.pop(user)[0][1].deafen()
        crowd.silent.add(user)
    return time.monotonic()


async def _judge(
    outcome: Outcome, crowd: Crowd, watchers: list[Watcher], name: str, began: float, within: float
) -> None:
    """Wait until every watcher shows it as it is, and note how long it took; those who fell silent have their time."""
    while True:
        wrong = {user for watcher in watchers for user in crowd.accounts if _is_wrong(crowd, watcher, user)}
        took = time.monotonic() - began
        if not wrong or took > within + PATIENCE_S:
            break
        await asyncio.sleep(LOOK_S)
    if wrong:
        outcome.wrong.append(f"{name}: {len(wrong)} people are not shown as they are after {took:.0f} s")
    at_most(outcome, f"{name}, true in s", took, within)


def _is_wrong(crowd: Crowd, watcher: Watcher, user: str) -> bool:
    return user not in crowd.silent and (watcher.shown.get(user) == "online") != crowd.present(user)


def _no_flap(outcome: Outcome, name: str, marks: dict[Watcher, int], users: set[str]) -> None:
    """Demand that nobody was told to be away who was not, or not for long."""
    flaps = [
        user
        for watcher, mark in marks.items()
        for _, user, status in watcher.told[mark:]
        if user in users and status == "offline"
    ]
    if flaps:
        outcome.wrong.append(f"{len(flaps)} times somebody was told to be away who {name}")


async def _gather(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do a few things at a time."""
    gate = asyncio.Semaphore(OPENING)

    async def one(work: Coroutine[Any, Any, None]) -> None:
        async with gate:
            await work

    await asyncio.gather(*(one(work) for work in works))
