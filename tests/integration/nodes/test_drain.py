"""How a node ends: what was begun is answered, everybody is sent elsewhere, never all at once, and it does end."""

import asyncio
import contextlib
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.application import Parley, running
from tests.client.site import Site
from tests.client.wire import Rejected
from tests.parts import Mongo
from tests.peers import until
from tests.people import Person
from tests.processes import ROOT, ServerProcess
from tests.processes import running as running_process
from tests.raw import Raw
from ws import drain

END_S = 15.0
"""Longest that a node may take to end, whatever hangs."""


@dataclass
class Ending:
    """A node that can be told to end while the test goes on."""

    parley: Parley

    async def begin(self) -> asyncio.Task[None]:
        """Begin to drain; return when nobody new comes in."""
        task = asyncio.create_task(self.parley.node.drain.run())
        await until(lambda: self.parley.door.draining)
        return task


@pytest.fixture
async def ending(tmp_path: Path) -> AsyncIterator[Ending]:
    """A node in this process."""
    async with running(tmp_path) as parley:
        yield Ending(parley)


# What was begun


async def test_password_that_is_being_hashed_is_answered(tmp_path: Path) -> None:
    """Many log-ins wait for two threads when the signal comes; each of their callers is answered."""
    server = ServerProcess(tmp_path / "data", variables={"PARLEY_BCRYPT_COST": "11"})
    async with running_process(server), Site(server.address) as site:
        ann = await site.register("ann")
        body = {"login": ann.username, "password": ann.password}
        # So that each of them has a connection already.
        await asyncio.gather(*(site.rest.request("GET", "/health/live") for _ in range(9)))
        async with asyncio.TaskGroup() as group:
            logins = [group.create_task(site.rest.request("POST", "/api/auth/login", body)) for _ in range(8)]
            # What came on other connections before this request has been read when it is answered.
            assert (await site.rest.request("GET", "/health/live")).status == 200
            ended = group.create_task(asyncio.to_thread(server.stop))
        assert [login.result().status for login in logins] == [200] * 8
        assert ended.result() == 0


async def test_appends_and_pipelined_sends_are_answered(ending: Ending) -> None:
    parley = ending.parley
    (ann,) = await parley.people("ann")
    room = await ann.create()
    live = await ann.connect()
    gate = parley.store.hold("batch")
    sends = [live.socket.start("message.send", {"room": room, "text": f"{n}", "cid": f"s{n}"}) for n in range(60)]
    path = f"/api/rooms/{room}/messages"
    posted = asyncio.create_task(ann.account.request("POST", path, {"text": "posted", "cid": "posted"}))
    await gate.reached.wait()
    await until(lambda: parley.application.underway.count == 61)
    ended = await ending.begin()
    await live.next("goaway")
    await asyncio.sleep(drain.GRACE_S * 2)  # the time in which its socket would be closed, had it nothing to wait for
    assert not ended.done()
    gate.release()
    assert [(await send)["text"] for send in sends] == [f"{n}" for n in range(60)]
    assert (await posted).status == 201
    assert await live.code() == 4000
    await ended


async def test_request_whose_client_has_left_is_finished(ending: Ending) -> None:
    """Its socket is gone, and so is the socket's session: the node still waits for it before it closes the store."""
    parley = ending.parley
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create()
    live = await ann.connect()
    gate = parley.store.hold("together")
    _asked = live.socket.start("room.add", {"room": room, "user": bob.id})
    await gate.reached.wait()
    live.socket.cut()
    await until(lambda: not parley.door.sockets)
    ended = await ending.begin()
    await asyncio.sleep(0.1)
    assert not ended.done()
    assert parley.door.tasks
    gate.release()
    await ended
    assert not parley.door.tasks


