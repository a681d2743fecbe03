"""Connections whose clients are waited for: one timer for all, where Tornado has one for each request."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

C = TypeVar("C")


class Waiting(Generic[C]):
    """What is waited for, in the order in which that began, and at most for a time. Belongs to one loop.

    A timer for each, made and cancelled with it, is a twentieth of what a connection with its hello costs.
    """

    def __init__(self, seconds: float, late: Callable[[C], None]) -> None:
        """Take how long is waited, and what is called with each that took longer."""
        self._seconds = seconds
        self._late = late
        self._since: dict[C, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """Count what is waited for."""
        return len(self._since)

    def begin(self, one: C) -> None:
        """Wait for one, from now on."""
        loop = asyncio.get_running_loop()
        self._since.pop(one, None)
        self._since[one] = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def end(self, one: C) -> None:
        """Wait for one no more; nothing happens where it was not waited for."""
        self._since.pop(one, None)

    def close(self) -> None:
        """Wait for nothing more."""
        self._since.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer, now = None, loop.time()
        for one, since in tuple(self._since.items()):
            due = since + self._seconds
            if due > now:
                self._timer = loop.call_at(due, self._look)
                return
            self.end(one)
            self._late(one)
