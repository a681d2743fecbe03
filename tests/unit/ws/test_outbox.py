import asyncio
import gc
import os
import random
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
from tornado.iostream import IOStream

from tests.peers import Peer, connections, until
from ws.wire import outbox as module
from ws.wire.frames import close_frame, ping_frame, pong_frame, text_frame
from ws.wire.outbox import EPHEMERAL_LIMIT, QUEUE_LIMIT, Flusher, Outbox
from ws.wire.pipe import SEND_LIMIT, Pipe

MIB = 1024 * 1024


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Box:
    """An outbox, its peer, and how often it was called slow."""

    def __init__(self, peer: Peer, flusher: Flusher | None = None) -> None:
        self.clock = Clock()
        self.peer = peer
        self.slow = 0
        self.flusher = flusher or Flusher(clock=self.clock)
        self.box = Outbox(peer.stream, self.flusher, self.on_slow)

    def on_slow(self) -> None:
        self.slow += 1

    def stall(self, size: int = 500_000) -> bytes:
        """Push more than the kernel takes."""
        data = random.randbytes(size)
        self.box.push(data)
        return data


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[], Peer]]:
    with connections() as make:
        yield make


@pytest.fixture
def peer(connect: Callable[[], Peer]) -> Peer:
    return connect()


@pytest.fixture
def it(peer: Peer) -> Box:
    return Box(peer)