async def test_answer_that_is_read_slowly_is_sent_whole(ending: Ending) -> None:
    raw = await Raw.connect(ending.parley.node.port, receive_buffer=4096)
    await raw.send(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
    head, _, body = (await raw._until(b"\r\n\r\n")).partition(b"\r\n\r\n")
    ended = await ending.begin()
    (length,) = re.findall(rb"Content-Length: ([0-9]+)", head)
    await raw._take(int(length) - len(body))
    raw.close()
    await ended


async def test_request_that_never_comes_whole_is_cut_off(ending: Ending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "ANSWER_S", 0.2)
    (ann,) = await ending.parley.people("ann")
    room = await ann.create()
    raw = await Raw.connect(ending.parley.node.port)
    await raw.send(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert (await ann.say(room))["text"] == "hello"
    began = time.monotonic()
    await (await ending.begin())
    assert time.monotonic() - began < drain.ANSWER_S + 5
    assert not ending.parley.application.marks.pending, "the rest was done all the same"
    raw.close()


# Who comes while it ends


async def test_balancer_that_asks_is_told_before_anything_else_ends(ending: Ending) -> None:
    parley, rest = ending.parley, ending.parley.site.rest
    (ann,) = await parley.people("ann")
    room = await ann.create()
    live = await ann.connect()
    assert (await rest.request("GET", "/health/ready")).status == 200
    ended = await ending.begin()
    told = await rest.request("GET", "/health/ready")
    assert (told.status, told.json["reasons"]) == (503, ["the node is going away"])
    with pytest.raises(Rejected) as refused:
        await parley.site.open()
    assert refused.value.status == 503
    assert (await rest.request("GET", "/health/live")).headers["connection"] == "close"
    assert (await Person(parley.site, ann.account).say(room, "still answered"))["text"] == "still answered"
    assert (await live.call("ping")) == {}
    assert not ended.done()
    assert [event["ev"] for event in await live.until("goaway")][-2:] == ["message", "goaway"]
    with pytest.raises(ConnectionRefusedError):
        await rest.request("GET", "/health/live")
    assert await live.code() == 4000


async def test_node_that_nobody_balances_ends_at_once(ending: Ending) -> None:
    (ann,) = await ending.parley.people("ann")
    live = await ann.connect()
    began = time.monotonic()
    await (await ending.begin())
    assert time.monotonic() - began < drain.NOTICE_S
    assert await live.code() == 4000


# Who is sent away


async def test_deaf_clients_are_closed_one_after_the_other(ending: Ending) -> None:
    """They hear no goaway and come back at once when they are closed: even so never more than the rate in a second."""
    count = 60
    sockets = [await ending.parley.site.open() for _ in range(count)]
    times: list[float] = []
    for socket in sockets:
        socket.closed.add_done_callback(lambda _: times.append(time.monotonic()))
    ended = await ending.begin()
    assert {(await socket.closed).code for socket in sockets} == {4000}
    for socket in sockets:
        (event,) = [socket.events.get_nowait() for _ in range(socket.events.qsize())]
        assert event == {"ev": "goaway", "d": {"after": 0, "spread": 1000 * count // drain.PER_S}}
    await ended
    assert times[-1] - times[0] >= 0.8 * count / drain.PER_S
    half = [at for at in times if at - times[0] < count / drain.PER_S / 2]
    assert len(half) <= 0.75 * count


async def test_reader_that_has_stopped_holds_up_nothing(ending: Ending) -> None:
    parley = ending.parley
    (ann,) = await parley.people("ann")
    room = await ann.create()
    live = await ann.connect(receive_buffer=4096)
    live.socket.wire.transport.pause_reading()
    for number in range(100):
        await ann.say(room, "x" * 4000, cid=f"c{number}")
    began = time.monotonic()
    await (await ending.begin())
    assert time.monotonic() - began < 8
    live.socket.cut()


# What hangs


async def test_store_that_is_locked_does_not_hold_the_node(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data")
    await asyncio.to_thread(server.start)
    async with Site(server.address) as site:
        ann = Person(site, await site.register("ann"))
        room = await ann.create()
        live = await ann.connect()
        with contextlib.closing(sqlite3.connect(server.data / "parley.db", isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            sending = live.socket.start("message.send", {"room": room, "text": "x", "cid": "x"})
            posting = asyncio.create_task(ann.code("message.send", room=room, text="y", cid="y"))
            assert await live.call("ping") == {}
            assert await ends(server) == 0
        assert await posting == "unavailable"
        with contextlib.suppress(Exception):
            await sending
        assert getattr(sending.exception(), "code", None) == "unavailable"
        assert await live.code() == 4000
    assert not server.trouble()


@pytest.mark.mongo
async def test_store_that_is_frozen_does_not_hold_the_node(tmp_path: Path, mongo_part: Mongo) -> None:
    server = ServerProcess(tmp_path / "data", "--mongo-url", f"{mongo_part.url}/parley?replicaSet=rs0")
    await asyncio.to_thread(server.start)
    async with Site(server.address) as site:
        ann = Person(site, await site.register("ann"))
        room = await ann.create()
        live = await ann.connect()
        mongo_part.freeze()
        try:
            sending = live.socket.start("message.send", {"room": room, "text": "x", "cid": "x"})
            assert await live.call("ping") == {}
            assert await ends(server) == 0
        finally:
            mongo_part.thaw()
        assert await live.code() == 4000
        assert sending.done()
    assert not server.trouble()


async def ends(server: ServerProcess) -> int:
    """Ask a node to end, and demand that it does in time; return its exit code."""
    began = time.monotonic()
    code = await asyncio.to_thread(server.stop)
    took = time.monotonic() - began
    print(f"ended after {took:.1f} s")
    assert took < END_S
    return code


async def test_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data")
    await asyncio.to_thread(server.start)
    async with Site(server.address) as site:
        ann = Person(site, await site.register("ann"))
        live = await ann.connect()
        assert (await site.rest.request("GET", "/health/ready")).status == 200
        server.notify(signal.SIGINT)
        await asyncio.to_thread(server.until_log, lambda: any("draining" in line for line in server.log))
        assert await asyncio.to_thread(server.stop) == -signal.SIGTERM
        assert (await live.socket.closed).code == 1006


def test_loop_that_hangs_does_not_hold_the_process() -> None:
    program = """
import asyncio, os, signal, time
from ws import drain

async def main():
    drain.EXIT_S = 0.2
    ending = drain.Ending()
    os.kill(os.getpid(), signal.SIGTERM)
    await ending.asked()
    time.sleep(60)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=20, capture_output=True, check=False)
    assert done.returncode == 0
    assert b"something hangs" in done.stderr


async def test_work_that_never_ends_is_given_up(
    ending: Ending, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(drain, "FINISH_S", 0.05)
    (ann,) = await ending.parley.people("ann")
    room = await ann.create()
    live = await ann.connect()
    gate = ending.parley.store.hold("batch")
    sending = live.socket.start("message.send", {"room": room, "text": "x", "cid": "x"})
    await gate.reached.wait()
    ended = await ending.begin()
    assert await live.code() == 4000
    gate.release()
    assert sending.done()
    await ended
    assert "draining took too long" in [record.message for record in caplog.records]
