import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.peers import Peer, connections, until
from ws.wire.pipe import Pipe


class Owner:
    """Who has a pipe."""

    def __init__(self, peer: Peer) -> None:
        self.now = 100.0
        self.ready = asyncio.Event()
        self.pipe = Pipe(peer.near, lambda: self.now, self.ready.set)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    with connections() as connect:
        yield connect()


@pytest.fixture
async def owner(peer: Peer) -> Owner:
    return Owner(peer)


async def test_send_joins_and_sends_at_once(owner: Owner, peer: Peer) -> None:
    assert owner.pipe.send([b"ab", b"", b"cd"]) == 3
    assert not owner.pipe.busy
    assert owner.pipe.unsent == 0
    assert peer.received() == b"abcd"


async def test_send_tells_how_many_were_begun(owner: Owner, peer: Peer) -> None:
    pieces = [bytes((number,)) * 20_000 for number in range(30)]
    begun = owner.pipe.send(pieces)
    assert 0 < begun < 30
    assert owner.pipe.busy
    assert 0 < owner.pipe.unsent <= 20_000
    assert await peer.read(begun * 20_000) == b"".join(pieces[:begun])
    await asyncio.wait_for(owner.ready.wait(), 1)
    assert not owner.pipe.busy


async def test_send_begins_one_where_the_kernel_takes_nothing(owner: Owner, peer: Peer) -> None:
    while not owner.pipe.busy:
        owner.pipe.send([b"x" * 50_000])
    with pytest.raises(BlockingIOError):
        peer.near.send(b"x")
    owner.pipe.busy = False
    assert owner.pipe.send([b"a" * 10, b"b" * 10]) == 1
    assert owner.pipe.busy


async def test_piece_is_not_copied(owner: Owner) -> None:
    piece = b"x" * 1_000_000
    owner.pipe.send([piece])
    view = owner.pipe._rest
    assert isinstance(view, memoryview)
    assert view.obj is piece


async def test_stalled_is_counted_from_the_last_progress(owner: Owner, peer: Peer) -> None:
    owner.pipe.send([b"x" * 1_000_000])
    owner.now += 5
    assert owner.pipe.stalled_s(owner.now) == 5
    await peer.read(300_000)
    await asyncio.sleep(0.01)
    assert owner.pipe.stalled_s(owner.now) == 0
    owner.now += 3
    assert owner.pipe.stalled_s(owner.now) == 3


async def test_lost_peer_is_an_error_of_the_system(owner: Owner, peer: Peer) -> None:
    peer.reset()
    await asyncio.sleep(0.01)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        owner.pipe.send([b"x"])


async def test_owner_is_told_when_the_peer_is_lost(owner: Owner, peer: Peer) -> None:
    owner.pipe.send([b"x" * 1_000_000])
    peer.reset()
    await asyncio.wait_for(owner.ready.wait(), 1)
    assert owner.pipe.closed


async def test_owner_is_not_called_after_close(owner: Owner) -> None:
    owner.pipe.send([b"x" * 1_000_000])
    owner.pipe.close()
    owner.pipe.close()
    await asyncio.sleep(0.01)
    assert owner.pipe.closed
    assert not owner.ready.is_set()
    with pytest.raises(OSError, match="descriptor"):
        owner.pipe.send([b"x"])


# Reading


class Ears:
    """Who reads of a pipe."""

    def __init__(self, owner: Owner) -> None:
        self.pipe = owner.pipe
        self.got = b""
        self.told = 0
        self.ended = 0
        owner.pipe.own(self.readable, self.closed)

    def readable(self) -> None:
        self.told += 1
        self.got += self.pipe.receive(5)

    def closed(self) -> None:
        self.ended += 1


@pytest.fixture
async def ears(owner: Owner) -> Ears:
    return Ears(owner)


async def test_reader_is_told_until_all_is_read(ears: Ears, peer: Peer) -> None:
    ears.pipe.hear()
    ears.pipe.hear()
    peer.sock.send(b"hello world")
    await until(lambda: ears.got == b"hello world")
    assert ears.told == 3


async def test_reader_is_told_nothing_while_it_is_deaf(ears: Ears, peer: Peer) -> None:
    peer.sock.send(b"hello")
    await asyncio.sleep(0.01)
    assert ears.pipe.deaf
    ears.pipe.hear()
    await until(lambda: ears.got)
    ears.pipe.deafen()
    ears.pipe.deafen()
    peer.sock.send(b"world")
    await asyncio.sleep(0.01)
    assert ears.got == b"hello"
    ears.pipe.hear()
    await until(lambda: ears.got == b"helloworld")


async def test_reading_goes_on_while_something_is_partly_sent(owner: Owner, ears: Ears, peer: Peer) -> None:
    ears.pipe.hear()
    owner.pipe.send([b"x" * 1_000_000])
    peer.sock.send(b"hello")
    await until(lambda: ears.got)
    ears.pipe.deafen()
    await peer.read(1_000_000)
    await until(lambda: not owner.pipe.busy)
    ears.pipe.hear()
    peer.sock.send(b"world")
    await until(lambda: ears.got == b"helloworld")


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_end_is_told_once_and_later(owner: Owner, ears: Ears, peer: Peer, end: str) -> None:
    ears.pipe.hear()
    owner.pipe.send([b"x" * 1_000_000])
    if end == "close":
        owner.pipe.close()
        assert ears.ended == 0
    else:
        ears.pipe.deafen()
        peer.reset()
    await until(lambda: ears.ended)
    owner.pipe.close()
    owner.pipe.hear()
    await asyncio.sleep(0.01)
    assert ears.ended == 1
    assert owner.pipe.closed
    assert not owner.pipe.busy
    assert owner.pipe.unsent == 0
