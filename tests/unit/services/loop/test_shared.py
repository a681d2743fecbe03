"""Questions that many ask at once: who shares an answer, who does not, and what becomes of those who are left."""

import asyncio

import pytest

from services.loop import shared as shared_module
from services.loop.shared import READS_AT_ONCE, Latest, Same
from store.errors import Unavailable


class Source:
    """Something that is read slowly: each read gives what it was when the read began, once it is let go."""

    def __init__(self) -> None:
        self.value = 0
        self.begun = 0
        self.gates: list[asyncio.Event] = []
        self.fault: Exception | None = None

    async def read(self) -> int:
        """Read."""
        self.begun += 1
        value, gate = self.value, asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        if self.fault is not None:
            raise self.fault
        return value

    def let_go(self) -> None:
        """Let every read go on that has begun."""
        for gate in self.gates:
            gate.set()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def latest(monkeypatch: pytest.MonkeyPatch) -> Latest[int]:
    """Reads of which one alone is under way at a time."""
    monkeypatch.setattr(shared_module, "READS_AT_ONCE", 1)
    return Latest()


@pytest.fixture
def same() -> Same[int]:
    return Same()


@pytest.fixture(params=["latest", "same"])
def shared(request: pytest.FixtureRequest) -> Latest[int] | Same[int]:
    found: Latest[int] | Same[int] = request.getfixturevalue(request.param)
    return found


async def turns() -> None:
    """Give everything that can go on the time to do so."""
    for _ in range(10):
        await asyncio.sleep(0)


def asking(shared: Latest[int] | Same[int], source: Source, key: str = "k") -> asyncio.Task[int]:
    return asyncio.create_task(shared.read(key, source.read))


async def test_question_is_not_answered_by_a_read_that_had_begun(latest: Latest[int], source: Source) -> None:
    first = asking(latest, source)
    await turns()
    source.value = 1  # kept, and acknowledged
    late = [asking(latest, source) for _ in range(5)]
    await turns()
    assert source.begun == 1
    source.let_go()
    await turns()
    assert source.begun == 2
    source.let_go()
    assert await first == 0
    assert await asyncio.gather(*late) == [1] * 5
    assert source.begun == 2, "one read for all who asked before it began"
    assert len(latest) == 0


async def test_few_who_ask_wait_for_nobody(source: Source) -> None:
    latest: Latest[int] = Latest()
    reading = [asking(latest, source) for _ in range(READS_AT_ONCE + 3)]
    await turns()
    assert (source.begun, len(latest)) == (READS_AT_ONCE, READS_AT_ONCE + 1)
    source.value = 1
    source.gates[1].set()
    await turns()
    assert source.begun == READS_AT_ONCE + 1, "the others share one that began as soon as there was room"
    source.let_go()
    assert await asyncio.gather(*reading) == [0] * READS_AT_ONCE + [1] * 3
    assert len(latest) == 0


async def test_read_that_had_begun_is_joined_where_its_key_says_all(same: Same[int], source: Source) -> None:
    reading = [asking(same, source) for _ in range(5)]
    await turns()
    reading += [asking(same, source) for _ in range(5)]
    await turns()
    source.let_go()
    assert await asyncio.gather(*reading) == [0] * 10
    assert source.begun == 1


async def test_other_questions_are_read_by_themselves(shared: Latest[int] | Same[int], source: Source) -> None:
    reading = [asking(shared, source, key) for key in ("a", "b")]
    await turns()
    assert source.begun == 2
    source.let_go()
    await asyncio.gather(*reading)


async def test_failure_is_told_to_all_who_waited_for_it_and_to_nobody_else(
    shared: Latest[int] | Same[int], source: Source
) -> None:
    before = asking(shared, source, "k" if isinstance(shared, Latest) else "another")
    await turns()
    waiting = [asking(shared, source) for _ in range(3)]
    await turns()
    source.gates[0].set()
    assert await before == 0
    await turns()
    source.fault = Unavailable("away")
    source.let_go()
    assert [type(told) for told in await asyncio.gather(*waiting, return_exceptions=True)] == [Unavailable] * 3
    source.fault = None
    again = asking(shared, source)
    await turns()
    source.let_go()
    assert await again == 0
    assert len(shared) == 0


async def test_cancelled_reader_fails_nobody_who_waits(shared: Latest[int] | Same[int], source: Source) -> None:
    first = asking(shared, source)
    await turns()
    others = [asking(shared, source) for _ in range(3)]
    await turns()
    first.cancel()
    await turns()
    assert first.cancelled()
    assert source.begun == 2, "one of them reads in its place"
    others[0].cancel()
    await turns()
    source.let_go()
    await turns()
    source.let_go()
    assert await asyncio.gather(*others[1:]) == [0, 0]
    assert len(shared) == 0


async def test_cancelled_one_of_those_who_wait_takes_nothing_from_the_others(
    shared: Latest[int] | Same[int], source: Source
) -> None:
    waiting = [asking(shared, source) for _ in range(4)]
    await turns()
    waiting[2].cancel()
    await turns()
    source.let_go()
    await turns()
    source.let_go()
    assert [task.cancelled() or await task for task in waiting] == [0, 0, True, 0]
    assert source.begun == (2 if isinstance(shared, Latest) else 1)


async def test_reader_cancelled_before_its_read_began_leaves_the_next_to_read(
    latest: Latest[int], source: Source
) -> None:
    first = asking(latest, source)
    await turns()
    second, third = asking(latest, source), asking(latest, source)
    await turns()
    second.cancel()
    await turns()
    source.let_go()
    await turns()
    source.let_go()
    assert await first == await third == 0
    assert (source.begun, len(latest)) == (2, 0)


async def test_reader_cancelled_just_as_its_read_may_begin_leaves_it_to_the_next(
    latest: Latest[int], source: Source
) -> None:
    first = asking(latest, source)
    await turns()
    second, third = asking(latest, source), asking(latest, source)
    await turns()
    first.cancel()
    second.cancel()
    await turns()
    source.let_go()
    assert await third == 0
    assert (source.begun, len(latest)) == (2, 0)


async def test_nothing_is_left_when_all_have_gone(shared: Latest[int] | Same[int], source: Source) -> None:
    waiting = [asking(shared, source) for _ in range(9)]
    await turns()
    for task in waiting:
        task.cancel()
    await turns()
    assert all(task.cancelled() for task in waiting)
    assert len(shared) == 0
