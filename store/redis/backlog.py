"""What waits to be published: bounded as a whole, in one row for each server."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from store.broker import QUEUE_BYTES, QUEUE_MESSAGES
from store.redis.address import Endpoint

BATCH_MESSAGES: Final = 512
BATCH_BYTES: Final = 256 * 1024
"""Of one round trip: it ends within milliseconds, and a link that breaks loses no more than one."""


@dataclass(slots=True)
class Message:
    """A message, and its place among all that were published."""

    number: int
    channel: bytes
    body: bytes

    @property
    def size(self) -> int:
        """Bytes it counts for."""
        return len(self.channel) + len(self.body)


Route = Callable[[bytes], Endpoint | None]
"""Tells to which server messages of a channel go; None where nobody knows yet."""


class Backlog:
    """All messages that wait."""

    def __init__(self) -> None:
        self.dropped = 0
        self.route: Route = lambda _: None
        self.filled: Callable[[Endpoint], None] = lambda _: None
        """Called when there is something for a server that had nothing to do."""
        self._rows: dict[Endpoint | None, deque[Message]] = {}
        self._numbers = 0
        self._messages = 0
        self._bytes = 0

    def __len__(self) -> int:
        return self._messages

    def put(self, channel: bytes, body: bytes) -> None:
        """Add a message; where there is no room the oldest goes."""
        self._numbers += 1
        message = Message(self._numbers, channel, body)
        if message.size > QUEUE_BYTES:  # All the others would go for it.
            self.dropped += 1
            return
        self._messages += 1
        self._bytes += message.size
        self._append(message)
        while self._messages > QUEUE_MESSAGES or self._bytes > QUEUE_BYTES:
            # Rows are as many as servers, and none is empty.
            oldest = min(self._rows, key=lambda endpoint: self._rows[endpoint][0].number)
            self._pop(oldest)
            self.dropped += 1

    def take(self, endpoint: Endpoint) -> list[Message]:
        """Remove and return the first messages for a server: as many as one round trip carries."""
        taken: list[Message] = []
        size = 0
        while (row := self._rows.get(endpoint)) and len(taken) < BATCH_MESSAGES:
            size += row[0].size
            if taken and size > BATCH_BYTES:
                break
            taken.append(self._pop(endpoint))
        return taken

    def sort(self) -> None:
        """Put all messages into the rows to which they belong by now, in the order in which they were published."""
        messages = sorted((message for row in self._rows.values() for message in row), key=lambda each: each.number)
        self._rows = {}
        for message in messages:
            self._append(message)

    def _append(self, message: Message) -> None:
        endpoint = self.route(message.channel)
        if (row := self._rows.get(endpoint)) is not None:
            row.append(message)
            return
        self._rows[endpoint] = deque([message])
        if endpoint is not None:
            self.filled(endpoint)

    def _pop(self, endpoint: Endpoint | None) -> Message:
        row = self._rows[endpoint]
        message = row.popleft()
        if not row:
            del self._rows[endpoint]
        self._messages -= 1
        self._bytes -= message.size
        return message