async def tick(count: int = 3) -> None:
    """Let the loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)


# Sending


async def test_socket_is_set_up(it: Box) -> None:
    sock = it.peer.stream.socket
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * 65536  # Linux counts its own needs


async def test_frames_of_a_tick_are_sent_in_order(it: Box) -> None:
    for number in range(10):
        it.box.push(b"%d" % number)
    assert it.box.queued == 10
    await tick()
    assert it.box.queued == 0
    assert it.peer.received() == b"0123456789"


async def test_nothing_is_sent_within_the_tick(it: Box) -> None:
    it.box.push(b"x")
    assert it.peer.received() == b""
    await tick()
    assert it.peer.received() == b"x"


async def test_empty_frame_is_nothing(it: Box) -> None:
    it.box.push(b"")
    await tick()
    it.box.push(b"x")
    await tick()
    assert it.peer.received() == b"x"


@pytest.mark.parametrize("seed", range(8))
async def test_slow_reader_gets_every_byte(it: Box, seed: int) -> None:
    chance = random.Random(seed)
    sent, got = bytearray(), bytearray()
    while len(sent) < 600_000:
        for _ in range(chance.randrange(12)):
            frame = chance.randbytes(chance.choice([1, 30, 300, 3_000, 20_000]))
            it.box.push(frame)
            sent += frame
        if chance.random() < 0.3 or it.box.queued > 500_000:
            got += it.peer.received()
        await asyncio.sleep(0)
        assert it.box.queued <= len(sent) - len(got)
    got += await it.peer.read(len(sent) - len(got))
    assert got == sent
    await tick()
    assert it.box.queued == 0
    assert it.slow == 0


async def test_queued_counts_exactly_what_the_kernel_has_not_taken(it: Box) -> None:
    data = [it.stall(300_000), it.stall(100), it.stall(200_000)]
    total = sum(map(len, data))
    assert it.box.queued == total
    got = b""
    while len(got) < total:
        await tick()
        kernel = total - it.box.queued
        assert kernel >= len(got)
        got += it.peer.received()
        await asyncio.sleep(0.001)
    assert got == b"".join(data)
    assert it.box.queued == 0


async def test_stream_never_holds_more_than_the_piece_that_was_partly_sent(it: Box) -> None:
    frame = b"x" * 300
    for _ in range(3_000):
        it.box.push(frame)
    await tick()
    held = len(it.peer.stream._write_buffer)
    assert 0 < held <= 300
    assert sum(1 for piece in it.box._pieces if piece is frame) == len(it.box._pieces)
    await it.peer.read(900_000)


async def test_rest_of_a_write_that_was_there_before_goes_first(peer: Peer) -> None:
    peer.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    head = b"h" * 800_000
    writing = peer.stream.write(head)
    it = Box(peer)
    it.box.push(b"tail")
    got = peer.received()
    it.box.flush()  # the kernel has room again, and the stream does not know of it yet
    assert it.box.queued > 4
    assert got + await peer.read(len(head) + 4 - len(got)) == head + b"tail"
    await writing


async def test_send_joins_no_more_than_its_limit(it: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    send = Pipe.send

    def noted(pipe: Pipe, pieces: list[bytes]) -> int:
        sizes.append(sum(map(len, pieces)))
        return send(pipe, pieces)

    monkeypatch.setattr(Pipe, "send", noted)
    it.box.pacing = True
    for _ in range(1_000):
        it.box.push(b"x" * 300)
    await it.peer.read(300_000)
    assert max(sizes) <= SEND_LIMIT
    assert max(sizes) > SEND_LIMIT - 300


# Ephemeral


async def test_ephemeral_is_sent_while_little_is_queued(it: Box) -> None:
    it.box.push_ephemeral(b"x")
    await tick()
    assert it.peer.received() == b"x"


async def test_ephemeral_is_dropped_over_its_limit(it: Box) -> None:
    it.box.push(b"x" * (EPHEMERAL_LIMIT + 1))
    it.box.push_ephemeral(b"y" * 100)
    assert it.box.queued == EPHEMERAL_LIMIT + 1
    it.stall()
    await tick()
    before = it.box.queued
    assert before > EPHEMERAL_LIMIT
    it.box.push_ephemeral(b"y" * 100)
    assert it.box.queued == before


# Pongs


async def test_pong_goes_before_what_has_not_begun(it: Box) -> None:
    it.box.push(b"later")
    it.box.pong(b"pong")
    await tick()
    assert it.peer.received() == b"ponglater"


async def test_only_the_latest_pong_waits(it: Box) -> None:
    data = it.stall(300_000)
    await tick()
    it.box.push(b"end")
    before = it.box.queued
    for number in range(1_000):
        it.box.pong(b"%04d" % number)
        await asyncio.sleep(0)
    assert it.box.queued == before + 4
    assert await it.peer.read(len(data) + 7) == data + b"0999end"


async def test_pong_alone_is_sent(it: Box) -> None:
    it.box.pong(b"pong")
    assert it.box.queued == 4
    await tick()
    assert it.peer.received() == b"pong"
    it.box.push(b"x")
    await tick()
    assert it.peer.received() == b"x"


# Slow readers


async def test_reader_over_the_limit_is_slow_once(it: Box) -> None:
    for _ in range(30):
        it.stall(100_000)
        await tick()
    assert it.slow == 1
    assert it.box.closing
    assert it.box.queued <= 100_000


async def test_burst_of_one_tick_over_the_limit_is_slow(it: Box) -> None:
    for _ in range(20):
        it.stall(100_000)
    await tick()
    assert it.slow == 1


async def test_limit_is_that_of_what_is_queued(it: Box) -> None:
    it.stall(QUEUE_LIMIT)
    await tick()
    assert it.slow == 0
    it.stall(QUEUE_LIMIT - it.box.queued)
    await tick()
    assert (it.slow, it.box.queued) == (0, QUEUE_LIMIT)
    it.stall(1)
    await tick()
    assert it.slow == 1


async def test_limit_does_not_apply_while_pacing(it: Box) -> None:
    it.box.pacing = True
    it.stall(3 * MIB)
    await tick()
    assert it.slow == 0
    it.box.pacing = False
    it.stall(1)
    await tick()
    assert it.slow == 1


@pytest.mark.parametrize("pacing", [False, True])
async def test_reader_that_takes_nothing_is_slow(it: Box, pacing: bool) -> None:
    it.box.pacing = pacing
    it.stall()
    await tick()
    assert not it.box.check(it.clock.now)
    it.clock.now += 9.9
    assert not it.box.check(it.clock.now)
    it.clock.now += 0.2
    assert it.box.check(it.clock.now)
    assert it.slow == 1
    it.clock.now += 100
    it.box.check(it.clock.now)
    assert it.slow == 1


async def test_reader_that_takes_a_little_is_not_slow(it: Box) -> None:
    data = it.stall()
    await tick()
    while it.box.queued:
        it.clock.now += 9
        data = data[len(await it.peer.read(min(30_000, len(data)))) :]
        await asyncio.sleep(0.005)
        assert not it.box.check(it.clock.now)
    assert it.slow == 0


async def test_nothing_queued_is_not_slow(it: Box) -> None:
    it.box.push(b"x")
    await tick()
    it.clock.now += 1_000
    assert not it.box.check(it.clock.now)


async def test_flusher_checks_the_stalled_by_itself(it: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ws.wire.flusher.WATCH_S", 0.02)
    it.stall()
    await tick()
    await asyncio.sleep(0.1)
    assert it.slow == 0
    it.clock.now += 11
    await until(lambda: it.slow)


async def test_frames_after_slow_are_dropped(it: Box) -> None:
    it.stall(3 * MIB)
    await tick()
    left = it.box.queued
    for _ in range(100):
        it.stall()
        it.box.pong(b"pong")
        await tick(1)
    assert it.box.queued == left


async def test_reader_that_was_slow_gets_no_more_than_was_begun(it: Box) -> None:
    data = it.stall()
    await tick()
    it.stall(MIB)
    await tick()
    assert it.slow == 1
    assert await it.peer.read(len(data)) == data
    it.stall()
    await tick()
    assert it.peer.received() == b""


# Waiting


async def test_drained_returns_at_once_where_little_is_queued(it: Box) -> None:
    assert await it.box.drained()
    it.box.push(b"x")
    assert await it.box.drained()


async def test_drained_waits_for_the_flush(it: Box) -> None:
    it.box.push(b"x")
    assert await asyncio.wait_for(it.box.drained(1), 1)
    assert it.box.queued == 0


@pytest.mark.parametrize("below", [1, 1_000, 65_536, 400_000])
async def test_drained_returns_when_less_is_queued(it: Box, below: int) -> None:
    data = it.stall()
    waiting = asyncio.create_task(it.box.drained(below))
    await tick()
    assert not waiting.done()
    got = 0
    while not waiting.done():
        assert got < len(data)
        got += len(await it.peer.read(min(20_000, len(data) - got)))
        await asyncio.sleep(0.002)
    assert await waiting
    assert it.box.queued < below


@pytest.mark.parametrize("end", ["close", "abort", "reset", "slow"])
async def test_drained_returns_false_at_the_end(it: Box, end: str) -> None:
    it.stall()
    waiting = asyncio.create_task(it.box.drained())
    await tick()
    if end == "close":
        it.box.close(4000)
    elif end == "abort":
        it.box.abort()
    elif end == "reset":
        it.peer.reset()
    else:
        it.stall(3 * MIB)
    assert await asyncio.wait_for(waiting, 1) is False
    assert await it.box.drained() is False


async def test_paced_sender_goes_at_the_pace_of_its_reader(it: Box) -> None:
    it.box.pacing = True
    page = b"x" * 100_000
    most = 0

    async def send() -> None:
        nonlocal most
        for _ in range(40):
            it.box.push(page)
            most = max(most, it.box.queued)
            assert await it.box.drained()

    sending = asyncio.create_task(send())
    assert len(await it.peer.read(4_000_000)) == 4_000_000
    await sending
    assert most < 300_000
    assert it.slow == 0


# Closing

CLOSE = close_frame(4000, "why")


async def test_close_of_an_idle_outbox_is_answered_and_ends(it: Box) -> None:
    it.box.close(4000, "why")
    assert await it.peer.read(len(CLOSE)) == CLOSE
    assert not it.peer.stream.closed()
    it.box.peer_closed()
    assert it.peer.stream.closed()
    assert await it.peer.rest() == b""


async def test_close_that_is_not_answered_ends_in_time(it: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_S", 0.1)
    it.box.close(4000, "why")
    began = time.monotonic()
    assert await it.peer.rest() == CLOSE
    assert time.monotonic() - began > 0.09


async def test_close_after_the_peers_ends_at_once(it: Box) -> None:
    it.box.close(None)
    it.box.peer_closed()
    assert it.peer.stream.closed()
    assert await it.peer.rest() == close_frame(None)


async def test_close_drops_what_was_not_begun(it: Box) -> None:
    it.box.push(b"never")
    it.box.pong(b"never")
    it.box.close(4000, "why")
    it.box.push(b"never")
    it.box.push_ephemeral(b"never")
    it.box.pong(b"never")
    await tick()
    it.box.peer_closed()
    assert await it.peer.rest() == CLOSE
    assert it.box.queued == 0


async def test_close_lets_a_partly_sent_piece_finish(it: Box) -> None:
    data = it.stall()
    await tick()
    it.box.push(b"never" * 1_000)
    it.box.close(4000, "why")
    it.box.push(b"never")
    it.box.peer_closed()
    got = await it.peer.read(len(data) - 1_000)
    it.box.push(b"never")
    it.box._pump()  # as when the piece is finished in the very tick of that push
    began = time.monotonic()
    assert got + await it.peer.rest() == data + CLOSE
    assert time.monotonic() - began < module.CLOSE_S * 0.9


async def test_close_of_a_stalled_reader_ends_in_time(it: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_S", 0.1)
    it.stall()
    await tick()
    it.box.close(4008)
    assert not it.peer.stream.closed()
    began = time.monotonic()
    await until(it.peer.stream.closed)
    assert time.monotonic() - began > 0.09


async def test_close_of_a_reader_stalled_for_long_ends_at_once(it: Box) -> None:
    it.stall()
    await tick()
    it.clock.now += 11
    assert it.box.check(it.clock.now)
    it.box.close(4008)
    assert it.peer.stream.closed()
    assert it.box.queued == 0


async def test_only_the_first_close_counts(it: Box) -> None:
    it.box.close(4000, "why")
    it.box.close(4001)
    it.box.peer_closed()
    it.box.close(4002)
    assert await it.peer.rest() == CLOSE


def peer_closes(it: Box) -> None:
    """Do what the peer's close frame asks for."""
    it.box.close(1000)
    it.box.peer_closed()


