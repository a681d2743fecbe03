"""Nodes that hear of each other's batches write in turns, and read nothing of what they hear.

The broker's part is played by the tests: they say to a node what another one has written, or say nothing.
"""

import asyncio

import pytest

from services.streams.lanes import rivals
from services.streams.lanes.lane import HEARD
from tests.peers import until
from tests.unit.services.streams.node import Node, stored, texts
from tests.unstable import Fault, Unstable

ALWAYS = (60.0, 60.0)
SOON = (0.01, 0.01)


def say(ours: Node, theirs: Node) -> None:
    """Let a node hear of the newest batch of another one."""
    batch = theirs.batches[-1]
    ours.lanes.rivals.heard(batch.stream, "theirs")
    ours.lanes.heard(batch)


async def turns(rounds: int = 20) -> None:
    """Let the loop do what it can do at once."""
    for _ in range(rounds):
        await asyncio.sleep(0)


async def met(unstable: Unstable, monkeypatch: pytest.MonkeyPatch, steps: tuple[float, float]) -> tuple[Node, Node]:
    """Return two nodes that have written to a stream and know it; the second one did last, and the first has heard."""
    monkeypatch.setattr(rivals, "STEPS_S", steps)
    ours, theirs = Node(unstable.database), Node(unstable.real)
    await ours.send(text="1")
    await theirs.send(text="2")
    say(ours, theirs)
    return ours, theirs


@pytest.fixture
async def pair(unstable: Unstable, monkeypatch: pytest.MonkeyPatch) -> tuple[Node, Node]:
    return await met(unstable, monkeypatch, ALWAYS)


def reads(unstable: Unstable) -> int:
    return unstable.count("get", "get_many", "find")


async def test_what_is_heard_after_a_refusal_spares_the_reads(unstable: Unstable, pair: tuple[Node, Node]) -> None:
    ours, theirs = pair
    await theirs.send(text="3")
    before, writes = reads(unstable), unstable.count("batch")
    future = ours.send(text="4")
    await until(lambda: unstable.count("batch") == writes + 1 and not ours.lanes._races | ours.lanes._flights)
    assert not future.done()
    say(ours, theirs)
    assert (await future).item.rev == 4
    assert reads(unstable) == before
    assert await texts(unstable.real) == ["1", "2", "3", "4"]


async def test_what_is_heard_during_a_write_spares_the_reads(unstable: Unstable, pair: tuple[Node, Node]) -> None:
    ours, theirs = pair
    before, gate = reads(unstable), unstable.hold("batch")
    future = ours.send(text="later")
    await gate.reached.wait()
    for number in range(3):
        await theirs.send(text=f"their {number}")
        say(ours, theirs)
    gate.release()
    assert (await future).item.rev == 6
    assert reads(unstable) == before


async def test_words_without_end_during_a_write_are_bounded(unstable: Unstable, pair: tuple[Node, Node]) -> None:
    ours, theirs = pair
    gate = unstable.hold("batch")
    future = ours.send(text="later")
    await gate.reached.wait()
    for _ in range(HEARD + 3):
        await theirs.send()
        say(ours, theirs)
    assert len(ours.lanes._lanes["r"].heard) == HEARD
    ours.lanes.rivals._rings.clear()
    gate.release()
    assert (await future).item.rev == HEARD + 6, "what was not remembered was read"


async def test_word_that_does_not_come_is_waited_for_a_step(
    unstable: Unstable, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = await met(unstable, monkeypatch, SOON)
    await theirs.send(text="3")
    before = reads(unstable)
    assert (await ours.send(text="4")).item.rev == 4
    assert reads(unstable) > before
    assert [batch.last for batch in ours.batches if batch.events] == [1, 3, 4]


async def test_who_wrote_last_leaves_the_next_write_to_the_other(unstable: Unstable, pair: tuple[Node, Node]) -> None:
    ours, theirs = pair
    await ours.send(text="3")
    writes = unstable.count("batch")
    waiting = [ours.send(text=f"our {number}") for number in range(3)]
    await turns()
    assert (unstable.count("batch"), ours.lanes.waiting) == (writes, 3)
    await theirs.send(text="their turn")
    say(ours, theirs)
    assert [outcome.item.rev for outcome in await asyncio.gather(*waiting)] == [5, 6, 7]
    assert unstable.count("batch") == writes + 1


async def test_turn_that_nobody_takes_passes(unstable: Unstable, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _ = await met(unstable, monkeypatch, SOON)
    await ours.send(text="3")
    assert (await ours.send(text="4")).item.rev == 4


async def test_streams_of_nobody_else_wait_for_no_turn(unstable: Unstable, pair: tuple[Node, Node]) -> None:
    ours, _ = pair
    await ours.send(text="3")
    held = ours.send(text="4")
    assert (await ours.send("other")).item.rev == 1
    assert not held.done()
    await ours.lanes.stop()


async def test_change_of_two_streams_waits_for_neither_and_is_alone_in_both(
    unstable: Unstable, pair: tuple[Node, Node]
) -> None:
    ours, theirs = pair
    await ours.send(text="3")
    gate = unstable.hold("together")
    both = ours.both("r", "other")
    await gate.reached.wait()
    await theirs.send(text="their turn")
    say(ours, theirs)
    writes, after = unstable.count("batch"), ours.send(text="after")
    await turns()
    assert unstable.count("batch") == writes, "its stream is being written to"
    gate.release()
    assert (await both).item.stream == "other"
    await theirs.send(text="their turn")
    say(ours, theirs)
    assert (await after).item.rev == 7
    assert len(await stored(unstable.real)) == 7


async def test_refusal_after_a_write_without_an_answer_is_looked_into(
    unstable: Unstable, pair: tuple[Node, Node]
) -> None:
    ours, theirs = pair
    unstable.fail(Fault.UNANSWERED, "batch")
    gate, asked = unstable.hold("batch", skip=1), unstable.count("get")
    future = ours.send(text="late")
    await gate.reached.wait()
    await theirs.send(text="3")
    gate.release()
    await until(lambda: unstable.count("get") == asked + 1)
    say(ours, theirs)
    assert (await future).item.rev == 4
    assert await texts(unstable.real) == ["1", "2", "3", "late"]


async def test_what_an_earlier_try_kept_is_ours_though_others_write_there(
    unstable: Unstable, pair: tuple[Node, Node]
) -> None:
    ours, _ = pair
    unstable.fail(Fault.LOST, "batch")
    assert (await ours.send(text="kept")).item.rev == 3
    assert await texts(unstable.real) == ["1", "2", "kept"]
