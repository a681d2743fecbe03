import asyncio
import gc
import os
from collections.abc import AsyncIterator

import psutil
import pytest

from tests.peers import connections, until
from tests.unit.ws.wire.boxes import MIB, Box, tick
from ws.wire.frames import text_frame
from ws.wire.outbox import QUEUE_LIMIT, Flusher


@pytest.fixture
async def it() -> AsyncIterator[Box]:
    with connections() as connect:
        yield Box(connect())


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


async def test_stalled_readers_share_memory_and_are_called_slow_once() -> None:
    flusher = Flusher()
    with connections() as connect:
        boxes = [Box(connect(), flusher) for _ in range(100)]
        await tick()
        gc.collect()
        before = most = psutil.Process().memory_info().rss
        for _ in range(60):
            frames = [text_frame(os.urandom(300) * 2) for _ in range(170)]  # about 100 KiB
            for it in boxes:
                for frame in frames:
                    it.box.push(frame)
            await until(lambda: not any(it.box._dirty for it in boxes))
            most = max(most, psutil.Process().memory_info().rss)
        assert [it.slow for it in boxes] == [1] * 100
        assert most - before < 20 * MIB
        assert sum(it.box.queued for it in boxes) < 100 * 1_000
        for it in boxes:
            it.box.abort()
