"""How late the loop is: a node that is asked for more than it can do notices here first."""

import asyncio
from collections.abc import Callable

EVERY_S = 0.02
"""Pause between two beats: 50 a second cost nothing, and nothing that matters lasts less."""


class Pulse:
    """Beats, and tells how late each beat came. Belongs to one loop."""

    def __init__(self, late: Callable[[float], None]) -> None:
        """Take what is told how late each beat was, in seconds."""
        self._late = late

    async def run(self) -> None:
        """Beat until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self._late(max(0.0, clock() - due))
