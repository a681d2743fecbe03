"""When a flight leaves: with all who are about to write, where these are to be expected, else at once.

Those who were answered together write again within a millisecond, one after the other. A flight that leaves with the
first of them leaves all others behind, and a write costs the node and the store as much for one as for twenty. Two
flights of half of them each were measured too: while one is in the air the node hears the others, and yet fewer writes
were worth more, on both stores.
"""

import asyncio
from collections.abc import Callable

LEAST = 8
"""Fewer who write at the same time are not waited for: they save less than they lose."""

SHARE = 0.9
"""Of those who wrote at the same time lately, how many are enough: somebody always has gone to do something else."""

KEPT = 0.8
"""What a flight leaves of the number of those who wrote: so those who are gone are waited for a few times at most."""

LONGEST_S = 0.001
"""The longest wait. A flight takes longer on every store."""


class Gathering:
    """Decides for a node whether its next flight leaves."""

    def __init__(self, again: Callable[[], None]) -> None:
        """Take what is to be called when the flight that waits need wait no longer."""
        self._again = again
        self._crowd = 0.0
        """Appends that were waiting or in the air at once, lately."""
        self._timer: asyncio.TimerHandle | None = None
        self._due = False

    def complete(self, waiting: int) -> bool:
        """Tell whether to leave now that so many appends wait; if not, ``again`` will be called."""
        if self._due or self._crowd < LEAST or waiting >= self._crowd * SHARE:
            return True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LONGEST_S, self.hurry)
        return False

    def hurry(self) -> None:
        """Let the next flight leave with whoever is there."""
        self._due = True
        self._again()

    def left(self, alive: int) -> None:
        """Note that a flight leaves, with so many appends waiting or in the air, its own included."""
        self._crowd = max(alive, self._crowd * KEPT)
        self._due = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
