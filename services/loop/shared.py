"""Questions that many ask at once: one read answers all of them that may be answered by it.

A read runs in the task of the one who asked first, so nothing of it is left when nobody waits. Where that one is
cancelled the next one reads; where a read fails, all who waited for it are told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import partial
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

READS_AT_ONCE: Final = 4
"""Reads of the same that may be under way: who asks then waits for the one that begins next, with all who do."""


class _Abandoned(Exception):
    """Whoever read was cancelled: one of those who waited has to read."""


class Same(Generic[V]):
    """Reads whose key says all that makes their answer what it is. Belongs to one loop."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun: dict[Hashable, asyncio.Future[V]] = {}

    def __len__(self) -> int:
        """Count the reads that are under way."""
        return len(self._begun)

    async def read(self, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        """Return the answer of a read under way, which may have begun before this call, or of one's own."""
        while (begun := self._begun.get(key)) is not None:
            try:
                return await asyncio.shield(begun)
            except _Abandoned:
                continue
        mine = self._begun[key] = asyncio.get_running_loop().create_future()
        try:
            return await _led(mine, read)
        finally:
            del self._begun[key]


class Latest(Generic[V]):
    """Reads of what changes: each is shared by those alone who asked before it began. Belongs to one loop."""

    __slots__ = ("_begun", "_next")

    def __init__(self) -> None:
        self._begun: dict[Hashable, int] = {}
        """How many are under way."""
        self._next: dict[Hashable, tuple[asyncio.Future[V], asyncio.Future[None]]] = {}
        """The answer of the one that begins when another has ended, and what tells that it may."""

    def __len__(self) -> int:
        """Count the reads that are under way or wait."""
        return sum(self._begun.values()) + len(self._next)

    async def read(self, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        """Return the answer of a read that begins after this call: it knows all that was kept before."""
        while (following := self._next.get(key)) is not None:
            try:
                return await asyncio.shield(following[0])
            except _Abandoned:
                continue
        if self._begun.get(key, 0) < READS_AT_ONCE:
            return await self._begin(key, read)
        loop = asyncio.get_running_loop()
        mine, may_begin = self._next[key] = loop.create_future(), loop.create_future()

        async def begin() -> V:
            try:
                await may_begin
            finally:
                del self._next[key]
            return await self._begin(key, read)

        return await _led(mine, begin)

    async def _begin(self, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        self._begun[key] = self._begun.get(key, 0) + 1
        try:
            return await read()
        finally:
            self._begun[key] -= 1
            if not self._begun[key]:
                del self._begun[key]
            following = self._next.get(key)
            if following is not None and not following[1].done():
                following[1].set_result(None)


class Gathered(Generic[K, V]):
    """Reads of many things by one question: what is asked for in one round of the loop is read together.

    So whoever comes back with all others asks little more than one of them would.
    """

    __slots__ = ("_many", "_one", "_round")

    def __init__(self, one: Callable[[K], Awaitable[V]], many: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> None:
        """Take what reads one thing, and what reads several; ``many`` gives an answer for each, where ``one`` does."""
        self._one = one
        self._many = many
        self._round: tuple[dict[K, None], asyncio.Future[Mapping[K, V]]] | None = None

    async def read(self, key: K) -> V:
        """Return the answer to a question that is asked after this call."""
        while self._round is not None:
            keys, answer = self._round
            keys[key] = None
            try:
                return (await asyncio.shield(answer))[key]
            except _Abandoned:
                continue
        keys = {key: None}
        answer = asyncio.get_running_loop().create_future()
        self._round = keys, answer
        return (await _led(answer, partial(self._read, keys)))[key]

    async def _read(self, keys: dict[K, None]) -> Mapping[K, V]:
        try:
            await asyncio.sleep(0)
        finally:
            self._round = None
        if len(keys) > 1:
            return await self._many(list(keys))
        return {key: await self._one(key) for key in keys}


async def _led(mine: asyncio.Future[V], read: Callable[[], Awaitable[V]]) -> V:
    """Read for all who wait for a future."""
    try:
        result = await read()
    except BaseException as error:
        mine.set_exception(error if isinstance(error, Exception) else _Abandoned())
        mine.exception()  # told to the caller, whether or not anybody else waits for it
        raise
    mine.set_result(result)
    return result
