"""A real day of a busy channel, spoken again by everybody who was there."""

import asyncio
import random
import re
from pathlib import Path

import pytest

from tests.client.account import Account
from tests.client.checks import Json
from tests.client.mirror import Mirror
from tests.client.site import Site
from tests.client.socket import Socket

LOG = Path(__file__).parents[2] / "data" / "ubuntu-irc-2008-04-27.txt"
SEED = 20080427

_LINE = re.compile(r"\[\d\d:\d\d\] <([^>]*)> (.*)")


def lines() -> list[tuple[str, str]]:
    """Return who said what, in order."""
    read = (_LINE.fullmatch(line) for line in LOG.read_text(encoding="utf-8").split("\n"))
    return [(found[1], found[2]) for found in read if found]


def usernames(nicks: list[str]) -> dict[str, str]:
    """Return a legal username for each nickname: kept where it can be, unique regardless of case."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for nick in nicks:
        legal = plain = re.sub(r"[^A-Za-z0-9_-]", "_", nick)[:16].ljust(3, "_")
        number = 2
        while legal.lower() in taken:
            legal, number = f"{plain}-{number}", number + 1
        taken.add(legal.lower())
        names[nick] = legal
    return names


class Observer:
    """Somebody who comes, is cut off and comes back at lines chosen beforehand."""

    def __init__(self, mirror: Mirror, room: str, rng: random.Random, total: int, long_cut: bool) -> None:
        self.mirror = mirror
        self.room = room
        joins = rng.randrange(1, total // 4)
        places = sorted(rng.sample(range(joins + 1, total), 8))
        if long_cut:  # over 500 missed: the answer to the resume is ``behind``
            places = [joins + 10, joins + 700, *(place for place in places if place > joins + 700)]
        self.plan = {joins: "join"} | {place: "resume" if at % 2 else "cut" for at, place in enumerate(places)}

    async def at(self, line: int) -> None:
        """Do what is planned for this line."""
        match self.plan.get(line):
            case "join":
                await self.mirror.connect()
                actor = await self.mirror.site.connect(self.mirror.account, deaf=True)
                await actor.call("room.join", {"room": self.room})
                await actor.close()
            case "cut":
                self.mirror.cut()
            case "resume":
                await self.mirror.connect()

    async def finish(self) -> None:
        """Come back if cut off, and wait for what is still to come."""
        if self.mirror.socket is None:
            await self.mirror.connect()


async def _enter(site: Site, room: str, username: str, gate: asyncio.Semaphore) -> Socket:
    async with gate:
        account = await Account.register(site.rest, username)
        socket = await site.connect(account, deaf=True)
        await socket.call("room.join", {"room": room})
        return socket


async def _replay(site: Site, said: list[tuple[str, str]], room: str, observers: list[Observer]) -> list[Json]:
    """Say every line, each one when the one before it was acknowledged; return the acknowledged items."""
    gate = asyncio.Semaphore(16)
    names = usernames(list(dict.fromkeys(nick for nick, _ in said)))
    sockets = dict(
        zip(names, await asyncio.gather(*(_enter(site, room, name, gate) for name in names.values())), strict=True)
    )
    acknowledged: list[Json] = []
    for number, (nick, text) in enumerate(said):
        await asyncio.gather(*(observer.at(number) for observer in observers))
        message = {"room": room, "text": text, "cid": f"line-{number}"}
        acknowledged.append(await sockets[nick].call("message.send", message))
    return acknowledged


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_replayed_day_is_the_same_for_every_observer(site: Site) -> None:
    said = lines()
    assert (len(said), len({nick for nick, _ in said})) == (1938, 179)
    host = await site.register("host")
    room = (await host.post("rooms", body={"name": "#ubuntu", "kind": "public"}))["id"]
    rng = random.Random(SEED)
    mirrors = [Mirror(site, await site.register("observer")) for _ in range(3)]
    observers = [Observer(mirror, room, rng, len(said), long_cut=at == 0) for at, mirror in enumerate(mirrors)]

    acknowledged = await _replay(site, said, room, observers)
    await asyncio.gather(*(observer.finish() for observer in observers))

    history = await host.history(room)
    last = max(item["rev"] for item in history)
    for mirror in mirrors:
        await mirror.settled()
        await mirror.until(lambda mirror=mirror: mirror.cursors[room] >= last, "the last message")  # type: ignore[misc]
        assert mirror.in_order(room) == history
    texts = [item for item in history if item["kind"] == "text"]
    assert texts == acknowledged
    assert [item["text"] for item in texts] == [text for _, text in said]
    states = {name for mirror in mirrors for name in mirror.seen}
    assert {"hello:behind", "hello:delta", "hello:new"} <= states
