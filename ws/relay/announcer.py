"""Telling the same thing several times, so that a message that is lost is none that was never said."""

import asyncio
from collections.abc import Callable, Iterator

TIMES = 3
"""How often a thing is told again."""

EVERY_S = 2.0
"""Pause between two tellings: with ``TIMES`` of them what is said can be heard for six seconds."""

SLICE = 100
"""Things told in one go, about a millisecond: a node may have written to thousands of streams."""

SLICE_PAUSE_S = 0.01
"""Pause between two goes: with ``KEPT`` things a round takes as long as the pause before it, and no queue overflows."""

KEPT = 20_000
"""Things that are being told; beyond it the oldest are told no more. A sweep finds them within a minute."""


class Announcer:
    """Tells again: heads by stream, of which the newest alone, and whole messages."""

    def __init__(self, head: Callable[[str, int], None], say: Callable[[bytes], None]) -> None:
        """Take what tells a stream's head to other nodes, and what says a message to them."""
        self._head = head
        self._say = say
        self._heads: dict[str, tuple[int, int]] = {}
        self._messages: dict[bytes, int] = {}

    def wrote(self, stream: str, rev: int) -> None:
        """Tell how far a stream has come, later and again; an older rev leaves a newer one to be told."""
        newest, _ = self._heads.pop(stream, (0, 0))
        self._heads[stream] = (max(rev, newest), TIMES)
        if len(self._heads) > KEPT:
            del self._heads[next(iter(self._heads))]

    def repeat(self, message: bytes) -> None:
        """Say a message again, later."""
        self._messages[message] = TIMES
        if len(self._messages) > KEPT:
            del self._messages[next(iter(self._messages))]

    async def run(self) -> None:
        """Tell until cancelled, each thing once in a round."""
        while True:
            await asyncio.sleep(EVERY_S)
            for count, _ in enumerate(self._round(), 1):
                if count % SLICE == 0:
                    await asyncio.sleep(SLICE_PAUSE_S)

    def tell(self) -> None:
        """Tell everything once more, at once."""
        for _ in self._round():
            pass

    def _round(self) -> Iterator[None]:
        """Tell one thing after the other. What is noted meanwhile may be told in this round or in the next."""
        for stream in list(self._heads):
            rev, times = self._heads.get(stream, (0, 0))
            if times > 1:
                self._heads[stream] = (rev, times - 1)
            else:
                self._heads.pop(stream, None)
            if times:
                self._head(stream, rev)
                yield
        for message in list(self._messages):
            times = self._messages.get(message, 0)
            if times > 1:
                self._messages[message] = times - 1
            else:
                self._messages.pop(message, None)
            if times:
                self._say(message)
                yield
