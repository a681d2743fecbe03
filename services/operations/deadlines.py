"""Deadlines of appends on their way: one timer for all, where one each would cost as much as the append's own work."""

import asyncio

from services.streams.append import Append


class Deadlines:
    """Ends with ``TimeoutError`` what is not decided in time. Belongs to one loop; holds what is under way alone."""

    __slots__ = ("_at", "_due", "_timer")

    def __init__(self) -> None:
        self._due: dict[Append, float] = {}
        """Those under way, each with its deadline."""
        self._timer: asyncio.Handle | None = None
        self._at = 0.0
        """When the timer ends: uvloop's own says so only where that is a millisecond away or more."""

    def watch(self, append: Append, until: float) -> None:
        """Watch an append until ``forget``; ``until`` is by the loop's clock."""
        self._due[append] = until
        self._wait(until)

    def forget(self, append: Append) -> None:
        """Watch an append no more: it is decided."""
        self._due.pop(append, None)

    def _wait(self, until: float) -> None:
        if self._timer is not None:
            if until >= self._at:
                return
            self._timer.cancel()  # rare: it came to this late, and has less time left than those before it
        self._at = until
        self._timer = asyncio.get_running_loop().call_at(until, self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        for append, until in tuple(self._due.items()):
            if until <= now:
                self.forget(append)
                append.fail(TimeoutError())
        if self._due:
            self._wait(min(self._due.values()))
