"""One wire that is made again whenever it breaks."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Final

from store.errors import Unavailable
from store.redis.wire import Push, Wire

PAUSE_S: Final = (0.05, 0.5)
"""Least and most seconds between two attempts, at random: many nodes lose one Redis at the same moment."""

PING_S: Final = 0.8
"""Seconds of silence after which the other side is asked whether it is there: less than between two canaries."""

PONG_S: Final = 2.0
"""Seconds it has to answer: a server that saves or runs a long script may stand still for one."""

Connect = Callable[[Push, Callable[[], None]], Awaitable[Wire]]


class Tether:
    """Keeps one wire for as long as ``run`` runs."""

    def __init__(
        self,
        connect: Connect,
        *,
        pushed: Push = lambda _: None,
        made: Callable[[], None] = lambda: None,
        lost: Callable[[], None] = lambda: None,
        failed: Callable[[str], None],
    ) -> None:
        self.wire: Wire | None = None
        """None while there is none."""
        self._connect = connect
        self._pushed = pushed
        self._on_made = made
        self._on_lost = lost
        self._on_failed = failed
        self._made = asyncio.Event()

    async def held(self) -> Wire:
        """Return the wire when there is one."""
        while self.wire is None:
            await self._made.wait()
        return self.wire

    def cut(self, reason: str) -> None:
        """End the present wire, which does not do what it should, so that another is made."""
        if self.wire is not None:
            self.wire.abort()
            self._drop(reason)

    async def run(self) -> None:
        """Make a wire, see that it lives, and make it again, until cancelled."""
        while True:
            wire: Wire | None = None
            try:
                wire = await self._connect(self._pushed, self._ended)
                if wire.alive:
                    self._take(wire)
                    await self._watch(wire)
            except Unavailable as error:
                self._on_failed(str(error))
            finally:
                if wire is not None:
                    self._drop(None)
                    await wire.close()
            await asyncio.sleep(random.uniform(*PAUSE_S))  # noqa: S311  spreads those who come back

    def _take(self, wire: Wire) -> None:
        self.wire = wire
        self._made.set()
        self._on_made()

    def _ended(self) -> None:
        """Take note that the wire ended; if it was cut, that is known."""
        self._drop("the connection was closed")

    def _drop(self, reason: str | None) -> None:
        if self.wire is not None:
            self.wire = None
            self._made.clear()
            if reason is not None:
                self._on_failed(reason)
            self._on_lost()

    async def _watch(self, wire: Wire) -> None:
        """Return when a wire has ended; end it when nothing comes back."""
        loop = asyncio.get_running_loop()
        while wire is self.wire:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(wire.heard_at + PING_S):
                    await wire.ended()
                return
            asked = loop.time()
            if asked - wire.heard_at < PING_S:
                continue
            try:
                async with asyncio.timeout(PONG_S):
                    await wire.ask([("PING",)])
            except TimeoutError:
                # Whoever is behind with reading much has an answer that comes late, but hears all the time.
                if wire.heard_at < asked:
                    self.cut(f"no answer in {PONG_S} s")
