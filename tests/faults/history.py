"""What happened in a run: every call, answer, event, page and fault, as JSON lines."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """An item as somebody saw it."""

    id: str
    seq: int
    rev: int
    text: str = ""
    author: str = ""
    """The id of a user; empty where there is none."""
    cid: str = ""
    notice: str = ""
    """The type of a notice, or ``call``; empty for a text."""
    user: str = ""
    """Whom a notice is about."""
    marks: tuple[str, ...] = ()
    """Reactions: ``emoji count``, sorted; and ``emoji count user …`` in the final state."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """One line. ``at`` is in seconds since the run began, on one monotonic clock."""

    at: float


class Begin(Record, frozen=True, tag="begin"):
    """The run begins."""

    scenario: str
    seed: int
    store: str


class RoomMade(Record, frozen=True, tag="room"):
    """A room that the run made."""

    room: str
    history: str = "all"


class Invoke(Record, frozen=True, tag="invoke"):
    """A call is sent. One that is sent again is invoked again under its number."""

    op: int
    name: str
    user: str
    device: str
    session: int
    node: str
    room: str
    cid: str = ""
    item: str = ""
    text: str = ""
    emoji: str = ""
    on: bool = False
    target: str = ""
    """The user whom ``room.remove`` and ``room.add`` are about."""


class Ok(Record, frozen=True, tag="ok"):
    """The call was answered: it is done. 0 and empty where the answer is no item."""

    op: int
    item: str = ""
    rev: int = 0
    seq: int = 0


class Unknown(Record, frozen=True, tag="info"):
    """The connection was lost, or the answer was 503: it may be done, now or later, or never."""

    op: int
    why: str


class Fail(Record, frozen=True, tag="fail"):
    """The call was refused: it is not done and never will be."""

    op: int
    code: str


class Opened(Record, frozen=True, tag="open"):
    """A device says hello to a node, with its cursors."""

    device: str
    user: str
    session: int
    node: str
    cursors: dict[str, int] = {}


class Greeted(Record, frozen=True, tag="hello"):
    """The answer: the state and head of each room."""

    device: str
    session: int
    rooms: dict[str, tuple[str, int]]
    node: str = ""
    """Which node it is: what is behind a load balancer says so itself."""


class Live(Record, frozen=True, tag="live"):
    """All that was missed is there, ``took`` seconds after the connection was begun."""

    device: str
    session: int
    took: float


class Closed(Record, frozen=True, tag="close"):
    """A session ended. ``ours``: the client ended it."""

    device: str
    session: int
    code: int
    ours: bool = False


class Heard(Record, frozen=True, tag="event"):
    """A durable event came. Without an item it is one of the room itself."""

    device: str
    session: int
    room: str
    rev: int
    item: Seen | None = None


class Told(Record, frozen=True, tag="told"):
    """``behind``, ``reset``, ``joined`` or ``left`` came for a room; ``head`` is where its events go on."""

    device: str
    session: int
    room: str
    what: str
    head: int = 0


class Page(Record, frozen=True, tag="page"):
    """A page was read: ``room.changes`` since a rev, or ``message.list`` of the newest or after a seq."""

    device: str
    session: int
    node: str
    room: str
    op: str
    asked: float
    head: int
    complete: bool
    """Of changes: whether they reach the head. Of a list: whether there is nothing newer."""
    since: int | None = None
    """Of changes: the rev asked with. Of a list: the seq asked with, or None for the newest."""
    items: tuple[Seen, ...] = ()


class Fault(Record, frozen=True, tag="fault"):
    """Something was broken from ``at`` to ``until``, both possibly the same."""

    name: str
    target: str
    until: float
    facts: dict[str, int | float | str] = {}


class End(Record, frozen=True, tag="end"):
    """A device is live at the end: it must have everything of these rooms by now."""

    device: str
    rooms: tuple[str, ...]


class Final(Record, frozen=True, tag="final"):
    """What a node says of a room, fetched anew by a member who sees all, when all is over."""

    node: str
    room: str
    head: int
    items: tuple[Seen, ...]


Line = (
    Begin | RoomMade | Invoke | Ok | Unknown | Fail | Opened | Greeted | Live | Closed | Heard | Told | Page | Fault
    | End | Final
)  # fmt: skip


class History:
    """A file of records; a context manager around it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._encoder = msgspec.json.Encoder()
        self._file = path.open("wb", buffering=1 << 20)
        self._began = time.monotonic()
        self._calls = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def now(self) -> float:
        """Return the time of the run."""
        return round(time.monotonic() - self._began, 6)

    def number(self) -> int:
        """Return a number for a call."""
        self._calls += 1
        return self._calls

    def write(self, record: Record) -> None:
        """Add a line."""
        self._file.write(self._encoder.encode(record) + b"\n")


def read(path: Path) -> Iterator[Line]:
    """Give the records of a file in their order.

    Raises:
        msgspec.ValidationError: If a line is no record.
    """
    decoder = msgspec.json.Decoder(Line)
    with path.open("rb") as lines:
        for line in lines:
            yield decoder.decode(line)
