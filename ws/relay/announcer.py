"""Telling the same thing several times, so that a message that is lost is none that was never said."""

import asyncio
from collections.abc import Callable

TIMES = 3
"""How often a thing is told again."""

EVERY_S = 2.0
"""Pause between two tellings: with ``TIMES`` of them what is said can be heard for six seconds."""

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
        """Tell until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.tell()

    def tell(self) -> None:
        """Tell everything once more."""
        for stream, (rev, times) in list(self._heads.items()):
            self._head(stream, rev)
            if times > 1:
                self._heads[stream] = (rev, times - 1)
            else:
                del self._heads[stream]
        for message, times in list(self._messages.items()):
            self._say(message)
            if times > 1:
                self._messages[message] = times - 1
            else:
                del self._messages[message]
