"""Clocks: what is over is told again and again, until somebody has done something about it."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from services.calls.keeping import clocks as clocks_module
from services.calls.keeping.clocks import Clocks
from services.calls.machine.begin import begin
from services.calls.machine.ending import end
from services.calls.machine.terms import RING_S, Moment, Who
from services.ids import now_ms
from store.tables import Call
from tests.peers import until


@pytest.fixture
def fired() -> list[str]:
    """The calls of which something was over."""
    return []


@pytest.fixture
async def clocks(fired: list[str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clocks]:
    """Those of the node ``here``, in a hurry."""
    monkeypatch.setattr(clocks_module, "AGAIN_S", 0.01)
    made = Clocks("here", fired.append)
    yield made
    made.close()
    assert len(made) == 0


def ringing(node: str = "here", *, since_s: int = RING_S) -> Call:
    """Return a call that has rung for so long."""
    moment = Moment(now_ms() - since_s * 1000, node)
    return begin("c", "r", "audio", Who("ada", "ada", "l"), moment, direct=True, ring=[("bob", "bob")])


async def test_what_is_over_is_told_until_the_call_is_another(clocks: Clocks, fired: list[str]) -> None:
    call = ringing()
    clocks.set(call)
    await until(lambda: len(fired) >= 3)
    clocks.set(end(call, "missed", Moment(now_ms(), "here")))
    count = len(fired)
    await asyncio.sleep(0.05)
    assert (len(fired), len(clocks)) == (count, 0)


async def test_nothing_is_told_of_what_another_node_keeps(clocks: Clocks, fired: list[str]) -> None:
    clocks.set(ringing("there"))
    assert len(clocks) == 0
    clocks.set(ringing())
    clocks.set(msgspec.structs.replace(ringing(), keeper="there"))
    assert (len(clocks), fired) == (0, [])


async def test_what_is_not_over_waits(clocks: Clocks, fired: list[str]) -> None:
    clocks.set(ringing(since_s=RING_S - 20))
    await asyncio.sleep(0.1)
    assert (len(clocks), fired) == (1, [])
