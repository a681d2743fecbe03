"""One node is asked for three times what it can do: it does nearly as much as ever, and refuses the rest at once."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from tests.client.account import Account
from tests.faults.figures import Outcome, percentile
from tests.faults.judging import at_most
from tests.faults.rig import Node, Rig, rigged, until

OVER = 3
"""Times the most that a node was seen to do."""
KEPT = 0.8
"""Share of that most which it still does then."""
COLLAPSED = 0.25
"""Share under which it is not slow but broken."""
HEALTH_MS, LATE_S = 500.0, 0.05
"""Longest answer about the node's health; how late the loop is, for 99 of 100."""
TICK_S = 0.005
TYPING = 10**9
"""Ids from there on are of signs of typing: one with every tenth message."""
ASK_S = 0.1
DRAIN_S = 60.0
TEXT = "a chat message of about a hundred characters, as people type them when they tell how it was."


@dataclass(frozen=True)
class Size:
    """How much of it."""

    people: int
    each: int
    """People of a room."""
    first: int
    """Messages a second that are offered first; twice as many then, until the node does not keep up."""
    window_s: float


SHORT = Size(60, 10, 1500, 0.8)
LONG = Size(200, 10, 1000, 5)


@dataclass
class Tally:
    """What came of one window."""

    sent: int = 0
    kept: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """By code; with ``typing`` before it of signs of typing."""
    signs: int = 0
    silent: int = 0
    """Refusals that do not say when to come back."""
    seconds: float = 0.0
    processor_s: float = 0.0
    """Of the node."""
    health_s: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    late_s: float = 0.0

    @property
    def rate(self) -> float:
        """Messages kept a second."""
        return self.kept / self.seconds

    @property
    def by_processor(self) -> float:
        """Messages kept for each second of the processor: other programs do not change it."""
        return self.kept / self.processor_s


class Talker(WSListener):
    """A socket that sends without waiting for answers. Its frames are looked at no closer than needed."""

    def __init__(self, token: str, room: str) -> None:
        self.live: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.open = 0
        self.tally = Tally()
        self.code = 0
        self._token = token
        self._room = room
        self._last = 0
        self._transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        """See ``WSListener``."""
        self._transport = transport
        transport.send(WSMsgType.TEXT, msgspec.json.encode({"op": "hello", "id": 0, "d": {"token": self._token}}))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """See ``WSListener``."""
        if frame.msg_type == WSMsgType.CLOSE:
            self.code = int.from_bytes(frame.get_payload_as_bytes()[:2], "big")
            transport.disconnect()
            return
        payload = frame.get_payload_as_memoryview()
        if frame.msg_type != WSMsgType.TEXT or payload[2] != ord("r"):
            return
        head = bytes(payload[:200])
        comma = head.index(b",")
        id_ = int(head[6:comma])
        if id_ == 0:
            self.live.set_result(None)
            return
        self.open -= 1
        if head[comma + 1 : comma + 6] == b'"err"':
            self._refused(head[comma:], typing=id_ >= TYPING)
        elif id_ < TYPING:
            self.tally.kept += 1

    def _refused(self, said: bytes, *, typing: bool) -> None:
        code = said.split(b'"')[5].decode()
        self.tally.refused[f"typing {code}" if typing else code] += 1
        self.tally.silent += b'"retry_after"' not in said

    def say(self, *, typing: bool) -> None:
        """Send a message, and perhaps a sign of typing before it."""
        transport = self._transport
        if transport is None:
            return
        self._last += 1
        if typing:
            self._ask(transport, b"room.typing", TYPING + self._last, b'{"room":"%s"}' % self._room.encode())
            self.tally.signs += 1
        body = f'{{"room":"{self._room}","text":"{TEXT}","cid":"{id(self)}-{self._last}"}}'
        self._ask(transport, b"message.send", self._last, body.encode())
        self.tally.sent += 1

    def _ask(self, transport: WSTransport, op: bytes, id_: int, body: bytes) -> None:
        self.open += 1
        transport.send(WSMsgType.TEXT, b'{"op":"%s","id":%d,"d":%s}' % (op, id_, body))


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("overload", seed, store)
    async with rigged("overload", folder, seed, store=store) as rig:
        node = rig.nodes[0]
        talkers = await _talkers(rig, node, size)
        began, rate = time.monotonic(), size.first
        latest = peak = await _offer(node, talkers, rate, size.window_s)
        while latest.rate > 0.9 * rate:
            rate *= 2
            latest = await _offer(node, talkers, rate, size.window_s)
            peak = max(peak, latest, key=lambda tally: tally.rate)
        over = await _offer(node, talkers, round(OVER * peak.rate), size.window_s)
        outcome.seconds = time.monotonic() - began
        outcome.figures["memory of the node, MiB"] = node.server.resident() / 2**20
        outcome.wrong += [f"a socket was closed with {one.code}" for one in talkers if one.code]
    _judge(outcome, peak, over)
    return outcome


