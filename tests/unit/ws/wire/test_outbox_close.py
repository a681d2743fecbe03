import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.peers import connections, until
from tests.unit.ws.wire.boxes import MIB, Box, tick
from ws.wire import outbox as module
from ws.wire.frames import close_frame


@pytest.fixture
async def it() -> AsyncIterator[Box]:
    with connections() as connect:
        yield Box(connect())


# Closing

CLOSE = close_frame(4000, "why")


async def test_close_of_an_idle_outbox_is_answered_and_ends(it: Box) -> None:
    it.box.close(4000, "why")
    assert await it.peer.read(len(CLOSE)) == CLOSE
    assert not it.peer.closed()
    it.box.peer_closed()
    assert it.peer.closed()
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
    assert it.peer.closed()
    assert await it.peer.rest() == close_frame(None)


async def test_close_drops_what_was_not_begun(it: Box) -> None:
    it.box.push(b"never")
    it.box.pong(b"never")
    it.box.close(4000, "why")
    it.box.push(b"never")
    it.box.push_ephemeral(b"never")
    it.box.pong(b"never")
    it.box._pump()  # as when a piece is finished in the very tick of a push
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
    began = time.monotonic()
    assert got + await it.peer.rest() == data + CLOSE
    assert time.monotonic() - began < module.CLOSE_S * 0.9


async def test_close_of_a_stalled_reader_ends_in_time(it: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_S", 0.1)
    it.stall()
    await tick()
    it.box.close(4008)
    assert not it.peer.closed()
    began = time.monotonic()
    await until(it.peer.closed)
    assert time.monotonic() - began > 0.09


async def test_close_of_a_reader_stalled_for_long_ends_at_once(it: Box) -> None:
    it.stall()
    await tick()
    it.clock.now += 11
    assert it.box.check(it.clock.now)
    it.box.close(4008)
    assert it.peer.closed()
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
    await until(it.peer.closed)
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
