"""The first step of a coroutine, taken at once, and the rest of it, awaited."""

import asyncio

import pytest

from services.operations.eager import Waits, in_task, rest, step


async def at_once() -> str:
    return "done"


async def after(future: asyncio.Future[str], seen: list[str]) -> str:
    seen.append("begun")
    try:
        return await future
    except asyncio.CancelledError:
        seen.append("cancelled")
        raise
    except ValueError:
        return "caught"


async def whole(future: asyncio.Future[str], seen: list[str]) -> str:
    try:
        return step(after(future, seen))
    except Waits as waits:
        result: str = await rest(waits)
        return result


async def test_what_never_waits_has_its_result_at_once() -> None:
    assert step(at_once()) == "done"


async def test_what_it_raises_in_its_first_step_is_its_own() -> None:
    async def refusing() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        step(refusing())


async def test_rest_returns_what_comes_of_it() -> None:
    future = asyncio.get_running_loop().create_future()
    seen: list[str] = []
    work = asyncio.create_task(whole(future, seen))
    await asyncio.sleep(0)
    assert seen == ["begun"]
    future.set_result("done")
    assert await work == "done"


async def test_rest_gets_the_error_that_it_waits_for() -> None:
    future = asyncio.get_running_loop().create_future()
    work = asyncio.create_task(whole(future, []))
    await asyncio.sleep(0)
    future.set_exception(ValueError())
    assert await work == "caught"


async def test_cancelling_reaches_the_coroutine() -> None:
    seen: list[str] = []
    work = asyncio.create_task(whole(asyncio.get_running_loop().create_future(), seen))
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert seen == ["begun", "cancelled"]


async def test_deadline_around_the_rest_ends_the_coroutine() -> None:
    seen: list[str] = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await whole(asyncio.get_running_loop().create_future(), seen)
    assert seen == ["begun", "cancelled"]


async def test_what_needs_a_task_may_ask_for_one_outside_of_any() -> None:
    async def timed() -> bool:
        before = asyncio.current_task() is None
        await in_task()
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
        return before

    async def last(waits: Waits) -> bool:
        return bool(await rest(waits))

    tasks: list[asyncio.Task[bool]] = []

    def begin() -> None:
        try:
            step(timed())
        except Waits as waits:
            tasks.append(asyncio.create_task(last(waits)))

    asyncio.get_running_loop().call_soon(begin)
    await asyncio.sleep(0)
    assert await tasks[0]


async def test_what_is_in_a_task_need_not_ask() -> None:
    step(in_task())
