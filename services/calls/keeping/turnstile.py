"""One after the other, by key: nothing is kept of a key that nobody waits for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turnstile:
    """Locks by key. Belongs to one loop."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    def __len__(self) -> int:
        """Count the keys that somebody has or waits for."""
        return len(self._locks)

    @asynccontextmanager
    async def taken(self, key: str) -> AsyncIterator[None]:
        """Have a key for oneself, in the order of asking."""
        lock, waiting = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks.pop(key)
            if waiting > 1:
                self._locks[key] = lock, waiting - 1
