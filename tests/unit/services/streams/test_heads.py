"""Heads that many ask for at once: one question for all of one round of the loop, each told what it asked for."""

import asyncio

import pytest

from services.loop.shared import Gathered
from services.streams.reading import gathered_heads
from store.errors import Unavailable
from tests.unit.services.streams.node import Node
from tests.unstable import Fault, Unstable

Heads = Gathered[str, tuple[int, int]]


@pytest.fixture
async def heads(unstable: Unstable) -> Heads:
    """Heads of streams with one entry, with two, and with none."""
    node = Node(unstable.database)
    for stream in ("one", "two", "two"):
        await node.send(stream)
    unstable.calls.clear()
    return gathered_heads(unstable.database)


async def test_those_of_one_round_are_one_question(unstable: Unstable, heads: Heads) -> None:
    found = await asyncio.gather(*(heads.read(stream) for stream in ("one", "two", "none", "two")))
    assert [rev for rev, _ in found] == [1, 2, 0, 2]
    assert found[2] == (0, 0)
    assert [verb for verb, _ in unstable.calls] == ["highest"]


async def test_one_alone_is_asked_for_as_ever(unstable: Unstable, heads: Heads) -> None:
    for rev in (1, 1):
        assert (await heads.read("one"))[0] == rev
    assert [verb for verb, _ in unstable.calls] == ["find", "find"]


async def test_whoever_asks_while_a_question_is_under_way_is_in_the_next(unstable: Unstable, heads: Heads) -> None:
    gate = unstable.hold("find", answered=True)
    first = asyncio.create_task(heads.read("one"))
    await gate.reached.wait()
    await Node(unstable.database).send("one")
    assert (await heads.read("one"))[0] == 2
    gate.release()
    assert (await first)[0] == 1


async def test_failure_is_told_to_all_who_asked_and_to_nobody_after(unstable: Unstable, heads: Heads) -> None:
    unstable.fail(Fault.UNAVAILABLE)
    found = await asyncio.gather(*(heads.read(stream) for stream in ("one", "two")), return_exceptions=True)
    assert [type(one) for one in found] == [Unavailable, Unavailable]
    assert (await heads.read("two"))[0] == 2


@pytest.mark.parametrize("who", [0, 1, 2])
async def test_whoever_gives_up_takes_nothing_from_the_others(unstable: Unstable, heads: Heads, who: int) -> None:
    """Be it the one who reads for all or another; before the question is asked, or while it is."""
    for before in (True, False):
        gate = unstable.hold("highest")
        asking = [asyncio.create_task(heads.read(stream)) for stream in ("one", "one", "two", "none")]
        if before:
            await asyncio.sleep(0)
        else:
            await gate.reached.wait()
        asking.pop(who).cancel()
        gate.release()
        unstable.heal()
        assert {(await one)[0] for one in asking} <= {0, 1, 2}
        assert (await asking[-1]) == (0, 0)


async def test_question_goes_with_the_last_who_asked_it(unstable: Unstable, heads: Heads) -> None:
    gate = unstable.hold("find")
    asking = asyncio.create_task(heads.read("one"))
    await gate.reached.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await heads.read("one"))[0] == 1
