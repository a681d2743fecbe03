"""What publishes through one server."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from store.errors import Unavailable
from store.redis.backlog import Backlog
from store.redis.places import Places, Shard
from store.redis.tether import Tether

ANSWER_S: Final = 2.0
"""Seconds a server has to answer a batch; then its link is taken for dead."""


class Outlet:
    """Carries what waits for one server, a batch a round trip."""

    def __init__(
        self,
        places: Places,
        shard: Shard,
        backlog: Backlog,
        well: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        endpoint = shard.endpoint
        self._endpoint = endpoint
        self._verb = "SPUBLISH" if places.sharded else "PUBLISH"
        self._backlog = backlog
        self._failed = failed
        self._tether = Tether(lambda pushed, lost: places.connect(endpoint, pushed, lost), made=well, failed=failed)
        self._filled = asyncio.Event()
        self._filled.set()
        self._emptied = asyncio.Event()

    def fill(self) -> None:
        """Take note that something waits."""
        self._filled.set()
        self._emptied.clear()

    async def emptied(self) -> None:
        """Return when nothing waits, or nothing can be published now."""
        if self._tether.wire is not None:
            await self._emptied.wait()

    async def run(self) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tether.run())
            tasks.create_task(self._drain())

    async def _drain(self) -> None:
        while True:
            await self._filled.wait()
            wire = await self._tether.held()
            batch = self._backlog.take(self._endpoint)
            if not batch:
                self._filled.clear()
                self._emptied.set()
                continue
            lost = len(batch)
            try:
                async with asyncio.timeout(ANSWER_S):
                    answers = await wire.ask([(self._verb, message.channel, message.body) for message in batch])
                lost = self._refused(answers)
            except TimeoutError:
                self._tether.cut(f"no answer in {ANSWER_S} s")
            except Unavailable as error:
                self._tether.cut(str(error))
            finally:
                self._backlog.dropped += lost

    def _refused(self, answers: Sequence[object]) -> int:
        """Return how many were refused. They are not sent again: who was to hear them is elsewhere by then, too."""
        refusals = [answer for answer in answers if isinstance(answer, Exception)]
        if refusals:
            self._failed(f"{self._verb} is refused: {refusals[0]}")
        return len(refusals)
