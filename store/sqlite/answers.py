"""The way back from a thread to the loop."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any

Future = asyncio.Future[Any]
Outcome = object
"""A result, or the exception that is raised instead of one."""


class Answers:
    """Brings outcomes to their futures, waking the loop once for all that are ready."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ready: deque[tuple[Future, Outcome]] = deque()
        self._called = False

    def give(self, answers: Iterable[tuple[Future, Outcome]]) -> None:
        """Answer the futures on their loop; called from any thread."""
        self._ready.extend(answers)
        if self._called:
            return
        self._called = True
        try:
            self._loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:
            # The loop is closed, and with it went everybody who was waiting.
            self._ready.clear()

    def _deliver(self) -> None:
        # Before the first is taken: what comes after that is either seen below or calls again.
        self._called = False
        while self._ready:
            future, outcome = self._ready.popleft()
            if future.done():
                continue  # cancelled by its caller
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
