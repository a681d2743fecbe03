"""How long appends wait for a write, found out by following one of them at a time."""

import asyncio

from services.streams.append import Append

PATIENCE_S = 1.0
"""Seconds that an append may wait where many do; while they wait for longer, those who come are refused at once. A
queue that is longer is of no use: who is at its end gives up before its turn, and taking it in was in vain."""


class Patience:
    """Follows an append from its coming to its write, then the next one that comes."""

    __slots__ = ("_clock", "_followed", "_since", "_waited_s")

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._followed: Append | None = None
        self._since = 0.0
        self._waited_s = 0.0

    @property
    def lost(self) -> bool:
        """Whether the last append that was followed waited too long."""
        return self._waited_s > PATIENCE_S

    def comes(self, append: Append) -> None:
        """Note that an append begins to wait."""
        if self._followed is not None:
            if not self._followed.future.done():
                return
            self._waited_s = self._clock() - self._since  # its caller has given it up
        self._followed, self._since = append, self._clock()

    def goes(self, append: Append) -> None:
        """Note that an append is in a write."""
        if append is self._followed:
            self._waited_s, self._followed = self._clock() - self._since, None
