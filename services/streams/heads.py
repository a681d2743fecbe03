"""Heads of many streams at once: those asked for in one round of the loop are one question."""

import asyncio

from services import tasks
from services.streams.reading import read_head, read_heads
from store.database import Database

Head = tuple[int, int]
"""What ``read_head`` returns."""


class Heads:
    """Asks for heads. Whoever comes back to a node that knows none of their rooms asks for all of them together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: dict[str, asyncio.Future[Head]] = {}
        """What is asked for in this round."""
        self._asking: set[asyncio.Task[None]] = set()

    async def read(self, stream: str) -> Head:
        """Return what ``read_head`` does, of a read that begins after this call.

        Raises:
            StoreError: If the store does not say.
        """
        answer = self._asked.get(stream)
        if answer is None:
            loop = asyncio.get_running_loop()
            if not self._asked:
                loop.call_soon(self._ask)
            answer = self._asked[stream] = loop.create_future()
        return await asyncio.shield(answer)

    async def close(self) -> None:
        """End what is under way."""
        await tasks.end(*self._asking)

    def _ask(self) -> None:
        asked, self._asked = self._asked, {}
        task = asyncio.get_running_loop().create_task(self._answer(asked))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _answer(self, asked: dict[str, asyncio.Future[Head]]) -> None:
        try:
            if len(asked) == 1:
                heads = {stream: await read_head(self._database, stream) for stream in asked}
            else:
                heads = await read_heads(self._database, list(asked))
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            for answer in asked.values():
                answer.set_exception(error)
                answer.exception()  # whoever asked may have gone
        else:
            for stream, answer in asked.items():
                answer.set_result(heads[stream])
        finally:
            for answer in asked.values():
                answer.cancel()  # of no effect where it was answered
