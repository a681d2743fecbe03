"""The door: who may come in is in tests/integration/test_limits.py; here is what it counts and how it sends away."""

import asyncio

from tests.application import Parley
from ws.door import Door, node_name


def empty(door: Door) -> bool:
    """Tell whether a door remembers nobody."""
    return not door._sessions and not door._addresses and door.empty.is_set()


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
