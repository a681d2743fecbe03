"""Questions that many ask at once: who shares an answer, who does not, and what becomes of those who are left."""

import asyncio
from collections.abc import Callable

import pytest

from services.shared import Shared
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
def shared() -> Shared[int]:
    return Shared()


async def turns() -> None:
    """Give everything that can go on the time to do so."""
    for _ in range(10):
        await asyncio.sleep(0)


def asked(shared: Shared[int], source: Source, key: str = "k") -> asyncio.Task[int]:
    return asyncio.create_task(shared.ask(key, source.read))


def joined(shared: Shared[int], source: Source, key: str = "k") -> asyncio.Task[int]:
    return asyncio.create_task(shared.join(key, source.read))


async def test_question_is_not_answered_by_a_read_that_had_begun(shared: Shared[int], source: Source) -> None:
    first = asked(shared, source)
    await turns()
    source.value = 1  # kept, and acknowledged
    late = [asked(shared, source) for _ in range(5)]
    await turns()
    assert source.begun == 1
    source.let_go()
    await turns()
    assert source.begun == 2
    source.let_go()
    assert await first == 0
    assert await asyncio.gather(*late) == [1] * 5
    assert source.begun == 2, "one read for all who asked before it began"
    assert len(shared) == 0


async def test_read_that_had_begun_is_joined_where_its_key_says_all(shared: Shared[int], source: Source) -> None:
    reading = [joined(shared, source) for _ in range(5)]
    await turns()
    reading += [joined(shared, source) for _ in range(5)]
    await turns()
    source.let_go()
    assert await asyncio.gather(*reading) == [0] * 10
    assert source.begun == 1


@pytest.mark.parametrize("ask", [asked, joined])
async def test_other_questions_are_read_by_themselves(
    shared: Shared[int], source: Source, ask: Callable[[Shared[int], Source, str], asyncio.Task[int]]
) -> None:
    reading = [ask(shared, source, key) for key in ("a", "b")]
    await turns()
    assert source.begun == 2
    source.let_go()
    await asyncio.gather(*reading)


@pytest.mark.parametrize("ask", [asked, joined])
async def test_failure_is_told_to_all_who_waited_for_it_and_to_nobody_else(
    shared: Shared[int], source: Source, ask: Callable[[Shared[int], Source], asyncio.Task[int]]
) -> None:
    blocking = asked(shared, source) if ask is asked else None
    await turns()
    waiting = [ask(shared, source) for _ in range(3)]
    await turns()
    if blocking is not None:
        source.let_go()
        assert await blocking == 0
    await turns()
    source.fault = Unavailable("away")
    source.let_go()
    assert [type(told) for told in await asyncio.gather(*waiting, return_exceptions=True)] == [Unavailable] * 3
    source.fault = None
    again = ask(shared, source)
    await turns()
    source.let_go()
    assert await again == 0
    assert len(shared) == 0


@pytest.mark.parametrize("ask", [asked, joined])
async def test_cancelled_reader_fails_nobody_who_waits(
    shared: Shared[int], source: Source, ask: Callable[[Shared[int], Source], asyncio.Task[int]]
) -> None:
    first = ask(shared, source)
    await turns()
    others = [ask(shared, source) for _ in range(3)]
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
    shared: Shared[int], source: Source
) -> None:
    waiting = [joined(shared, source) for _ in range(4)]
    await turns()
    waiting[2].cancel()
    await turns()
    source.let_go()
    assert [task.cancelled() or await task for task in waiting] == [0, 0, True, 0]
    assert source.begun == 1


async def test_reader_cancelled_before_its_read_began_leaves_the_next_to_read(
    shared: Shared[int], source: Source
) -> None:
    first = asked(shared, source)
    await turns()
    second, third = asked(shared, source), asked(shared, source)
    await turns()
    second.cancel()
    await turns()
    source.let_go()
    await turns()
    source.let_go()
    assert await first == await third == 0
    assert (source.begun, len(shared)) == (2, 0)


async def test_nothing_is_left_when_all_have_gone(shared: Shared[int], source: Source) -> None:
    waiting = [ask(shared, source) for ask in (asked, joined, asked) for _ in range(3)]
    await turns()
    for task in waiting:
        task.cancel()
    await turns()
    assert all(task.cancelled() for task in waiting)
    assert len(shared) == 0
