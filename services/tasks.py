"""Starting and ending tasks that somebody owns."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)

AGAIN_S = 0.5
"""Pause before a task is cancelled again: before Python 3.12 the driver of a database may swallow a cancellation."""


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks until they have ended; what they raise is told by whoever watches over them."""
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=AGAIN_S)


def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start work that goes on as long as the node; where it does not, the log says so. The caller ends it."""
    task = asyncio.create_task(work)
    task.add_done_callback(_told)
    return task


def _told(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("work of the node ended", exc_info=error)
