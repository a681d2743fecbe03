"""The pulse: how late the loop is."""

import asyncio
import time

from services.loop import tasks
from services.loop.pulse import Pulse
from tests.peers import until


async def test_a_loop_that_is_held_up_is_told_to_be_late() -> None:
    late: list[float] = []
    beating = asyncio.create_task(Pulse(late.append).run())
    await until(lambda: len(late) >= 2)
    seen = len(late)
    time.sleep(0.1)  # noqa: ASYNC251 - nothing else may go on
    await until(lambda: len(late) > seen)
    await tasks.end(beating)
    assert max(late) >= 0.07
    assert min(late) >= 0.0
