"""Whoever asks for far more than anybody may is limited first, then sent away; others go on."""

import asyncio
import contextlib
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.application import Parley, running
from tests.client.rest import Refused
from tests.people import Person
from tests.raw import CLOSE, CONTINUATION, PING, PONG, TEXT, Raw, frame, text
from ws.wire.throttle import BURST, RATE

AT_ONCE = 64
"""Frames in one piece."""

SENT_AWAY_S = 20.0
"""Seconds within which every flooder is gone, with others at work on the machine."""

Flood = Callable[[str], Iterator[bytes]]
"""Frames without an end, given a room."""


def call(op: str, id_: int, **d: object) -> bytes:
    return text(json.dumps({"op": op, "id": id_, "d": d}))


def messages(room: str) -> Iterator[bytes]:
    return (call("message.send", number, room=room, text="buy", cid=f"c{number}") for number in itertools.count(1))


def moves(room: str) -> Iterator[bytes]:
    return (call(f"room.{'join' if number % 2 else 'leave'}", number, room=room) for number in itertools.count(1))


def hellos(_room: str) -> Iterator[bytes]:
    return (call("hello", number, token="again") for number in itertools.count(1))


def pings(_room: str) -> Iterator[bytes]:
    return itertools.repeat(frame(PING, b"there?"))


def pongs(_room: str) -> Iterator[bytes]:
    return itertools.repeat(frame(PONG))


def fragments(_room: str) -> Iterator[bytes]:
    """Messages of nearly as many fragments as there may be, most of them empty."""
    for number in itertools.count(1):
        yield frame(TEXT, b'{"op":"ping","id":%d' % number, fin=False)
        yield from itertools.repeat(frame(CONTINUATION, b"", fin=False), 60)
        yield frame(CONTINUATION, b"}")


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley


class Flooder:
    """One who sends without a pause, and reads what he is told."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.sent = 0
        self.told: Counter[str] = Counter()
        """Answers with success, and codes of refusals."""
        self.closed: int | None = None

    @classmethod
    async def enter(cls, parley: Parley, person: Person) -> "Flooder":
        """Say hello."""
        raw = await Raw.connect(parley.node.port)
        assert (await raw.ask()).status == 101
        await raw.send(call("hello", 0, token=person.account.token))
        return cls(raw)

    async def flood(self, frames: Iterator[bytes]) -> float:
        """Send until sent away; return how long that took."""
        began = time.monotonic()
        sending = asyncio.ensure_future(self.send(frames))
        try:
            async with asyncio.timeout(SENT_AWAY_S):
                while self.closed is None:
                    await self.read()
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await sending
            self.raw.close()
        return time.monotonic() - began

    async def send(self, frames: Iterator[bytes], at_once: int = AT_ONCE) -> None:
        """Send without a pause, however long the server does not read."""
        while True:
            await asyncio.get_running_loop().sock_sendall(self.raw.sock, b"".join(itertools.islice(frames, at_once)))
            self.sent += at_once
            await asyncio.sleep(0)

    async def read(self) -> None:
        """Take note of one answer, or of none for a while."""
        try:
            heard = await self.raw.receive()
        except TimeoutError:
            return
        if heard.opcode == CLOSE:
            self.closed = heard.code
        elif heard.opcode == TEXT and heard.payload.startswith(b'{"re":'):
            answer = json.loads(heard.payload)
            self.told[answer["err"]["code"] if "err" in answer else "ok"] += 1


@pytest.mark.parametrize(
    ("shape", "limited"),
    [
        (messages, "rate_limited"),
        (moves, "rate_limited"),
        (hellos, "bad_request"),
        (pings, None),
        (pongs, None),
        (fragments, None),
    ],
)
async def test_flooder_is_limited_then_sent_away(parley: Parley, shape: Flood, limited: str | None) -> None:
    ill, well = await parley.people("ill", "well")
    room = await well.create()
    await ill.do("room.join", room=room)
    live = await well.connect()
    parley.application.limits.on = True
    flooder = await Flooder.enter(parley, ill)
    flooding = asyncio.ensure_future(flooder.flood(shape(room)))
    others = 0
    while not flooding.done():
        await live.call("message.list", room=room, limit=1)
        others += 1
        await asyncio.sleep(0.1)
    print(f"{shape.__name__}: {flooder.sent} sent, {dict(flooder.told)}, {await flooding:.1f} s")
    assert flooder.closed == 4505
    assert others > 0
    if limited is not None:
        assert flooder.told[limited] > 0


async def test_what_is_large_is_read_at_its_rate(parley: Parley) -> None:
    (ill,) = await parley.people("ill")
    parley.application.limits.on = True
    flooder = await Flooder.enter(parley, ill)
    padding = " " * 60_000
    large = (text(f'{{"op":"ping","id":{number}{padding}}}') for number in itertools.count(1))
    began = time.monotonic()
    sending = asyncio.ensure_future(flooder.send(large, at_once=1))
    while time.monotonic() < began + 4:
        await flooder.read()
    took = time.monotonic() - began
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    flooder.raw.close()
    assert flooder.closed is None
    assert BURST // 65_536 <= flooder.told["ok"] <= (BURST + took * RATE) / 60_000 + 2, "one read may be in debt"


async def test_whoever_waits_as_told_is_never_sent_away(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    room = await ann.create()
    live = await ann.connect()
    parley.application.limits.on = True
    sent = 0
    for number in range(13):
        try:
            await live.call("message.send", room=room, text="x", cid=f"c{number}")
        except Refused as refused:
            await asyncio.sleep(refused.retry_after or 0)
        else:
            sent += 1
    assert sent >= 10
    assert await live.call("ping") == {}
