"""The timers of the calls that this node keeps."""

import asyncio
from collections.abc import Callable
from typing import Final

from services.calls.machine.timers import due_at
from services.ids import now_ms
from store.tables import ENDED, Call

LATE_S: Final = 0.05
"""Added to each timer, in seconds: the clock of the loop and that of the day do not tick alike."""

AGAIN_S: Final = 10.0
"""Pause between two tries of what is over, in seconds: the store may be away for longer than a change is tried."""


class Clocks:
    """One timer a call: for whatever of it is over next."""

    def __init__(self, node: str, fire: Callable[[str], None]) -> None:
        """``fire`` is called with a call of which something is over, again and again until it is ``set``."""
        self._node = node
        self._fire = fire
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        """Count the timers."""
        return len(self._timers)

    def set(self, call: Call) -> None:
        """Take a call as it is now; one that another node keeps has no timer here."""
        self._cancel(call.id)
        due = due_at(call)
        if call.state == ENDED or call.keeper != self._node or due is None:
            return
        pause = max(0.0, (due - now_ms()) / 1000) + LATE_S
        self._timers[call.id] = asyncio.get_running_loop().call_later(pause, self._due, call.id)

    def close(self) -> None:
        """Fire nothing more."""
        for call in list(self._timers):
            self._cancel(call)

    def _cancel(self, call: str) -> None:
        timer = self._timers.pop(call, None)
        if timer is not None:
            timer.cancel()

    def _due(self, call: str) -> None:
        self._timers[call] = asyncio.get_running_loop().call_later(AGAIN_S, self._due, call)
        self._fire(call)
