"""Tasks of links to Redis: one that fails is in the log, and all end when they are told to."""

import asyncio

import pytest

from store.redis.owned import end, start


async def test_a_task_that_fails_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError("a mistake of ours")

    await asyncio.wait([start(fail())])
    await asyncio.sleep(0)  # Its callbacks have their turn.
    assert "a mistake of ours" in caplog.text


async def test_tasks_end_when_they_are_told_to(caplog: pytest.LogCaptureFixture) -> None:
    tasks = [start(asyncio.sleep(1000)) for _ in range(3)]
    await end(tasks)
    assert all(task.cancelled() for task in tasks)
    await end(tasks)
    assert not caplog.records
