"""Leases: who lives, who is gone, and whose clock is wrong."""

import time

import pytest

from services.loop import tasks
from store.errors import Unavailable
from store.presence import LEASE_S, Beat
from store.presence_memory import MemoryPresence
from tests.clock import Clock
from tests.peers import until
from ws.relay import leases as leases_module
from ws.relay.leases import MISSING_S, UNKEPT_S, Leases


@pytest.fixture
def clock() -> Clock:
    """The clock of the leases."""
    return Clock()


@pytest.fixture
async def leases(clock: Clock) -> Leases:
    """Those of node ``a``."""
    made = Leases(MemoryPresence(clock), "a")
    made._clock = clock
    return made


async def test_a_node_that_beats_no_more_is_gone_once(leases: Leases, clock: Clock) -> None:
    gone: list[str] = []
    leases.gone.append(gone.append)
    await leases.beat()
    clock.now += LEASE_S - 0.1
    await leases.beat()
    await leases._presence.beat("b")
    clock.now += LEASE_S - 0.1
    await leases.beat()
    assert leases.living == {"a", "b"}
    assert gone == []
    for _ in range(3):
        clock.now += LEASE_S - 0.1
        await leases.beat()
    assert gone == ["b"]
    assert leases.living == {"a"}


async def test_after_a_loss_of_everything_nobody_is_gone_before_a_lease_is_over(leases: Leases, clock: Clock) -> None:
    gone: list[str] = []
    leases.gone.append(gone.append)
    for _ in range(3):
        await leases._presence.beat("b")
        await leases.beat()
        clock.now += LEASE_S / 2
    forgotten: list[int] = []
    leases.forgotten.append(lambda: forgotten.append(1))
    leases._presence = MemoryPresence(clock)
    await leases.beat()
    assert (set(leases.living), gone, forgotten) == ({"a", "b"}, [], [1])
    for _ in range(3):
        clock.now += LEASE_S / 2
        await leases.beat()
    assert (set(leases.living), gone, forgotten) == ({"a"}, ["b"], [1])


async def test_a_clock_that_is_wrong_is_told(leases: Leases, monkeypatch: pytest.MonkeyPatch) -> None:
    await leases.compare_clocks()
    assert leases.faults() == []
    for skew, word in ((3600.0, "ahead"), (-3600.0, "behind")):
        now = time.time() + skew
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda now=now: now)
            await leases.compare_clocks()
        assert leases.faults() == [f"the clock of this node is 3600 s {word}"]


async def two_lived(leases: Leases) -> None:
    """Have node ``b`` live, and be known to."""
    for _ in range(2):
        await leases._presence.beat("b")
        await leases.beat()
        leases._clock.now += LEASE_S / 2  # type: ignore[attr-defined]
    leases._judged_from = 0.0


async def beat_on(leases: Leases, seconds: float) -> None:
    """Beat alone for so long."""
    for _ in range(int(seconds / LEASE_S * 2)):
        leases._clock.now += LEASE_S / 2  # type: ignore[attr-defined]
        await leases.beat()


async def test_node_that_went_without_a_word_is_missing_for_a_while(leases: Leases) -> None:
    await two_lived(leases)
    assert not leases.any_missing()
    await beat_on(leases, 3 * LEASE_S)
    assert leases.any_missing()
    await beat_on(leases, MISSING_S)
    assert not leases.any_missing()


async def test_node_that_comes_back_is_missing_no_more(leases: Leases) -> None:
    await two_lived(leases)
    await beat_on(leases, 3 * LEASE_S)
    await leases._presence.beat("b")
    await leases.beat()
    assert not leases.any_missing()


async def test_node_that_said_that_it_ends_is_not_missing(leases: Leases) -> None:
    await two_lived(leases)
    leases.leaving("b")
    leases.leaving("unheard of")
    await beat_on(leases, 3 * LEASE_S)
    assert leases.living == {"a"}
    assert not leases.any_missing()


class Full(MemoryPresence):
    """Keeps nothing, as a Redis without memory."""

    asked = False

    async def beat(self, node: str) -> Beat:
        """Refuse."""
        self.asked = True
        raise Unavailable("out of memory")


async def test_node_whose_lease_nobody_keeps_says_so(
    leases: Leases, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases_module, "BEAT_S", 0.001)
    leases._presence = full = Full(clock)
    clock.now += UNKEPT_S + 1
    assert not leases.lapsed(), "nobody has looked after it yet"
    running = tasks.start(leases.run())
    await until(lambda: full.asked)
    assert not leases.lapsed()
    clock.now += UNKEPT_S + 1
    assert leases.lapsed()
    leases._presence = MemoryPresence(clock)
    await until(lambda: not leases.lapsed())
    await tasks.end(running)
