"""Taking the first step of a coroutine at once: most of what is asked never has to wait."""

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Waits(Exception):
    """A coroutine came to where it has to wait; ``rest`` awaits what is left of it."""

    def __init__(self, work: Coroutine[Any, Any, Any], on: object) -> None:
        self.work = work
        self.on = on
        super().__init__()


def step(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine, and return its result where it never waits.

    To be called in the task that awaits the rest, or in none: then what needs one awaits ``in_task`` before.

    Raises:
        Waits: If it has to wait. Whatever else is raised is the coroutine's own.
    """
    try:
        on = work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise Waits(work, on)


@coroutine
def rest(waits: Waits) -> Generator[Any, Any, Any]:
    """Await the rest of a coroutine and return its result; cancelling reaches it as if it had been awaited whole."""
    work, on = waits.work, waits.on
    while True:
        go_on = work.send
        try:
            sent = yield on
        except BaseException as error:  # noqa: BLE001 - it is the coroutine's: that it is cancelled, above all
            go_on, sent = work.throw, error
        try:
            on = go_on(sent)
        except StopIteration as end:
            return end.value


async def in_task() -> None:
    """Go on in a task: where the first step is taken outside of any, in the one that awaits the rest."""
    if asyncio.current_task() is None:
        await asyncio.sleep(0)
