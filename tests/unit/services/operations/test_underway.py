import asyncio

import pytest

from services.operations.underway import Underway


async def test_none_returns_at_once_where_there_is_none() -> None:
    await asyncio.wait_for(Underway().none(), 0.1)


async def test_none_returns_when_the_last_has_ended() -> None:
    underway = Underway()
    underway.begun()
    underway.begun()
    waiting = [asyncio.create_task(underway.none()) for _ in range(2)]
    await asyncio.sleep(0)
    underway.ended()
    await asyncio.sleep(0)
    assert (underway.count, [task.done() for task in waiting]) == (1, [False, False])
    underway.ended()
    await asyncio.gather(*waiting)


async def test_what_begins_at_that_very_moment_is_waited_for_too() -> None:
    underway = Underway()
    underway.begun()
    waiting = asyncio.create_task(underway.none())
    await asyncio.sleep(0)
    underway.ended()
    underway.begun()
    await asyncio.sleep(0.01)
    assert not waiting.done()
    underway.ended()
    await waiting


async def test_who_gives_up_waiting_leaves_the_others_waiting() -> None:
    underway = Underway()
    underway.begun()
    one, other = (asyncio.create_task(underway.none()) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    underway.ended()
    await other