async def _talkers(rig: Rig, node: Node, size: Size) -> list[Talker]:
    """Let people come, all to one node."""
    people = await rig.people(size.people)
    places: list[tuple[Account, str]] = []
    for at in range(0, size.people, size.each):
        owner, *others = people[at : at + size.each]
        room = await rig.room(owner, others)
        places += [(person, room.id) for person in room.members]
    rig.rng.shuffle(places)
    url = "ws://{}:{}/ws".format(*node.server.address)
    talkers = []
    for person, id_ in places:
        _, talker = await ws_connect(lambda: Talker(person.token, id_), url)  # noqa: B023 - it is called at once
        assert isinstance(talker, Talker)
        await talker.live
        talkers.append(talker)
    return talkers


async def _offer(node: Node, talkers: Sequence[Talker], rate: float, seconds: float) -> Tally:
    """Send at a rate, whatever is answered; return what came of it, when all is answered."""
    tally, process = Tally(), psutil.Process(node.server.pid)
    for talker in talkers:
        talker.tally = tally
    before, used = await node.meters(), sum(process.cpu_times()[:2])
    asking = asyncio.ensure_future(_ask_health(node, tally))
    began = last = time.perf_counter()
    due, number = 0.0, 0
    while (now := time.perf_counter()) < began + seconds:
        due, last = due + (now - last) * rate, now
        while due >= 1:
            due, number = due - 1, number + 1
            talkers[number % len(talkers)].say(typing=number % 10 == 0)
        await asyncio.sleep(TICK_S)
    done = Tally(tally.sent, tally.kept, Counter(tally.refused), tally.signs, tally.silent)
    done.seconds, done.processor_s = time.perf_counter() - began, sum(process.cpu_times()[:2]) - used
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    done.health_s, done.statuses = tally.health_s, tally.statuses
    done.late_s = _late(before, await node.meters())
    await until(lambda: not any(talker.open > 0 and not talker.code for talker in talkers), DRAIN_S, "answers")
    return done


async def _ask_health(node: Node, tally: Tally) -> None:
    while True:
        began = time.perf_counter()
        answer = await node.rest.request("GET", "/health/ready")
        tally.health_s.append(time.perf_counter() - began)
        tally.statuses[answer.status] += 1
        await asyncio.sleep(ASK_S)


def _late(before: dict[str, float], after: dict[str, float]) -> float:
    """Return how late the loop was at most, for 99 of 100 beats: the bound of the bucket they are in."""
    name = re.compile(r'parley_loop_late_seconds_bucket\{le="(.+)"\}')
    counts = [(float(found[1]), after[key] - before[key]) for key in after if (found := name.fullmatch(key))]
    return min(bound for bound, count in counts if count >= 0.99 * max(count for _, count in counts))


def _judge(outcome: Outcome, peak: Tally, over: Tally) -> None:
    figures = outcome.figures
    figures["most kept, a second"] = peak.rate
    figures["kept for a second of processor, at most"] = peak.by_processor
    figures["offered then, a second"] = over.sent / over.seconds
    figures["kept then, a second"] = over.rate
    figures["kept then, share of the most"] = over.rate / peak.rate
    share = over.by_processor / peak.by_processor
    figures["the same for a second of processor"] = share
    if share < KEPT:
        outcome.slow.append(f"kept for a second of processor: {share:.2f} of the most, not {KEPT}")
    if share < COLLAPSED:
        outcome.wrong.append(f"only {share:.2f} of the most was kept for a second of processor")
    refused = sum(count for code, count in over.refused.items() if not code.startswith("typing"))
    signs = sum(over.refused.values()) - refused
    figures["refused then, a second"] = refused / over.seconds
    figures["refused messages, %"] = 100 * refused / max(1, refused + over.kept)
    figures["refused signs of typing, %"] = 100 * signs / max(1, over.signs)
    at_most(outcome, "health, longest ms", max(over.health_s, default=0.0) * 1000, HEALTH_MS)
    figures["health, p50 ms"] = percentile(over.health_s, 50) * 1000
    figures["health, answers that were not 200"] = sum(over.statuses.values()) - over.statuses[200]
    at_most(outcome, "loop late, p99 s", over.late_s, LATE_S)
    outcome.proofs["offered, times the most"] = over.sent / over.seconds / peak.rate
    strange = {code for code in over.refused if code.removeprefix("typing ") not in ("unavailable", "rate_limited")}
    outcome.wrong += [f"refused with {code}" for code in sorted(strange)]
    outcome.wrong += [f"{over.silent} refusals do not say when to come back"] if over.silent else []
