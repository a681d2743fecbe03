"""How a connection is read: at once where it can be, and nothing more while something waits."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from tornado.web import Application

from services.operations.eager import in_task
from tests.echo import Echo, Sessions, application
from tests.peers import until
from tests.raw import CLOSE, PING, PONG, TEXT, Raw, frame, raw, text
from ws.wire.socket import Connection


class Timed(Echo):
    """A session some of whose messages need a task, or tell whether there is one."""

    async def receive(self, payload: bytes) -> None:
        """See ``Receiver.receive``."""
        if payload == b"timed":
            await in_task()
            async with asyncio.timeout(5):
                await asyncio.sleep(0)
        elif payload == b"task":
            payload = str(asyncio.current_task() is not None).encode()
        await super().receive(payload)


class Timing(Sessions):
    """Sessions that are timed."""

    def accept(self, connection: Connection) -> Echo:
        """See ``Sessions.accept``."""
        self.append(Timed(connection))
        return self[-1]


@pytest.fixture
async def sessions() -> AsyncIterator[Timing]:
    sessions = Timing()
    yield sessions
    sessions.close()


@pytest.fixture
def app(sessions: Timing) -> Application:
    return application(sessions)


@pytest.fixture
async def peer(http_server_port: int) -> AsyncIterator[Raw]:
    async with raw(http_server_port) as connection:
        yield connection


@pytest.fixture
async def waiting(peer: Raw, sessions: Timing) -> Connection:
    """The connection of a peer one of whose messages waits."""
    await peer.send(text("wait"))
    await sessions[0].begun.wait()
    return sessions[0].connection


def more(connection: Connection) -> Callable[[], bool]:
    """Tell whether it was noticed that there is more than may be read."""
    return lambda: connection._pipe.deaf


async def test_message_that_need_not_wait_takes_no_task(peer: Raw) -> None:
    await peer.send(text("task"))
    assert (await peer.receive()).payload == b"False"


async def test_message_may_ask_for_a_task(peer: Raw) -> None:
    await peer.send(text("timed") + text("task") + text("x"))
    assert [(await peer.receive()).payload for _ in range(3)] == [b"timed", b"True", b"x"]
    await peer.send(text("task"))
    assert (await peer.receive()).payload == b"False"


async def test_order_is_kept_over_a_message_that_waits(peer: Raw, sessions: Timing, waiting: Connection) -> None:
    for number in range(20):
        await peer.send(text(f"{number}"))
        await asyncio.sleep(0)
    await until(more(waiting))
    assert sessions[0].got == [b"wait"]
    sessions[0].go.set()
    got = [(await peer.receive()).payload for _ in range(21)]
    assert got == [b"wait", *(b"%d" % number for number in range(20))]
    assert not waiting._pipe.deaf


async def test_ping_of_a_later_read_waits_too(peer: Raw, sessions: Timing, waiting: Connection) -> None:
    await peer.send(frame(PING, b"p"))
    await until(more(waiting))
    assert not waiting.outbox.queued
    sessions[0].go.set()
    assert {(await peer.receive()).opcode for _ in range(2)} == {TEXT, PONG}


async def test_what_a_peer_said_before_it_went_is_received_after_what_waits(
    peer: Raw, sessions: Timing, waiting: Connection
) -> None:
    await peer.send(text("last"))
    peer.close()
    await until(more(waiting))
    assert not sessions[0].ended
    sessions[0].go.set()
    await asyncio.wait_for(sessions[0].done.wait(), 5)
    assert sessions[0].got == [b"wait", b"last"]
    assert sessions[0].ended == [None]


async def test_close_of_ours_while_a_message_waits_ends(peer: Raw, sessions: Timing, waiting: Connection) -> None:
    await peer.send(text("never"))
    await until(more(waiting))
    waiting.outbox.abort()
    await asyncio.wait_for(sessions[0].done.wait(), 5)
    sessions[0].go.set()
    await until(lambda: waiting._task is None)
    assert sessions[0].got == [b"wait"]
    assert sessions[0].ended == [None]


async def test_last_words_arrive_though_much_was_not_read(
    peer: Raw, waiting: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ws.wire.outbox.CLOSE_S", 0.05)
    await peer.send(text(b"never" * 10_000))
    await until(more(waiting))
    waiting.close(4000)
    await until(lambda: waiting._pipe.closed)
    end = await peer.receive()
    assert (end.opcode, end.code) == (CLOSE, 4000)
    assert await asyncio.get_running_loop().sock_recv(peer.sock, 1) == b"", "it was reset"


async def test_nothing_is_read_while_many_have_to_be_heard(peer: Raw, sessions: Timing) -> None:
    connection = sessions[0].connection
    turn = asyncio.create_task(connection._turns.next())
    await peer.send(text("x"))
    await asyncio.wait_for(turn, 5)
    assert (await peer.receive()).payload == b"x"
