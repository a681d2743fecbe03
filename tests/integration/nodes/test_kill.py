"""A server that is killed again and again in the middle of work keeps what it acknowledged, and nothing twice."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.client.account import Account
from tests.client.checks import Json
from tests.client.mirror import Mirror
from tests.client.rest import Refused, path_of
from tests.client.site import Site
from tests.client.socket import Socket
from tests.client.truth import converged
from tests.client.wire import Closed
from tests.integration.conftest import Store
from tests.processes import ServerProcess

SENDERS = 10
WRITES = 5000
WINDOW = 32
ROUNDS = 8
MOST_ROUNDS = 24
HELD_UP_S = 30.0
"""Longest that sending a window again may take: milliseconds are usual, the machine may be busy."""
SEED = 4


@dataclass
class Tally:
    """What the run has to prove beside that nothing was lost."""

    acknowledged: int = 0
    unanswered: list[int] = field(default_factory=list)
    """Writes that had no answer yet, for each kill that met any."""
    found_stored: int = 0
    """Sends without an answer at a kill that were kept nevertheless."""
    found_missing: int = 0
    """Those that were not."""
    round_trip_s: float = 0.0
    """From a write's first sending to its answer, for the latest that was answered."""
    held_up: float = 0.0
    """The longest, in seconds, that somebody needed to send it all again after a restart."""


@dataclass
class Work:
    """One write: a message, or a change of one."""

    cid: str
    text: str
    edits: str | None = None
    """The cid of the message that it changes."""


def _raise_unless_killed(error: BaseException | None) -> None:
    if error is not None and not (isinstance(error, Closed) and error.code == 1006):
        raise error


class Sender:
    """Somebody who writes, remembers what has no answer yet, and sends just that again."""

    def __init__(self, account: Account, room: str, works: int, tally: Tally, rng: random.Random) -> None:
        self.account = account
        self.room = room
        self.tally = tally
        self.messages: dict[str, str] = {}
        """Ids of acknowledged messages, by cid."""
        self.texts: dict[str, str] = {}
        """The text last acknowledged of each message, by cid."""
        self.waiting: dict[str, Work] = {}
        """Work that was sent and not answered, by its own name."""
        self.todo = works
        """Writes still to be made."""
        self._rng = rng
        self._number = 0

    @property
    def done(self) -> bool:
        """Whether all was sent and answered."""
        return self.todo == 0 and not self.waiting

    def _next(self) -> Work:
        """Return the next write: every third one changes an earlier message that no other change is under way for."""
        self.todo -= 1
        self._number += 1
        name = f"{self.account.username}.{self._number}"
        busy = {work.edits for work in self.waiting.values()}
        free = [cid for cid in list(self.messages)[-40:] if cid not in busy]
        if free and self._number % 3 == 0:
            return Work(name, f"changed by {name}", self._rng.choice(free))
        return Work(name, f"text of {name}")

    def _answered(self, work: Work, item: Json) -> None:
        self.waiting.pop(work.cid)
        self.tally.acknowledged += 1
        assert item["text"] == work.text
        if work.edits is None:
            self.messages[work.cid] = item["id"]
        self.texts[work.edits or work.cid] = work.text

    async def _write(self, socket: Socket, work: Work) -> None:
        """Send one write until it is answered. A 503 says: again, with the same cid."""
        d = {"room": self.room, "text": work.text}
        if work.edits is None:
            op, d = "message.send", d | {"cid": work.cid}
        else:
            op, d = "message.edit", d | {"message": self.messages[work.edits]}
        began = time.monotonic()
        while work.cid in self.waiting:
            try:
                self._answered(work, await socket.call(op, d))
                self.tally.round_trip_s = time.monotonic() - began
            except Refused as refused:
                if refused.code != "unavailable":
                    raise
                await asyncio.sleep(refused.retry_after or 0.1)

    async def run(self, socket: Socket, acknowledged: Callable[[], None]) -> None:
        """Write with a window until all is done or the connection ends."""
        running: set[asyncio.Task[None]] = set()
        while not self.done and not socket.closed.done():
            while len(running) < WINDOW and self.todo:
                work = self._next()
                self.waiting[work.cid] = work
                running.add(asyncio.ensure_future(self._write(socket, work)))
            finished, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                _raise_unless_killed(task.exception())
            acknowledged()
        for error in await asyncio.gather(*running, return_exceptions=True):
            _raise_unless_killed(error)

    async def resend(self, socket: Socket) -> None:
        """Send again what has no answer, in its order: new messages by REST, which tells stored from new."""
        page = await self.account.get("rooms", self.room, "messages", limit=1)
        newest = page["items"][-1]["seq"] if page["items"] else 0
        for work in list(self.waiting.values()):
            if work.edits is not None:
                await self._write(socket, work)
                continue
            body = {"text": work.text, "cid": work.cid}
            answer = await self.account.request("POST", path_of("api", "rooms", self.room, "messages"), body)
            while answer.status == 503:
                await asyncio.sleep(float(answer.headers["retry-after"]))
                answer = await self.account.request("POST", path_of("api", "rooms", self.room, "messages"), body)
            item = answer.ok()
            assert answer.status == 200 or item["seq"] > newest, (answer, newest)
            if item["seq"] <= newest:  # it was there before anything was sent again
                assert answer.status == 200, answer
                self.tally.found_stored += 1
            else:
                self.tally.found_missing += 1
            self._answered(work, item)


