"""Writes that are done until it is known what became of them."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from store.errors import Duplicate, Mismatch, StoreError, Unknown

log = logging.getLogger(__name__)


class Certain:
    """The writes of one flight."""

    __slots__ = ("doubted",)

    def __init__(self) -> None:
        self.doubted = False
        """Whether any of them had no answer at first: what is refused then may have been kept by an earlier try."""

    async def done(self, write: Callable[[], Awaitable[None]], pauses_s: tuple[float, float]) -> None:
        """Do a write; without an answer, do the same one again, after the first of the pauses and up to the longest.

        Raises:
            StoreError: As the write does, but never ``Unknown``, nor ``Unavailable`` after one.
        """
        pause, longest = pauses_s
        unknown = False
        while True:
            try:
                await write()
            except Unknown:
                log.warning("a write has no answer, asking again")
                unknown = self.doubted = True
            except StoreError as error:
                if not unknown or isinstance(error, Duplicate | Mismatch):
                    raise
            else:
                return
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311  spreads those who ask
            pause = min(pause * 2, longest)
