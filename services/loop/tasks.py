"""Starting and ending tasks that somebody owns."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

MISTAKE_S = 1.0
"""Pause before work begins again that a mistake of ours has ended."""

AGAIN_S = 0.5
"""Pause before a task is cancelled again: before Python 3.12 the driver of a database may swallow a cancellation."""


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks until they have ended; what they raise is told by whoever watches over them."""
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=AGAIN_S)


async def together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do several things at once; return what each returned, in their order.

    The first error ends the others, and is raised as it is: in a group of errors, as ``asyncio.TaskGroup`` raises it,
    nobody would find the kind that says what a caller is answered. None of them goes on behind the caller's back, as
    with ``asyncio.gather``.
    """
    try:
        async with asyncio.TaskGroup() as group:
            doing = [group.create_task(work) for work in works]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [one.result() for one in doing]


def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start work that goes on as long as the node; where it does not, the log says so. The caller ends it."""
    task = asyncio.create_task(work)
    task.add_done_callback(_told)
    return task


def keep(work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
    """Start work that goes on as long as the node: where a mistake ends it, the log says so and it begins again."""
    return start(_kept(work))


async def _kept(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        try:
            await work()
        except Exception:
            log.exception("work of the node failed, and begins again")
            await asyncio.sleep(MISTAKE_S)
        else:
            return


def _told(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("work of the node ended", exc_info=error)
