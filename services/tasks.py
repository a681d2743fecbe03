"""Ending tasks that somebody owns."""

import asyncio

AGAIN_S = 0.5
"""Pause before a task is cancelled again: before Python 3.12 the driver of a database may swallow a cancellation."""


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks until they have ended; what they raise is told by whoever watches over them."""
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=AGAIN_S)