async def _until_killed(server: ServerProcess, site: Site, senders: list[Sender], rng: random.Random) -> None:
    """Let everybody write; kill the server after some answers, at a moment when writes are under way."""
    sockets = [await site.connect(sender.account, deaf=True) for sender in senders]
    tally = senders[0].tally
    for sender, socket in zip(senders, sockets, strict=True):
        began = time.monotonic()
        await sender.resend(socket)
        tally.held_up = max(tally.held_up, time.monotonic() - began)
    goal = tally.acknowledged + rng.randrange(WRITES // ROUNDS // 4, WRITES // ROUNDS)
    reached = asyncio.Event()

    def acknowledged() -> None:
        if tally.acknowledged >= goal:
            reached.set()

    pairs = zip(senders, sockets, strict=True)
    everybody: asyncio.Future[Any] = asyncio.gather(*(sender.run(socket, acknowledged) for sender, socket in pairs))
    waiting: asyncio.Future[Any] = asyncio.ensure_future(reached.wait())
    await asyncio.wait({everybody, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    # At any moment of a batch: whatever the machine is, one takes less than a round trip.
    await asyncio.sleep(rng.uniform(0, tally.round_trip_s))
    if not everybody.done():
        await asyncio.to_thread(server.kill)
    await everybody
    if unanswered := sum(len(sender.waiting) for sender in senders):
        tally.unanswered.append(unanswered)


async def _check(senders: list[Sender]) -> None:
    """Every text exactly once, and as it was last acknowledged."""
    texts = {}
    counted: Counter[tuple[str, str]] = Counter()
    for item in await senders[0].account.history(senders[0].room):
        if item["kind"] == "text":
            counted[item["author"]["id"], item["cid"]] += 1
            texts[item["cid"]] = item["text"]
    assert set(counted.values()) == {1}
    expected = {cid: text for sender in senders for cid, text in sender.texts.items()}
    assert texts == expected
    changes = await senders[0].account.changes(senders[0].room)
    assert {item["cid"]: item["text"] for item in changes if item["kind"] == "text"} == expected


async def _begin(site: Site, tally: Tally) -> tuple[list[Sender], Mirror]:
    """Make the senders and their room, and somebody who watches it."""
    rng = random.Random(SEED)
    accounts = [await site.register("sender") for _ in range(SENDERS)]
    room = (await accounts[0].post("rooms", body={"name": "kill", "kind": "public"}))["id"]
    watcher = await site.register("watcher")
    for account in [*accounts[1:], watcher]:
        await account.post("rooms", room, "members", body={})
    return [Sender(account, room, WRITES // SENDERS, tally, rng) for account in accounts], Mirror(site, watcher)


@contextlib.asynccontextmanager
async def _staying(mirror: Mirror) -> AsyncIterator[None]:
    """Let a mirror come back by itself whenever it loses the server."""
    task = asyncio.ensure_future(mirror.stay(unit=0.05))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _rounds(server: ServerProcess, senders: list[Sender], tally: Tally) -> None:
    """Kill and restart until all is written and the kills have proven what they must."""
    rng = random.Random(SEED)
    for _ in range(MOST_ROUNDS):
        async with Site(server.address) as site:
            for sender in senders:
                sender.account.rest = site.rest
            await _until_killed(server, site, senders, rng)
        if not server.alive:
            await asyncio.to_thread(server.start)
        if all(sender.done for sender in senders):
            if len(tally.unanswered) >= ROUNDS and tally.found_stored and tally.found_missing:
                return
            for sender in senders:  # more load
                sender.todo += WRITES // ROUNDS // SENDERS


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_killed_server_keeps_what_it_acknowledged_exactly_once(store: Store) -> None:
    server = store.server()
    await asyncio.to_thread(server.start)
    tally = Tally()
    try:
        async with Site(server.address) as site:
            senders, mirror = await _begin(site, tally)
            async with _staying(mirror):
                await _rounds(server, senders, tally)
                print(f"{store.name}: {tally}")
                senders[0].account.rest = site.rest
                await _check(senders)
                await converged(mirror)
                assert mirror.seen["hello:delta"] + mirror.seen["hello:behind"] > 0, mirror.seen
    finally:
        await asyncio.to_thread(server.stop)
    assert not server.trouble(), server.trouble()[0]
    assert all(sender.done for sender in senders)
    assert len(tally.unanswered) >= ROUNDS
    assert tally.acknowledged >= WRITES
    assert tally.held_up < HELD_UP_S, "what the killed process left behind kept others from writing"
    assert tally.found_stored > 0, "no kill came between a commit and its answer"
    assert tally.found_missing > 0, "no kill came before a commit"