STATES: dict[str, Callable[[Box], object]] = {
    "idle": lambda it: None,
    "pushed": lambda it: it.box.push(b"x"),
    "stalled": lambda it: it.stall(),
    "slow": lambda it: it.stall(3 * MIB),
    "closing": lambda it: it.box.close(4000),
    "closed": lambda it: it.box.abort(),
    "lost": lambda it: it.peer.reset(),
}
ENDS: dict[str, Callable[[Box], object]] = {
    "close": lambda it: it.box.close(4000),
    "abort": lambda it: it.box.abort(),
    "peer": peer_closes,
    "reset": lambda it: it.peer.reset() if it.peer.sock.fileno() >= 0 else None,
}


@pytest.mark.parametrize("then", [None, "closing"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("end", ENDS)
async def test_every_end_in_every_state_is_calm(
    it: Box,
    state: str,
    then: str | None,
    end: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "CLOSE_S", 0.05)
    STATES[state](it)
    await tick(0 if state == "pushed" else 3)
    if then is not None:
        STATES[then](it)
    ENDS[end](it)
    it.stall(1_000)
    it.box.pong(b"x")
    it.box.push_ephemeral(b"x")
    await until(it.peer.stream.closed)
    for _ in range(3):
        it.stall(1)
        await asyncio.sleep(0.005)
    assert it.box.closing
    assert it.box.queued == 0
    assert it.slow == (state == "slow")
    gc.collect()
    assert not caplog.records


def sockets_between(local: int, remote: int) -> list[list[str]]:
    """The kernel's sockets with these ports of this machine."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()]
    return [row for row in rows if row[1].endswith(f":{local:04X}") and row[2].endswith(f":{remote:04X}")]


async def test_abort_frees_what_the_kernel_holds_for_a_reader_that_has_stopped(it: Box) -> None:
    it.stall()
    await tick()
    ports = it.peer.sock.getpeername()[1], it.peer.sock.getsockname()[1]
    assert sockets_between(*ports)
    it.box.abort()
    assert not sockets_between(*ports)


# Many


async def test_stalled_readers_share_memory_and_are_called_slow_once(connect: Callable[[], Peer]) -> None:
    flusher = Flusher()
    boxes = [Box(connect(), flusher) for _ in range(100)]
    await tick()
    gc.collect()
    before = psutil.Process().memory_info().rss
    most = 0
    for _ in range(60):
        frames = [text_frame(os.urandom(300) * 2) for _ in range(170)]  # about 100 KiB
        for it in boxes:
            for frame in frames:
                it.box.push(frame)
        await tick()
        most = max(most, psutil.Process().memory_info().rss)
    assert [it.slow for it in boxes] == [1] * 100
    assert most - before < 20 * MIB
    assert sum(it.box.queued for it in boxes) < 100 * 1_000
    for it in boxes:
        it.box.abort()


async def test_ping_frame_is_sent_like_any_other(it: Box) -> None:
    it.box.push(ping_frame(b"x"))
    it.box.pong(pong_frame(b"y"))
    await tick()
    assert it.peer.received() == b"\x8a\x01y\x89\x01x"


async def test_private_counters_of_tornado_are_still_there(peer: Peer) -> None:
    """``Pipe`` reads two of them, to count exactly what a stream has not written."""
    await peer.stream.write(b"x" * 10)
    assert (peer.stream._total_write_index, peer.stream._total_write_done_index) == (10, 10)
    assert isinstance(peer.stream, IOStream)
    assert SEND_LIMIT == 65_536
