"""Rate limits of several nodes: what one gives the others learn of, and credentials are counted exactly."""

import asyncio
import logging
from collections.abc import Mapping

import pytest

from services.errors import TooMany
from services.operations import limits as limits_module
from services.operations import settling
from services.operations.limits import Limit, Limits, Reach
from store.buckets import Taken
from store.buckets_memory import MemoryBuckets
from store.errors import Unavailable
from tests.clock import Clock
from tests.peers import until

TEN = Limit("ten", 10, 1.0)
OWN = Limit("own", 10, 1.0, Reach.NODE)
EXACT = Limit("exact", 5, 60.0, Reach.EXACT)


class Shared(MemoryBuckets):
    """What the nodes share; it can be away, and notes what it is told."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(alone=False, clock=clock)
        self.away = False
        self.calls: list[list[str]] = []

    async def spend(self, spent: Mapping[str, float]) -> dict[str, float]:
        self._called(*spent)
        return await super().spend(spent)

    async def take(self, key: str, cost: float, size: float) -> Taken:
        self._called(key)
        return await super().take(key, cost, size)

    def _called(self, *keys: str) -> None:
        self.calls.append(list(keys))
        if self.away:
            raise Unavailable("it is away")


class Nodes:
    """Three nodes' limits."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.shared = Shared(self.clock)
        self.all = [Limits(on=True, buckets=self.shared, clock=self.clock) for _ in range(3)]

    def __getitem__(self, number: int) -> Limits:
        return self.all[number]

    async def settle(self) -> None:
        """Let all settle, so that each knows what all took."""
        for _ in range(2):
            for node in self.all:
                await node.settle()


@pytest.fixture
def nodes() -> Nodes:
    return Nodes()


def taken(node: Limits, limit: Limit, times: int, key: str = "ann") -> int:
    """Try to take so often; return how often there was something."""
    return sum(node.wait(limit, key) == 0 for _ in range(times))


# In the long run


async def test_what_one_node_gave_the_others_do_not_give_again(nodes: Nodes) -> None:
    assert [taken(node, TEN, times) for node, times in zip(nodes.all, (6, 1, 1), strict=True)] == [6, 1, 1]
    await nodes.settle()
    assert taken(nodes[0], TEN, 1) == 1
    await nodes.settle()
    assert taken(nodes[0], TEN, 5) == 1


async def test_sum_of_all_nodes_is_held(nodes: Nodes) -> None:
    given, seconds = 0, 60
    for _ in range(seconds * 2):
        given += sum(taken(node, TEN, 5) for node in nodes.all)
        await nodes.settle()
        nodes.clock.now += 0.5
    assert given <= TEN.burst + seconds / TEN.every_s + 2 * TEN.burst, "a bucket for each node that did not know"
    late = 0
    for _ in range(seconds * 2):
        late += sum(taken(node, TEN, 5) for node in nodes.all)
        await nodes.settle()
        nodes.clock.now += 0.5
    assert late == pytest.approx(seconds / TEN.every_s, abs=3), "later not even that"


async def test_what_was_taken_while_it_settles_is_not_forgotten(nodes: Nodes) -> None:
    node = nodes[0]
    assert taken(node, TEN, 4) == 4
    settling_ = asyncio.ensure_future(node.settle())
    await asyncio.sleep(0)
    assert taken(node, TEN, 4) == 4
    await settling_
    assert taken(node, TEN, 4) == 2
    await node.settle()
    assert (await nodes.shared.spend({"ten:ann": 0.0}))["ten:ann"] == pytest.approx(10.0)


async def test_nothing_is_told_of_what_is_a_nodes_own(nodes: Nodes) -> None:
    assert taken(nodes[0], OWN, 20) == 10
    assert await nodes[0].settle() == 0
    assert nodes.shared.calls == []


async def test_the_emptiest_are_settled_first(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_module, "SETTLED_AT_ONCE", 2)
    for key, times in (("a", 1), ("b", 5), ("c", 3)):
        taken(nodes[0], TEN, times, key)
    assert [await nodes[0].settle() for _ in range(3)] == [2, 1, 0]
    assert nodes.shared.calls == [["ten:b", "ten:c"], ["ten:a"]]


async def test_what_is_to_be_told_is_bounded(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_module, "UNSETTLED_KEPT", 2)
    for key in "abc":
        nodes[0].take(TEN, key)
    assert await nodes[0].settle() == 2
    assert nodes.shared.calls == [["ten:b", "ten:c"]]


async def test_without_the_others_a_node_has_its_own_and_tells_later_what_still_matters(nodes: Nodes) -> None:
    nodes.shared.away = True
    assert [taken(node, TEN, 20) for node in nodes.all] == [10, 10, 10]
    for node in nodes.all:
        with pytest.raises(Unavailable):
            await node.settle()
    nodes.clock.now += 4
    nodes.shared.away = False
    await nodes[0].settle()
    assert (await nodes.shared.spend({"ten:ann": 0.0}))["ten:ann"] == pytest.approx(6.0), "four seconds have filled"
    nodes.clock.now += 100
    assert await nodes[1].settle() == 0, "all has filled"


# Exactly


async def exactly(node: Limits, times: int, key: str = "ann") -> int:
    given = 0
    for _ in range(times):
        try:
            await node.take_exactly(EXACT, key)
        except TooMany:
            continue
        given += 1
    return given


async def test_credentials_are_counted_together(nodes: Nodes) -> None:
    assert sum(await asyncio.gather(*(exactly(node, 4) for node in nodes.all))) == EXACT.burst
    nodes.clock.now += EXACT.every_s
    assert sum([await exactly(node, 2) for node in nodes.all]) == 1


async def test_node_that_knows_does_not_ask(nodes: Nodes) -> None:
    assert await exactly(nodes[0], 20) == EXACT.burst
    assert len(nodes.shared.calls) == EXACT.burst


async def test_credentials_are_each_nodes_own_while_the_others_are_away(nodes: Nodes) -> None:
    assert await exactly(nodes[0], 3) == 3
    nodes.shared.away = True
    assert [await exactly(node, 20) for node in nodes.all] == [2, 5, 5], "what was known before still counts"
    assert len(nodes.shared.calls) == 3 + 3, "it is not asked each time"
    nodes.shared.away = False
    nodes.clock.now += limits_module.AWAY_S
    await nodes[1].settle()
    assert await exactly(nodes[0], 1) == 0


async def test_limits_that_are_off_ask_nobody(nodes: Nodes) -> None:
    nodes[0].on = False
    assert await exactly(nodes[0], 20) == 20
    assert nodes.shared.calls == []


# In the background


async def test_it_settles_for_ever_and_says_when_it_cannot(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(settling, "SETTLE_S", 0.005)
    nodes.shared.away = True
    task = asyncio.create_task(settling.settle(nodes[0]))
    nodes[0].take(TEN, "ann")
    await until(lambda: len(nodes.shared.calls) > 3)
    nodes.shared.away = False
    await until(lambda: len(caplog.records) == 2)
    assert [record.message for record in caplog.records] == [
        "rate limits are each node's own",
        "rate limits are those of all nodes again",
    ]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_node_alone_settles_nothing() -> None:
    async with asyncio.timeout(1):
        await settling.settle(Limits(on=True, buckets=MemoryBuckets()))
        await settling.settle(Limits(on=True))
