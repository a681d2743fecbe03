"""The door: what it counts and how it sends away; who may come in is in tests/integration/doors/test_limits.py."""

import asyncio
from pathlib import Path

import pytest

from tests.application import Parley, running
from ws import door as door_module
from ws.door import Door, node_name


def empty(door: Door) -> bool:
    """Tell whether a door remembers nobody."""
    return not door._sessions and not door._addresses and not door._silent and door.empty.is_set()


async def test_everybody_who_leaves_is_forgotten(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    lives = [await ann.connect(), await bob.connect(), await ann.connect()]
    strangers = [await parley.site.open() for _ in range(2)]
    assert parley.door.sockets == 5
    assert parley.door._addresses == {"127.0.0.1": 5}
    assert not parley.door.empty.is_set()
    for live in lives:
        await live.socket.close()
    strangers[0].cut()
    await strangers[1].close()
    await asyncio.wait_for(parley.door.empty.wait(), 5)
    assert empty(parley.door)


async def test_session_leaves_once(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    live, other = await ann.connect(), await ann.connect()
    (session, _) = parley.door._sessions
    await live.socket.close()
    while parley.door.sockets == 2:
        await other.call("ping")
    parley.door.left(session)
    assert parley.door._addresses == {"127.0.0.1": 1}


async def test_all_may_be_closed_at_once(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    live = await ann.connect()
    stranger = await parley.site.open()
    parley.door.close_all()
    assert [(await socket.closed).code for socket in (live.socket, stranger)] == [4000, 4000]
    await parley.door.empty.wait()


def test_name_of_a_node_is_that_of_one_run() -> None:
    names = {node_name("here") for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("here-") for name in names)


# Those who say nothing


async def test_those_who_have_waited_longest_for_their_hello_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "SILENT_SOCKETS", 3)
    monkeypatch.setattr(door_module, "SILENT_S", 0.0)
    async with running(tmp_path, limits=True) as parley:
        (ann,) = await parley.people("ann")
        said = await ann.connect()
        strangers = [await parley.site.open() for _ in range(5)]
        assert [(await socket.closed).code for socket in strangers[:2]] == [4501, 4501]
        assert [socket.closed.done() for socket in strangers[2:]] == [False] * 3, "the latest stay"
        await said.call("ping")
        assert len(parley.door._silent) == 3


async def test_everybody_has_a_moment_for_their_hello(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "SILENT_SOCKETS", 1)
    monkeypatch.setattr(door_module, "SILENT_S", 60.0)
    async with running(tmp_path, limits=True) as parley:
        (ann,) = await parley.people("ann")
        sockets = [await parley.site.open() for _ in range(4)]
        for socket in sockets:
            await socket.hello(ann.account.token)
        assert parley.door._silent == {}


async def test_hello_that_is_refused_is_no_silence(tmp_path: Path) -> None:
    async with running(tmp_path, limits=True) as parley:
        (ann,) = await parley.people("ann")
        stranger = await parley.site.open()
        assert len(parley.door._silent) == 1
        _refused = stranger.start("hello", {"token": "nonsense"})
        assert (await stranger.closed).code == 4501
        await ann.connect()
        assert parley.door._silent == {}
