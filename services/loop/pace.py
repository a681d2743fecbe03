"""Telling something at most so often: the first at once, the latest when the pause is over."""

import asyncio
from collections.abc import Callable

KEYS_LIMIT = 50_000
"""Things paced at once; beyond it the newest is told at once and not paced."""


class Pace:
    """Pauses by key, ``every_s`` seconds each. Belongs to one loop."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._latest: dict[str, Callable[[], None]] = {}

    def note(self, key: str, tell: Callable[[], None]) -> None:
        """Call ``tell`` now, or when the pause of this key is over unless a later one took its place."""
        if key in self._timers:
            self._latest[key] = tell
            return
        if len(self._timers) < KEYS_LIMIT:
            self._timers[key] = asyncio.get_running_loop().call_later(self._every_s, self._over, key)
        tell()

    def close(self) -> None:
        """Tell nothing more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._latest.clear()

    def _over(self, key: str) -> None:
        del self._timers[key]
        tell = self._latest.pop(key, None)
        if tell is not None:
            self.note(key, tell)
