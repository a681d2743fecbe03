"""The dialects of Parley and of its floors."""

from collections.abc import Sequence

from picows import WSFrame

from benchmarks.load.dialect import Dialect, Step
from benchmarks.load.sockets import send
from benchmarks.load.task import Failed


class Parley(Dialect):
    """The protocol of ``docs/protocol.md``."""

    plain = True

    def __init__(self, hellos: Sequence[bytes], room: str) -> None:
        """Take the first frames of all members, who take turns in them, and the room that messages go to."""
        self._hellos = hellos
        self._room = room

    def greeting(self, number: int) -> Sequence[Step]:
        """Say hello, and wait until everything missed is through."""
        return Step(self._hellos[number % len(self._hellos)], b'{"re":0,"ok"'), Step(b"", b'{"ev":"live"')

    def message(self, number: int) -> bytes:
        """Return an operation ``message.send``."""
        return send(self._room, number)

    def copies(self, frame: WSFrame) -> int:
        """Tell ``{"ev":"message"`` from every other frame."""
        return frame.get_payload_as_memoryview()[9] == ord("s")

    def answers(self, frame: WSFrame) -> int:
        """Tell an answer, which starts with ``{"re"``, from an event; see ``Dialect``."""
        if frame.get_payload_as_memoryview()[2] != ord("r"):
            return 0
        payload = frame.get_payload_as_bytes()
        if b'"err"' in payload[:40]:
            raise Failed(f"refused: {payload[:300]!r}")
        return 1


class Floor(Parley):
    """A floor: it knows no hello and no rooms, and answers and delivers as Parley does."""

    def __init__(self, first: bytes = b"") -> None:
        """Take what is said first where a floor echoes it."""
        super().__init__((), "floor")
        self._first = first

    def greeting(self, number: int) -> Sequence[Step]:
        """Say nothing, or wait for an echo."""
        return (Step(self._first, b""),) if self._first else ()
