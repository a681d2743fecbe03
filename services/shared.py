"""Questions that many ask at once: one read answers all of them that may be answered by it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class _Abandoned(Exception):
    """Whoever read was cancelled: one of those who waited has to read."""


class Shared(Generic[V]):
    """Reads under way, by what they answer. Belongs to one loop.

    A read runs in the task of the one who asked first, so that nothing is left of it when nobody waits. Where that one
    is cancelled the next one reads; where the read fails, all who waited for it are told.
    """

    __slots__ = ("_begun", "_next")

    def __init__(self) -> None:
        self._begun: dict[Hashable, asyncio.Future[V]] = {}
        self._next: dict[Hashable, asyncio.Future[V]] = {}
        """Those that begin when the one before them has ended; who asks by then is answered by them."""

    def __len__(self) -> int:
        """Count the reads that are under way or wait."""
        return len(self._begun) + len(self._next)

    async def join(self, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        """Return the answer of a read under way, or of one's own where there is none.

        It may have begun before this call: ``key`` has to say all that makes the answer what it is.
        """
        while (begun := self._begun.get(key)) is not None:
            try:
                return await asyncio.shield(begun)
            except _Abandoned:
                continue
        return await self._lead(key, read)

    async def ask(self, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        """Return the answer of a read that begins after this call: it knows all that was kept before."""
        while (following := self._next.get(key)) is not None:
            try:
                return await asyncio.shield(following)
            except _Abandoned:
                continue
        return await self._lead(key, read)

    async def _lead(self, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        mine: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        try:
            if key in self._begun:
                self._next[key] = mine
                while (before := self._begun.get(key)) is not None:
                    await asyncio.wait((before,))
                del self._next[key]
            self._begun[key] = mine
            result = await read()
        except BaseException as error:
            mine.set_exception(error if isinstance(error, Exception) else _Abandoned())
            mine.exception()  # told to the caller, whether or not anybody else waits for it
            raise
        else:
            mine.set_result(result)
            return result
        finally:
            for reads in (self._begun, self._next):
                if reads.get(key) is mine:
                    del reads[key]
