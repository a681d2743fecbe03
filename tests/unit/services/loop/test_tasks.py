"""Several things at once: what they return, and what is raised where one of them fails."""

import asyncio

import pytest

from services.errors import Unavailable
from services.loop import tasks


async def _late(value: int) -> int:
    await asyncio.sleep(0.01 / value)
    return value


async def _refused() -> int:
    raise Unavailable


async def test_what_is_done_together_is_returned_in_order() -> None:
    assert await tasks.together(_late(value) for value in (1, 2, 3)) == [1, 2, 3]


async def test_nothing_is_done_together_at_once() -> None:
    assert await tasks.together([]) == []


async def test_error_of_one_is_raised_as_it_is() -> None:
    with pytest.raises(Unavailable):
        await tasks.together((_late(1), _refused(), _refused()))


async def test_error_of_one_ends_the_others() -> None:
    ended = asyncio.Event()

    async def other() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 0

    with pytest.raises(Unavailable):
        await tasks.together((other(), _refused()))
    assert ended.is_set()


async def test_who_is_cancelled_ends_what_it_waits_for() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> int:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 0

    waiting = asyncio.create_task(tasks.together([work()]))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.is_set()
