import asyncio
import random
import socket
from collections.abc import AsyncIterator

import pytest

from tests.peers import Peer, connections
from tests.unit.ws.wire.boxes import Box, tick
from ws.wire.frames import ping_frame, pong_frame
from ws.wire.outbox import EPHEMERAL_LIMIT
from ws.wire.pipe import SEND_LIMIT, Pipe


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    with connections() as connect:
        yield connect()


@pytest.fixture
async def it(peer: Peer) -> Box:
    return Box(peer)


# Sending


async def test_socket_is_set_up(it: Box) -> None:
    sock = it.peer.near
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


async def test_pipe_never_holds_more_than_the_piece_that_was_partly_sent(it: Box) -> None:
    frame = b"x" * 300
    for _ in range(3_000):
        it.box.push(frame)
    await tick()
    held = it.box.pipe.unsent
    assert 0 < held <= 300
    assert sum(1 for piece in it.box._pieces if piece is frame) == len(it.box._pieces)
    await it.peer.read(900_000)


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


async def test_ping_frame_is_sent_like_any_other(it: Box) -> None:
    it.box.push(ping_frame(b"x"))
    it.box.pong(pong_frame(b"y"))
    await tick()
    assert it.peer.received() == b"\x8a\x01y\x89\x01x"
